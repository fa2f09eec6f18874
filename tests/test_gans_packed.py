import pytest
import torch

from gancourse.gans.gan import GAN
from gancourse.gans.packed import PackedDiscriminator, PackedGAN, pack, packed_total_variation
from gancourse.losses import penalties
from gancourse.models import dcgan, mlp


def test_a_pack_holds_neighbours_in_order():
    x = torch.arange(12.0).reshape(6, 2)
    assert pack(x, 3).tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    assert torch.equal(pack(x, 1), x)


def test_images_are_stacked_as_channels():
    x = torch.randn(4, 3, 5, 5)
    packed = pack(x, 2)
    assert packed.shape == (2, 6, 5, 5)
    assert torch.equal(packed[1, :3], x[2])
    assert torch.equal(packed[1, 3:], x[3])


def test_an_ensemble_packs_within_its_members():
    x = torch.randn(3, 4, 2)
    assert torch.equal(pack(x, 2, dim=1), torch.stack([pack(part, 2) for part in x]))


def test_packing_of_one_is_the_plain_game():
    torch.manual_seed(0)
    g, d = mlp.Generator(2, 2, hidden=(8,)), mlp.Discriminator(2, hidden=(8,))
    real, losses = torch.randn(6, 2), []
    for gan in (GAN(g, d), PackedGAN(g, d, m=1)):
        batch = gan.play(real, torch.Generator().manual_seed(1))
        losses.append((gan.discriminator_loss(batch).item(), gan.generator_loss(batch).item()))
    assert losses[0] == losses[1]


def test_the_gradient_reaches_every_sample_of_a_pack():
    torch.manual_seed(0)
    x = torch.randn(6, 3, 16, 16, requires_grad=True)
    judge = PackedDiscriminator(dcgan.Discriminator(16, width=4, channels=6), 2)
    logits = judge(x)
    assert logits.shape == (3,)
    (slope,) = torch.autograd.grad(logits[1], x)
    reached = slope.flatten(1).abs().sum(1) > 0
    assert bool(reached[2:4].all())  # batch normalisation may reach further, packing alone not
    x = torch.randn(6, 2, requires_grad=True)
    (slope,) = torch.autograd.grad(PackedDiscriminator(mlp.Discriminator(4), 2)(x)[1], x)
    assert (slope.abs().sum(1) > 0).tolist() == [False, False, True, True, False, False]


def test_products_lie_farther_apart():
    """A dropped mode: p even on 4 places, q on 2 of them.  TV(p^m, q^m) = 1 - 2^-m."""
    p, q = torch.tensor([0.25] * 4), torch.tensor([0.5, 0.5, 0.0, 0.0])
    for m in (1, 2, 3, 4):
        assert packed_total_variation(p, q, m).item() == pytest.approx(1 - 0.5**m)


def test_packs_of_none_are_refused():
    p = torch.tensor([0.5, 0.5])
    with pytest.raises(ValueError, match="m must be above 0"):
        packed_total_variation(p, p, 0)


def test_a_penalty_on_a_pack_is_refused_at_once():
    with pytest.raises(ValueError, match="a pack has m of them: leave it out"):
        PackedGAN(mlp.Generator(2, 2), mlp.Discriminator(4), m=2, penalty=penalties.r1(1.0))
    packed = PackedDiscriminator(mlp.Discriminator(4), 2)
    with pytest.raises(ValueError, match=r"a logit for each sample, not \[3\] for 6"):
        penalties.r1(1.0)(packed, torch.randn(6, 2), torch.randn(6, 2))


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="divisible by 4"):
        pack(torch.zeros(6, 2), 4)
    with pytest.raises(ValueError, match="one axis beside the batch"):
        pack(torch.zeros(6), 2)
    with pytest.raises(ValueError, match="above 0"):
        PackedDiscriminator(mlp.Discriminator(2), 0)
