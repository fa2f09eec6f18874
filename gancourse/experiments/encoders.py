"""Faces with a way back: a variational autoencoder and a BiGAN, both with 64 latents, like ``faces32``.

Lecture 10 lets them, and descent through ``faces32`` itself, reconstruct the same unseen faces.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor

from gancourse import data, metrics, scale
from gancourse.base import networks
from gancourse.data.images import ImageSet
from gancourse.experiments import Points, Weights, frechet_metric, listed
from gancourse.gans.bigan import BiGAN
from gancourse.latent import inversion
from gancourse.losses import penalties
from gancourse.models.encoders import ConvBidirectional, ConvVAE, PairDiscriminator
from gancourse.training import Run
from gancourse.training.likelihood import LikelihoodRun, fit_likelihood
from gancourse.training.loop import supports_bf16

NAMES = ("vae_faces32", "bigan_faces32")
NETWORKS: dict[str, dict[str, int]] = {  # the autoencoder's generator is that of faces32, BiGAN's is narrower to pay for its D
    "vae_faces32": {"size": 32, "latent_dim": 64, "width": 24},
    "bigan_faces32": {"size": 32, "latent_dim": 64, "width": 16},
}
N, TEST = 20_000, 500
VAE_STEPS, VAE_BATCH, VAE_LR = 2400, 64, 1e-3
BIGAN_STEPS, BIGAN_BATCH = 5500, 32
BIGAN_SETTINGS: dict[str, Any] = {"lr": 1e-3, "betas": (0.0, 0.99), "ema": 0.998, "schedule": "flat_linear"}
R1_GAMMA, R1_EVERY = 1.0, 8
CURVE_EVERY = 300


def vae(seed: int = 0, **network: int) -> ConvVAE:
    """The variational autoencoder of the recipe with its first weights, on the scale's device."""
    with networks.seeded(seed):
        model = ConvVAE(**(NETWORKS["vae_faces32"] | network))
    return model.to(scale.device()).to(memory_format=torch.channels_last)


def elbo(model: ConvVAE) -> Callable[..., Tensor]:
    """The bound of the model, its networks in bfloat16 where the processor computes in it, as ``fit`` does with convolutions."""
    device = next(model.parameters()).device

    def bound(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        with torch.autocast(device.type, torch.bfloat16, enabled=supports_bf16(device)):
            return model.elbo(x, generator)

    return bound


def players(seed: int = 0, **network: int) -> tuple[ConvBidirectional, PairDiscriminator]:
    """G with E, and D, of the BiGAN with their first weights, on the scale's device."""
    arguments = NETWORKS["bigan_faces32"] | network
    with networks.seeded(seed):
        pair, discriminator = ConvBidirectional(**arguments), PairDiscriminator(**arguments)
    return pair.to(scale.device()), discriminator.to(scale.device())


def game(seed: int = 0, **network: int) -> BiGAN:
    """The BiGAN of the recipe: relativistic pairing of pairs, lazy R1 on the gradient in picture and latent."""
    return BiGAN(*players(seed, **network), "relativistic", penalty=penalties.r1(R1_GAMMA, every=R1_EVERY))


def describe(name: str, steps: int | None, seed: int, progress: bool) -> Weights:
    """One of the two; the curve has the squared error per pixel on 100 test faces against the number of images seen."""
    images = data.faces(32, N, progress=progress)
    unseen = data.to_float(data.faces(32, TEST, split="test", progress=progress).images)
    own = _vae(seed) if name == "vae_faces32" else _bigan(seed)
    batch_size = own["arguments"]["batch_size"]

    def point(run: Run | LikelihoodRun) -> list[float] | None:
        model = cast(ConvVAE | ConvBidirectional, run.generator)
        return [run.step * batch_size, round(errors(model, unseen[:100]).mean().item(), 4)] if run.step else None

    return Weights(
        batches=data.Batches(images, batch_size, seed=seed, device=scale.device()),
        network=NETWORKS[name],
        data={"name": "faces", "arguments": {"size": 32, "n": N, "seed": 0}},
        measure=lambda run: measure(run.generator, images, unseen),
        follow=(CURVE_EVERY, Points(point)),
        licence={"data": f"{images.licence}, adventurer by {images.author}", "weights": "CC BY 4.0"},
        note="encode, reconstruct and sample; curve: images seen, squared error per pixel on 100 test faces.",
        **own | ({} if steps is None else {"steps": steps}),
    )


def _vae(seed: int) -> dict[str, Any]:
    model = vae(seed)
    return {
        "title": "a variational autoencoder of 32 px faces",
        "game": model,
        "steps": VAE_STEPS,
        "settings": {"bound": elbo(model), "lr": VAE_LR},
        "arguments": {"batch_size": VAE_BATCH, "bound": "elbo", "lr": VAE_LR, "schedule": "cosine"},
        "trained_by": fit_likelihood,
    }


def _bigan(seed: int) -> dict[str, Any]:
    penalty = {"r1_gamma": R1_GAMMA, "r1_every": R1_EVERY}
    return {
        "title": "BiGAN: 32 px faces and the way back",
        "game": game(seed),
        "steps": BIGAN_STEPS,
        "settings": BIGAN_SETTINGS,
        "arguments": {"batch_size": BIGAN_BATCH, "objective": "relativistic", **penalty, **listed(BIGAN_SETTINGS)},
    }


@torch.no_grad()
def errors(model: ConvVAE | ConvBidirectional, unseen: Tensor) -> Tensor:
    """The squared error per pixel of ``model.reconstruct`` at images [N, ...], in evaluation mode: [N]."""
    device = next(model.parameters()).device
    with networks.evaluating(model):
        made = torch.cat([model.reconstruct(part.to(device)).float().cpu() for part in unseen.split(250)])
    return inversion.reconstruction_error(made, unseen)


@torch.no_grad()
def measure(model: ConvVAE | ConvBidirectional, images: ImageSet, unseen: Tensor, n: int = 5000) -> dict[str, Any]:
    """The reconstruction error on unseen faces, and the Frechet distance of n samples to n training images with its floor."""
    n = min(n, len(images) // 2)
    device = next(model.parameters()).device
    z = torch.randn(n, model.latent_dim, generator=torch.Generator().manual_seed(1)).to(device)
    with networks.evaluating(model):
        samples = torch.cat([model(part).float().cpu() for part in z.split(250)])
    judge = metrics.attribute_classifier(images.name, images.size)
    error = errors(model, unseen).mean().item()
    also = f"; squared error per pixel of the reconstructions of {len(unseen)} test faces: {error:.4f}"
    return frechet_metric(judge, samples, images.images[: 2 * n], also=also)
