"""The checks of homework 7: text to image."""

from __future__ import annotations

import contextlib
import copy
import functools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.classroom.homework.checks.calls import finite_differences, gradient, unchanged
from gancourse.classroom.homework.checks.likeness import agrees, likeness
from gancourse.classroom.homework.checks.players import as_it_was
from gancourse.classroom.homework.checks.sheets import Sheet, Wrong, part, seal
from gancourse.classroom.homework.checks.values import close, compare, equal, finite, number, scalar, shape, tensor, true
from gancourse.classroom.right import augmented as _augment
from gancourse.classroom.right import matching as _cls
from gancourse.classroom.slips import Slips, summed, swapped, times

# 1. Sentences ------------------------------------------------------------------------------------------------------------


def _split(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def _refusing(words: Sequence[str], vocabulary: Sequence[str], length: int) -> None:
    """The ValueErrors of a right answer."""
    if unknown := [word for word in words if word not in vocabulary]:
        raise ValueError(f"unknown: {', '.join(unknown)}")
    if not 1 <= len(words) <= length:
        raise ValueError(f"{len(words)} words")


def _numbered(
    split: Callable = _split,
    refuse: Callable = _refusing,
    number: Callable = lambda vocabulary, word: list(vocabulary).index(word) + 1,
    fill: Callable = lambda row, length, vocabulary: row + [0] * (length - len(row)),
    wide: Callable = lambda texts, length: length,
) -> Callable:
    """The tokeniser, with a slip where an argument is not the default."""

    def tokenise(texts: Sequence[str], vocabulary: Sequence[str], length: int) -> Tensor:
        table = []
        for text in texts:
            words = split(text)
            refuse(words, vocabulary, length)
            table.append(fill([number(vocabulary, word) for word in words], wide(texts, length), vocabulary))
        return torch.tensor(table)

    return tokenise


def _only_known(words: list[str], vocabulary: Sequence[str], length: int) -> None:
    """Unknown words are dropped without a murmur."""
    words[:] = [word for word in words if word in vocabulary]
    _refusing(words, vocabulary, length)


def _first_unknown(words: Sequence[str], vocabulary: Sequence[str], length: int) -> None:
    for word in words:
        if word not in vocabulary:
            raise ValueError(f"unknown: {word}")
    _refusing(words, vocabulary, length)


def _nameless(
    words: Sequence[str],
    vocabulary: Sequence[str],
    length: int,
    said: Callable = lambda words, vocabulary: "there is an unknown word",
) -> None:
    if not set(words) <= set(vocabulary):
        raise ValueError(said(words, vocabulary))
    _refusing(words, vocabulary, length)


def _named_by(said: Callable[[Sequence[str], Sequence[str]], str]) -> Callable:
    """A tokeniser whose error says this of the words and the vocabulary."""
    return _numbered(refuse=functools.partial(_nameless, said=said))


def _key_error(words: Sequence[str], vocabulary: Sequence[str], length: int) -> None:
    numbers = {word: k for k, word in enumerate(vocabulary)}
    _refusing([word for word in words if numbers[word] >= 0], vocabulary, length)


def _asserting(words: Sequence[str], vocabulary: Sequence[str], length: int) -> None:
    assert set(words) <= set(vocabulary), f"unknown: {', '.join(set(words) - set(vocabulary))}"
    _refusing(words, vocabulary, length)


def _any_length(words: list[str], vocabulary: Sequence[str], length: int) -> None:
    _refusing(words[:length], vocabulary, length)
    del words[length:]


def _empty_too(words: Sequence[str], vocabulary: Sequence[str], length: int) -> None:
    _refusing(words or vocabulary[:1], vocabulary, length)


def _zero_for_unknown(vocabulary: Sequence[str], word: str) -> int:
    return list(vocabulary).index(word) + 1 if word in vocabulary else 0


_tokenise = _numbered()
_TOKENISE = Slips("tokenise") | {
    "the first word has the number 1: 0 is the padding's": _numbered(number=lambda v, word: list(v).index(word)),
    "a word's number is its place in the vocabulary as it is given, not in the alphabet": _numbered(
        number=lambda v, word: sorted(v).index(word) + 1
    ),
    "zeros fill up the end of a row, not its beginning": _numbered(fill=lambda row, n, v: [0] * (n - len(row)) + row),
    "what fills up is 0": (
        _numbered(fill=lambda row, n, v: row + [-1] * (n - len(row))),
        _numbered(fill=lambda row, n, v: row + [len(v) + 1] * (n - len(row))),
    ),
    "each row is `length` long, whatever the longest sentence": _numbered(
        wide=lambda texts, n: max(len(_split(text)) for text in texts)
    ),
    "the order of the words is lost": _numbered(split=lambda text: sorted(_split(text))),
    "a word that stands twice is two words": _numbered(split=lambda text: list(dict.fromkeys(_split(text)))),
    "capitals do not matter: lower() first": _numbered(split=lambda text: re.findall(r"[A-Za-z]+", text)),
    "commas and full stops belong to no word": _numbered(split=lambda text: text.lower().split()),
    "an unknown word is left out without a murmur: the sentence then says something else": _numbered(refuse=_only_known),
    "an unknown word has become padding: 0 says that the sentence is over": _numbered(
        number=_zero_for_unknown, refuse=lambda words, v, n: _refusing([w for w in words if w in v] or words and v[:1], v, n)
    ),
    "name all unknown words, not only the first": _numbered(refuse=_first_unknown),
    "say which words are unknown": (
        _numbered(refuse=_nameless),
        _named_by(lambda words, vocabulary: f"a word is unknown in: {' '.join(words)}"),
        _named_by(lambda words, vocabulary: f"unknown words in {words}"),
    ),
    "a KeyError or an IndexError says nothing to whoever typed the sentence: raise a ValueError": _numbered(refuse=_key_error),
    "an assert is for what cannot happen, and python -O leaves it out: raise a ValueError": _numbered(refuse=_asserting),
    "a sentence of exactly `length` words is not too long": _numbered(refuse=lambda words, v, n: _refusing(words, v, n - 1)),
    "a sentence that is too long is refused: cut off, it says something else": _numbered(refuse=_any_length),
    "a sentence without words is refused: it has no last word": _numbered(refuse=_empty_too),
}


def _averaged(total: Callable, count: Callable) -> Callable:
    return lambda vectors, words: total(vectors, (words > 0).to(vectors)[..., None]) / count((words > 0).to(vectors).sum(1, True))


def _of_words(x: Tensor, known: Tensor) -> Tensor:
    return (x * known).sum(1)


_mean_of_words = _averaged(_of_words, lambda n: n)
_MEAN = Slips("mean_of_words") | {
    "the word vectors are detached: the embedding learns through their mean": lambda v, words: _mean_of_words(v.detach(), words),
    "the padding's vectors are counted: only words belong to the sentence": lambda vectors, words: vectors.mean(1),
    "divided by the length of the row: divide by the number of words": lambda v, words: _averaged(
        _of_words, lambda n: words.shape[1]
    )(v, words),
    "the padding's vectors are in the sum: multiply by the mask first": _averaged(lambda x, known: x.sum(1), lambda n: n),
    "this is the sum: divide by the number of words": _averaged(_of_words, lambda n: 1),
    "one number of words for the whole batch: each sentence has its own": (
        _averaged(_of_words, torch.mean),
        _averaged(_of_words, torch.max),
        _averaged(_of_words, torch.sum),
    ),
    "one vector for each sentence: the mean runs over the words, dimension 1": (
        lambda v, words: (v * (words > 0)[..., None]).mean(0),
        lambda v, words: (v * (words > 0)[..., None]).mean(2),
    ),
    "one too many in the number of words": _averaged(_of_words, lambda n: n + 1),
    "the mask is turned round: it is 1 where a word stands": lambda v, words: _mean_of_words(v, (words == 0).long()),
}


_TYPE = "the mask took another type along: .to(vectors)"


def _state_at(place: Callable) -> Callable:
    """The state at ``place(number of words)``."""
    return lambda states, words: states[torch.arange(len(states)), place((words > 0).sum(1))]


_last_state = _state_at(lambda n: n - 1)
_LAST = Slips("last_state") | {
    "the states are detached: the reader learns through the last one": lambda states, words: _last_state(states.detach(), words),
    "this is the state after the padding: read where the sentence ends": lambda states, words: states[:, -1],
    "places count from 0: n words end at place n - 1": (
        _state_at(lambda n: n),
        lambda states, words: _state_at(lambda n: n.clamp(max=states.shape[1] - 1))(states, words),
    ),
    "one place for the whole batch: each sentence has its own end": _state_at(lambda n: n.max().expand(len(n)) - 1),
    "the first zero ends a sentence only where there is one, and a full row has no zero: count the words": (
        lambda states, words: states[torch.arange(len(states)), words.argmin(1) - 1]
    ),
    "this is the state after the first word": lambda states, words: states[:, 0],
    "this is the state before the last word": _state_at(lambda n: (n - 2).clamp(min=0)),
    "this is the mean of the states": lambda states, words: _mean_of_words(states, words),
    "the largest number of a row of words is not its last": lambda states, words: states[
        torch.arange(len(states)), words.argmax(1)
    ],
    "states[:, n - 1] takes every sentence's place from every sentence: each has one of its own": lambda states, words: states[
        :, (words > 0).sum(1) - 1
    ],
}


def _tried(tokenise: Callable, text: str, vocabulary: Sequence[str], words: Sequence[str]) -> str:
    """What becomes of a sentence: its row, the error, or which of these words a ValueError names.

    Who quotes the sentence, or all its words, has not said which of them are meant; to list the vocabulary besides does no harm.
    """
    try:
        row = tokenise(["pale skin", text], vocabulary, 6)
    except ValueError as error:
        said, whole = Counter(_split(str(error).lower().replace(text.lower(), ""))), Counter(_split(text))
        if whole <= said and not set(vocabulary) <= set(said):
            said -= whole
        named = [word for word in words if word in said]
        return " and ".join(["a ValueError", *(f"that names {word}" for word in named)])
    except (KeyError, IndexError, AssertionError) as error:
        name = type(error).__name__
        return f"{'a' if name.startswith('K') else 'an'} {name}"
    return f"the row {row[1].tolist()}" if isinstance(row, Tensor) and row.ndim == 2 else "something else"


@part(points=4)
def sentences(sheet: Sheet, tokenise: Callable, mean_of_words: Callable, last_state: Callable) -> None:
    vocabulary = ["with", "a", "and", "dark", "glasses", "hair", "long", "no", "pale", "person", "red", "short", "skin"]
    vocabulary += ["without", "smiling"]  # not in the order of the alphabet

    with sheet.item("words as numbers", 1):

        def drawn(n: int) -> str:
            return " ".join(vocabulary[sheet.integer(0, 14)] for _ in range(n))

        texts = [drawn(9), drawn(1), "red and red and red", f"{drawn(3)} hair"]
        known = _TOKENISE.at(texts, vocabulary, 11)
        came = shape(tokenise(list(texts), list(vocabulary), 11), (4, 11), slips=known)
        true(
            came.dtype == torch.int64,
            "numbers of type int64",
            f"{came.dtype}",
            "an embedding takes whole numbers: dtype=torch.int64",
        )
        close(came, _tokenise(texts, vocabulary, 11), slips=known)
        for text in ("Red hair NO glasses", "red hair, no glasses."):

            def became(f: Callable, text: str = text) -> str:
                return _tried(f, text, vocabulary, ())

            equal(became(tokenise), became(_tokenise), f"look at what becomes of {text!r}", _TOKENISE.by(became))

    with sheet.item("what is refused", 1):
        bad = [f"{'qwxz'[sheet.integer(0, 3)]}{word}" for word in ("redd", "beard")]
        for text in (
            f"{bad[0]} hair",
            f"a {bad[1]} and {bad[0]} hair",
            "red and red and red and red",
            "red and red and red hair",
            "?",
        ):

            def tried(f: Callable, text: str = text) -> str:
                return _tried(f, text, vocabulary, bad)

            equal(tried(tokenise), tried(_tokenise), f"look at what becomes of {text!r} with length=6", _TOKENISE.by(tried))

    words = torch.zeros(5, 7, dtype=torch.int64)
    for row, n in zip(words, (2, 5, 1, 3, 6), strict=True):
        row[:n] = torch.randint(1, 15, (n,), generator=sheet.generator)
        row[n // 2] += 15  # the largest number of its row
    full = torch.randint(1, 15, (3, 4), generator=sheet.generator)
    x, y = sheet.randn(5, 7, 5), sheet.randn(3, 4, 5)

    for title, answer, right, slips in (
        ("the mean of a sentence's words", mean_of_words, _mean_of_words, _MEAN),
        ("the state after its last word", last_state, _last_state, _LAST),
    ):
        with sheet.item(title, 1):
            with unchanged(vectors=x, words=words):
                compare(answer, right, (x, words), slips, "5 sentences of 1 to 6 words")
            compare(answer, right, (y, full), slips, "3 sentences without padding")
            compare(
                answer, right, (x[:, :6] + 1e9 * (words[:, :6, None] == 0), words[:, :6]), slips, "large numbers at the padding"
            )
            kind = tensor(answer(x.float(), words)).dtype
            true(kind == torch.float32, "float32 for vectors of float32", f"{kind}", _TYPE)
            weight = sheet.randn(5, 5)

            def slope(f: Callable, weight: Tensor = weight) -> Tensor:
                v = x.clone().requires_grad_()
                y = (f(v, words) * weight).sum()
                return torch.autograd.grad(y, v)[0] if y.requires_grad else torch.zeros_like(v)

            compare(answer, right, slope, slips, "the gradient by the vectors")


# 2. A space where both meet ----------------------------------------------------------------------------------------------


def _fits(attributes: Tensor, asked: Tensor) -> Tensor:
    return ((attributes[:, None] == asked) | (asked < 0)).all(2)


_BOOL = "a table of True and False: comparisons give one"
_FITS = Slips("fits") | {
    "row i is picture i, column j sentence j": lambda attributes, asked: _fits(attributes, asked).T,
    "what a sentence does not mention (-1) it leaves open: any value fits": lambda attributes, asked: (
        attributes[:, None] == asked
    ).all(2),
    "one thing that is right does not make the sentence fit: all that it mentions must be": (
        lambda attributes, asked: ((attributes[:, None] == asked) | (asked < 0)).any(2),
        lambda attributes, asked: (attributes[:, None] == asked).any(2),
    ),
    "each picture with its own sentence only: the table has an entry for every pair": (
        lambda attributes, asked: ((attributes[: len(asked)] == asked[: len(attributes)]) | (asked[: len(attributes)] < 0)).all(1)
    ),
    "a number for each colour, and for each kind of hair: they are no truth values": lambda attributes, asked: (
        ((attributes > 0)[:, None] == (asked > 0)) | (asked < 0)
    ).all(2),
    "the table is turned round: True where the sentence fits": lambda attributes, asked: ~_fits(attributes, asked),
    _BOOL: lambda attributes, asked: _fits(attributes, asked).double(),
}


def _find(scores: Tensor, left_out: Tensor) -> Tensor:
    """How hard it is for each row to find its own column: minus the logarithm of a softmax over the row, [N]."""
    return scores.masked_fill(left_out, -torch.inf).logsumexp(1) - scores.diagonal()


def _towards_all(scores: Tensor, left_out: Tensor) -> Tensor:
    """The same with soft targets: all that fit are right, and share 1 among them."""
    right = left_out | torch.eye(len(scores), dtype=torch.bool)
    return -(scores.log_softmax(1) * right).sum(1) / right.sum(1)


def _others(fits: Tensor) -> Tensor:
    return fits & ~torch.eye(len(fits), dtype=torch.bool)


def _matched(
    unit: Callable = lambda v: F.normalize(v, dim=1),
    heat: Callable = lambda s, t: s / t,
    out: Callable = lambda fits: (_others(fits), _others(fits).T),
    both: Callable = lambda rows, columns: (rows.mean() + columns.mean()) / 2,
    find: Callable = _find,
    turn: Callable = lambda s: s.T,
) -> Callable:
    """The matching loss, with a slip where an argument is not the default."""

    def loss(pictures: Tensor, sentences: Tensor, fits: Tensor, temperature: float) -> Tensor:
        scores = heat(unit(pictures) @ unit(sentences).T, temperature)
        rows, columns = out(fits)
        return both(find(scores, rows), find(turn(scores), columns))

    return loss


_matching = _matched()
_DOWN = "a logarithm of a softmax that has rounded to 0, or an exponential that overflows: use logsumexp or log_softmax"
_ONE_LOSS = "one number: the mean over the batch and both directions"
_STILL_THERE = "what is left out is still there: beside a score of -100 a fill of -20 or -100 is large; -torch.inf never is"
_MATCHING = Slips("matching_loss") | {
    "the pictures' vectors are detached: their encoder learns, too": lambda p, *others: _matching(p.detach(), *others),
    "the sentences' vectors are detached: their encoder learns, too": lambda p, s, *others: _matching(p, s.detach(), *others),
    "the vectors get length 1 first: else a long one wins every comparison": _matched(unit=lambda v: v),
    "length 1 for each vector, not for each column: dim=1": _matched(unit=lambda v: F.normalize(v, dim=0)),
    "one length for the whole table: each vector gets length 1": _matched(unit=lambda v: v / v.norm()),
    "divide by the temperature": _matched(heat=lambda s, t: s * t),
    "the temperature is missing": _matched(heat=lambda s, t: s),
    "the temperature is an argument: it need not be 0.1": _matched(heat=lambda s, t: s / 0.1),
    "this is one direction only, or the same one twice: sentences have to find pictures, too": (
        _matched(both=lambda rows, columns: rows.mean()),
        _matched(turn=lambda s: s, out=lambda fits: (_others(fits), _others(fits))),
    ),
    "this is one direction only: pictures have to find sentences, too": _matched(both=lambda rows, columns: columns.mean()),
    "one softmax over the whole table: each row has its own, and each column": _matched(
        find=lambda s, left: s.masked_fill(left, -torch.inf).flatten().logsumexp(0) - s.diagonal()
    ),
    "the one half is missing: the mean of both directions": times(2, _matching),
    "this is the sum over the batch: take the mean": summed(_matching),
    "a sign: a loss is minimised": times(-1, _matching),
    "the other pairs are left out as well as those that fit: what is the own one compared with?": _matched(
        find=lambda s, left: s.masked_fill(~left & ~torch.eye(len(s), dtype=torch.bool), -torch.inf).logsumexp(1) - s.diagonal()
    ),
    "the own pair is missing in the denominator": _matched(
        find=lambda s, left: s.masked_fill(left | torch.eye(len(s), dtype=torch.bool), -torch.inf).logsumexp(1) - s.diagonal()
    ),
    "sentences that fit are counted as wrong: leave them out of the denominators": _matched(
        out=lambda fits: (fits & False, fits & False)
    ),
    "sentences that fit are left out one way only: both softmaxes see them": (
        _matched(out=lambda fits: (_others(fits), fits & False)),
        _matched(out=lambda fits: (fits & False, _others(fits).T)),
    ),
    "the table is read the wrong way in one direction: entry (i, j) is picture i with sentence j": (
        _matched(out=lambda fits: (_others(fits), _others(fits))),
        _matched(out=lambda fits: (_others(fits).T, _others(fits).T)),
    ),
    "the table is read the wrong way: entry (i, j) is picture i with sentence j": _matched(
        out=lambda fits: (_others(fits).T, _others(fits))
    ),
    "a score of 0 is a score, e^0 = 1, and leaves nobody out": _matched(
        find=lambda s, left: s.masked_fill(left, 0.0).logsumexp(1) - s.diagonal()
    ),
    "a sentence that fits is left out, not counted as the right one": (
        _matched(
            find=lambda s, left: (
                s.logsumexp(1) - s.masked_fill(~left & ~torch.eye(len(s), dtype=torch.bool), -torch.inf).logsumexp(1)
            )
        ),
        _matched(find=_towards_all),
    ),
    "the own pair is left out, too: fits is True on the diagonal": _matched(
        out=lambda fits: (fits, fits.T), find=lambda s, left: -s.masked_fill(left, -torch.inf).log_softmax(1).diagonal()
    ),
    _ONE_LOSS: _matched(both=lambda rows, columns: (rows + columns) / 2),
    _DOWN: (
        _matched(find=lambda s, left: -s.masked_fill(left, -torch.inf).softmax(1).log().diagonal()),
        _matched(find=lambda s, left: (s.exp() * ~left).sum(1).log() - s.diagonal()),
        _matched(find=lambda s, left: -(s.masked_fill(left, -torch.inf).softmax(1) + 1e-8).log().diagonal()),
    ),
}


@part(points=5)
def matching(sheet: Sheet, fits: Callable, matching_loss: Callable) -> None:
    with sheet.item("which sentences fit which pictures", 1):
        attributes = torch.randint(0, 4, (6, 4), generator=sheet.generator)
        asked = attributes[[0, 1, 2, 3]].clone()
        asked[torch.rand(4, 4, generator=sheet.generator) < 0.4] = -1
        asked[0], asked[1, :2], asked[1, 2:] = -1, attributes[1, :2], -1
        asked[2, 0], asked[2, 1:], asked[3, 1] = 1 + (attributes[0, 0] + 1) % 3, -1, attributes[3, 1]
        with unchanged(attributes=attributes, asked=asked):
            came = shape(fits(attributes, asked), (6, 4), slips=_FITS.at(attributes, asked))
        close(came, _fits(attributes, asked).double(), "1 for True, 0 for False", _FITS.at(attributes, asked))
        true(came.dtype == torch.bool, "a table of type bool", f"{came.dtype}", _BOOL)

    p, s = sheet.randn(5, 4), sheet.randn(5, 4) * 2
    own = torch.eye(5, dtype=torch.bool)
    table = own.clone()
    table[0, 1], table[0, 3], table[2, 4], table[3, 2] = True, True, True, True
    heat = 0.3 + 0.4 * float(sheet.rand())

    def loss_is(table: Tensor, what: str, right: Callable) -> None:
        with unchanged(pictures=p, sentences=s, fits=table):
            compare(matching_loss, right, (p, s, table, heat), _MATCHING, what, lambda came: scalar(came, _ONE_LOSS))

    with sheet.item("the loss where no other sentence fits", 1.5):
        loss_is(own, "no other sentence fits", _matching)

    alone = likeness(matching_loss, _matching, _MATCHING, (p, s, own, heat))

    with sheet.item("a wrong sentence that is right", 1.5):
        loss_is(table, "four other pairs fit", alone)
        loss_is(own | True, "every sentence fits every picture", alone)

    like = likeness(matching_loss, alone, _MATCHING, *((p, s, t, heat) for t in (own, table, own | True)))

    with sheet.item("gradients into both, and large scores", 1):
        for k, whose in enumerate(("pictures", "sentences")):

            def slope(f: Callable, k: int = k) -> Tensor:
                v = [p.clone(), s.clone()]
                v[k].requires_grad_()
                came = f(*v, table, heat)
                return torch.autograd.grad(came, v[k])[0] if came.requires_grad else torch.zeros_like(v[k])

            compare(matching_loss, like, slope, _MATCHING, f"the gradient by the {whose}")
        far = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
        what = "the loss in float32 where each picture is nearest to the other's sentence, 200 between the scores"
        compare(matching_loss, like, (far, -far, own[:2, :2], 0.01), None, what, slip=_DOWN, rtol=1e-4)
        finite(gradient(lambda v: matching_loss(v, -far, own[:2, :2], 0.01), far + 0.1), "its gradient", _DOWN)
        what = "the same, where every sentence fits"
        compare(matching_loss, like, (far, -far, own[:2, :2] | True, 0.01), None, what, slip=_STILL_THERE, atol=1e-3)


# 3. R-precision ----------------------------------------------------------------------------------------------------------


def _won(best: Callable, wins: Callable = lambda own, best: own > best) -> Callable:
    return lambda scores: wins(scores.diagonal(), best(scores)).double().mean()


def _best_other(scores: Tensor, dim: int = 1, instead: float = -torch.inf) -> Tensor:
    return scores.masked_fill(torch.eye(len(scores), dtype=torch.bool), instead).amax(dim)


_precision = _won(_best_other)
_PRECISION = Slips("r_precision") | {
    "a tie is no hit: a matcher that calls all sentences equal would be perfect": (
        _won(_best_other, torch.ge),
        _won(lambda s: s.amax(1), torch.ge),
    ),
    "argmax gives a tie to whoever stands first: a tie is no hit": lambda s: (
        (s.argmax(1) == torch.arange(len(s))).double().mean()
    ),
    "a picture looks for its sentence along its row: this is the other way round": _won(lambda s: _best_other(s, 0)),
    "-100 is a score, too, and may be larger than all others: it takes nobody out; -torch.inf does": _won(
        lambda s: _best_other(s, instead=-100.0)
    ),
    "0 is a score, and may be larger than all others: it takes nobody out": _won(lambda s: _best_other(s, instead=0.0)),
    "the own sentence is among the others: nothing is larger than itself": _won(lambda s: s.amax(1)),
    "the number of hits: divide by the number of pictures": lambda s: _precision(s) * len(s),
    "this is the share of misses": lambda s: 1 - _precision(s),
    "better than the mean of the others is not best": _won(lambda s: (s.sum(1) - s.diagonal()) / (len(s) - 1)),
    "the largest score of the whole table: each picture compares its own row": _won(
        lambda s: _best_other(s).max().expand(len(s))
    ),
}


@part(points=2)
def precision(sheet: Sheet, r_precision: Callable) -> None:
    def read(scores: Tensor, what: str) -> None:
        with unchanged(scores=scores):
            came = r_precision(scores)
        close(
            float(came) if isinstance(came, Tensor) and came.ndim == 0 else came, _precision(scores), what, _PRECISION.at(scores)
        )

    with sheet.item("how many pictures find their sentence", 1):
        scores = sheet.randn(24, 24) + 1.5 * sheet.randn(24) + 3 * torch.eye(24)  # some sentences are popular
        read(scores, "24 pictures")
        read(scores.T.contiguous(), "the table transposed")

    with sheet.item("scores below 0", 0.5):
        read(scores - 30, "all scores below 0")
        read(scores - 2000, "all scores near -2000")
        read(-scores, "another sign")

    with sheet.item("ties", 0.5):
        tied = sheet.randn(6, 6).sign() * 0.5
        tied[0], tied[1, 1], tied[2, 2], tied[5, 0] = 1, 3, 2, 2  # row 0 holds ties alone, two hits, a miss
        tied[3, 3], tied[3, 5], tied[4, 4], tied[4, 1] = 2, 2, 2, 2  # ties with a later one and with an earlier one
        read(tied, "ties among the scores")
        read(torch.zeros(4, 4), "a matcher that calls all equal")


# 4. Wrong sentences ------------------------------------------------------------------------------------------------------


def _drawn(draw: Callable, allowed: Callable = lambda fits, p: not fits[torch.arange(len(p)), p].any()) -> Callable:
    """Permutations drawn by ``draw(fits, generator)`` until one is allowed."""

    def mismatch(fits: Tensor, generator: torch.Generator, tries: int = 1000) -> Tensor:
        for _ in range(tries):
            p = draw(fits, generator)
            if allowed(fits, p):
                return p
        raise ValueError(f"no permutation in {tries} tries")

    return mismatch


def _permutation(fits: Tensor, generator: torch.Generator | None) -> Tensor:
    return torch.randperm(len(fits), generator=generator)


def _moved(fits: Tensor, p: Tensor) -> bool:
    return bool((p != torch.arange(len(p))).all())


def _once(fits: Tensor, generator: torch.Generator, tries: int = 1000) -> Tensor:
    return _drawn(_permutation)(fits, generator, 1)


def _last_try(fits: Tensor, generator: torch.Generator, tries: int = 50) -> Tensor:
    """The last one is returned as it is."""
    for _ in range(tries):
        p = _permutation(fits, generator)
        if not fits[torch.arange(len(p)), p].any():
            break
    return p


def _own_count(tries_of: Callable[[int], int]) -> Callable:
    """As many tries as ``tries_of`` says."""
    return lambda fits, generator, tries=1000: _drawn(_permutation)(fits, generator, tries_of(tries))


def _for_ever(fits: Tensor, generator: torch.Generator, tries: int = 1000) -> Tensor:
    while fits[torch.arange(len(fits)), p := _permutation(fits, generator)].any():
        pass
    return p


def _own_seed(fits: Tensor, generator: torch.Generator, tries: int = 1000) -> Tensor:
    return _drawn(_permutation)(fits, torch.Generator().manual_seed(0), tries)


def _of_its_seed(fits: Tensor, generator: torch.Generator, tries: int = 1000) -> Tensor:
    return _drawn(_permutation)(fits, torch.Generator().manual_seed(generator.initial_seed()), tries)


_mismatch = _drawn(_permutation)
_TWICE_USED = "each sentence is used once: draw a permutation, not a sentence for each picture"
_FIXED = "a picture has kept its own sentence, and that pair is right: no fixed points"
_RIGHT = "a wrong sentence that is right: fits[i, p[i]] must be False for every i"
_TURNED = "the table is read the wrong way: picture i gets sentence p[i], so it is fits[i, p[i]] that counts"
_GLOBAL = "the generator that is given draws: the same seed gives the same permutation"
_FIXED_DRAW = "the same permutation whatever the generator: draw one"
_STANDS_STILL = "the generator stands still: draw with it, not with another one made from its seed"
_GAVE_UP = "there are permutations: draw again, up to `tries` times"
_ENDLESS = "a loop that is longer than it may be, or has no end: give up after `tries` permutations"
_REFUSE = "where every permutation has a sentence that fits, raise a ValueError after `tries` of them"
_MISMATCH = Slips("mismatch") | {
    _TWICE_USED: lambda fits, generator, tries=1000: torch.multinomial((~fits).double(), 1, generator=generator)[:, 0],
    _FIXED: lambda fits, generator, tries=1000: _permutation(fits, generator),
    _RIGHT: (
        _drawn(_permutation, _moved),
        lambda fits, generator, tries=1000: torch.arange(len(fits)).roll(1 + int(torch.randint(2, (), generator=generator))),
    ),
    _TURNED: _drawn(_permutation, lambda fits, p: not fits[p, torch.arange(len(p))].any()),
    _GLOBAL: _drawn(lambda fits, generator: _permutation(fits, None)),
    _FIXED_DRAW: _own_seed,
    _STANDS_STILL: _of_its_seed,
    _GAVE_UP: _once,
    _ENDLESS: (_for_ever, _own_count(lambda n: 1000), _own_count(lambda n: 60), _own_count(lambda n: 2 * n)),
    _REFUSE: _last_try,
}


@contextlib.contextmanager
def _patience(tries: int, calls: int) -> Iterator[None]:
    """The block may draw so many permutations, one of them before its loop, and call torch that often."""
    left = {"drawn": tries + 1, "called": calls}

    class Counter(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            left["called"] -= 1
            left["drawn"] -= getattr(function, "__name__", "") == "randperm"
            if min(left.values()) < 0:
                raise Wrong(f"an answer after {tries} tries", "a loop that goes on", _ENDLESS)
            return function(*args, **(kwargs or {}))

    with Counter():
        yield


@part(points=2)
def mismatched(sheet: Sheet, mismatch: Callable) -> None:
    own, seed = torch.eye(6, dtype=torch.bool), sheet.integer(0, 9999)
    table = torch.eye(7, dtype=torch.bool)
    table[0, 1:4], table[2, 5], table[5, 4], table[6, 1] = True, True, True, True
    halves = torch.arange(6)[:, None] % 2 == torch.arange(6) % 2

    def draws(fits: Tensor) -> list[Tensor]:
        """Twenty permutations, of twenty seeds."""
        found = []
        for k in range(20):
            try:
                with unchanged(fits=fits), _patience(1000, 100_000):
                    p = mismatch(fits, torch.Generator().manual_seed(seed + k))
            except ValueError as error:
                raise Wrong("a permutation", f"ValueError: {error}", _GAVE_UP) from None
            shape(p, (len(fits),), "one place for each picture: int64 [N]")
            true(p.dtype == torch.int64, "places of type int64", f"{p.dtype}")
            true(sorted(p.tolist()) == list(range(len(fits))), f"0 to {len(fits) - 1}, each once", f"{p.tolist()}", _TWICE_USED)
            found.append(p)
        return found

    with sheet.item("another's sentence for each picture", 0.5):
        for p in draws(own):
            true(_moved(own, p), "no p[i] that is i", f"{p.tolist()}", _FIXED)

    with sheet.item("none that fits", 0.5):
        for fits in (table, halves):
            rows, found = torch.arange(len(fits)), draws(fits)
            turned = not any(fits[p, rows].any() for p in found)
            for p in found:
                bad = rows[fits[rows, p]].tolist()
                slip = _TURNED if turned else _FIXED if not _moved(fits, p) else _RIGHT
                true(not bad, "fits[i, p[i]] False for all i", f"True for i = {bad} of p = {p.tolist()}", slip)

    with sheet.item("drawn by the generator", 0.5):
        first, again = (torch.stack(draws(own)) for _ in range(2))
        true(torch.equal(first, again), "the same seed, the same permutation", "another one", _GLOBAL)
        true(len({tuple(p.tolist()) for p in first}) > 3, "permutations that differ", "the same one for 20 seeds", _FIXED_DRAW)
        one = torch.Generator().manual_seed(seed)
        moved = {tuple(mismatch(own, one).tolist()) for _ in range(20)}
        true(len(moved) > 3, "another permutation at the next call", "the same one, 20 times", _STANDS_STILL)

    with sheet.item("where there is none", 0.5):
        nothing, narrow = own.clone(), own.clone()
        nothing[2] = True
        narrow[:2] = torch.arange(6) < 5  # two pictures need the last sentence
        for fits, tries, why in (
            (nothing, 50, "every sentence fits picture 2"),
            (nothing, 1, "every sentence fits picture 2"),
            (narrow, 50, "only sentence 5 fits neither picture 0 nor 1"),
        ):
            try:
                with _patience(tries, 100 * tries + 100):
                    p = mismatch(fits, torch.Generator().manual_seed(seed), tries)
            except ValueError:
                continue
            came = f"{p.tolist()}" if isinstance(p, Tensor) else "no permutation, and no error"
            raise Wrong(f"a ValueError where {why}", came, _REFUSE)


# 5. The losses of GAN-CLS ------------------------------------------------------------------------------------------------


class _Reader(nn.Module):
    """D: pictures [N, C, H, W] and sentence vectors [N, 4] -> logits [N]."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__()
        self.both, self.alone, self.words = (nn.Parameter(sheet.randn(*n)) for n in ((3, 4), (3,), (4,)))

    def forward(self, x: Tensor, e: Tensor) -> Tensor:
        seen = torch.tanh(x).mean((2, 3))
        return 3 * ((seen @ self.both) * e).sum(1) + 3 * seen @ self.alone + e @ self.words


def _told(
    loss: Callable = _cls,
    made: Callable = lambda x, e, wrong, fake: (fake, e),
    false: Callable = lambda x, e, wrong, fake: (x, wrong),
    cut: Callable = lambda fake: fake.detach(),
) -> Callable:
    """D's loss as a function of its logits for three batches of pairs."""

    def f(judge: Callable, x: Tensor, e: Tensor, wrong: Tensor, fake: Tensor) -> Tensor:
        given = x, e, wrong, cut(fake)
        return loss(judge(x, e), judge(*made(*given)), judge(*false(*given)))

    return f


_d_loss = _told()
_LOST = "the logarithm of a probability that has rounded to 0: compute the loss from the logits, by softplus"
_ASKED = "detach the fake: D's loss must not ask G to change"
_CUT = "detach_() cuts the caller's fake as well, and G never learns: detach()"
_ONE_D = "one number: means over the pictures"
_D_LOSS = Slips("discriminator_loss") | {
    "D's answer to the fake is detached: detach the fake": _told(lambda r, m, f: _cls(r, m.detach(), f)),
    "D's answer to the wrong sentence is detached: that is the term which teaches it to read": _told(
        lambda r, m, f: _cls(r, m, f.detach())
    ),
    "the two false terms count one half each: together they weigh what the true one weighs": _told(
        lambda r, m, f: F.softplus(-r).mean() + F.softplus(m).mean() + F.softplus(f).mean()
    ),
    "one half belongs to both false terms: the fake's has none": _told(
        lambda r, m, f: F.softplus(-r).mean() + F.softplus(m).mean() + F.softplus(f).mean() / 2
    ),
    "one half belongs to both false terms: the wrong sentence's has none": _told(
        lambda r, m, f: F.softplus(-r).mean() + F.softplus(m).mean() / 2 + F.softplus(f).mean()
    ),
    "the one half belongs to the false terms alone": (
        times(1 / 2, _d_loss),
        _told(lambda r, m, f: F.softplus(-r).mean() / 2 + F.softplus(m).mean() + F.softplus(f).mean()),
    ),
    "a third for each: the halves belong to the false terms": _told(
        lambda r, m, f: (F.softplus(-r).mean() + F.softplus(m).mean() + F.softplus(f).mean()) / 3
    ),
    "the wrong sentences are missing: this is the plain game": (
        _told(lambda r, m, f: F.softplus(-r).mean() + F.softplus(m).mean()),
        _told(lambda r, m, f: F.softplus(-r).mean() + F.softplus(m).mean() / 2),
    ),
    "the fakes are missing": _told(lambda r, m, f: F.softplus(-r).mean() + F.softplus(f).mean() / 2),
    "the true pairs are missing": _told(lambda r, m, f: (F.softplus(m).mean() + F.softplus(f).mean()) / 2),
    "a wrong sentence makes the pair false, though its picture is real": _told(lambda r, m, f: _cls(r, m, -f)),
    "wrong sentences belong under *real* pictures: D knows a fake at a glance": _told(
        false=lambda x, e, wrong, fake: (fake, wrong)
    ),
    "the third pair has the right sentence: then it is the first": _told(false=lambda x, e, wrong, fake: (x, e)),
    "the fake is shown with the sentence that it was made for, e": _told(made=lambda x, e, wrong, fake: (fake, wrong)),
    "the labels are exchanged: only (x, e) is true": _told(lambda r, m, f: _cls(-r, -m, -f)),
    "the sign is turned round: a loss is minimised": times(-1, _d_loss),
    "this is the sum over the pictures: take the mean": summed(_d_loss),
    "the loss of the mean logit: each pair has a loss of its own, then take the mean": _told(
        lambda r, m, f: _cls(r.mean(), m.mean(), f.mean())
    ),
    "least squares is another game's: here it is the logarithm": _told(
        lambda r, m, f: (r - 1).square().mean() + (m.square().mean() + f.square().mean()) / 2
    ),
    _ONE_D: _told(lambda r, m, f: F.softplus(-r) + (F.softplus(m) + F.softplus(f)) / 2),
    _LOST: (
        _told(lambda r, m, f: -(r.sigmoid().log().mean() + ((-m).sigmoid().log().mean() + (-f).sigmoid().log().mean()) / 2)),
        _told(
            lambda r, m, f: (
                -(r.sigmoid() + 1e-8).log().mean()
                - ((1 - m.sigmoid() + 1e-8).log().mean() + (1 - f.sigmoid() + 1e-8).log().mean()) / 2
            )
        ),
    ),
    _ASKED: _told(cut=lambda fake: fake),
}


def _wished(loss: Callable = lambda logits: F.softplus(-logits).mean(), cut: Callable = lambda fake: fake) -> Callable:
    return lambda judge, fake, e: loss(judge(cut(fake), e))


_g_loss = _wished()
_G_LOSS = Slips("generator_loss") | {
    "the fake, or D's answer to it, is detached: G cannot learn": (
        _wished(cut=lambda fake: fake.detach()),
        _wished(lambda logits: F.softplus(-logits.detach()).mean()),
    ),
    "this is the saturating loss log(1 - D)": _wished(lambda logits: -F.softplus(logits).mean()),
    "the fakes are labelled as fake: G wants them called true": _wished(lambda logits: F.softplus(logits).mean()),
    "the sign is turned round: a loss is minimised": _wished(lambda logits: -F.softplus(-logits).mean()),
    "the one half is D's alone": times(1 / 2, _g_loss),
    "this is the sum over the pictures: take the mean": summed(_g_loss),
    "the loss of the mean logit: each pair has a loss of its own": _wished(lambda logits: F.softplus(-logits.mean())),
    "least squares is another game's: here it is the logarithm": _wished(lambda logits: (logits - 1).square().mean()),
    _ONE_D: _wished(lambda logits: F.softplus(-logits)),
    _LOST: (
        _wished(lambda logits: -logits.sigmoid().log().mean()),
        _wished(lambda logits: -(logits.sigmoid() + 1e-8).log().mean()),
    ),
}


@part(points=3)
def losses(sheet: Sheet, discriminator_loss: Callable, generator_loss: Callable) -> None:
    judge = _Reader(sheet)
    first, second = copy.deepcopy(judge), copy.deepcopy(judge)  # what one loss has done to its judge is not asked of the other
    x, fake, e, wrong = sheet.randn(5, 3, 2, 3), sheet.randn(5, 3, 2, 3), sheet.randn(5, 4), sheet.randn(5, 4)

    with sheet.item("the discriminator's loss", 1), unchanged(x=x, e=e, wrong=wrong, fake=fake):
        compare(discriminator_loss, _d_loss, (judge, x, e, wrong, fake), _D_LOSS, read=lambda came: scalar(came, _ONE_D))

    with sheet.item("the generator's loss", 0.5), unchanged(fake=fake, e=e):
        compare(generator_loss, _g_loss, (judge, fake, e), _G_LOSS, read=lambda came: scalar(came, _ONE_D))

    own_d = likeness(discriminator_loss, _d_loss, _D_LOSS, (judge, x, e, wrong, fake))
    own_g = likeness(generator_loss, _g_loss, _G_LOSS, (judge, fake, e))

    with sheet.item("where the gradients go", 1):
        held = fake.clone().requires_grad_()
        parameters = list(first.parameters())

        def taught(f: Callable) -> Tensor:
            came = f(first, x, e, wrong, held)
            slopes = torch.autograd.grad(came, parameters) if came.requires_grad else [torch.zeros_like(p) for p in parameters]
            return torch.cat([slope.flatten() for slope in slopes])

        with as_it_was(D=first):
            compare(discriminator_loss, own_d, taught, _D_LOSS, "D's gradient in its loss")
        loss = discriminator_loss(first, x, e, wrong, held)
        true(held.requires_grad, "the fake as it was", "one that asks for no gradient any more", _CUT)
        (asked,) = torch.autograd.grad(loss, held, allow_unused=True)
        true(asked is None or not asked.any(), "no gradient in the fake", "a gradient from D's loss", _ASKED)

        def slope(f: Callable) -> Tensor:
            came = f(second, held, e) + 0 * held.sum()  # so that there is a graph
            return torch.autograd.grad(came, held, allow_unused=True, materialize_grads=True)[0]

        with as_it_was(D=second):
            compare(generator_loss, own_g, slope, _G_LOSS, "the fake's gradient in G's loss")

    with sheet.item("logits of 200", 0.5):
        one, none = torch.ones(2, 3, 2, 2), torch.zeros(2, 4)

        def fixed(x: Tensor, e: Tensor) -> Tensor:
            """-200 for the true pair, 200 for the fake (x is -1) and for the wrong sentence (e is 1)."""
            false = (x.mean((1, 2, 3)) < 0) | (e.mean(1) > 0)
            return torch.where(false, 200.0, -200.0) + 0 * x.sum((1, 2, 3))

        what = "D's loss where its logits are -200 for true pairs and 200 for false ones"
        compare(discriminator_loss, own_d, (fixed, one, none, none + 1, -one), None, what, slip=_LOST, rtol=1e-4)
        what = "G's loss where D's logit for the fake is -200"
        compare(generator_loss, own_g, (fixed, one, none), None, what, slip=_LOST, rtol=1e-4)
        finite(gradient(lambda v: generator_loss(fixed, v, none), one), "its gradient", _LOST)


# 6. What reading is worth -------------------------------------------------------------------------------------------------


def _ideal(
    false: Callable = lambda fake, wrong: (fake + wrong) / 2,
    best: Callable = lambda true, fake, wrong, false: true / (true + false),
    cost: Callable = lambda true, false, d: -(torch.xlogy(true, d) + torch.xlogy(false, 1 - d)),
    total: Callable = lambda terms: terms.nansum(),
    seen: Callable = lambda table: table,
) -> Callable:
    """The loss of the best D, with a slip where an argument is not the default."""

    def loss(true: Tensor, fake: Tensor, wrong: Tensor) -> Tensor:
        true, fake, wrong = seen(true), seen(fake), seen(wrong)
        bad = false(fake, wrong)
        return total(cost(true, bad, best(true, fake, wrong, bad)))

    return loss


def _alone(table: Tensor) -> Tensor:
    """What is seen of each picture by whoever does not read: [X, E] -> [X]."""
    return table.sum(1)


_least = _ideal()
_blind = _ideal(seen=_alone)
_NO_LOG = "0 log 0 is NaN for torch: torch.xlogy(0, 0) is 0; and a pair that never comes, where D is 0 / 0, costs nothing"
_ONE_SUM = "one number: the sum over all pairs"


def _plain_cost(true: Tensor, false: Tensor, d: Tensor) -> Tensor:
    return -(true * d.log() + false * (1 - d).log())


def _idealised(seen: Callable) -> dict[str, Callable | tuple[Callable, ...]]:
    """Slips of both losses; ``seen`` is what D sees of a table."""
    right = _ideal(seen=seen)
    return {
        "the two false kinds of pairs weigh one half each": _ideal(false=lambda f, w: f + w, seen=seen),
        "one half belongs to both false terms": _ideal(false=lambda f, w: f + w / 2, seen=seen),
        "this D is the best against the fakes alone: false are those with wrong sentences, too": _ideal(
            best=lambda t, f, w, false: t / (t + f), seen=seen
        ),
        "the fakes are missing": _ideal(false=lambda f, w: w / 2, seen=seen),
        "the wrong sentences are missing": (
            _ideal(false=lambda f, w: f / 2, seen=seen),
            _ideal(false=lambda f, w: f, seen=seen),
        ),
        "this is the D of an even game, 1/2 everywhere: which D makes the loss smallest?": _ideal(
            best=lambda t, f, w, false: torch.full_like(t, 0.5), seen=seen
        ),
        "this D says how probable a pair is to be false": _ideal(best=lambda t, f, w, false: false / (t + false), seen=seen),
        "the sign is turned round: a loss is minimised": times(-1, right),
        "in bits: the logarithm is the natural one": times(1 / 0.6931471805599453, right),
        "the tables hold probabilities: a sum, no mean": _ideal(total=lambda terms: terms.nanmean(), seen=seen),
        _ONE_SUM: _ideal(total=lambda terms: terms, seen=seen),
        _NO_LOG: (
            _ideal(cost=_plain_cost, total=lambda terms: terms.sum(), seen=seen),
            _ideal(total=lambda terms: terms.sum(), seen=seen),
        ),
    }


_LEAST = Slips("least_loss") | {"this one does not read: D sees the pair": _blind} | _idealised(lambda table: table)
_BLIND = (
    Slips("blind_loss")
    | {
        "this one reads: what is left of the tables for somebody who sees the picture alone?": _least,
        "this one reads, and does not look: the sum over the sentences is asked for, dimension 1": _ideal(
            seen=lambda t: t.sum(0)
        ),
        "the probabilities of a picture's pairs add up: a sum over the sentences, no mean": _ideal(seen=lambda t: t.mean(1)),
        "the mean of the best answers is not the best answer: add up the tables first": _ideal(
            best=lambda t, f, w, false: (t / (t + false)).mean(1, keepdim=True)
        ),
    }
    | _idealised(_alone)
)


def _summed_up(came: Any) -> float:
    """A number, of Python or of torch; of many it is said that their sum is asked for."""
    return number(scalar(came, _ONE_SUM) if isinstance(came, Tensor) else came)


@part(points=2)
def reading(sheet: Sheet, least_loss: Callable, blind_loss: Callable) -> None:
    tables = [sheet.rand(5, 3) + 0.1 for _ in range(3)]
    own, fake, wrong = (table / table.sum() for table in tables)

    # a picture that is never real, one that nobody fakes, one that never gets a wrong sentence
    rare, unlike, never = own.clone(), fake.clone(), wrong.clone()
    rare[4], rare[0, 1], unlike[0], never[2] = 0, 0, 0, 0
    few = []
    for table in (rare, unlike, never):
        table[3], table[1, 2] = 0, 0  # and what is in none of them: a picture, a pair
        few.append(table / table.sum())

    asked = (own, fake, wrong), (fake, wrong, own)
    least = likeness(least_loss, _least, _LEAST, *asked)
    if agrees(lambda *tables: least(*asked[0]), least, asked[1]):  # one number whatever the tables are: nothing was done
        least = _least

    def by_own(*tables: Tensor) -> Tensor:
        return least(*map(_alone, tables))  # a slip of least_loss has cost its points above

    blind = by_own if agrees(blind_loss, by_own, *asked) else _blind

    with sheet.item("the least of a D that reads", 0.75), unchanged(true=own, fake=fake, wrong=wrong):
        compare(least_loss, _least, asked[0], _LEAST, "5 pictures, 3 sentences", _summed_up)

    with sheet.item("the least of a D that looks at pictures alone", 0.75), unchanged(true=own, fake=fake, wrong=wrong):
        compare(blind_loss, blind, asked[0], _BLIND, "5 pictures, 3 sentences", _summed_up)

    with sheet.item("pairs that never come", 0.5):
        for answer, right, slips in ((least_loss, least, _LEAST), (blind_loss, blind, _BLIND)):
            compare(answer, right, (*few,), slips, "tables with zeros", _summed_up)


# 7. A cloud around each sentence -----------------------------------------------------------------------------------------


_NOISE = "noise of your own: eps is given, so that a picture can be drawn again"
_AUGMENT = Slips("augment") | {
    "sigma is detached: the cloud's width is learnt": lambda mean, log_std, eps: _augment(mean, log_std.detach(), eps),
    "the mean is detached: the cloud's place is learnt": lambda mean, log_std, eps: _augment(mean.detach(), log_std, eps),
    "log_std is the logarithm of sigma: take exp": lambda mean, log_std, eps: mean + log_std * eps,
    "this is the variance in place of sigma": lambda mean, log_std, eps: mean + (2 * log_std).exp() * eps,
    "exp(log_std) is sigma already: no half, no root": lambda mean, log_std, eps: mean + (log_std / 2).exp() * eps,
    _NOISE: lambda mean, log_std, eps: _augment(mean, log_std, torch.randn_like(eps)),
    "the noise is missing": lambda mean, log_std, eps: mean + 0 * eps,
    "sigma widens the noise: multiply": lambda mean, log_std, eps: mean + eps / log_std.exp(),
    "mean and sigma are exchanged": swapped(_augment),
    "the mean is multiplied as well: only the noise is": lambda mean, log_std, eps: (mean + eps) * log_std.exp(),
}


def _kl(
    terms: Callable = lambda m, s: (m.square() + (2 * s).exp() - 1 - 2 * s) / 2,
    total: Callable = lambda terms: terms.sum(1).mean(),
) -> Callable:
    return lambda mean, log_std: total(terms(mean, log_std))


_divergence = _kl()
_ROUNDED = "the logarithm of a sigma that has rounded to 0: log sigma is what you are given"
_ONE_KL = "one number: the sum over the dimensions, the mean over the sentences"
_DIVERGENCE = Slips("divergence") | {
    "sigma is detached: it would not be held in place": lambda mean, log_std: _divergence(mean, log_std.detach()),
    "the mean is detached: it would not be held in place": lambda mean, log_std: _divergence(mean.detach(), log_std),
    "the sign is turned round: a divergence is never below 0": times(-1, _divergence),
    "the one half is missing": times(2, _divergence),
    "log sigma^2 is 2 log sigma": _kl(lambda m, s: (m.square() + (2 * s).exp() - 1 - s) / 2),
    "log_std is the logarithm of sigma, not of its square": _kl(lambda m, s: (m.square() + s.exp() - 1 - s) / 2),
    "sigma enters by its square": _kl(lambda m, s: (m.square() + s.exp() - 1 - 2 * s) / 2),
    "the mean enters by its square": (
        _kl(lambda m, s: (m + (2 * s).exp() - 1 - 2 * s) / 2),
        _kl(lambda m, s: (m.abs() + (2 * s).exp() - 1 - 2 * s) / 2),
    ),
    "the term of the mean is missing: the cloud may not run away": _kl(lambda m, s: ((2 * s).exp() - 1 - 2 * s) / 2),
    "the -1 is missing: the divergence of N(0, I) from itself is 0": _kl(lambda m, s: (m.square() + (2 * s).exp() - 2 * s) / 2),
    "the logarithm's sign: a sigma of 0 is to cost infinity": _kl(lambda m, s: (m.square() + (2 * s).exp() - 1 + 2 * s) / 2),
    "the logarithm is missing: nothing keeps sigma from 0": _kl(lambda m, s: (m.square() + (2 * s).exp() - 1) / 2),
    "this is the divergence the other way round: N(0, I) from the cloud": _kl(
        lambda m, s: ((m.square() + 1) * (-2 * s).exp() - 1 + 2 * s) / 2
    ),
    "the mean over the dimensions: divergences of independent dimensions add up": _kl(total=torch.mean),
    "the sum over the sentences: take their mean": _kl(total=torch.sum),
    "dimensions and sentences are exchanged": _kl(total=lambda terms: terms.sum(0).mean()),
    "in bits: the logarithm is the natural one": times(1 / 0.6931471805599453, _divergence),
    _ONE_KL: _kl(total=lambda terms: terms.sum(1)),
    _ROUNDED: _kl(lambda m, s: (m.square() + s.exp().square() - 1 - s.exp().square().log()) / 2),
}


@part(points=2)
def cloud(sheet: Sheet, augment: Callable, divergence: Callable) -> None:
    mean, log_std, eps = sheet.randn(3, 4), sheet.randn(3, 4) / 2, sheet.randn(3, 4)
    weight = sheet.randn(3, 4)

    with sheet.item("a point of the cloud", 0.5), unchanged(mean=mean, log_std=log_std, eps=eps):
        twice = [augment(mean, log_std, eps) for _ in range(2)]
        true(torch.equal(*twice), "one point for one eps", "another one when it is asked again", _NOISE)
        compare(augment, _augment, (mean, log_std, eps), _AUGMENT)

        def pulled(f: Callable) -> Tensor:
            given = mean.clone().requires_grad_(), log_std.clone().requires_grad_()
            came = (f(*given, eps) * weight).sum()
            if not came.requires_grad:
                return torch.zeros(2, 3, 4)
            return torch.stack(torch.autograd.grad(came, given, allow_unused=True, materialize_grads=True))

        compare(augment, _augment, pulled, _AUGMENT, "the gradients of mean and log_std")

    with sheet.item("its divergence from N(0, I)", 0.5), unchanged(mean=mean, log_std=log_std):
        compare(divergence, _divergence, (mean, log_std), _DIVERGENCE, read=lambda came: scalar(came, _ONE_KL))

    like = likeness(divergence, _divergence, _DIVERGENCE, (mean, log_std))

    with sheet.item("what it pulls, and a narrow cloud", 1):
        one = (mean[:1], log_std[:1])
        for k, name in enumerate(("mean", "log_std")):

            def slope(f: Callable, k: int = k) -> Tensor:
                v = one[k].clone().requires_grad_()
                came = f(*((v, one[1]) if k == 0 else (one[0], v)))
                return torch.autograd.grad(came, v)[0] if came.requires_grad else torch.zeros_like(v)

            def by_hand(v: Tensor, k: int = k) -> Tensor:
                return like(*((v, one[1]) if k == 0 else (one[0], v)))

            close(
                slope(divergence),
                finite_differences(by_hand, one[k]),
                f"the gradient by {name}",
                _DIVERGENCE.by(slope),
                atol=1e-6,
            )
        narrow = torch.full((2, 3), -100.0)
        what = "the divergence for log_std = -100 in float32"
        compare(divergence, like, (0 * narrow, narrow), None, what, slip=_ROUNDED, rtol=1e-4)


seal(__name__, "gancourse.classroom.right")
