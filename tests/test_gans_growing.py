import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gancourse.gans import growing
from gancourse.gans.progressive import Progressive, Schedule, at_level
from gancourse.models import progan
from gancourse.models.progan import Discriminator, Generator

WIDTHS = (12, 10, 8)


def players(seed=0):
    torch.manual_seed(seed)
    return Generator(16, 6, widths=WIDTHS), Discriminator(16, widths=WIDTHS)


def latents(n=20):
    return torch.randn(n, 6, generator=torch.Generator().manual_seed(1))


def test_places_on_the_way_up():
    assert [growing.position(t, 3) for t in (0, 0.25, 1, 2.5, 3)] == [(0, 1.0), (1, 0.25), (1, 1.0), (3, 0.5), (3, 1.0)]
    with pytest.raises(ValueError, match=r"0\.\.3, not 3.1"):
        growing.position(3.1, 3)


def test_a_network_is_left_where_it_stood():
    generator, _ = players()
    generator.grow(1, 0.3)
    generator.train()
    assert growing.images_at(generator, latents(), 2.0).shape == (20, 3, 16, 16)
    assert growing.images_at(generator, latents(), 0.0).shape == (20, 3, 4, 4)
    assert (generator.level, generator.alpha, generator.training) == (1, 0.3, True)
    with pytest.raises(TypeError, match="does not grow"), growing.grown(nn.Linear(2, 2), 0):
        pass


def test_the_way_up_is_continuous():
    """At alpha = 0 a network with a new block computes what the smaller one did, generator and discriminator alike."""
    generator, discriminator = players()
    small, new = (growing.images_at(generator, latents(), t) for t in (1.0, 1.0 + 1e-7))
    assert torch.allclose(F.interpolate(small, scale_factor=2), new, atol=1e-5)
    x = torch.rand(8, 3, 16, 16) * 2 - 1
    with torch.no_grad():
        with growing.grown(discriminator, 1):
            before = discriminator(at_level(x, 1))
        with growing.grown(discriminator, 2, 0.0):
            after = discriminator(at_level(x, 2, 0.0))
            unfaded = discriminator(at_level(x, 2))
    assert torch.allclose(before, after, atol=1e-5)
    assert torch.allclose(unfaded, after, atol=1e-5)  # with weight 0 the new block cannot tell them apart yet


def test_a_discriminator_that_ignores_alpha_forgets_at_the_doubling():
    """The public bug: the new block gets the whole weight at the first doubling."""

    class Hasty(Discriminator):
        alpha = property(lambda self: 1.0)

    torch.manual_seed(0)
    hasty = Hasty(8, widths=WIDTHS[:2])
    x = torch.rand(8, 3, 8, 8) * 2 - 1
    with torch.no_grad():
        with growing.grown(hasty, 0):
            before = hasty(at_level(x, 0))
        with growing.grown(hasty, 1, 0.0):
            after = hasty(at_level(x, 1, 0.0))
    assert (before - after).abs().max() > 1e-2


def test_fitted_colours_are_the_best_that_one_layer_can_do():
    generator, _ = players()
    fitted, shares = growing.fit_colours(generator, n=200, seed=3)
    final = growing.images_at(generator, latents(), 2.0)
    assert torch.equal(growing.images_at(fitted, latents(), 2.0), final)  # the last layer is left alone
    assert shares[-1] == 1.0 and all(0 < share < 1 for share in shares[:2])
    target = F.avg_pool2d(final, 4)

    def error(network):
        with torch.no_grad(), growing.grown(network, 0):
            return (network(latents()) - target).square().mean().item()

    best = error(fitted)
    z = torch.randn(200, 6, generator=torch.Generator().manual_seed(3))  # the latents that the layers were fitted on

    def drawn(level):
        with torch.no_grad(), growing.grown(fitted, level):
            return fitted(z)

    for level, share in enumerate(shares[:2]):  # what the layers draw explains as much as the regression said
        wanted = F.avg_pool2d(drawn(2), 4 // 2**level)
        spread = (wanted - wanted.mean((0, 2, 3), keepdim=True)).square().sum()
        assert 1 - (drawn(level) - wanted).square().sum() / spread == pytest.approx(share, abs=1e-3)
    assert best < error(generator) / 4
    assert best < target.var().item()  # better than any constant
    for parameter in (fitted.to_rgb[0].weight, fitted.to_rgb[0].bias):
        with torch.no_grad():
            parameter += 0.2
            assert error(fitted) > best
            parameter -= 0.2


def test_features_of_another_latent_explain_no_more_than_what_all_pictures_share():
    generator, _ = players()
    own, others = (growing.fit_colours(generator, n=300, shift=shift)[1] for shift in (0, 1))
    z = torch.randn(300, 6, generator=torch.Generator().manual_seed(0))
    for level in range(2):
        picture = F.avg_pool2d(growing.images_at(generator, z, 2.0), 4 // 2**level)
        spread = (picture - picture.mean((0, 2, 3), keepdim=True)).square().sum()
        shared = 1 - (picture - picture.mean(0)).square().sum() / spread
        assert others[level] < own[level] and others[level] < shared + 0.1


def test_a_level_that_holds_the_final_colours_is_found_exactly():
    """The new block copies its first three features: then 4 px features explain the half-sized picture wholly."""
    torch.manual_seed(0)
    generator = Generator(8, 6, widths=(4, 4), pixel_norm=False)
    block, centre = generator.blocks[0], torch.zeros(4, 4, 3, 3)
    centre[range(4), range(4), 1, 1] = 1.0
    with torch.no_grad():
        for conv in (block.conv0, block.conv1):
            conv.weight.copy_(centre / conv.scale)
        generator.conv.bias.fill_(50.0)  # all features positive, so that the rectifier does nothing
    _, shares = growing.fit_colours(generator, n=100)
    assert shares[0] == pytest.approx(1.0, abs=1e-4)


def test_work_is_what_the_layers_cost():
    generator, discriminator = players()
    game = Progressive(generator, discriminator, Schedule(2, 3, 2))
    game.stage(4)
    work = growing.work_by_level(game)
    assert (generator.level, generator.alpha) == game.schedule.at(4)
    assert work[0] < work[1] < work[2]

    def forward(side_level):
        """Operations of both networks' passes for one image, from the formulas."""
        g = 2 * (6 * 16 * 12 + 16 * 9 * 12 * 12)
        d = 2 * (16 * 9 * 13 * 12 + 16 * 12 * 12 + 12)
        for level in range(1, side_level + 1):
            pixels, a, b = (4 * 2**level) ** 2, WIDTHS[level - 1], WIDTHS[level]
            g += 2 * pixels * 9 * (a * b + b * b)
            d += 2 * pixels * 9 * (b * b + b * a)
        pixels, b = (4 * 2**side_level) ** 2, WIDTHS[side_level]
        return g + 2 * pixels * 3 * b, d + 2 * pixels * 3 * b

    for level in range(3):
        g, d = forward(level)
        # D: real and fake, there and twice back; G: once there, D once there and once back, G twice back
        full = 3 * g + (2 * 3 + 2) * d
        assert math.isclose(work[level], full, rel_tol=0.06)  # the first layers need no gradient for their inputs


def test_work_adds_up_along_the_schedule():
    schedule = Schedule(1, fade=1, stable=2)
    assert growing.work_so_far(schedule, [1.0, 10.0], 4) == [0, 4, 8, 48, 88, 128]
    with pytest.raises(ValueError, match=r"each of the levels 0\.\.1"):
        growing.work_so_far(schedule, [1.0], 4)


def test_other_networks_are_refused():
    with pytest.raises(TypeError, match="n must be a whole number"):
        growing.fit_colours(progan.Generator(8, 4, channel_base=32, channel_max=4), n=2.5)
    with pytest.raises(TypeError, match="progan.Generator"):
        growing.fit_colours(progan.Discriminator(8, widths=(4, 4)))


def test_the_newest_block_is_exchanged_and_nothing_else():
    mine, theirs = players(0)[0], players(1)[0]
    before = {name: value.clone() for name, value in mine.state_dict().items()}
    mixed = growing.with_newest(mine, theirs)
    for name, value in mixed.state_dict().items():
        newest = name.startswith(("blocks.1.", "to_rgb.2."))
        assert torch.equal(value, (theirs if newest else mine).state_dict()[name]), name
    assert all(torch.equal(value, before[name]) for name, value in mine.state_dict().items())
    z = latents(4)
    assert torch.equal(growing.images_at(mixed, z, 1), growing.images_at(mine, z, 1))  # not in use yet
    assert not torch.allclose(growing.images_at(mixed, z, 2), growing.images_at(mine, z, 2))


def test_blocks_of_other_networks_are_not_exchanged():
    mine = players()[0]
    with pytest.raises(TypeError, match="exchange the blocks of two"):
        growing.with_newest(mine, players()[1])
    with pytest.raises(ValueError, match="widths"):
        growing.with_newest(mine, Generator(16, 6, widths=(12, 10, 6)))
