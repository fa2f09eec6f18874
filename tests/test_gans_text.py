"""The game of sentences: its losses by hand, who is moved, and what each switch adds."""

import pytest
import torch
import torch.nn.functional as F

from gancourse import losses
from gancourse.base import networks
from gancourse.gans.text import TextGAN, others
from gancourse.losses import penalties
from gancourse.models import text
from gancourse.training import fit


def game(augmented=False, **options):
    with networks.seeded(0):
        generator = text.Generator(6, 8, 4, 3, 2, augmented=augmented)
        discriminator = text.Discriminator(6, 8, 3, 2)
    torch.nn.init.normal_(discriminator.last.weight, 0.0, 0.5, generator=torch.Generator().manual_seed(1))
    return TextGAN(generator, discriminator, **options)


def pairs(n=6):
    source = torch.Generator().manual_seed(2)
    return torch.rand(n, 3, 8, 8, generator=source) * 2 - 1, F.normalize(torch.randn(n, 6, generator=source), dim=1)


def round_of(gan):
    x, e = pairs()
    return gan.play(x, torch.Generator().manual_seed(3), labels=e)


def test_algorithm_one():
    gan = game()
    batch = round_of(gan)
    d = gan.discriminator
    real, fake = d(batch.real, batch.labels), d(batch.fake, batch.labels)
    wrong = d(batch.real, batch.labels[[5, 0, 1, 2, 3, 4]])
    by_hand = F.softplus(-real).mean() + (F.softplus(fake).mean() + F.softplus(wrong).mean()) / 2
    assert torch.allclose(gan.discriminator_loss(batch), by_hand)
    assert torch.allclose(batch.log["d_wrong"], wrong.mean())
    assert torch.allclose(gan.generator_loss(batch), F.softplus(-fake).mean())


def test_the_wrong_sentence_may_stand_under_a_fake():
    gan = game(wrong="fake")
    batch = round_of(gan)
    d, order = gan.discriminator, [5, 0, 1, 2, 3, 4]
    real, fake, wrong = d(batch.real, batch.labels), d(batch.fake, batch.labels), d(batch.fake, batch.labels[order])
    by_hand = F.softplus(-real).mean() + (F.softplus(fake).mean() + F.softplus(wrong).mean()) / 2
    loss = gan.discriminator_loss(batch)
    assert torch.allclose(loss, by_hand)
    loss.backward()
    assert all(p.grad is None for p in gan.generator.parameters()), "the fakes are detached"
    with pytest.raises(ValueError, match="wrong"):
        game(wrong="both")


def test_the_third_batch_may_have_no_wrong_sentence_at_all():
    gan = game(wrong="own")
    batch = round_of(gan)
    d, order = gan.discriminator, [5, 0, 1, 2, 3, 4]
    with torch.no_grad():
        third = gan.generator(batch.z[order], batch.labels)
    real, fake, more = d(batch.real, batch.labels), d(batch.fake, batch.labels), d(third, batch.labels)
    assert not torch.allclose(third, batch.fake), "other pictures for the same sentences"
    by_hand = F.softplus(-real).mean() + (F.softplus(fake).mean() + F.softplus(more).mean()) / 2
    loss = gan.discriminator_loss(batch)
    assert torch.allclose(loss, by_hand)
    loss.backward()
    assert all(p.grad is None for p in gan.generator.parameters()), "the third batch is detached"


@pytest.mark.parametrize("name", losses.OBJECTIVES)
def test_without_mismatched_pairs_it_is_the_objective(name):
    gan = game(objective=name, mismatched=False)
    batch = round_of(gan)
    real, fake = gan.judge(batch.real, batch), gan.judge(batch.fake, batch)
    assert torch.allclose(gan.discriminator_loss(batch), losses.objective(name).discriminator(real, fake))
    assert "d_wrong" not in batch.log


def test_mismatched_pairs_teach_d_to_compare():
    """With them D's loss depends on which sentence a real picture comes with even where the fakes are no help."""
    gan = game()
    x, e = pairs(2)
    x[0], x[1] = 1.0, -1.0
    x, e = x.repeat(32, 1, 1, 1), e.repeat(32, 1)  # two pictures with their sentences, in turn: neighbours differ
    batch = gan.play(x, torch.Generator().manual_seed(0), labels=e)
    optimizer = torch.optim.Adam(gan.discriminator.parameters(), lr=2e-2)
    for _ in range(150):
        optimizer.zero_grad()
        gan.discriminator_loss(batch).backward()
        optimizer.step()
    right, wrong = gan.discriminator(batch.real, e).mean(), gan.discriminator(batch.real, others(e)).mean()
    assert right - wrong > 2


@pytest.mark.parametrize("objective", ["non_saturating", "relativistic"])
def test_interpolated_sentences_are_drawn_for(objective):
    gan = game(interpolated=0.5, objective=objective)
    batch = round_of(gan)
    middle = (batch.labels + batch.labels.roll(1, 0)) / 2
    fake = gan.discriminator(gan.generator(batch.z, middle), middle)
    real = gan.judge(batch.real, batch)
    terms = gan.objective.generator(gan.judge(batch.fake, batch), real), gan.objective.generator(fake, real)
    assert torch.allclose(gan.generator_loss(batch), terms[0] + 0.5 * terms[1])


def test_the_divergence_is_weighed_and_logged():
    gan = game(augmented=True, kl=0.3)
    batch = round_of(gan)
    expected = F.softplus(-gan.judge(batch.fake, batch)).mean() + 0.3 * gan.generator.condition.kl(batch.labels)
    assert torch.allclose(gan.generator_loss(batch), expected)
    assert batch.log["kl"] > 0
    with pytest.raises(ValueError, match="augmented=True"):
        game(kl=0.1)


def test_each_loss_moves_its_own_player():
    gan = game(interpolated=1.0)
    gan.discriminator_loss(round_of(gan)).backward()
    assert all(p.grad is None for p in gan.generator.parameters())
    assert any(p.grad.abs().sum() > 0 for p in gan.discriminator.parameters())
    gan.generator_loss(round_of(gan)).backward()
    assert any(p.grad.abs().sum() > 0 for p in gan.generator.parameters())


def test_sentences_are_needed_and_more_than_one():
    gan = game()
    with pytest.raises(ValueError, match="batches of pairs"):
        gan.play(pairs()[0], torch.Generator())
    with pytest.raises(ValueError, match="batches of 2 or more"):
        others(torch.ones(1, 3))


def test_samples_are_for_the_sentences_asked_for():
    gan = game()
    with pytest.raises(ValueError, match="seen no sentence"):
        gan.sample(3)
    batch = round_of(gan)
    assert gan.sample(9).shape == (9, 3, 8, 8)
    with networks.evaluating(gan.generator):
        z = gan.latents(6, torch.Generator().manual_seed(4))
        wanted = gan.generator(z, batch.labels)
    assert torch.allclose(gan.sample(6, 4, texts=batch.labels), wanted)
    one = gan.sample(6, 4, texts=batch.labels[:1])
    assert torch.allclose(one[0], wanted[0], atol=1e-6) and not torch.allclose(one[1], wanted[1], atol=1e-4)
    with pytest.raises(ValueError, match="3 sentences for 6 pictures"):
        gan.sample(6, texts=batch.labels[:3])


def test_a_run_goes_on_where_it_was_cut_off(tmp_path):
    x, e = pairs(16)
    from gancourse.data.captions import CaptionBatches
    from gancourse.data.images import ImageSet, to_uint8

    def train(steps, file):
        batches = CaptionBatches(ImageSet(to_uint8(x)), e[:, None].expand(-1, 2, -1), 4, seed=0)
        gan = game(augmented=True, kl=0.01, penalty=penalties.r1(1.0, every=2))
        return fit(gan, batches, steps, lr=1e-3, ema=0.9, seed=0, progress=False, checkpoint=tmp_path / file, precision="float32")

    whole = train(6, "a")
    train(3, "b")
    again = train(6, "b")
    assert torch.equal(whole.sample(4), again.sample(4))
    assert whole.history["kl"][-1] == again.history["kl"][-1]
