"""What the generator is told, and what it may look at."""

import pytest
import torch

from gancourse.base import networks
from gancourse.models import text, word_attention

SENTENCES = torch.tensor([[3, 1, 2, 0, 0], [2, 2, 4, 1, 3], [1, 0, 0, 0, 0]])


def encoder(width=6):
    with networks.seeded(0):
        return text.TextEncoder(4, 6, width).eval()


def generator(looks, seed=1):
    with networks.seeded(seed):
        return word_attention.WordGenerator(6, 16, 4, 3, 2, looks=looks).eval()


def latents():
    return torch.randn(3, 4, generator=torch.Generator().manual_seed(2))


def test_what_is_told_is_the_sentence_and_then_its_words():
    reader = encoder()
    vectors = word_attention.told(reader, SENTENCES, chunk=2)
    assert vectors.shape == (3, 6, 6)
    assert torch.allclose(vectors[:, 0], reader(SENTENCES), atol=1e-6)
    lengths = vectors[:, 1:].norm(dim=2)
    assert torch.allclose(lengths, (SENTENCES > 0).float(), atol=1e-6), "words have length 1, the rest is nothing"
    with torch.no_grad():
        states = reader.states(SENTENCES[:1])
    assert torch.allclose(vectors[0, 2], states[0, 1] / states[0, 1].norm(), atol=1e-6)
    with pytest.raises(ValueError, match="width=dim"):
        word_attention.told(encoder(width=5), SENTENCES)


def test_all_looks_have_the_same_weights_and_draw_other_pictures():
    players = [generator(looks) for looks in word_attention.LOOKS]
    states = [player.state_dict() for player in players]
    assert all(torch.equal(states[0][key], other[key]) for other in states[1:] for key in states[0]), "memory has more besides"
    vectors = word_attention.told(encoder(), SENTENCES)
    with torch.no_grad():
        drawn = [player(latents(), vectors) for player in players]
    assert drawn[0].shape == (3, 3, 16, 16)
    assert not any(torch.allclose(drawn[k], drawn[k - 1], atol=1e-6) for k in range(3))


@pytest.mark.parametrize("size", [8, 16, 32])
def test_the_map_that_looks_has_the_side_that_it_says(size):
    with networks.seeded(0):
        player = word_attention.WordGenerator(6, size, 4, 3, 2).eval()
    seen = []
    player.contexts = lambda maps, vectors: seen.append(maps.shape[2:]) or torch.zeros_like(maps)
    with torch.no_grad():
        assert player(latents(), word_attention.told(encoder(), SENTENCES)).shape == (3, 3, size, size)
    assert seen == [(word_attention.SIDE,) * 2]


@pytest.mark.parametrize("looks", ["words", "sentence"])
def test_contexts_by_hand(looks):
    player, vectors = generator(looks), word_attention.told(encoder(), SENTENCES)
    maps = torch.rand(3, 4, 8, 8, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        found = player.contexts(maps, vectors)
        shared = player.attention.u(vectors * 6**0.5)  # [N, 1 + L, C]
    words = shared[0, 1:4]  # the first sentence has three words
    if looks == "words":
        beta = torch.softmax(words @ maps[0, :, 5, 2], 0)
        expected = beta @ words
    else:
        expected = shared[0, 0]
    assert torch.allclose(found[0, :, 5, 2], expected, atol=1e-5)
    alone = shared[2, 0] if looks == "sentence" else shared[2, 1]
    assert torch.allclose(found[2, :, 0, 0], alone, atol=1e-5), "a sentence of one word"


def test_the_discriminator_reads_the_sentence_alone():
    with networks.seeded(0):
        judge = word_attention.SentenceDiscriminator(text_dim=6, size=16, condition_dim=3, width=2).eval()
    vectors = word_attention.told(encoder(), SENTENCES)
    x = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(4))
    other = torch.cat([vectors[:, :1], vectors[:, 1:].roll(1, 0)], 1)
    assert torch.equal(judge(x, vectors), judge(x, other))
    assert torch.equal(judge(x, vectors), text.Discriminator.forward(judge, x, vectors[:, 0]))


@pytest.mark.parametrize(
    ("vectors", "said"),
    [(torch.ones(2, 3, 6), r"\[3, 1 \+ L, 6\]"), (torch.ones(3, 3, 5), "told makes them"), (torch.zeros(3, 3, 6), "no word")],
)
def test_what_was_never_told_is_refused(vectors, said):
    with pytest.raises(ValueError, match=said):
        generator("words")(latents(), vectors)


def test_unknown_looks_are_refused():
    with pytest.raises(ValueError, match="looks"):
        generator("letters")
