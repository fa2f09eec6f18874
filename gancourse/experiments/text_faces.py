"""The recipe of the network behind the text box: 32 px faces for sentences.

The text encoder is trained first, with a picture encoder on small pictures, and then stays as it is.  The game is GAN-CLS with
what the course's faces usually have: relativistic pairing, R1, and a discriminator that sees the spread of the batch.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from gancourse import data, metrics, scale
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

NAMES = ("faces32_text",)
N, SENTENCES, BATCH_SIZE, ENCODER_SIDE, ENCODER_STEPS, STEPS = 10_000, 4, 32, 32, 2000, 6000
NETWORK: dict[str, Any] = {"words": len(captions.VOCABULARY), "size": 32, "width": 12}
R1_GAMMA, R1_EVERY = 1.0, 8
SETTINGS: dict[str, Any] = {"lr": 1e-3, "betas": (0.0, 0.99), "ema": 0.998, "schedule": "cosine"}


def describe(name: str, steps: int | None, seed: int, progress: bool) -> Weights:
    """Faces for sentences, without the pairs of values that are held out."""
    faces = data.faces(32, N, progress=progress)
    seen = faces[~new(faces)]
    game, batches = players(seen, seed, scale.pick(ci=1, cpu=ENCODER_STEPS, gpu=ENCODER_STEPS))
    return Weights(
        title="32 px faces for a sentence",
        game=game,
        batches=batches,
        steps=STEPS if steps is None else steps,
        settings=SETTINGS,
        network=NETWORK,
        data={"name": "faces", "arguments": {"size": 32, "n": N, "seed": 0}},
        arguments={
            "objective": "relativistic",
            "mismatched": True,
            "discriminator": "sees the spread of the batch",
            "r1_gamma": R1_GAMMA,
            "r1_every": R1_EVERY,
            "batch_size": BATCH_SIZE,
            "encoder_steps": ENCODER_STEPS,
            "sentences": SENTENCES,
            **listed(SETTINGS),
        },
        measure=lambda run: measure(run, faces),
        licence={"data": f"{faces.licence}, adventurer by {faces.author}", "weights": "CC BY 4.0"},
        note="Reads the sentences of gancourse.data.captions. Never trained together: the pairs of faces32_conditional.",
    )


def players(faces: ImageSet, seed: int = 0, encoder_steps: int = ENCODER_STEPS) -> tuple[TextGAN, captions.CaptionBatches]:
    """The game with an encoder trained on these faces, and its batches; the global random state is left alone."""
    said, _ = about(faces, SENTENCES, seed=seed)
    read = captions.tokens(said).view(len(faces), SENTENCES, -1)
    matcher = judges.train_matcher(
        to_float(smaller(faces, ENCODER_SIDE).images), read, NETWORK["words"], encoder_steps, seed=seed
    )
    with networks.seeded(seed):
        generator = text.TextToImage(**NETWORK)
        discriminator = text.Discriminator(size=NETWORK["size"], width=NETWORK["width"], spread=True)
    generator.text.load_state_dict(matcher.text.state_dict())
    vectors = judges.sentence_vectors(matcher.text, read.flatten(0, 1)).view(len(faces), SENTENCES, -1)
    device = scale.device()
    game = TextGAN(
        generator.to(device),
        discriminator.to(device),
        "relativistic",
        penalty=penalties.r1(R1_GAMMA, every=R1_EVERY),
    )
    return game, captions.CaptionBatches(faces, vectors, BATCH_SIZE, seed=seed, device=device)


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
