"""Every network given what nobody means to give it, built and run: a clear error of ours, or a right answer."""

from __future__ import annotations

import copy
import functools
import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from gancourse import models
from gancourse.models import (
    biggan,
    classifier,
    conditional,
    convnet,
    dcgan,
    encoder_decoder,
    latent_codes,
    mlp,
    patchgan,
    pixelcnn,
    progan,
    r3gan,
    segmenter,
    spade,
    stylegan2,
    text,
    unet,
    vae,
    word_attention,
)
from gancourse.models.layers.conditional import Classes
from tests.odd import answer, normal, quick, sound, swapped

N = 2
Z, Y = normal(N, 4), torch.tensor([0, 2])
POINTS = normal(N, 3)
SENTENCES = torch.tensor([[1, 2, 0], [4, 1, 3]])
TOLD = normal(N, 3, 3)  # sentences of two words, and the vectors of the whole
PICTURES = {side: normal(N, 1, side, side).clamp(-1, 1) for side in (4, 8, 16, 32, 64)}
CLIPS = normal(N, 1, 4, 8, 8).clamp(-1, 1)
SMALL = {"width": 2, "channels": 1}
PERCEPTRON = {"in_shape": 3, "hidden": (4,)}
STYLES = {"size": 8, "latent_dim": 4, "w_dim": 4, "channels": 1, "channel_base": 32, "channel_max": 4, "mapping_layers": 1}
GROWING = {"size": 8, "channels": 1, "channel_base": 32, "channel_max": 4, "widths": None, "equalised": True, "heads": "all"}
RESIDUAL = {"widths": (4, 4), "groups": (2, 2), "blocks": 1, "expansion": 2, "kernel": 3, "channels": 1, "label_dim": 3}
TAPS = (1, 3, 3, 1)
STYLED = {"z": Z, "truncation": 0.5, "truncation_layers": 1, "noise": "constant"}


def image(side: int) -> dict[str, Any]:
    return {"x": PICTURES[side]}


def pictures_of(channels: int, side: int) -> Tensor:
    return PICTURES[side].repeat(1, channels, 1, 1)


def generator() -> mlp.Generator:
    return mlp.Generator(7, 3, (4,))


def critic() -> mlp.Discriminator:
    return mlp.Discriminator(3, (4,))


# How each network is built and what it is given; a constructor's arguments are made anew, as some take networks over.
NETWORKS: dict[str, tuple[Callable[[], dict[str, Any]], dict[str, Any]]] = {
    "autoencoder.Autoencoder": (lambda: {"size": 8, "latent_dim": 4, **SMALL}, image(8)),
    "autoencoder.Generator": (lambda: {"size": 8, "latent_dim": 4, **SMALL}, {"z": Z}),
    "biggan.Generator": (
        lambda: {
            **SMALL,
            **{"size": 32, "latent_dim": 4, "classes": 3, "shared_dim": 2},
            **{"hierarchical": True, "attention": (16,), "init": "normal"},
        },
        {"z": Z, "y": Y},
    ),
    "biggan.Discriminator": (
        lambda: {"size": 32, **SMALL, "classes": 3, "attention": (16,), "init": "normal"},
        {**image(32), "y": Y},
    ),
    "biggan.DeepGenerator": (
        lambda: {
            **{"size": 64, "latent_dim": 4, "width": 4, "channels": 1, "classes": 3, "shared_dim": 2},
            **{"attention": (), "depth": 2, "init": "normal"},
        },
        {"z": Z, "y": Y},
    ),
    "biggan.DeepDiscriminator": (
        lambda: {"size": 64, "width": 4, "channels": 1, "classes": 3, "attention": (), "depth": 1, "init": "normal"},
        {**image(64), "y": Y},
    ),
    "classifier.AttributeClassifier": (
        lambda: {"attribute_names": {"a": ("no", "yes")}, **SMALL, "dim": 4, "extractor_id": "odd"},
        image(32),
    ),
    "conditional.AuxiliaryDiscriminator": (
        lambda: {"discriminator": critic(), "classes": 3, "spectral_norm": True},
        {"x": POINTS},
    ),
    "conditional.ConcatDiscriminator": (
        lambda: {"network": mlp.Discriminator(6, (4,)), "classes": 3, "embedding": 3, "flat": True},
        {"x": POINTS, "y": Y},
    ),
    "conditional.ConcatGenerator": (lambda: {"network": generator(), "classes": 3, "embedding": 3}, {"z": Z, "y": Y}),
    "conditional.ProjectionDiscriminator": (
        lambda: {"discriminator": critic(), "classes": 3, "spectral_norm": False},
        {"x": POINTS, "y": Y},
    ),
    "conditional_convnet.Generator": (
        lambda: {"classes": (3, 3), "size": 8, "latent_dim": 4, "max_width": 4, **SMALL},
        {"z": Z, "y": Y[:, None].expand(-1, 2)},
    ),
    "convnet.Discriminator": (lambda: {"size": 8, "max_width": 4, **SMALL, "spread": True}, image(8)),
    "convnet.Generator": (lambda: {"size": 8, "latent_dim": 4, "max_width": 4, **SMALL}, {"z": Z}),
    "dcgan.Discriminator": (
        lambda: {
            **{"size": 16, **SMALL, "norm": True, "downsample": "pool"},
            **{"hidden_linear": True, "activation": "relu"},
        },
        image(16),
    ),
    "dcgan.Generator": (
        lambda: {
            **{"size": 16, "latent_dim": 4, **SMALL, "norm": True, "upsample": "nearest"},
            **{"hidden_linear": True, "hidden_norm": True, "hidden_centred": True, "activation": "tanh"},
        },
        {"z": Z},
    ),
    "encoder_decoder.ContextEncoder": (
        lambda: {"size": 16, **SMALL, "output": "image", "bottleneck": "convolution", "bottleneck_dim": 4},
        image(16),
    ),
    "encoder_decoder.GatedInpainter": (lambda: {**SMALL, "gated": True}, {"x": pictures_of(2, 16)}),
    "encoder_decoder.SRDiscriminator": (lambda: {"size": 16, **SMALL}, image(16)),
    "encoder_decoder.SRResNet": (lambda: {"scale": 2, "blocks": 1, **SMALL, "skip": True}, image(8)),
    "encoders.ConvBidirectional": (lambda: {"size": 8, "latent_dim": 4, "encoder_width": 2, **SMALL}, {"z": Z}),
    "encoders.ConvVAE": (lambda: {"size": 8, "latent_dim": 4, "encoder_width": 2, **SMALL}, {"z": Z}),
    "encoders.Encoder": (lambda: {"size": 8, "n_out": 4, **SMALL}, image(8)),
    "encoders.PairDiscriminator": (lambda: {"size": 8, "latent_dim": 4, **SMALL, "hidden": 4}, {**image(8), "z": Z}),
    "latent_codes.Bidirectional": (
        lambda: {"generator": mlp.Generator(4, 3, (4,)), "encoder": latent_codes.Encoder(3, 4, (4,))},
        {"z": Z},
    ),
    "latent_codes.Classifier": (lambda: {**PERCEPTRON, "classes": 2}, {"x": POINTS}),
    "latent_codes.CodeDiscriminator": (lambda: {**PERCEPTRON, "n_parameters": 2}, {"x": POINTS}),
    "latent_codes.Encoder": (lambda: {**PERCEPTRON, "latent_dim": 4, "norm": "batch"}, {"x": POINTS}),
    "latent_codes.JointDiscriminator": (lambda: {"network": mlp.Discriminator(7, (4,))}, {"x": POINTS, "z": Z}),
    "lapgan.DetailDiscriminator": (lambda: {"size": 8, **SMALL}, {"x": pictures_of(2, 8)}),
    "lapgan.DetailGenerator": (lambda: {"size": 8, "latent_dim": 4, **SMALL}, {"z": Z, "base": PICTURES[8]}),
    "layers.minibatch.Discriminator": (
        lambda: {**PERCEPTRON, "kind": "discrimination", "activation": "tanh", "kernels": 2, "dim": 2},
        {"x": POINTS},
    ),
    "lenet.Features": (lambda: {"size": 16, **SMALL}, image(16)),
    "mlp.Autoencoder": (lambda: {**PERCEPTRON, "code_dim": 2, "activation": "tanh"}, {"x": POINTS}),
    "mlp.Discriminator": (lambda: {**PERCEPTRON, "activation": "relu"}, {"x": POINTS}),
    "mlp.Generator": (
        lambda: {"latent_dim": 4, "out_shape": (1, 4), "hidden": (4,), "activation": "relu", "norm": "batch", "out": "tanh"},
        {"z": Z},
    ),
    "patchgan.PatchGAN": (lambda: {"in_channels": 1, "width": 2, "layers": 1, "norm": "spectral"}, image(16)),
    "patchgan.PixelDiscriminator": (lambda: {"in_channels": 1, "width": 2, "norm": "instance"}, image(4)),
    "pixelcnn.PixelCNN": (
        lambda: {
            **{"size": 4, "levels": 2, "width": 4, "depth": 1, "kernel": 3, "first_kernel": 3},
            "stack": "masked",
        },
        image(4),
    ),
    "progan.Discriminator": (
        lambda: {**GROWING, "group_size": 2, "blur": True, "variant": "official"},
        image(8),
    ),
    "progan.Generator": (lambda: {**GROWING, "latent_dim": 4, "pixel_norm": True, "variant": "gan_zoo"}, {"z": Z}),
    "r3gan.Discriminator": (lambda: {**RESIDUAL, "embedding": 3, "taps": TAPS}, {**image(8), "labels": Y}),
    "r3gan.Generator": (lambda: {**RESIDUAL, "latent_dim": 4, "embedding": 3, "taps": TAPS}, {"z": Z, "labels": Y}),
    "r3gan.StrippedGenerator": (
        lambda: {"size": 8, "latent_dim": 4, "channels": 1, "channel_base": 32, "channel_max": 4, "taps": TAPS},
        {"z": Z},
    ),
    "recurrent.Discriminator": (lambda: {"channels": 1, "width": 2}, {"x": normal(N, 4, 1)}),
    "recurrent.Generator": (lambda: {"length": 2, "channels": 1, "noise_dim": 2, "width": 2}, {"z": Z}),
    "resnet.Discriminator": (
        lambda: {
            **{"size": 16, **SMALL, "classes": 3, "spectral_norm": True},
            **{"pool": "mean", "shortcut_sees_relu": True},
        },
        {**image(16), "y": Y},
    ),
    "resnet.Generator": (
        lambda: {"size": 16, "latent_dim": 4, **SMALL, "classes": 3, "upsample": "nearest"},
        {"z": Z, "y": Y},
    ),
    "segmenter.Segmenter": (lambda: {"classes": 2, **SMALL}, image(8)),
    "spade.LayoutDiscriminator": (lambda: {"in_channels": 1, "width": 2, "layers": 2}, image(8)),
    "spade.MultiScaleDiscriminator": (lambda: {"in_channels": 1, "width": 2, "layers": 2, "scales": 2}, image(8)),
    "spade.SPADEGenerator": (
        lambda: {
            **{"layout_channels": 1, "size": 32, **SMALL, "halvings": 5, "aspect": 1.0},
            **{"latent_dim": 4, "condition": "spade", "hidden": 2, "spectral": True},
        },
        {"layout": PICTURES[32], "z": Z},
    ),
    "stylegan1.Generator": (lambda: STYLES, STYLED),
    "stylegan2.Discriminator": (
        lambda: {
            **{"size": 8, "channels": 1, "channel_base": 32, "channel_max": 4, "architecture": "skip", "label_dim": 3},
            **{"label_layers": 1, "group_size": 2, "equalised": True, "taps": TAPS},
        },
        {**image(8), "labels": Y},
    ),
    "stylegan2.Generator": (
        lambda: {**STYLES, "mapping_lr_mult": 0.01, "architecture": "resnet", "label_dim": 3, "taps": TAPS, "clamp": 256.0},
        {**STYLED, "labels": Y},
    ),
    "subpixel.Generator": (lambda: {"size": 8, "latent_dim": 4, **SMALL}, {"z": Z}),
    "text.ConditioningAugmentation": (lambda: {"text_dim": 3, "dim": 4}, {"e": POINTS, "eps": Z}),
    "text.Discriminator": (
        lambda: {"text_dim": 3, "size": 8, "condition_dim": 2, "max_width": 4, **SMALL, "spread": True},
        {**image(8), "e": POINTS},
    ),
    "text.Generator": (
        lambda: {
            **{"text_dim": 3, "size": 8, "noise_dim": 2, "condition_dim": 2, "max_width": 4, **SMALL},
            "augmented": True,
        },
        {"z": Z, "e": POINTS},
    ),
    "text.Matcher": (
        lambda: {"words": 4, "size": 8, "dim": 3, "width": 2, "text_width": 2, "recurrent": True},
        {"x": pictures_of(3, 8), "s": SENTENCES},
    ),
    "text.PictureEncoder": (lambda: {"size": 8, "dim": 3, "max_width": 4, **SMALL}, image(8)),
    "text.Refiner": (
        lambda: {"text_dim": 3, "size": 4, "condition_dim": 2, "width": 2, "channels": 1, "blocks": 1},
        {**image(4), "e": POINTS},
    ),
    "text.Stacked": (
        lambda: {"first": text.Generator(3, 8, 4, 2, 2, channels=1), "second": text.Refiner(3, 8, 2, 2, 1, 1)},
        {"z": Z, "e": POINTS},
    ),
    "text.TextEncoder": (lambda: {"words": 4, "dim": 3, "width": 2, "recurrent": False}, {"x": SENTENCES}),
    "text.TextToImage": (
        lambda: {
            **{"words": 4, "dim": 3, "text_width": 2, "size": 8, "noise_dim": 2, "condition_dim": 2, "width": 2},
            **{"augmented": True, "refined": 2},
        },
        {"z": Z, "s": SENTENCES},
    ),
    "translator.ResNetTranslator": (
        lambda: {
            **{"in_channels": 1, "out_channels": 1, "width": 2, "blocks": 1},
            **{"norm": "batch", "dropout": 0.1, "residual": True},
        },
        image(16),
    ),
    "translator.TwoWay": (
        lambda: {"width": 2, "blocks": 1, "channels": (1, 1), "norm": "instance", "residual": False},
        image(16),
    ),
    "unet.UNet": (
        lambda: {
            **{"in_channels": 1, "out_channels": 1, "size": 32, "width": 2},
            **{"norm": "instance", "dropout": 0.1, "skips": True},
        },
        image(32),
    ),
    "vae.VAE": (lambda: {"shape": (1, 4, 4), "latent_dim": 4, "hidden": (4,), "likelihood": "gaussian"}, {}),
    "video.Discriminator": (lambda: {"size": 8, **SMALL, "norm": True}, {"x": CLIPS}),
    "video.Future": (
        lambda: {"size": 8, "code_dim": 3, "latent_dim": 4, **SMALL},
        {"x": pictures_of(1, 8), "z": Z},
    ),
    "video.OneStream": (lambda: {"size": 8, "latent_dim": 4, **SMALL}, {"z": Z}),
    "video.Reader": (lambda: {"heads": {"a": 2}, "size": 8, **SMALL, "dim": 4, "extractor_id": "odd"}, {"x": CLIPS}),
    "video.TwoStream": (lambda: {"size": 8, "latent_dim": 4, **SMALL}, {"z": Z}),
    "voxels.Discriminator": (lambda: {"size": 8, "width": 2, "norm": True}, {"x": normal(N, 1, 8, 8, 8).clamp(-1, 1)}),
    "voxels.FromPicture": (
        lambda: {"size": 8, "latent_dim": 4, "width": 2, "picture_size": 8, "encoder_width": 2, "channels": 1},
        {"z": Z},
    ),
    "voxels.Generator": (lambda: {"size": 8, "latent_dim": 4, "width": 2}, {"z": Z}),
    "word_attention.SentenceDiscriminator": (
        lambda: {"text_dim": 3, "size": 8, "condition_dim": 2, "max_width": 4, **SMALL, "spread": True},
        {**image(8), "e": TOLD},
    ),
    "word_attention.WordGenerator": (
        lambda: {
            **{"text_dim": 3, "size": 8, "noise_dim": 4, "condition_dim": 2, "max_width": 4, **SMALL},
            "looks": "words",
        },
        {"z": Z, "e": TOLD},
    ),
}


@functools.cache
def network(name: str) -> Any:
    torch.manual_seed(0)
    return class_of(name)(**NETWORKS[name][0]()).eval()


def bernoulli() -> vae.VAE:
    torch.manual_seed(0)
    return vae.VAE((1, 4, 4), 2, (4,)).eval()


COINS = PICTURES[4].sign()
SOURCE = torch.Generator()
STYLE = {"z": Z, "labels": Y, "truncation": 0.5, "truncation_layers": 1}

# Functions, and methods that users call, with arguments that are right; one of them is exchanged for something odd.
RIGHT: dict[str, tuple[Callable[..., Any], Callable[[], dict[str, Any]]]] = {
    "biggan.build": (
        biggan.build,
        lambda: {"name": "cifar", "width": 2, "latent_dim": 4, "classes": 3, "init": "normal"},
    ),
    "biggan.standing_statistics": (
        biggan.standing_statistics,
        lambda: {"generator": network("biggan.Generator"), "z": Z, "y": Y, "batch_size": 2},
    ),
    "classifier.prepare": (classifier.prepare, lambda: {"images": PICTURES[8], "size": 16}),
    "conditional.dcgan_pair": (
        conditional.dcgan_pair,
        lambda: {"classes": 3, "size": 16, "latent_dim": 4, **SMALL, "embedding": 2},
    ),
    "conditional.mlp_pair": (
        conditional.mlp_pair,
        lambda: {
            **{"classes": 3, "latent_dim": 4, "out_shape": (1, 4), "hidden": (4,)},
            **{"embedding": 2, "out": "tanh", "norm": "batch"},
        },
    ),
    "convnet.halving": (convnet.halving, lambda: {"size": 8, "max_width": 4, **SMALL}),
    "dcgan.seeing_the_batch": (
        dcgan.seeing_the_batch,
        lambda: {"discriminator": dcgan.Discriminator(16, 2, 1), "kernels": 2, "dim": 2},
    ),
    "encoder_decoder.bicubic": (
        encoder_decoder.bicubic,
        lambda: {"low": PICTURES[4], "scale": 2},
    ),
    "patchgan.measured_receptive_field": (
        patchgan.measured_receptive_field,
        lambda: {"network": nn.Conv2d(1, 1, 3), "channels": 1, "size": 16, "seed": 0},
    ),
    "patchgan.receptive_field": (patchgan.receptive_field, lambda: {"layers": [(4, 2), (4, 1)]}),
    "pixelcnn.causal_mask": (pixelcnn.causal_mask, lambda: {"kind": "A", "kernel": 3}),
    "progan.side_widths": (progan.side_widths, lambda: {"size": 8, "base": 32, "largest": 4}),
    "r3gan.players": (r3gan.players, lambda: {"name": "tiny32", "label_dim": 3}),
    "segmenter.train_segmenter": (
        segmenter.train_segmenter,
        lambda: {
            **{"pictures": PICTURES[8], "maps": (PICTURES[8] > 0).to(torch.uint8), "classes": 2},
            **{"steps": 1, "batch_size": 2, "lr": 0.01, "seed": 0},
        },
    ),
    "spade.with_attributes": (spade.with_attributes, lambda: {"layout": PICTURES[4], "attributes": Z}),
    "stylegan2.measure_average": (
        stylegan2.measure_average,
        lambda: {"generator": stylegan2.Generator(**STYLES), "n": 4, "seed": 0},
    ),
    "stylegan2.players": (stylegan2.players, lambda: {"name": "small32", "label_dim": 3}),
    "stylegan2.side_widths": (stylegan2.side_widths, lambda: {"size": 8, "base": 32, "largest": 4}),
    "stylegan2.sides": (stylegan2.sides, lambda: {"size": 8}),
    "unet.keep_dropout": (unet.keep_dropout, lambda: {"module": nn.Dropout()}),
    "vae.LinearGaussian": (vae.LinearGaussian, lambda: {"weight": normal(3, 2), "mean": normal(3), "sigma": 0.5}),
    "vae.latent_grid": (vae.latent_grid, lambda: {"latent_dim": 2, "points": 4, "reach": 5.0}),
    # Methods
    "Classes.check": (Classes.of(3).check, lambda: {"y": Y, "n": N}),
    "Classes.of": (Classes.of, lambda: {"spec": 3}),
    "Growing.grow": (lambda **given: network("progan.Generator").grow(**given), lambda: {"level": 1, "alpha": 1.0}),
    "LinearGaussian.fit": (vae.LinearGaussian.fit, lambda: {"x": normal(8, 3), "latent_dim": 1}),
    "PixelCNN.log_prob": (lambda **given: network("pixelcnn.PixelCNN").log_prob(**given), lambda: {"x": COINS}),
    "PixelCNN.sample": (
        lambda **given: network("pixelcnn.PixelCNN").sample(**given),
        lambda: {"n": N, "seed": 0, "given": COINS, "rows": 3},
    ),
    "VAE.encode": (lambda **given: network("vae.VAE").encode(**given), lambda: {"x": PICTURES[4]}),
    "VAE.elbo": (lambda **given: bernoulli().elbo(**given), lambda: {"x": COINS, "generator": SOURCE}),
    "VAE.importance_bound": (
        lambda **given: bernoulli().importance_bound(**given),
        lambda: {"x": COINS, "k": 2, "generator": SOURCE},
    ),
    "VAE.quadrature": (
        lambda **given: bernoulli().quadrature(**given),
        lambda: {"x": COINS, "points": 8, "reach": 5.0},
    ),
    "VAE.fill": (
        lambda **given: bernoulli().fill(**given),
        lambda: {"x": COINS, "known": COINS[0] > 0, "steps": 2, "seed": 0, "corrected": True},
    ),
    "VAE.sample": (lambda **given: bernoulli().sample(**given), lambda: {"n": N, "seed": 0, "pixels": "drawn"}),
    "word_attention.told": (
        word_attention.told,
        lambda: {"encoder": text.TextEncoder(4, 3, 3).eval(), "sentences": SENTENCES, "chunk": 2},
    ),
    "styles": (lambda **given: network("stylegan2.Generator").styles(**given), lambda: STYLE),
    "synthesis": (
        lambda **given: network("stylegan2.Generator").synthesis(**given),
        lambda: {"ws": normal(N, 4, 4), "noise": "none"},
    ),
}

NOT_ASKED = {
    # Parts of networks: the border of the whole checks what they are made with and given.
    *("autoencoder.Decoder", "autoencoder.Encoder", "biggan.DeepDiscriminatorBlock", "biggan.DeepGeneratorBlock"),
    *("conditional.AuxiliaryHead", "conditional.Features", "encoder_decoder.ChannelwiseLinear", "encoder_decoder.GatedConv2d"),
    *(
        "layers.attention.SelfAttention",
        "layers.attention.WordAttention",
        "layers.attention.WordMemory",
        "layers.conditional.Classes",
        "layers.conditional.ConditionalBatchNorm2d",
        "layers.mean_only.MeanOnlyBatchNorm",
    ),
    *("layers.conditional.LabelEmbedding", "layers.conditional.ProjectionHead", "layers.equalised.EqualisedConv2d"),
    *("layers.equalised.EqualisedLinear", "layers.equalised.PixelNorm", "layers.minibatch.MinibatchDiscrimination"),
    *("layers.minibatch.MinibatchSpread", "layers.minibatch.MinibatchStdDev", "layers.spectral.SpectralNorm"),
    *(
        "layers.styles.MappingNetwork",
        "layers.volumes.Judge",
        "video.Streams",
        "pixelcnn.MaskedConv2d",
        "progan.DiscriminatorBlock",
        "progan.GeneratorBlock",
    ),
    *("progan.Growing", "r3gan.Block", "r3gan.Double", "r3gan.FromLatent", "r3gan.Halve", "r3gan.ToLogits"),
    *("resnet.DiscriminatorBlock", "resnet.GeneratorBlock", "spade.SPADE", "spade.SPADEBlock", "stylegan1.Block"),
    *("stylegan1.Epilogue", "stylegan1.Synthesis", "stylegan2.DiscriminatorBlock", "stylegan2.DiscriminatorConfig"),
    *("stylegan2.Head", "stylegan2.StyledConv", "stylegan2.Synthesis", "stylegan2.SynthesisBlock"),
    *("stylegan2.SynthesisConfig", "stylegan2.ToRGB", "translator.ResidualBlock", "unet.Down", "unet.Up"),
    *("vae.Code", "vae.Decoder", "vae.ElboTerms", "text.Compression"),
    # What they compute with: arithmetic on their own maps and layers.
    *("biggan.init_weights", "convnet.checked", "dcgan.init_dcgan", "encoder_decoder.channels_of", "latent_codes.features"),
    *("layers.conditional.class_vectors", "layers.dense.activation", "layers.dense.hidden_layers", "layers.dense.linear"),
    *("layers.equalised.base_and_most", "layers.equalised.pixel_norm", "layers.initialisation.init_he"),
    *(
        "layers.minibatch.closeness",
        "layers.resample.blur",
        "layers.resample.check_taps",
        "layers.resample.conv_down",
        "layers.resample.conv_up",
        "layers.resample.enlarged",
    ),
    *("layers.resample.downsample", "layers.resample.filter2d", "layers.resample.upsample", "layers.spectral.as_matrix"),
    *("layers.spectral.is_normalised", "layers.spectral.largest_singular_value", "layers.spectral.normalise"),
    *("layers.spectral.operator_norm", "layers.spectral.power_iteration", "layers.spectral.remove"),
    *("layers.spectral.spectral_norm", "layers.styles.check_styles", "layers.styles.float32", "layers.styles.leaky"),
    *(
        "layers.volumes.checked",
        "layers.volumes.falling",
        "layers.volumes.init_small",
        "layers.volumes.last",
        "layers.volumes.rising",
    ),
    *("layers.styles.mix", "layers.styles.noise_map", "layers.styles.truncate", "patchgan.convolutions", "resnet.double"),
    *("resnet.init_xavier", "resnet.normalised", "layers.conditional.unlabelled", "spade.double", "stylegan1.adain"),
    *("stylegan1.instance_norm", "stylegan2.demodulation", "stylegan2.modulated_conv2d", "stylegan2.modulated_weights"),
    *("stylegan2.width_at", "text.condition", "text.doubled", "text.residual", "text.sentences"),
    *("unet.normalise", "vae.reparameterise"),
}


def public() -> set[str]:
    """The classes and functions of all modules but those that read foreign weights: ``layers.minibatch.Discriminator``."""
    found = set()
    for info in pkgutil.walk_packages(models.__path__, f"{models.__name__}."):
        module = importlib.import_module(info.name)
        found |= {
            f"{info.name.removeprefix(f'{models.__name__}.')}.{key}"
            for key, value in vars(module).items()
            if key[0] != "_" and (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__ == info.name
        }
    return {name for name in found if not name.startswith("reference.")}


def class_of(name: str) -> Any:
    module, _, key = name.rpartition(".")
    return getattr(importlib.import_module(f"{models.__name__}.{module}"), key)


def tame(value: Any) -> bool:
    """Whether a network must answer it without NaN: numbers of the size that its inputs have."""
    if not isinstance(value, Tensor):
        return True
    size = value.to(torch.complex128).abs()
    return bool((size < 10).all())


def used(name: str, made: Any) -> Any:
    """What a network of odd make gives for inputs that were right for the usual one; the network itself if it takes none."""
    inputs = NETWORKS[name][1]
    return made.eval()(**inputs) if inputs else made


def test_no_network_and_no_function_is_left_out() -> None:
    asked = set(NETWORKS) | {name for name in RIGHT if name[0].islower() and "." in name}
    assert not asked & NOT_ASKED
    assert public() == asked | NOT_ASKED


@pytest.mark.parametrize("name", NETWORKS)
@quick(8)
@given(chosen=st.data())
def test_odd_constructors(name: str, chosen: st.DataObject) -> None:
    right = NETWORKS[name][0]()
    which, value = swapped(chosen, right)
    made = answer(class_of(name), **right | {which: value})
    if made is None:
        return
    assert sound(made), "NaN in the weights"
    with torch.no_grad():
        found = answer(used, name, made)
    assert found is None or sound(found), "NaN in silence"


@pytest.mark.parametrize("name", [name for name in NETWORKS if NETWORKS[name][1]])
@quick(6)
@given(chosen=st.data())
def test_odd_forward_passes(name: str, chosen: st.DataObject) -> None:
    right = NETWORKS[name][1]
    which, value = swapped(chosen, right)
    with torch.no_grad():
        found = answer(network(name), **right | {which: value})
    assert found is None or not tame(value) or sound(found), "NaN in silence"


def corners(like: Tensor) -> list[Tensor]:
    """Tensors that differ from the right one in type, number, axes, side or range."""
    types = (torch.float16, torch.bfloat16, torch.float64, torch.uint8, torch.int64, torch.bool, torch.complex64)
    found = [like.to(kind) for kind in types] + [like[:0], like[:1], like[0], like[None], like[:, None]]
    if not like.is_floating_point():
        found += [like - 100, like + 100]
    if like.ndim == 4:
        found += [torch.zeros(*like.shape[:2], side, side) for side in (0, 1, 2, 3, 4, 8, 12)]
    return found


@pytest.mark.parametrize("name", [name for name in NETWORKS if NETWORKS[name][1]])
def test_corners_of_forward_passes(name: str) -> None:
    right = NETWORKS[name][1]
    for which, like in right.items():
        for value in corners(like) if isinstance(like, Tensor) else ():
            with torch.no_grad():
                found = answer(network(name), **right | {which: value})
            assert found is None or sound(found), f"NaN in silence for {which} {list(value.shape)} of {value.dtype}"


@pytest.mark.parametrize("name", [name for name in NETWORKS if NETWORKS[name][1]])
def test_an_empty_batch_has_an_answer_of_none_or_a_clear_error(name: str) -> None:
    """Of labelled networks as of the others: with all inputs empty their numbers agree."""
    none = {which: value[:0] if isinstance(value, Tensor) else value for which, value in NETWORKS[name][1].items()}
    with torch.no_grad():
        found = answer(network(name), **none)
    assert found is None or sound(found)


@pytest.mark.parametrize("name", [name for name in NETWORKS if NETWORKS[name][1]])
def test_an_empty_batch_in_training_leaves_no_nan_behind(name: str) -> None:
    """Running means are those of what was seen, and of none nothing was."""
    made = copy.deepcopy(network(name)).train()
    answer(made, **{which: value[:0] if isinstance(value, Tensor) else value for which, value in NETWORKS[name][1].items()})
    assert sound(made)


@pytest.mark.parametrize("name", RIGHT)
@quick(8)
@given(chosen=st.data())
def test_odd_calls(name: str, chosen: st.DataObject) -> None:
    call, make = RIGHT[name]
    right = make()
    which, value = swapped(chosen, right)
    found = answer(call, **right | {which: value})
    assert found is None or not tame(value) or sound(found), "NaN in silence"


@pytest.mark.parametrize("name", [*NETWORKS, *RIGHT])
def test_what_is_right_is_answered(name: str) -> None:
    if name in RIGHT:
        call, make = RIGHT[name]
        assert sound(call(**make()))
        return
    with torch.no_grad():
        found = used(name, network(name))
    assert sound(found)
    assert not isinstance(found, Tensor) or len(found) == N


BACK = {  # networks that also give an answer for pictures
    "encoders.ConvVAE": lambda made, kind: made.reconstruct(PICTURES[8].to(kind)),
    "encoders.ConvBidirectional": lambda made, kind: made.reconstruct(PICTURES[8].to(kind)),
    "voxels.FromPicture": lambda made, kind: made.reconstruct(PICTURES[8].to(kind)),
    "vae.VAE": lambda made, kind: made.decode(made.encode(PICTURES[4].to(kind)).mean),
}


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", NETWORKS)
def test_weights_of_another_type(name: str, kind: torch.dtype) -> None:
    """Networks in float64 or bfloat16 answer in that type, and float64 as float32 does but for rounding."""
    inputs = {key: x.to(kind) if isinstance(x, Tensor) and x.is_floating_point() else x for key, x in NETWORKS[name][1].items()}
    made = copy.deepcopy(network(name)).to(kind)
    with torch.no_grad():
        asked = ([(made(**inputs), network(name)(**NETWORKS[name][1]))] if inputs else []) + (
            [(BACK[name](made, kind), BACK[name](network(name), torch.float32))] if name in BACK else []
        )
    assert asked
    for found, usual in asked:
        for one, other in zip(tree_leaves(found), tree_leaves(usual), strict=True):
            assert one.dtype == kind and sound(one)
            if kind == torch.float64:
                torch.testing.assert_close(one.float(), other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_sizes_are_whole_numbers_of_any_kind_that_memory_holds(name: str) -> None:
    make, right = class_of(name), NETWORKS[name][0]
    sizes = {which: value for which, value in right().items() if isinstance(value, int) and not isinstance(value, bool)}
    torch.manual_seed(0)
    one = make(**right()).state_dict()
    torch.manual_seed(0)
    two = make(**right() | {which: np.int64(value) for which, value in sizes.items()}).state_dict()
    assert all(map(torch.equal, one.values(), two.values()))
    for which, value in sizes.items():
        for wrong in (True, "3", -1, value + 0.5, float(value), math.nan, 10**13, torch.ones(2)):
            assert answer(make, **right() | {which: wrong}) is None, f"takes {which}={wrong!r}"
