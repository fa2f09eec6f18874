"""The recipes of the networks behind the text box: 32 px faces for sentences, and a second stage that makes them 64 px.

The text encoder is trained first, with a picture encoder on small pictures, and then stays as it is.  The game is GAN-CLS with
what the course's faces usually have: relativistic pairing, R1, and a discriminator that sees the spread of the batch.  The second
stage, StackGAN's (Zhang et al. 2017, section 3.4), plays the same game at 64 px over the shipped first.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from gancourse import data, metrics, scale, zoo
from gancourse.base import networks
from gancourse.data import captions
from gancourse.data.images import ImageSet, to_float
from gancourse.experiments import Weights, frechet_metric, listed
from gancourse.experiments.text_to_image import about, new, smaller
from gancourse.gans.text import TextGAN
from gancourse.losses import penalties
from gancourse.metrics import text as judges
from gancourse.models import text
from gancourse.models.classifier import AttributeClassifier
from gancourse.training import Run

NAMES = ("faces32_text", "faces64_text")
N, SENTENCES, BATCH_SIZE, ENCODER_SIDE, ENCODER_STEPS, STEPS = 10_000, 4, 32, 32, 2000, 6000
NETWORK: dict[str, Any] = {"words": len(captions.VOCABULARY), "size": 32, "width": 12}
R1_GAMMA, R1_EVERY = 1.0, 8
SETTINGS: dict[str, Any] = {"lr": 1e-3, "betas": (0.0, 0.99), "ema": 0.998, "schedule": "cosine"}
LARGE: dict[str, Any] = {"n": 20_000, "batch_size": 16, "steps": 300, "r1_gamma": 4.0}
REFINED: dict[str, Any] = {**NETWORK, "refined": 12}
LARGE_SETTINGS: dict[str, Any] = {**SETTINGS, "ema": 0.99}


def describe(name: str, steps: int | None, seed: int, progress: bool) -> Weights:
    """Faces for sentences, without the pairs of values that are held out."""
    large = name == "faces64_text"
    size, n = (64, LARGE["n"]) if large else (32, N)
    faces = data.faces(size, n, progress=progress)
    seen = faces[~new(faces)]
    if large:
        game, batches = refining(seen, seed)
        own: dict[str, Any] = {"batch_size": LARGE["batch_size"], "r1_gamma": LARGE["r1_gamma"], "starts_from": "faces32_text"}
    else:
        game, batches = players(seen, seed, scale.pick(ci=1, cpu=ENCODER_STEPS, gpu=ENCODER_STEPS))
        own = {"batch_size": BATCH_SIZE, "r1_gamma": R1_GAMMA, "encoder_steps": ENCODER_STEPS}
    settings, usual = (LARGE_SETTINGS, LARGE["steps"]) if large else (SETTINGS, STEPS)
    return Weights(
        title=f"{size} px faces for a sentence" + (", a second stage over 32 px" if large else ""),
        game=game,
        batches=batches,
        steps=usual if steps is None else steps,
        settings=settings,
        network=REFINED if large else NETWORK,
        data={"name": "faces", "arguments": {"size": size, "n": n, "seed": 0}},
        arguments={
            "objective": "relativistic",
            "mismatched": True,
            "discriminator": "sees the spread of the batch",
            "r1_every": R1_EVERY,
            "sentences": SENTENCES,
            **own,
            **listed(settings),
        },
        measure=lambda run: measure(run, faces),
        licence={"data": f"{faces.licence}, adventurer by {faces.author}", "weights": "CC BY 4.0"},
        note="Reads the sentences of gancourse.data.captions. Never trained together: the pairs of faces32_conditional.",
    )


def refining(faces: ImageSet, seed: int = 0) -> tuple[TextGAN, captions.CaptionBatches]:
    """The game of the second stage over the shipped first, which stays as it is, and its batches of 64 px faces."""
    shipped = zoo.load("faces32_text").model
    assert isinstance(shipped, text.TextToImage)
    with networks.seeded(seed):
        generator = text.TextToImage(**REFINED)
        discriminator = text.Discriminator(size=generator.size, width=NETWORK["width"], spread=True)
    assert isinstance(generator.draw, text.Stacked)
    generator.text.load_state_dict(shipped.text.state_dict())
    generator.draw.first.load_state_dict(shipped.draw.state_dict())
    return _game(generator, discriminator, LARGE["r1_gamma"]), _batches(faces, generator.text, LARGE["batch_size"], seed)


def _game(generator: text.TextToImage, discriminator: text.Discriminator, gamma: float) -> TextGAN:
    device = scale.device()
    penalty = penalties.r1(gamma, every=R1_EVERY)
    return TextGAN(generator.to(device), discriminator.to(device), "relativistic", penalty=penalty)


def _read(faces: ImageSet, seed: int) -> Tensor:
    said, _ = about(faces, SENTENCES, seed=seed)
    return captions.tokens(said).view(len(faces), SENTENCES, -1)


def _batches(faces: ImageSet, encoder: text.TextEncoder, batch_size: int, seed: int) -> captions.CaptionBatches:
    vectors = judges.sentence_vectors(encoder, _read(faces, seed).flatten(0, 1)).view(len(faces), SENTENCES, -1)
    return captions.CaptionBatches(faces, vectors, batch_size, seed=seed, device=scale.device())


def players(faces: ImageSet, seed: int = 0, encoder_steps: int = ENCODER_STEPS) -> tuple[TextGAN, captions.CaptionBatches]:
    """The game with an encoder trained on these faces, and its batches; the global random state is left alone."""
    pictures = to_float(smaller(faces, ENCODER_SIDE).images)
    matcher = judges.train_matcher(pictures, _read(faces, seed), NETWORK["words"], encoder_steps, seed=seed)
    with networks.seeded(seed):
        generator = text.TextToImage(**NETWORK)
        discriminator = text.Discriminator(size=NETWORK["size"], width=NETWORK["width"], spread=True)
    generator.text.load_state_dict(matcher.text.state_dict())
    return _game(generator, discriminator, R1_GAMMA), _batches(faces, matcher.text, BATCH_SIZE, seed)


def measure(run: Run, faces: ImageSet, n: int = 1500) -> dict[str, Any]:
    """The Frechet distance to training faces, and how much of its sentence each picture shows, new pairs and wordings apart."""
    known, never = faces[~new(faces)], faces[new(faces)]
    n = min(n, len(known) // 2)
    judge = metrics.attribute_classifier(faces.name, faces.size)
    fake, usual = _drawn(run, judge, known[:n], "seen")
    found = {"known pairs": usual, "wordings": _drawn(run, judge, known[:n], "unseen")[1]}
    found["pairs"] = _drawn(run, judge, never[:n], "seen")[1]
    also = (
        f"; share of what the sentence mentions that the picture shows: {found['known pairs']:.3f}, in wordings never read "
        f"{found['wordings']:.3f}, for pairs of values never trained together {found['pairs']:.3f}"
    )
    return frechet_metric(judge, fake, known.images[: 2 * n], "training images", also)


def _drawn(run: Run, judge: AttributeClassifier, faces: ImageSet, wordings: str) -> tuple[Tensor, float]:
    """Pictures for one sentence about each face, and the mean agreement."""
    said, asked = about(faces, 1, seed=9, wordings=wordings)
    assert isinstance(run.generator, text.TextToImage)
    vectors = run.generator.vectors(captions.tokens(said).to(run.gan.device))
    drawn = run.gan.sample(len(said), 1, run.generator, texts=vectors).clamp(-1, 1).cpu()
    return drawn, judges.agreement(judge.predict(drawn), asked).mean().item()
