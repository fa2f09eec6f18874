from functools import partial

import pytest
import torch
from torch import nn

from gancourse import training
from gancourse.data import Batches, corruptions
from gancourse.gans.inpainting import Inpainting, erase, masked_loss
from gancourse.models.dcgan import Discriminator
from gancourse.models.encoder_decoder import ContextEncoder, GatedInpainter
from gancourse.models.patchgan import PatchGAN


def pictures(n=20, size=32):
    return torch.rand(n, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_masked_loss_is_the_mean_over_the_hole():
    x, y = pictures(2, 8), torch.zeros(2, 3, 8, 8)
    mask = torch.zeros(2, 1, 8, 8)
    mask[0, :, :2, :3] = 1
    hole = x[0, :, :2, :3]
    assert masked_loss(y, x, mask).item() == pytest.approx(hole.square().mean().item(), rel=1e-5)
    assert masked_loss(y, x, mask, "l1").item() == pytest.approx(hole.abs().mean().item(), rel=1e-5)
    assert masked_loss(y, x, torch.zeros_like(mask)).item() == 0  # no hole, no loss
    with pytest.raises(ValueError, match="did you mean 'l2'"):
        masked_loss(y, x, mask, "l22")


def test_one_mask_for_all_is_that_mask_for_each():
    x, y = pictures(4, 8), torch.zeros(4, 3, 8, 8)
    mask = torch.zeros(1, 1, 8, 8)
    mask[:, :, :2, :2] = 1
    assert masked_loss(y, x, mask).item() == pytest.approx(masked_loss(y, x, mask.expand(4, 1, 8, 8)).item())
    assert masked_loss(y, x, mask).item() == pytest.approx(x[:, :, :2, :2].square().mean().item(), rel=1e-5)
    for shape in ((4, 3, 8, 8), (2, 1, 8, 8), (4, 8, 8), (4, 1, 8, 1)):
        with pytest.raises(ValueError, match=r"must be \[N or 1, 1, H, W\]"):
            masked_loss(y, x, torch.ones(shape))


def centre(**options):
    torch.manual_seed(0)
    return Inpainting(ContextEncoder(32, 4, bottleneck_dim=8), Discriminator(16, 4), corruptions.central, **options)


def test_only_the_hole_is_filled_and_only_the_hole_is_judged():
    game = centre()
    x = pictures(4)
    batch = game.play(x, torch.Generator())
    inside = batch.mask.bool().expand_as(x)
    assert torch.equal(batch.fake[~inside], x[~inside])
    assert not torch.equal(batch.fake[inside], x[inside])
    assert torch.equal(game.shown(x, batch.mask), x[:, :, 8:24, 8:24])
    game.judged = "picture"
    assert torch.equal(game.shown(x, batch.mask), x)
    game.judged = "picture_and_mask"
    assert game.shown(x, batch.mask).shape == (4, 4, 32, 32)


def test_the_generator_never_sees_what_is_missing():
    game = centre()
    game.generator.eval()
    x = pictures(2)
    mask = corruptions.central(2, 32)
    other = x * (1 - mask) + mask * 0.7
    assert torch.equal(game.complete(x, mask), game.complete(other, mask))


def test_losses_by_hand():
    game = centre()
    batch = game.play(pictures(4), torch.Generator())
    game.discriminator.eval()
    softplus = nn.functional.softplus
    real, fake = game.discriminator(batch.real[:, :, 8:24, 8:24]), game.discriminator(batch.fake[:, :, 8:24, 8:24])
    expected = softplus(-real).mean() + softplus(fake).mean()
    assert game.discriminator_loss(batch).item() == pytest.approx(expected.item(), rel=1e-5)
    difference = (batch.fake - batch.real)[:, :, 8:24, 8:24]
    expected = 0.999 * difference.square().mean() + 0.001 * softplus(-fake).mean()
    assert game.generator_loss(batch).item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_whole_picture_is_judged_with_its_hole_filled_not_as_painted():
    """The generator paints the full frame; outside the hole D must see what was there, in its own turn and in G's."""
    torch.manual_seed(0)
    judge = PatchGAN(3, 2, 1)
    judge.eval()
    game = Inpainting(GatedInpainter(2), judge, corruptions.central, judged="picture")
    x = pictures(4)
    batch = game.play(x, torch.Generator())
    assert not torch.allclose(batch.output * (1 - batch.mask), x * (1 - batch.mask), atol=0.1)
    filled = x * (1 - batch.mask) + batch.output * batch.mask
    real, fake = judge(x), judge(filled)
    expected = nn.functional.softplus(-real).mean() + nn.functional.softplus(fake).mean()
    assert game.discriminator_loss(batch).item() == pytest.approx(expected.item(), rel=1e-5)
    game.generator_loss(batch)
    assert batch.log["adversarial"].item() == pytest.approx(nn.functional.softplus(-fake).mean().item(), rel=1e-5)


def test_a_run_with_holes_anywhere_is_reproducible():
    def run():
        torch.manual_seed(0)
        game = Inpainting(
            GatedInpainter(2),
            PatchGAN(4, 2, 1, norm="spectral"),
            partial(corruptions.free_form, strokes=(1, 2)),
            "hinge",
            loss="l1",
            adversarial=0.01,
            judged="picture_and_mask",
        )
        return training.fit(game, Batches(pictures(), 4), 3, ema=0.9, progress=False)

    one, other = run(), run()
    assert torch.equal(one.sample(4), other.sample(4))
    assert one.sample(4).shape == (4, 3, 32, 32)
    assert {"reconstruction", "adversarial"} <= one.history.keys()


def test_reconstruction_alone_learns_and_leaves_the_discriminator_alone():
    game = centre(adversarial=0, reconstruction=1)
    before = [parameter.clone() for parameter in game.discriminator.parameters()]
    even = torch.full((20, 3, 32, 32), 0.5)
    run = training.fit(game, Batches(even, 4), 25, lr=2e-3, progress=False)
    assert run.history["reconstruction"][-1] < 0.5 * run.history["reconstruction"][0]
    assert all(torch.equal(a, b) for a, b in zip(before, game.discriminator.parameters(), strict=True))


def test_erase_and_bad_settings():
    x, mask = pictures(1, 8), torch.ones(1, 1, 8, 8)
    assert (erase(x, mask, 0.3) == 0.3).all()
    with pytest.raises(ValueError, match="not both 0"):
        centre(reconstruction=0, adversarial=0)
    with pytest.raises(ValueError, match="did you mean 'hole'"):
        centre(judged="whole")


def test_a_hole_is_filled_with_a_colour():
    colour = torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64)[:, None, None]
    game, x, mask = centre(fill=colour), pictures(2), corruptions.central(2, 32)
    seen = []
    game.generator.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    game.output(game.generator, x, mask)
    assert seen[0].dtype == x.dtype and torch.equal(seen[0][:, :, 16, 16], colour.to(x).flatten().expand(2, 3))
    for wrong, kind in ((colour.flatten(), "a number or a colour"), (colour / 0, "NaN or infinity")):
        with pytest.raises(ValueError, match=kind):
            centre(fill=wrong)


def test_a_batch_without_a_hole_and_a_picture_of_another_size_are_named():
    nothing = lambda n, size, source: torch.zeros(n, 1, size, size)  # noqa: E731
    critic = nn.Sequential(nn.Flatten(), nn.LazyLinear(1), nn.Flatten(0))
    game = Inpainting(nn.Conv2d(1, 1, 1), critic, nothing)
    batch = game.play(torch.zeros(2, 1, 8, 8), torch.Generator())
    with pytest.raises(ValueError, match="no picture of this batch has a hole"):
        game.discriminator_loss(batch)
    for generator in (nn.Upsample(scale_factor=2), nn.Upsample(size=(4, 8)), nn.Upsample(size=5)):
        with pytest.raises(ValueError, match=r"G paints whole pictures, \[8, 8\], or their central squares, not"):
            Inpainting(nn.Sequential(nn.Conv2d(1, 1, 1), generator), critic, nothing).play(batch.real, torch.Generator())
