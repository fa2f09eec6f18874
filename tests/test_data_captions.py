"""Sentences about faces: what they mention is what they ask for, words are numbers, and the stream can be taken up again."""

from random import Random

import pytest
import torch

from gancourse.data import captions
from gancourse.data.captions import SYNONYMS, VOCABULARY, CaptionBatches
from gancourse.data.images import ImageSet

NAMES = {name: tuple(values) for name, values in SYNONYMS.items()}
ALL = torch.stack([torch.arange(12) % len(values) for values in NAMES.values()], 1)


def test_the_grammar_has_the_values_of_faces():
    from gancourse.data.avatars import STYLES

    assert {name: tuple(values) for name, values in STYLES["faces"].attributes.items()} == NAMES


def test_a_sentence_says_what_it_asks_for_and_nothing_else():
    sentences, asked = captions.captions(ALL, NAMES, 20, seed=1)
    assert len(sentences) == len(asked) == 240
    assert torch.equal(asked.view(12, 20, 6).amax(1), ALL) and int((asked >= 0).sum(1).min()) == 2
    for text, wanted in zip(sentences, asked.tolist(), strict=True):
        words = set(text.replace(",", "").split())
        for attribute, k in zip(NAMES, wanted, strict=True):
            own = {"hair": "hair", "skin": "skin", "background": "background"}.get(attribute)
            if own and attribute != "hair":
                assert (own in words) == (k >= 0), text
            if k >= 0 and attribute in ("hair", "skin", "background", "hair_length"):
                assert words & set(SYNONYMS[attribute][NAMES[attribute][k]]), text
        wears = bool(words & {"glasses", "spectacles"})
        assert wears == (wanted[4] >= 0)
        assert (wanted[4] == 0) == (
            wears and bool({"without"} & words or "not wearing" in text or "no glasses" in text or "no spectacles" in text)
        )


@pytest.mark.parametrize("wordings", ["seen", "unseen"])
def test_the_four_seen_wordings_have_every_word_that_the_others_use(wordings):
    sentences, _ = captions.captions(ALL, NAMES, 60, seed=2, wordings=wordings)
    used = set(captions.tokens(sentences).unique().tolist()) - {0}
    known = set(captions.tokens(captions.captions(ALL, NAMES, 60, seed=3)[0]).unique().tolist()) - {0}
    assert used <= known == set(range(1, len(VOCABULARY) + 1))


def test_wordings_held_out_are_others():
    assert not set(captions.WORDINGS["seen"]) & set(captions.WORDINGS["unseen"])
    values = {"hair": "red", "skin": "dark", "background": "blue"}
    texts = {captions.sentence(values, wording, Random(0)) for wording in range(6)}
    assert len(texts) == 6
    seen = {captions.sentence({"hair": "red", "skin": "dark"}, wording, Random(s)) for wording in range(4) for s in range(200)}
    assert not seen & {captions.sentence({"hair": "red", "skin": "dark"}, 5, Random(s)) for s in range(50)}


@pytest.mark.parametrize("wrong", [-1, 6])
def test_a_value_outside_is_none_to_be_told(wrong):
    """-1 is what ``asked`` has where a sentence says nothing, and Python's last."""
    with pytest.raises(ValueError, match=f"attributes must lie in 0 .. 5 for hair, not {wrong}"):
        captions.captions(torch.tensor([[0], [wrong]]), {"hair": NAMES["hair"]})
    with pytest.raises(ValueError, match="attributes must lie in 0 .. 1 for smile, not -1"):
        captions.captions(torch.tensor([[3, -1]]), {name: NAMES[name] for name in ("hair", "smile")})


def test_the_same_seed_says_the_same():
    one, other = (captions.captions(ALL, NAMES, 2, seed=seed)[0] for seed in (5, 6))
    assert one == captions.captions(ALL, NAMES, 2, seed=5)[0] != other


def test_words_are_numbers_whatever_the_case_and_the_commas():
    row = captions.tokens("Red hair, no GLASSES.")[0]
    assert [VOCABULARY[k - 1] for k in row[:4]] == ["red", "hair", "no", "glasses"] and not row[4:].any()


def test_unknown_words_are_named_with_what_may_be_meant():
    with pytest.raises(ValueError, match=r"'beard', 'redd' \(did you mean 'red'\?\): .*VOCABULARY"):
        captions.tokens(["a person with redd hair and a beard"])


@pytest.mark.parametrize("text", ["", "...", "red " * 40])
def test_empty_and_endless_sentences_are_refused(text):
    with pytest.raises(ValueError, match="1 to 32 words"):
        captions.tokens([text])


def test_odd_arguments_are_answered_by_name():
    with pytest.raises(ValueError, match="values must name"):
        captions.sentence({})
    with pytest.raises(ValueError, match="value of hair"):
        captions.sentence({"hair": "rde"})
    with pytest.raises(ValueError, match="6 names"):
        captions.captions(ALL[:, :2], NAMES)
    with pytest.raises(TypeError, match="list of texts"):
        captions.tokens(3)


def stream(seed=0, n=5, k=3):
    pictures = torch.arange(n, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 4, 4)
    texts = (10 * torch.arange(n)[:, None] + torch.arange(k))[:, :, None].float()  # [N, K, 1]: picture and sentence in one number
    return CaptionBatches(ImageSet(pictures), texts, 16, seed=seed)


def test_a_picture_comes_with_one_of_its_own_sentences():
    batches = stream()
    seen = set()
    for _ in range(20):
        x, e = next(batches)
        which = ((x[:, 0, 0, 0] + 1) * 127.5).round().long()
        assert torch.equal(e[:, 0].long() // 10, which)
        seen |= set(e[:, 0].long().tolist())
    assert len(seen) == 15


@pytest.mark.parametrize(("n", "k"), [(5, 3), (6, 3), (6, 4), (3, 6), (6, 1)])
def test_each_picture_comes_with_each_of_its_sentences(n, k):
    """Also where their numbers share a factor: pictures and sentences are drawn from the same numbers then, if from one seed."""
    batches = stream(n=n, k=k)
    counts = torch.bincount(torch.cat([next(batches)[1][:, 0].long() for _ in range(300)]), minlength=10 * n)
    counts = counts.reshape(n, 10)[:, :k]
    assert counts.sum() == 4800
    assert ((counts - 4800 / (n * k)).abs() < 5 * (4800 / (n * k)) ** 0.5).all(), counts


def test_numbers_without_a_common_factor_draw_what_they_always_drew():
    """The recorded trainings of text to image are of this kind, and begin as they began."""
    batches = stream(seed=3)
    index = torch.randint(5, (16,), generator=torch.Generator().manual_seed(3))
    which = torch.randint(3, (16,), generator=torch.Generator().manual_seed(3))
    assert torch.equal(next(batches)[1][:, 0].long(), 10 * index + which)


@pytest.mark.parametrize(("n", "k"), [(5, 3), (6, 3)])
def test_the_stream_goes_on_where_it_was(n, k):
    one, other = stream(1, n, k), stream(1, n, k)
    next(one), next(one)
    other.load_state_dict(one.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(next(one), next(other), strict=True))


def test_each_picture_needs_sentences():
    with pytest.raises(ValueError, match=r"\[5, K, ...\]"):
        CaptionBatches(ImageSet(torch.zeros(5, 3, 4, 4, dtype=torch.uint8)), torch.zeros(4, 2, 8), 2)
