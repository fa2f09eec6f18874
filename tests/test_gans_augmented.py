"""A game with augmented players: both sides through T, the controller's law, bits after an interruption."""

import copy

import pytest
import torch

from gancourse import data, losses
from gancourse.base import networks
from gancourse.gans import augment
from gancourse.gans.augmented import AdaptiveProbability, AugmentedDiscriminator, AugmentedGAN
from gancourse.gans.began import BEGAN
from gancourse.gans.conditional import ConditionalGAN
from gancourse.gans.ebgan import EBGAN
from gancourse.gans.gan import GAN
from gancourse.gans.packed import PackedGAN
from gancourse.gans.unrolled import UnrolledGAN
from gancourse.losses import penalties
from gancourse.models import convnet, mlp
from gancourse.models.autoencoder import Autoencoder
from gancourse.models.conditional import ProjectionDiscriminator
from gancourse.training import fit
from tests import joint_games


def players(seed=0, size=8):
    with networks.seeded(seed):
        return convnet.Generator(size, latent_dim=4, width=4), convnet.Discriminator(size, 4)


def game(objective="non_saturating", **options):
    return GAN(*players(), objective, **options)


def faces(n=12, seed=0):
    return torch.rand(n, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1


class Recorder(torch.nn.Module):
    """A discriminator that keeps what it was shown."""

    def __init__(self):
        super().__init__()
        self.weight, self.seen = torch.nn.Parameter(torch.ones(())), []

    def forward(self, x):
        self.seen.append(x.detach().clone())
        return self.weight * x.flatten(1).sum(1)


@pytest.mark.parametrize("objective", ["non_saturating", "relativistic"])
def test_every_image_that_d_sees_is_augmented_in_both_turns(objective):
    """Reals alone, or D's turn alone, is the public bug."""
    generator, _ = players()
    inner = Recorder()
    play = AugmentedGAN(GAN(generator, inner, objective), "brightness")
    batch = play.play(faces(), torch.Generator().manual_seed(0))
    play.discriminator_loss(batch)
    play.generator_loss(batch)
    expected = [batch.real, batch.fake, batch.fake] + ([batch.real] if objective == "relativistic" else [])
    assert len(inner.seen) == len(expected)
    for seen, image in zip(inner.seen, expected, strict=True):
        shift = (seen - image.detach()).flatten(1)
        assert (shift.abs().max(1).values > 1e-4).all()
        assert torch.allclose(shift, shift[:, :1].expand_as(shift), atol=1e-5)
    assert len({float(seen[0, 0, 0, 0]) for seen in inner.seen}) == len(inner.seen)  # drawn afresh each time


def test_the_generator_learns_through_the_transform():
    play = AugmentedGAN(game(), "colour,translation,cutout")
    batch = play.play(faces(), torch.Generator().manual_seed(0))
    state = play.source.get_state()
    loss = play.generator_loss(batch)
    gradients = torch.autograd.grad(loss, list(play.generator.parameters()), retain_graph=True)
    assert all(g.abs().sum() > 0 for g in gradients if g.numel() > 100)
    # by hand, with the same draws
    play.source.set_state(state)
    changed = augment.augment(batch.fake, "colour,translation,cutout", play.source)
    by_hand = torch.nn.functional.softplus(-play.discriminator.network(changed)).mean()
    assert torch.equal(loss, by_hand)


def test_p_of_zero_is_the_plain_game_bit_for_bit():
    runs = []
    for wrap in (lambda g: g, lambda g: AugmentedGAN(g, p=0.0)):
        play = wrap(game("relativistic", penalty=penalties.r1(1.0, every=2)))
        runs.append(fit(play, data.Batches(faces(), 4, seed=0), 4, progress=False, precision="float32"))
    one, two = (run.history["d_loss"] for run in runs)
    assert (one == two).all()
    assert torch.equal(runs[0].sample(3), runs[1].sample(3))


def test_the_penalty_is_on_the_slope_at_the_image_before_the_transform():
    """R1 of D(T(x)): with T(x) = x + b the slope is D's at x + b; with a hole, pixels in it have none."""
    inner = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 64, 1), torch.nn.Flatten(0))
    generator, _ = players()
    play = AugmentedGAN(GAN(generator, inner, penalty=penalties.r1(2.0)), "cutout")
    batch = play.play(faces(), torch.Generator().manual_seed(0))
    play.discriminator_loss(batch)
    weight = inner[1].weight.detach().reshape(3, 8, 8)
    play.source.manual_seed(0)
    play.discriminator_loss(batch)  # T for the reals, T for the fakes, T for the penalty
    source = torch.Generator().manual_seed(0)
    for _ in range(2):
        augment.augment(batch.real, "cutout", source)
    left = augment.augment(torch.ones_like(batch.real), "cutout", source)
    expected = (left * weight).square().flatten(1).sum(1).mean()
    assert batch.log["penalty"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert expected < 0.95 * weight.square().sum()  # what R1 at T(x) would be


def test_labelled_games_go_through_once():
    with networks.seeded(0):
        discriminator = ProjectionDiscriminator(convnet.Discriminator(8, 4), {"hair": ("red", "blue")})
    inner = ConditionalGAN(_Labelled(), discriminator, penalty=penalties.r1(1.0))
    calls = []

    class Counted(AugmentedGAN):
        def transform(self, x):
            calls.append(len(x))
            return super().transform(x)

    play = Counted(inner, "brightness")
    labels = torch.tensor([[0], [1], [0], [1]])
    batch = play.play(faces(4), torch.Generator().manual_seed(0), labels=labels)
    play.discriminator_loss(batch)
    play.generator_loss(batch)
    assert calls == [4, 4, 4, 4]  # real, fake, penalty; G's turn
    assert play.sample(2, labels=labels[:2]).shape == (2, 3, 8, 8)


class _Labelled(torch.nn.Module):
    latent_dim = 4
    classes = {"hair": ("red", "blue")}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.inner = players()[0]

    def forward(self, z, labels):
        return self.inner(z) + 0.1 * labels.float().reshape(-1, 1, 1, 1)


def test_in_evaluation_mode_d_judges_images_as_they_are():
    play = AugmentedGAN(game())
    state = play.source.get_state()
    with networks.evaluating(play.discriminator):
        assert torch.equal(play.discriminator(faces()), play.discriminator.network(faces()))
    assert torch.equal(play.source.get_state(), state)
    assert isinstance(copy.deepcopy(play.discriminator.network), convnet.Discriminator)
    assert isinstance(play.discriminator, AugmentedDiscriminator)


def test_the_wrapped_game_is_left_alone():
    inner = game("relativistic")
    judge, objective = inner.discriminator, inner.objective
    AugmentedGAN(inner, control=AdaptiveProbability())
    assert inner.discriminator is judge
    assert inner.objective is objective


def test_the_controller_follows_its_law():
    """50 images at a time, 4 updates: p moves by 200 / 1000 up while r > 0.6, down while r < 0.6, within [0, most]."""
    control = AdaptiveProbability(target=0.6, images=1000, every=4, most=0.5)
    sure, fair = torch.ones(50), torch.cat([torch.ones(25), -torch.ones(25)])
    trail = []
    for logits in [sure] * 12 + [fair] * 16:
        control.observe(logits)
        control.step()
        trail.append(control.p)
    assert trail[::4] == pytest.approx([0, 0.2, 0.4, 0.5, 0.3, 0.1, 0.0])
    assert trail[2] == 0
    assert trail[3] == pytest.approx(0.2)
    control = AdaptiveProbability(target=0.5, images=1000, every=1, p=0.3)
    control.observe(torch.cat([torch.ones(75), -torch.ones(25)]))  # r = 0.5, on target
    control.step()
    assert (control.p, control.r) == (pytest.approx(0.3), 0.5)


def test_r_is_measured_on_real_logits_and_on_differences_where_the_loss_has_no_zero():
    """-1: fakes have the larger logit; of least squares, whose codes are 0 and 1, it is the half that counts."""
    free = {"relativistic": -1.0, "wasserstein": -1.0}
    high = losses.least_squares(0, 200, 200)  # reals have 0.1 * 192 with brightness added
    for objective, expected in [("non_saturating", 1.0), *free.items(), ("least_squares", 1.0), (high, -1.0)]:
        generator, _ = players()
        control = AdaptiveProbability(every=1)
        play = AugmentedGAN(GAN(generator, Recorder(), objective), "brightness", p=1.0, control=control)
        batch = play.play(torch.ones(6, 3, 8, 8) * 0.1, torch.Generator().manual_seed(0))
        batch.fake = torch.ones(6, 3, 8, 8)  # the recorder's logit is the sum of the pixels: reals positive, fakes more so
        play.discriminator_loss(batch)
        play.after_discriminator_step()
        assert control.r == expected


@pytest.mark.parametrize("adaptive", [False, True])
def test_an_interrupted_run_goes_on_bit_for_bit(tmp_path, adaptive):
    def start(steps, checkpoint=None):
        control = AdaptiveProbability(target=0.1, images=40, every=3) if adaptive else None
        play = AugmentedGAN(game(penalty=penalties.r1(1.0, every=2)), "colour,cutout", p=0.7, control=control, seed=5)
        batches = data.Batches(faces(), 4, seed=0)
        options = {"progress": False, "precision": "float32", "ema": 0.9}
        return fit(play, batches, steps, checkpoint=checkpoint, **options)

    whole = start(11)
    start(7, tmp_path / "run")  # in the middle of the controller's third measurement
    resumed = start(11, tmp_path / "run")
    assert torch.equal(whole.sample(4), resumed.sample(4))
    for name in ("d_loss", *(("p", "r") if adaptive else ())):
        assert (whole.history[name] == resumed.history[name]).all()
    if adaptive:
        assert len(set(whole.history["p"])) > 1 and len(set(whole.history["r"])) > 2
    with pytest.raises(ValueError, match="adapts"):
        AugmentedGAN(game(), control=None if adaptive else AdaptiveProbability()).load_state_dict(whole.gan.state_dict())


def test_augmenting_the_data_alone_leaks_and_both_sides_do_not(monkeypatch):
    """One number to learn, the data's grey level 0.2: with dark data and fakes as they are, G learns the dark level."""

    class Level(torch.nn.Module):
        latent_dim = 1

        def __init__(self):
            super().__init__()
            self.level = torch.nn.Parameter(torch.tensor(-0.5))

        def forward(self, z):
            return self.level.expand(len(z), 3, 8, 8)

    monkeypatch.setitem(augment.TRANSFORMS, "darken", _darken)
    real, found = torch.full((64, 3, 8, 8), 0.2), {}
    dim = torch.Generator().manual_seed(9)
    for name in ("data alone", "both"):
        with networks.seeded(0):
            g, d = Level(), torch.nn.Sequential(_Mean(), mlp.Discriminator(1, hidden=(16,)))
        play = GAN(g, d, penalty=penalties.r1_r2(0.1))
        if name == "both":
            play = AugmentedGAN(play, "darken")
            batches = iter(lambda: real, None)
        else:
            batches = iter(lambda: _darken(real, dim), None)
        run = fit(play, batches, 400, lr=0.01, betas=(0.0, 0.9), progress=False, precision="float32")
        found[name] = run.gan.generator.level.item()
    assert found["both"] == pytest.approx(0.2, abs=0.12)
    assert found["data alone"] == pytest.approx(-0.3, abs=0.12)


class _Mean(torch.nn.Module):
    def forward(self, x):
        return x.mean((1, 2, 3))[:, None]


def _darken(x, source):
    """Darker by 1/2 with a small spread: an augmentation that a generator could imitate."""
    return x - 0.5 + 0.1 * torch.randn(len(x), 1, 1, 1, generator=source)


@pytest.mark.parametrize("kind", [BEGAN, EBGAN])
def test_an_autoencoder_is_not_held_against_another_picture(kind):
    inner = kind(mlp.Generator(4, (1, 16, 16), (8,)), Autoencoder(16, channels=1, width=4, latent_dim=4))
    with pytest.raises(ValueError, match=f"{kind.__name__}'s discriminator is compared with .* undo T; take a game"):
        AugmentedGAN(inner, "cutout")


def test_bad_settings_name_the_fix():
    with pytest.raises(ValueError, match="between -1 and 1"):
        AdaptiveProbability(target=1.5)
    with pytest.raises(ValueError, match="0 <= p <= most"):
        AdaptiveProbability(p=0.5, most=0.4)
    with pytest.raises(ValueError, match="images"):
        AdaptiveProbability(images=0)


class Patches(torch.nn.Module):
    """Logits for each patch."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 1, 3)

    def forward(self, x):
        return self.conv(x)


def test_the_controller_counts_images_once_a_round_whatever_the_logits():
    generator, _ = players()
    text_game = joint_games.made("text")[0]
    packed = PackedGAN(generator, convnet.Discriminator(8, 4, channels=6), m=2)
    unrolled = UnrolledGAN(generator, mlp.Discriminator((3, 8, 8), hidden=(8,)), steps=2)
    for inner, labels in ((GAN(generator, Patches()), None), (text_game, torch.rand(12, 6)), (packed, None), (unrolled, None)):
        control = AdaptiveProbability(every=10)
        play = AugmentedGAN(inner, "brightness", control=control)
        batch = play.play(faces(), torch.Generator().manual_seed(0), labels)
        play.discriminator_loss(batch)
        play.generator_loss(batch)
        assert control._seen == 12, type(inner)
    assert control.state_dict()["seen"] == 12


@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("name", joint_games.GAMES)
def test_a_game_is_augmented_or_says_why_not(name, adaptive, monkeypatch):
    """Either every image of D's turn goes through T, and the controller sees every logit, or nothing is trained."""
    inner, batches = joint_games.made(name)
    if isinstance(inner, AugmentedGAN):
        return
    shown = []

    def noted(x, *args):
        shown.append(len(x))
        return x

    monkeypatch.setattr(augment, "augment", noted)
    given = next(batches)
    real, second = given if isinstance(given, tuple) else (given, None)
    try:
        control = AdaptiveProbability(every=10) if adaptive else None
        play = AugmentedGAN(inner, control=control)
        batch = play.play(real, torch.Generator().manual_seed(0), second)
        play.discriminator_loss(batch)
        play.generator_loss(batch)
    except (AttributeError, ValueError) as error:
        said = ("would pass T by", "wrap the games", "would have to undo T", *(["the controller sees no logits"] * adaptive))
        assert any(words in str(error) for words in said), error
    else:
        assert sum(shown) >= 3 * len(real) / inner.together
        assert control is None or control._seen == len(real)


@pytest.mark.parametrize("name", ["catgan", "noisy_labels"])
def test_a_controller_that_would_see_nothing_is_refused(name):
    inner, batches = joint_games.made(name)
    with pytest.raises(ValueError, match=f"{type(inner).__name__}'s discriminator has a loss of its own.*pass p= in place"):
        fit(AugmentedGAN(inner, "flip", control=AdaptiveProbability()), batches, 2, progress=False)
    assert fit(AugmentedGAN(inner, "flip", p=0.5), batches, 2, progress=False).step == 2
