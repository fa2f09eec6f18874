"""Words that are seldom said: does a generator that looks at each word hear them better than one that has the sentence alone?

16 px faces, GAN-CLS.  Four values, red and pink hair, green and peach backgrounds, are as frequent in the pictures as the others,
but their words stand in SELDOM of the captions that could have them, in place of 0.7.  The text encoder is trained on these
captions, one for each seed, and then stays as it is.  All arms have one discriminator, which reads the sentence's vector, and
generators that begin with the same weights; they differ in what stands beside the generator's map of 8 x 8:

    words      attention over the words' vectors, place by place
    sentence   the sentence's vector
    memory     attention over a memory that words and map have written, and a gate that takes as much of it as helps; it has the
               weights of the others and, for memory and gates, a few hundredths more

The judge is the attribute classifier: the share of pictures that show the hair or the background asked for, of the four values
(``rare``) and of the others (``frequent``), whose words are what a word is that was often said: the positive control.  Sentences
of the test name all values equally often.  At the end they are drawn once more, with the sentence's own vector and the words of
another sentence (``rare_shuffled``, ``frequent_shuffled``): a generator that does not read its words scores the same.

Source: Xu et al. 2018 (AttnGAN), sections 1 and 3.1; Zhu et al. 2019 (DM-GAN), section 3.2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor

from gancourse import data, metrics, scale
from gancourse.base import networks, trees
from gancourse.data import captions
from gancourse.data.images import ImageSet, to_float
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.text_to_image import WORDS, about, facts_of, smaller
from gancourse.gans.text import TextGAN
from gancourse.losses import penalties
from gancourse.metrics import text as judges
from gancourse.models import text, word_attention
from gancourse.training import Run

RARE = {"hair": ("red", "pink"), "background": ("green", "peach")}
SELDOM = 0.03  # the probability that a caption mentions one of them


def seldom_said(faces: ImageSet, n: int, seed: int, share: float = SELDOM) -> list[str]:
    """n captions of each face, as :func:`gancourse.data.captions.captions` makes them but for RARE: mentioned with ``share``."""
    assert faces.attributes is not None  # faces have them
    names, source, said = list(faces.attribute_names), Random(seed), []
    for row in faces.attributes.tolist():
        values = {name: faces.attribute_names[name][k] for name, k in zip(names, row, strict=True)}
        often = {name: share if value in RARE.get(name, ()) else captions.MENTIONED for name, value in values.items()}
        for _ in range(n):
            chosen = [name for name in names if source.random() < often[name]]
            while len(chosen) < 2:
                chosen = sorted({*chosen, source.choice([name for name in names if often[name] == captions.MENTIONED])})
            wording = source.choice(captions.WORDINGS["seen"])
            said.append(captions.sentence({name: values[name] for name in chosen}, wording, source))
    return said


def rare(asked: Tensor, names: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
    """Where sentences ask for a value of RARE, and where for another hair or background: bool [N, A] each."""
    columns = list(names)
    few, all_of_them = torch.zeros_like(asked, dtype=torch.bool), torch.zeros_like(asked, dtype=torch.bool)
    for name, values in RARE.items():
        k = columns.index(name)
        all_of_them[:, k] = asked[:, k] >= 0
        for value in values:
            few[:, k] |= asked[:, k] == list(names[name]).index(value)
    return few, all_of_them & ~few


class Words:
    """Faces, captions in which four values are seldom said, an encoder for each seed, and the judge."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size, self.folder = size, folder
        self.faces = smaller(data.faces(32, size["n"], progress=False), size["side"])
        self.test = smaller(data.faces(32, size["asked"], "test", progress=False), size["side"])
        said, self.asked = about(self.test, 1, seed=3)
        self.sentences = captions.tokens(said, size["longest"])
        self.few, self.many = rare(self.asked, self.test.attribute_names)
        self.classifier = metrics.attribute_classifier("faces", size["side"])
        self.real = self.classifier.features(self.faces.images[: size["asked"]])

    def captions_of(self, seed: int) -> Tensor:
        """The captions that a training reads, int64 [N, sentences, longest]."""
        n = self.size["sentences"]
        said = seldom_said(self.faces, n, seed)
        return captions.tokens(said, self.size["longest"]).view(len(self.faces), n, -1)

    def encoder(self, seed: int) -> text.TextEncoder:
        """The encoder of these captions, which another training of the seed finds in the folder."""
        path = self.folder / f"encoder-{seed}.weights"
        with networks.seeded(seed):
            fresh = text.TextEncoder(WORDS)
        if path.exists():
            fresh.load_state_dict(trees.load(path))
            return fresh.requires_grad_(False).eval()
        pictures, read = to_float(self.faces.images), self.captions_of(seed)
        found = judges.train_matcher(pictures, read, WORDS, self.size["encoder_steps"], seed=seed, width=self.size["judge_width"])
        trees.save(path, dict(found.text.state_dict()))
        return found.text.requires_grad_(False).eval()

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[TextGAN, captions.CaptionBatches]:
        side, width, device = self.size["side"], self.size["width"], scale.device()
        encoder, read = self.encoder(seed), self.captions_of(seed)
        texts = word_attention.told(encoder, read.flatten(0, 1)).unflatten(0, read.shape[:2])
        with networks.seeded(seed):
            generator = word_attention.WordGenerator(size=side, width=width, looks=arm["looks"])
            discriminator = word_attention.SentenceDiscriminator(size=side, width=width)
        generator.reader = encoder
        game = TextGAN(generator.to(device), discriminator.to(device), penalty=penalties.r1(1.0, every=8))
        return game, captions.CaptionBatches(self.faces, texts, self.size["batch_size"], seed=seed, device=device)

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        n = len(self.sentences)
        own = self._drawn(run.gan, run.generator, n)
        return torch.cat([own, self._drawn(run.gan, run.generator, n, shuffled=True)]) if final else own

    def _drawn(self, gan: Any, generator: Any, n: int, *, shuffled: bool = False) -> Tensor:
        told = word_attention.told(generator.reader, self.sentences[:n])
        if shuffled:
            told = torch.cat([told[:, :1], told[:, 1:].roll(1, 0)], 1)
        return gan.sample(n, 0, generator, texts=told).cpu()

    def pictures(self, run: Run) -> Tensor:
        return self._drawn(run.gan, run.generator, 8)

    def judged(self, sample: Tensor) -> dict[str, float]:
        """How often the pictures show the hair and the background that they were asked for, and their distance to the data."""
        own, *shuffled = sample.clamp(-1, 1).split(len(self.asked))
        read = self.classifier.predict(own)
        heard = self._heard(read)
        of_another = self._heard(self.classifier.predict(shuffled[0])) if shuffled else dict.fromkeys(heard, math.nan)
        return heard | {
            "agreement": judges.agreement(read, self.asked).mean().item(),
            "frechet": metrics.frechet_distance(self.classifier.features(own), self.real),
            **{f"{name}_shuffled": value for name, value in of_another.items()},
        }

    def _heard(self, read: Tensor) -> dict[str, float]:
        right = read == self.asked
        return {"rare": right[self.few].float().mean().item(), "frequent": right[self.many].float().mean().item()}

    def nulls(self) -> dict[str, Tensor]:
        truth, source = to_float(self.test.images), torch.Generator().manual_seed(7)
        untrained = self.game(next(iter(ARMS.values())), 0)[0]
        found = {
            "truth": truth,
            "other faces": truth.roll(1, 0),
            "mean face": truth.mean(0, keepdim=True).expand_as(truth),
            "noise": torch.rand(truth.shape, generator=source) * 2 - 1,
            "untrained": self._drawn(untrained, untrained.generator, len(truth)),
        }
        return {name: torch.cat([x, x]) for name, x in found.items()}  # words of another sentence change none of them

    def facts(self) -> dict[str, float]:
        return facts_of(self.faces)


ARMS: dict[str, dict[str, Any]] = {
    "words": {"looks": "words"},
    "sentence": {"looks": "sentence"},
    "memory": {"looks": "memory"},
}

EXPERIMENT = Experiment(
    name="text_words",
    title="Words that are seldom said: attention over words, a memory, and the sentence's vector",
    stage=Words,
    arms=ARMS,
    seeds=(1, 2, 3, 4, 5),
    full={
        "side": 16,
        "n": 4000,
        "asked": 800,
        "sentences": 3,
        "longest": 26,
        "encoder_steps": 300,
        "judge_width": 12,
        "width": 12,
        "batch_size": 32,
        "steps": 400,
        "measure_every": 200,
        "checkpoint_every": 200,
    },
    ci={
        "n": 240,
        "asked": 100,
        "encoder_steps": 4,
        "judge_width": 4,
        "width": 4,
        "batch_size": 8,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 5,
    },
    fit={"lr": 1e-3, "betas": [0.0, 0.99], "ema": 0.99, "precision": "float32"},
    paper="Xu et al. 2018, section 1; Zhu et al. 2019, section 3.2",
    expected={
        "S20.rare_words": "room for an effect: share of the frequent values shown less that of the rare ones, arm sentence: at "
        "least 0.2",
        "S20.attention": "a question, for no paper says it of rare words: the same share, words less sentence. One pilot of "
        "seed 0 had 0.26 against 0.36",
        "S20.attention_frequent": "a question: the same for the other values; the pilot had 0.92 against 0.86",
        "S20.memory": "a question: the share shown of the rare values, memory less words; nulls: the sentence's arm less words, "
        "and the memory with another sentence's words less words. Zhu et al. say in their abstract that the writing gate selects "
        "the important text by the picture, which makes images accurate; of rare words they say nothing",
        "S20.memory_frequent": "a question: the same for the other values",
        "S20.memory_frechet": "a question: the Frechet distance, memory less words; below 0 would be the paper's direction",
        "S20.words_read": "a question: share shown of the frequent values, arm words, with its own words less with another "
        "sentence's; null: the arm sentence, which has none. And S20.memory_read, the same of the arm memory",
    },
)
