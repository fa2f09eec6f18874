"""Sentences about the course's faces: a small grammar, its words as numbers, and the stream of pictures with their sentences.

A sentence mentions two or more of a face's attributes, in any order, in one of six wordings, with synonyms and negation; what it
does not mention it leaves open.  Two of the wordings are held out: their words are all known, their order is not.

>>> sentences, asked = captions(faces.attributes, faces.attribute_names)
>>> sentences[0]
'a cheerful person with chestnut hair and pale skin without glasses'
>>> tokens(sentences[:1])                  # the numbers of its words, then zeros: int64 [1, LENGTH]

Sentences name the attributes of ``faces`` alone; words that the grammar does not have are refused by name.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gancourse.base import check
from gancourse.data.batches import Batches
from gancourse.data.images import ImageSet

SYNONYMS: dict[str, dict[str, tuple[str, ...]]] = {  # attribute -> value -> adjectives; negation is the wordings' affair
    "hair": {
        "black": ("black", "raven"),
        "brown": ("brown", "chestnut"),
        "blonde": ("blonde", "blond", "golden"),
        "red": ("red", "ginger"),
        "blue": ("blue",),
        "pink": ("pink", "rosy"),
    },
    "hair_length": {"short": ("short", "cropped"), "long": ("long", "flowing")},
    "skin": {"light": ("light", "pale", "fair"), "tan": ("tan", "tanned"), "brown": ("brown",), "dark": ("dark",)},
    "smile": {"no": ("unsmiling", "serious"), "yes": ("smiling", "cheerful", "happy")},
    "glasses": {"no": ("no",), "yes": ("",)},
    "background": {
        "cream": ("cream",),
        "blue": ("blue",),
        "green": ("green",),
        "purple": ("purple", "violet"),
        "peach": ("peach",),
    },
}
WORDINGS = {"seen": (0, 1, 2, 3), "unseen": (4, 5)}
MENTIONED = 0.7  # the probability that a sentence mentions an attribute; two at least
LENGTH = 32  # words of a sentence, at most

Values = Mapping[str, str]  # attribute -> value


class _Face:
    """Phrases for the attributes that a sentence mentions; each of them draws among synonyms."""

    def __init__(self, values: Values, source: Random) -> None:
        self.values, self.source = values, source
        self.noun = source.choice(("person", "character"))

    def word(self, attribute: str) -> str:
        return self.source.choice(SYNONYMS[attribute][self.values[attribute]])

    def has(self, *attributes: str) -> bool:
        return any(attribute in self.values for attribute in attributes)

    def phrases(self, *, left_out: Sequence[str] = ()) -> list[str]:
        """Noun phrases, as after "with" or "has", in random order: ["long red hair", "no glasses"]."""
        found = []
        if self.has("hair", "hair_length"):
            found.append(" ".join([*(self.word(name) for name in ("hair_length", "hair") if self.has(name)), "hair"]))
        if self.has("skin"):
            found.append(f"{self.word('skin')} skin")
        if self.has("smile") and "smile" not in left_out:
            found.append(("a " if self.values["smile"] == "yes" else "no ") + self.source.choice(("smile", "grin")))
        if self.has("glasses") and "glasses" not in left_out:
            found.append(f"{self.word('glasses')} {self.eyewear()}".strip())
        if self.has("background") and "background" not in left_out:
            found.append(f"a {self.word('background')} background")
        self.source.shuffle(found)
        return found

    def clauses(self, *, left_out: Sequence[str] = ()) -> list[str]:
        """Relative clauses in random order: ["whose hair is long and red", "who wears no glasses"]."""
        found = []
        if self.has("hair", "hair_length"):
            adjectives = [self.word(name) for name in ("hair_length", "hair") if self.has(name)]
            self.source.shuffle(adjectives)
            found.append(f"whose hair is {' and '.join(adjectives)}")
        if self.has("skin"):
            found.append(f"whose skin is {self.word('skin')}")
        if self.has("smile"):
            found.append("who smiles" if self.values["smile"] == "yes" else "who does not smile")
        if self.has("glasses"):
            not_any = "not " if self.values["glasses"] == "no" else ""
            found.append(f"who is {not_any}wearing {self.eyewear()}")
        if self.has("background") and "background" not in left_out:
            found.append(f"whose background is {self.word('background')}")
        self.source.shuffle(found)
        return found

    def eyewear(self) -> str:
        return self.source.choice(("glasses", "spectacles"))

    def who(self) -> str:
        """The noun, after its adjective where the smile is mentioned."""
        return f"{self.word('smile')} {self.noun}" if self.has("smile") else self.noun

    def wearing(self) -> str:
        """Glasses as an adverbial phrase, or nothing."""
        if not self.has("glasses"):
            return ""
        return f"{'wearing' if self.values['glasses'] == 'yes' else 'without'} {self.eyewear()}"

    def behind(self) -> str:
        """The background as an adverbial phrase, or nothing."""
        return f"on a {self.word('background')} background" if self.has("background") else ""


def joined(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _adjective_first(face: _Face) -> str:
    phrases = face.phrases(left_out=("smile", "glasses", "background"))
    rest = f"with {joined(phrases)}" if phrases else ""
    return f"a {face.who()} {rest} {face.wearing()} {face.behind()}"


def _has(face: _Face) -> str:
    return f"the {face.noun} has {joined(face.phrases())}"


def _list(face: _Face) -> str:
    return joined(face.phrases())


def _clauses(face: _Face) -> str:
    return f"a {face.noun} {joined(face.clauses())}"


def _with_and_has(face: _Face) -> str:  # held out
    first, *rest = face.phrases()
    return f"the {face.noun} with {first} has {joined(rest)}" if rest else f"the {face.noun} with {first}"


def _background_first(face: _Face) -> str:  # held out
    if not face.has("background"):
        return _with_and_has(face)  # without its beginning it would be one of the seen wordings
    clauses = face.clauses(left_out=("background",))
    return f"{face.behind()} a {face.noun} {joined(clauses) if clauses else ''}"


_FRAMES: tuple[Callable[[_Face], str], ...] = (_adjective_first, _has, _list, _clauses, _with_and_has, _background_first)
_FRAME_WORDS = (
    "a the with without has on and person character who whose is does not no smiles smile grin wearing glasses spectacles"
)
_NOUNS = "hair skin background"


def _all_words() -> tuple[str, ...]:
    adjectives = {word for values in SYNONYMS.values() for words in values.values() for word in words if word}
    return tuple(sorted({*adjectives, *_FRAME_WORDS.split(), *_NOUNS.split()}))


VOCABULARY = _all_words()  # word i has the number i + 1; 0 fills up


def sentence(values: Values, wording: int = 0, seed: int | Random = 0) -> str:
    """One sentence that mentions ``values``, in the wording of that number, with synonyms and order drawn from ``seed``."""
    if not isinstance(values, Mapping) or not values:
        raise ValueError("values must name one attribute or more, {'hair': 'red', 'glasses': 'no'} say")
    for name, value in values.items():
        check.one_of(f"value of {name}", value, SYNONYMS[check.one_of("attribute", name, SYNONYMS)])
    wording = check.whole("wording", wording, 0, len(_FRAMES) - 1)
    source = seed if isinstance(seed, Random) else Random(check.seed(seed))
    return " ".join(_FRAMES[wording](_Face(values, source)).split())


def captions(
    attributes: Tensor,
    attribute_names: Mapping[str, Sequence[str]],
    n: int = 1,
    seed: int = 0,
    *,
    wordings: str = "seen",
    mentioned: float = MENTIONED,
) -> tuple[list[str], Tensor]:
    """n sentences for each row of attributes [N, A], and what each asks for: int64 [N * n, A], -1 where it says nothing.

    The sentences of the first face come first.  ``wordings`` is "seen" or "unseen", the held-out ones; ``mentioned`` the
    probability that an attribute is mentioned (two always are).  Raises ValueError where an attribute has no such value, -1 say.
    """
    check.integers("attributes", attributes, 2)
    names = list(attribute_names)
    if attributes.shape[1] != len(names):
        raise ValueError(f"attributes has {attributes.shape[1]} columns for {len(names)} names: pass an ImageSet's own two")
    for name, column in zip(names, attributes.long().T, strict=True):
        most = len(attribute_names[name]) - 1
        if len(outside := column[(column < 0) | (column > most)]):
            raise ValueError(f"attributes must lie in 0 .. {most} for {name}, not {int(outside[0])}: leave such rows out")
    n, source = check.whole("n", n), Random(check.seed(seed))
    check.probability("mentioned", mentioned)
    frames = WORDINGS[check.one_of("wordings", wordings, WORDINGS)]
    sentences, asked = [], []
    for row in attributes.tolist():
        for _ in range(n):
            chosen = [k for k in range(len(names)) if source.random() < mentioned]
            while len(chosen) < min(2, len(names)):
                chosen = sorted({*chosen, source.randrange(len(names))})
            values = {names[k]: attribute_names[names[k]][row[k]] for k in chosen}
            sentences.append(sentence(values, source.choice(frames), source))
            asked.append([row[k] if k in chosen else -1 for k in range(len(names))])
    return sentences, torch.tensor(asked, dtype=torch.int64).reshape(-1, len(names))


def tokens(sentences: str | Sequence[str], length: int = LENGTH) -> Tensor:
    """The numbers of the words of each sentence, filled up with zeros: int64 [N, length].

    Case and punctuation do not matter.  Raises ValueError with the words that the vocabulary does not have, and what they may
    have been meant for; with sentences that are empty or too long.
    """
    sentences = [sentences] if isinstance(sentences, str) else sentences
    if not isinstance(sentences, Sequence) or not all(isinstance(each, str) for each in sentences):
        raise TypeError(f"sentences must be a text or a list of texts, not {type(sentences).__name__}")
    numbers = {word: i + 1 for i, word in enumerate(VOCABULARY)}
    table = torch.zeros(len(sentences), check.whole("length", length), dtype=torch.int64)
    for row, text in zip(table, sentences, strict=True):
        words = re.findall(r"\w+(?:'\w+)?", text.lower())
        if unknown := sorted({word for word in words if word not in numbers}):
            raise ValueError(_unknown(unknown))
        if not 1 <= len(words) <= length:
            raise ValueError(f"a sentence has 1 to {length} words, not {len(words)}: {text[:60]!r}")
        row[: len(words)] = torch.tensor([numbers[word] for word in words])
    return table


def _unknown(words: Sequence[str]) -> str:
    said = []
    for word in words:
        near = difflib.get_close_matches(word, VOCABULARY, 1, 0.7)
        said.append(f"{word!r}" + (f" (did you mean {near[0]!r}?)" if near else ""))
    return f"the vocabulary does not have {', '.join(said)}: gancourse.data.captions.VOCABULARY lists its {len(VOCABULARY)} words"


def _seed_of_sentences(seed: int, n: int, k: int) -> int:
    """Where the draws of one of K sentences start, given where those of one of N pictures do.

    Both draw as many numbers r in each batch, so from one seed they stay in step: picture r mod N, sentence r mod K of the same
    r.  Where N and K have no common factor every pair is as likely all the same (the Chinese remainder theorem), and the recorded
    trainings, which are all of this kind, began so: they keep their course.  Otherwise the sentence would be known modulo that
    factor from the picture, most sentences would never be seen, and they get a stream of their own.
    """
    if math.gcd(n, k) == 1:
        return seed
    return int(np.random.SeedSequence([seed % 2**64, 1]).generate_state(1, np.uint64)[0])


class CaptionBatches:
    """An endless stream of pairs: pictures [B, C, H, W] in [-1, 1], and for each one row of its ``texts``, drawn at random.

    images  an ImageSet
    texts   [N, K, ...]: K sentences of each picture, as tokens or as vectors

    The stream depends on ``seed`` and on whether N and K have a common factor: where they have one, sentences are drawn from a
    stream of their own.  Its position can be saved, as that of :class:`gancourse.data.Batches`.
    """

    def __init__(
        self, images: ImageSet, texts: Tensor, batch_size: int, *, seed: int = 0, device: torch.device | str | None = None
    ) -> None:
        if check.tensor("texts", texts).ndim < 3 or len(texts) != len(images):
            raise ValueError(f"texts must be [{len(images)}, K, ...], the sentences of each picture, not {list(texts.shape)}")
        self._texts = texts.to(check.device(device))
        numbered = ImageSet(images.images, labels=torch.arange(len(images)), name=images.name)
        self._pictures = Batches(numbered, batch_size, seed=seed, labels=True, device=device)
        self._generator = torch.Generator().manual_seed(_seed_of_sentences(check.seed(seed), *texts.shape[:2]))

    def __iter__(self) -> CaptionBatches:
        return self

    def __next__(self) -> tuple[Tensor, Tensor]:
        x, index = next(self._pictures)
        which = torch.randint(self._texts.shape[1], (len(x),), generator=self._generator).to(index.device)
        return x, self._texts[index, which]

    def state_dict(self) -> dict[str, Any]:
        """Where the stream is."""
        return {"pictures": self._pictures.state_dict(), "generator": self._generator.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go to where the stream was that gave ``state``."""
        self._pictures.load_state_dict(state["pictures"])
        self._generator.set_state(state["generator"].cpu())
