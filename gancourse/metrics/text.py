"""Does the picture show what the sentence says?  Agreement of attributes, and R-precision by a trained matcher.

Two judges that fail in different ways.  An attribute classifier reads the picture and knows nothing of sentences; a matcher
(:class:`gancourse.models.text.Matcher`) compares picture and sentence, and must not be the one whose encoder the players
read with.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gancourse.base import check, networks
from gancourse.losses.contrastive import contrastive
from gancourse.models.text import Matcher, TextEncoder

TEMPERATURE = 0.1


def agreement(read: Tensor, asked: Tensor) -> Tensor:
    """The share of what the sentence mentions that the picture shows, for each picture: float [N].

    read   int64 [N, A], what a classifier reads in the pictures
    asked  int64 [N, A], what the sentences ask for, -1 where they say nothing (:func:`gancourse.data.captions.captions`)
    """
    if check.integers("read", read, 2).shape != check.integers("asked", asked, 2).shape:
        raise ValueError(f"read and asked must both be [N, A], not {list(read.shape)} and {list(asked.shape)}")
    mentioned = asked >= 0
    if not bool(mentioned.any(1).all()):
        raise ValueError("a sentence asks for nothing: leave rows of -1 alone out")
    return ((read == asked) & mentioned).sum(1) / mentioned.sum(1)


def different(read: Tensor, asked: Tensor, times: int, columns: Sequence[int] | None = None) -> Tensor:
    """How many different faces among ``times`` pictures for one sentence show all that it asks for: float [M].

    read     int64 [M * times, A], what a classifier reads in the pictures, those of the first sentence first
    asked    int64 [M, A], what each sentence asks for, -1 where it says nothing
    columns  the attributes that count, for fitting and for being different; all of them by default.  An attribute that the
             classifier misreads makes two faces of one, and so does grit: leave it out

    A generator that does not read draws few faces that fit; one that draws a single face has 1.
    """
    times = check.whole("times", times)
    if len(check.integers("read", read, 2)) != times * len(check.integers("asked", asked, 2)) or read.shape[1] != asked.shape[1]:
        raise ValueError(f"read must be [{times} for each of {len(asked)} sentences, {asked.shape[1]}], not {list(read.shape)}")
    chosen = list(range(asked.shape[1]) if columns is None else columns)
    if not chosen or not all(0 <= k < asked.shape[1] for k in chosen):
        raise ValueError(f"columns must be numbers of attributes, 0 to {asked.shape[1] - 1}, one at least, not {chosen}")
    counted = []
    for faces, wanted in zip(read[:, chosen].split(times), asked[:, chosen], strict=True):
        right = ((faces == wanted) | (wanted < 0)).all(1)
        counted.append(float(len(faces[right].unique(dim=0))))
    return torch.tensor(counted)


def preferred(right: Tensor, wrong: Tensor, tie: float = 1e-5) -> float:
    """The share of pairs in which the right one has the higher score; one that differs by ``tie`` or less counts half.

    right, wrong: scores [N], a discriminator's logits or a matcher's products of a picture with a sentence that is true of it,
    and of the same picture with one that is not.  Who does not read the sentence scores 1/2.
    """
    if check.floats("right", right, 1).shape != check.floats("wrong", wrong, 1).shape or not len(right):
        raise ValueError(
            f"right and wrong must both be [N], a score for each pair, not {list(right.shape)} and {list(wrong.shape)}"
        )
    ahead = right - wrong
    equal = ahead.abs() <= check.at_least("tie", tie)
    return torch.where(equal, 0.5, (ahead > 0).float()).mean().item()


def r_precision(pictures: Tensor, texts: Tensor, wrong: int = 99, seed: int = 0) -> float:
    r"""The share of pictures whose own sentence is nearer than ``wrong`` others, drawn at random.

    pictures, texts: vectors [N, D] of length 1, row i of one belongs to row i of the other.  Guessing scores 1 / (wrong + 1).
    Among the others there may be sentences that fit as well: real pictures need not score 1.

    Source: Xu et al. 2018 (AttnGAN), section 4, with R = 1 and 99 mismatching descriptions.
    """
    if check.floats("pictures", pictures, 2).shape != check.floats("texts", texts, 2).shape:
        raise ValueError(f"pictures and texts must both be [N, D], not {list(pictures.shape)} and {list(texts.shape)}")
    n, wrong = len(texts), check.whole("wrong", wrong)
    if n <= wrong:
        raise ValueError(f"{wrong} wrong sentences need more than {wrong} pairs, not {n}: pass more, or a smaller wrong")
    scores = pictures @ texts.T  # [N, N]
    source = torch.Generator().manual_seed(check.seed(seed))
    draws = torch.rand(n, n, generator=source)
    draws.fill_diagonal_(2.0)
    chosen = draws.argsort(1)[:, :wrong].to(scores.device)  # never the own sentence
    best = scores.gather(1, chosen).amax(1)
    return (scores.diagonal() > best).float().mean().item()


def train_matcher(
    pictures: Tensor,
    sentences: Tensor,
    words: int,
    steps: int = 600,
    *,
    batch_size: int = 64,
    lr: float = 3e-3,
    seed: int = 0,
    recurrent: bool = True,
    width: int = 16,
) -> Matcher:
    """Both encoders, trained together on pictures [N, 3, S, S] in [-1, 1] and their sentences int64 [N, K, L].

    Each step draws a batch of pictures, one sentence of each, and minimises the contrastive loss.  The learning rate falls to
    zero along a cosine.  The global random state is left alone.
    """
    check.images(pictures, 3, what="pictures", least=8)
    if check.integers("sentences", sentences, 3).shape[0] != len(pictures):
        raise ValueError(f"sentences must be [{len(pictures)}, K, L], K for each picture, not {list(sentences.shape)}")
    steps, batch_size, seed = check.rounds("steps", steps), check.whole("batch_size", batch_size, 2), check.seed(seed)
    with networks.seeded(seed):
        matcher = Matcher(words, pictures.shape[2], width=width, recurrent=recurrent).to(pictures.device)
    source = torch.Generator().manual_seed(seed)

    def loss() -> Tensor:
        rows = torch.randint(len(pictures), (batch_size,), generator=source)
        which = torch.randint(sentences.shape[1], (batch_size,), generator=source)
        return contrastive(matcher.vectors(pictures[rows]), matcher.text(sentences[rows, which]), TEMPERATURE)

    networks.descend(matcher, loss, steps, check.positive("lr", lr), cosine=True)
    return matcher.eval()


def sentence_vectors(encoder: TextEncoder, sentences: Tensor, chunk: int = 512) -> Tensor:
    """The vectors of sentences [N, L] in evaluation mode, a few at a time: [N, D]."""
    with networks.evaluating(encoder):
        return torch.cat([encoder(part) for part in sentences.split(chunk)])


def vectors(matcher: Matcher, pictures: Tensor, sentences: Tensor, chunk: int = 256) -> tuple[Tensor, Tensor]:
    """The vectors of pictures [N, 3, H, W] and of sentences [N, L] in evaluation mode, a few at a time: [N, D] each."""
    with networks.evaluating(matcher):
        seen = torch.cat([matcher.vectors(part) for part in pictures.split(chunk)])
    return seen, sentence_vectors(matcher.text, sentences)
