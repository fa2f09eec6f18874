"""Networks between sentences and pictures."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gancourse.base import networks
from gancourse.models import text
from gancourse.models.layers.resample import enlarged

WORDS = torch.tensor([[3, 1, 2, 0, 0], [2, 2, 4, 1, 3]])


def unit(n, d, seed=0):
    return F.normalize(torch.randn(n, d, generator=torch.Generator().manual_seed(seed)), dim=1)


def encoder(**options):
    with networks.seeded(0):
        return text.TextEncoder(4, 6, 5, **options).eval()


@pytest.mark.parametrize("recurrent", [True, False])
def test_padding_does_not_matter(recurrent):
    phi = encoder(recurrent=recurrent)
    alone, wider = phi(WORDS[:1, :3]), phi(F.pad(WORDS, (0, 7)))
    assert torch.allclose(alone[0], phi(WORDS)[0], atol=1e-6) and torch.allclose(wider, phi(WORDS), atol=1e-6)
    assert torch.allclose(alone.norm(dim=1), torch.ones(1))


def test_a_bag_of_words_is_blind_for_their_order():
    shuffled = WORDS[:, [2, 1, 0, 3, 4]]
    bag, gru = encoder(recurrent=False), encoder()
    assert torch.allclose(bag(WORDS), bag(shuffled), atol=1e-6)
    assert not torch.allclose(gru(WORDS), gru(shuffled), atol=1e-3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (torch.tensor([[5, 1]]), r"numbers 0 \.\. 4"),
        (torch.tensor([[0, 1]]), "a sentence is empty"),
        (torch.tensor([[1, 2, 0], [3, 0, 4]]), "zeros stand at a sentence's end only"),
        (torch.zeros(2, 3), "integers"),
        (torch.tensor([1, 2]), "2|dimensions|N"),
    ],
)
def test_what_is_no_sentence_is_refused(words, said):
    with pytest.raises((ValueError, TypeError), match=said):
        encoder()(words)


def test_a_sentence_is_checked_once_in_a_pass(monkeypatch):
    seen, checked = [], text.sentences
    monkeypatch.setattr(text, "sentences", lambda x, words: seen.append(len(x)) or checked(x, words))
    phi = encoder()
    phi(WORDS)
    phi.states(WORDS)
    assert seen == [len(WORDS)] * 2


def test_a_matcher_compares_pictures_of_any_size_with_sentences():
    with networks.seeded(0):
        matcher = text.Matcher(4, 8, 6, 2, 5).eval()
    x = torch.rand(2, 3, 16, 16) * 2 - 1
    assert matcher.vectors(x).shape == (2, 6)
    assert torch.allclose(matcher(x, WORDS), (matcher.vectors(x) * matcher.text(WORDS)).sum(1))
    with pytest.raises(ValueError, match="2 sentences for 3 pictures"):
        matcher(torch.cat([x, x[:1]]), WORDS)


def test_a_condition_is_drawn_around_its_mean():
    with networks.seeded(0):
        layer = text.ConditioningAugmentation(6, 4)
    e = unit(3, 6)
    mean, log_std = layer.statistics(e)
    assert torch.allclose(layer(e, torch.zeros(3, 4)), mean)
    assert torch.allclose(layer(e, torch.ones(3, 4)), mean + log_std.exp())


def test_the_divergence_is_that_of_two_gaussians():
    with networks.seeded(0):
        layer = text.ConditioningAugmentation(6, 4)
    e = unit(5, 6)
    mean, log_std = layer.statistics(e)
    one = torch.distributions.Normal(mean, log_std.exp())
    expected = torch.distributions.kl_divergence(one, torch.distributions.Normal(0.0, 1.0)).sum(1).mean()
    assert torch.allclose(layer.kl(e), expected, rtol=1e-5)


@pytest.mark.parametrize("augmented", [False, True])
def test_a_generator_reads_noise_and_sentence(augmented):
    with networks.seeded(0):
        generator = text.Generator(6, 16, 4, 3, 2, augmented=augmented).eval()
        nn.init.normal_(generator.last.weight)
    assert generator.latent_dim == 4 + 3 * augmented
    z, e = torch.randn(2, generator.latent_dim), unit(2, 6)
    x = generator(z, e)
    assert x.shape == (2, 3, 16, 16) and x.abs().max() <= 1
    assert not torch.allclose(x, generator(z, e.flip(0))) and not torch.allclose(x, generator(z.flip(0), e))
    moved = torch.cat([z[:, :4], z[:, 4:] + 1], 1)
    assert torch.allclose(x, generator(moved, e)) == (not augmented), "the last numbers of z are the eps of the augmentation"


def test_a_discriminator_compares_picture_and_sentence():
    with networks.seeded(0):
        d = text.Discriminator(6, 16, 3, 2)
        nn.init.normal_(d.last.weight)
    x, e = torch.rand(2, 3, 16, 16), unit(2, 6)
    assert d(x, e).shape == (2,)
    assert not torch.allclose(d(x, e), d(x, e.flip(0))) and not torch.allclose(d(x, e), d(x.flip(0), e))


def test_each_sample_needs_a_sentence():
    with networks.seeded(0):
        generator, d = text.Generator(6, 8, 4, 3, 2), text.Discriminator(6, 8, 3, 2)
    with pytest.raises(ValueError, match="1 sentence vectors for 2 samples"):
        generator(torch.zeros(2, 4), unit(1, 6))
    with pytest.raises(ValueError, match=r"sentence vectors must be \[N, 6\]"):
        d(torch.zeros(2, 3, 8, 8), unit(2, 5))


def test_stage_two_begins_as_an_enlargement_and_reads_the_sentence():
    with networks.seeded(0):
        refiner = text.Refiner(6, 8, 3, 4).eval()
    x, e = torch.rand(2, 3, 8, 8) * 2 - 1, unit(2, 6)
    out = refiner(x, e)
    assert out.shape == (2, 3, 16, 16) and torch.equal(out, enlarged(x)), "it begins as an enlargement"
    nn.init.normal_(refiner.last.weight)
    assert not torch.allclose(refiner(x, e), refiner(x, e.flip(0)))


def test_stage_one_is_not_trained_any_more():
    with networks.seeded(0):
        both = text.Stacked(text.Generator(6, 8, 4, 3, 2), text.Refiner(6, 8, 3, 4))
    assert both.latent_dim == 4 and both.size == 16
    nn.init.normal_(both.second.last.weight)  # it begins at 0, and lets no gradient through yet
    both(torch.randn(2, 4), unit(2, 6)).square().sum().backward()
    assert all(p.grad is None for p in both.first.parameters())
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in both.second.parameters())
    with pytest.raises(ValueError, match="stage II takes 16 px, stage I draws 8: build it with size=8"):
        text.Stacked(both.first, text.Refiner(6, 16, 3, 4))


def test_words_or_their_vectors_give_the_same_picture():
    with networks.seeded(0):
        network = text.TextToImage(4, 6, 5, 8, 4, 3, 2, augmented=True).eval()
    z = torch.randn(2, network.latent_dim)
    assert torch.equal(network(z, WORDS), network(z, network.vectors(WORDS)))
    assert not any(p.requires_grad for p in network.text.parameters()) and network.condition is network.draw.condition


def test_a_second_stage_doubles_the_pictures_of_the_first():
    with networks.seeded(0):
        plain = text.TextToImage(4, 6, 5, 8, 4, 3, 2).eval()
        network = text.TextToImage(4, 6, 5, 8, 4, 3, 2, refined=4).eval()
    network.text.load_state_dict(plain.text.state_dict())
    network.draw.first.load_state_dict(plain.draw.state_dict())
    z = torch.randn(2, network.latent_dim)
    out, small = network(z, WORDS), plain(z, WORDS)
    assert network.size == 16 and out.shape == (2, 3, 16, 16)
    assert torch.equal(out, network.draw.second(small, network.vectors(WORDS)))
    assert network.condition is network.draw.first.condition
