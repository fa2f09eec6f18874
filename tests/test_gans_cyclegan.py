import pytest
import torch
from torch import nn

from gancourse import training
from gancourse.data import UnpairedBatches
from gancourse.gans.cyclegan import CycleGAN, ImagePool
from gancourse.models.patchgan import PatchGAN
from gancourse.models.translator import ResNetTranslator


class Scale(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(w))

    def forward(self, x):
        return self.w * x


class Mean(nn.Module):
    def __init__(self, w=1.0):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(w))

    def forward(self, x):
        return self.w * x.mean((1, 2, 3))


def tiny(**options):
    return CycleGAN(Scale(2.0), Scale(0.25), Mean(3.0), Mean(-1.0), **options)


def images(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_losses_are_the_papers_by_hand():
    game = tiny(identity=5.0)
    a, b = images(2, 1, 4, 4), images(2, 1, 4, 4, seed=1)
    batch = game.play(a, torch.Generator(), labels=b)

    def mean(x):
        return x.mean((1, 2, 3))

    fake_a, fake_b = 0.25 * b, 2 * a
    d_a = ((3 * mean(a) - 1) ** 2).mean() / 2 + ((3 * mean(fake_a)) ** 2).mean() / 2
    d_b = ((-mean(b) - 1) ** 2).mean() / 2 + ((-mean(fake_b)) ** 2).mean() / 2
    assert game.discriminator_loss(batch).item() == pytest.approx((d_a + d_b).item(), rel=1e-5)
    adversarial = ((3 * mean(fake_a) - 1) ** 2).mean() + ((-mean(fake_b) - 1) ** 2).mean()
    cycles = (0.5 * a - a).abs().mean() + (0.5 * b - b).abs().mean()
    identity = (2 * b - b).abs().mean() + (0.25 * a - a).abs().mean()
    expected = adversarial + 10 * cycles + 5 * identity
    assert game.generator_loss(batch).item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_cycle_teaches_both_translators():
    game = tiny(adversarial=0, cycle=(10, 0))
    a = images(2, 1, 4, 4)
    game.generator_loss(game.play(a, torch.Generator(), labels=images(2, 1, 4, 4, seed=1))).backward()
    # 10 E|w_ba w_ab a - a| with w_ab = 2, w_ba = 1/4: below a, so both slopes are negative
    assert game.generator.ab.w.grad.item() == pytest.approx(-10 * 0.25 * a.mean().item(), rel=1e-5)
    assert game.generator.ba.w.grad.item() == pytest.approx(-10 * 2 * a.mean().item(), rel=1e-5)


@pytest.mark.parametrize(
    ("options", "logged"),
    [
        ({"cycle": (0, 0)}, {"adversarial_a", "adversarial_b"}),
        ({"cycle": (10, 0)}, {"adversarial_a", "adversarial_b", "cycle_a"}),
        ({"cycle": (0, 10)}, {"adversarial_a", "adversarial_b", "cycle_b"}),
        ({"adversarial": 0}, {"cycle_a", "cycle_b"}),
        ({"identity": 5, "cycle": (0, 0)}, {"adversarial_a", "adversarial_b", "identity"}),
    ],
    ids=("neither cycle", "cycle of a", "cycle of b", "no adversary", "identity alone"),
)
def test_the_ablation_leaves_terms_out(options, logged):
    game = tiny(**options)
    batch = game.play(images(2, 1, 4, 4), torch.Generator(), labels=images(2, 1, 4, 4, seed=1))
    game.discriminator_loss(batch).backward()
    batch.log.clear()
    game.generator_loss(batch).backward()
    assert set(batch.log) == logged


def test_pool_hands_on_what_it_holds_and_never_mixes_pixels():
    pool = ImagePool(5, seed=0)
    seen = [torch.full((1, 1, 1, 1), float(i)) for i in range(200)]
    came = [pool(image).item() for image in seen]
    assert came[:5] == [0, 1, 2, 3, 4]  # filling
    fresh = sum(value == i for i, value in enumerate(came[5:], start=5))
    assert 70 < fresh < 125  # half of them
    assert all(value <= i for i, value in enumerate(came))
    assert len({int(x) for x in came}) == len(came) - sum(came.count(x) - 1 for x in set(came))
    held = {image.item() for image in pool.images}
    assert len(held) == 5
    assert ImagePool(0)(seen[3]) is seen[3]


def test_pool_goes_on_from_its_saved_state():
    one = ImagePool(4, seed=1)
    one(images(6, 1, 2, 2))
    other = ImagePool(4, seed=9)
    other.load_state_dict(one.state_dict())
    x = images(8, 1, 2, 2, seed=2)
    assert torch.equal(one(x), other(x))


def small():
    torch.manual_seed(0)
    translators = [ResNetTranslator(1, 1, 2, 1) for _ in range(2)]
    return CycleGAN(*translators, PatchGAN(1, 2, 1, norm="instance"), PatchGAN(1, 2, 1, norm="instance"), pool=3)


def test_a_run_goes_on_bit_for_bit_with_its_pools(tmp_path):
    def run(steps, file):
        batches = UnpairedBatches(images(20, 1, 16, 16), images(30, 1, 16, 16, seed=1), 2)
        return training.fit(small(), batches, steps, ema=0.9, progress=False, checkpoint=tmp_path / file)

    whole = run(6, "whole")
    run(3, "part")
    resumed = run(6, "part")
    assert torch.equal(whole.sample(4), resumed.sample(4))
    for name in ("a", "b"):
        for one, other in zip(whole.gan.pools[name].images, resumed.gan.pools[name].images, strict=True):
            assert torch.equal(one, other)


def test_translation_both_ways_and_the_disturbed_way_back():
    game = CycleGAN(Scale(2.0), Scale(0.5), Mean(), Mean())
    a = images(3, 1, 4, 4)
    assert torch.equal(game.translate(a), 2 * a)
    assert torch.equal(game.translate(a, direction="ba"), 0.5 * a)
    assert torch.allclose(game.reconstruct(a), a)
    error = (game.reconstruct(a, noise=0.1, seed=3) - a).std()
    assert 0.03 < error < 0.07  # half the noise
    assert game.generator.training


def test_batch_norm_of_the_average_is_measured_both_ways():
    torch.manual_seed(0)
    translators = [ResNetTranslator(1, 1, 2, 1, norm="batch") for _ in range(2)]
    game = CycleGAN(*translators, PatchGAN(1, 2, 1), PatchGAN(1, 2, 1))
    run = training.fit(game, UnpairedBatches(images(20, 1, 16, 16), images(20, 1, 16, 16), 4), 3, ema=0.9, progress=False)
    for direction in ("ab", "ba"):
        layer = run.generator.get_submodule(direction).model[2]
        assert layer.running_mean.abs().sum() > 0
        assert layer.momentum == 0.1
        layer.running_mean.fill_(99.0)  # of no picture: measuring anew leaves nothing of it
        game.refresh_statistics(run.generator)
        assert 0 < layer.running_mean.abs().max() < 9


def test_bad_settings_name_the_fix():
    with pytest.raises(ValueError, match="judges pictures one by one"):
        tiny(objective="relativistic")
    with pytest.raises(ValueError, match="pair of weights"):
        tiny(cycle=10.0)
    with pytest.raises(ValueError, match="nothing to learn from"):
        tiny(cycle=(0, 0), adversarial=0)
    with pytest.raises(ValueError, match="did you mean 'ab'"):
        tiny().translate(images(1, 1, 4, 4), direction="abb")
    with pytest.raises(ValueError, match="two sets"):
        tiny().play(images(1, 1, 4, 4), torch.Generator())


def test_pool_keeps_no_graph():
    pool = ImagePool(2, seed=0)
    x = images(4, 1, 2, 2).requires_grad_(True)
    given = pool(2 * x)  # fakes that still hang on the step that made them
    assert not given.requires_grad and not any(image.requires_grad for image in pool.images)


def test_identity_loss_is_zero_for_the_identity_mapping():
    # public code has compared translations with unrelated pictures of the other batch under this name
    game = CycleGAN(nn.Identity(), nn.Identity(), Mean(), Mean(), adversarial=0.0, cycle=(0, 0), identity=5.0)
    batch = game.play(images(2, 1, 4, 4), torch.Generator(), labels=images(2, 1, 4, 4, seed=1))
    assert game.generator_loss(batch).item() == 0
