"""A checkpoint belongs to one run: whatever else the next step depends on is compared, damage is found, nothing is lost."""

import errno
import os

import numpy as np
import pytest
import torch
from torch import nn

from gancourse import losses
from gancourse.base import trees
from gancourse.base.networks import update_average
from gancourse.data import Batches, UnpairedBatches, toys
from gancourse.gans.augmented import AdaptiveProbability, AugmentedGAN
from gancourse.gans.began import BEGAN
from gancourse.gans.conditional import ConditionalGAN
from gancourse.gans.cyclegan import CycleGAN
from gancourse.gans.dtn import DTN
from gancourse.gans.gan import GAN
from gancourse.gans.infogan import Categorical, Codes, InfoGAN
from gancourse.gans.semi_supervised import SemiSupervisedGAN
from gancourse.gans.tips import NoisyLabels
from gancourse.gans.wgan import WGAN, WGANGP
from gancourse.losses import penalties
from gancourse.models import mlp
from gancourse.models.autoencoder import Autoencoder
from gancourse.models.conditional import mlp_pair
from gancourse.models.latent_codes import Classifier, CodeDiscriminator
from gancourse.training import CheckpointNotWritten, fit


def players(seed=0, hidden=(8,), **options):
    torch.manual_seed(seed)
    return mlp.Generator(2, 2, hidden=hidden), mlp.Discriminator(2, hidden=hidden, **options)


def points(seed=0, n=64):
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))


def train(path, game=None, batches=None, steps=4, **options):
    game, batches = game or GAN(*players()), batches or Batches(points(), 8)
    return fit(game, batches, steps, checkpoint=path, progress=False, **options)


def decaying_discriminator():
    """Adam for both players, with weight decay for the second that asks, the discriminator."""
    decays = iter((0, 9))
    return lambda parameters, lr: torch.optim.Adam(parameters, lr, (0.5, 0.999), weight_decay=next(decays))


def transferred(weight=1.0):
    """A DTN whose f has another weight, which no player is made of."""
    f = nn.Linear(2, 2, bias=False)
    nn.init.constant_(f.weight, weight)
    return DTN(*players(), f)


def pairs():
    return UnpairedBatches(points(1).clamp(-1, 1), points(2).clamp(-1, 1), 8)


OTHERS = {
    "objective": lambda: {"game": GAN(*players(), "hinge")},
    "objective.discriminator": lambda: {"game": GAN(*players(), losses.least_squares()._replace(name="non_saturating"))},
    "penalty": lambda: {"game": GAN(*players(), penalty=penalties.r1(1.0))},
    "game": lambda: {"game": WGAN(*players(), objective="non_saturating", clip=None)},
    "generator": lambda: {"game": GAN(*players(hidden=(9,)))},
    "discriminator.layers.1": lambda: {"game": GAN(players()[0], players(activation="tanh")[1])},
    "generator's optimizer": lambda: {"optimizer": torch.optim.SGD},
    "generator's optimizer.0.betas": lambda: {"optimizer": lambda parameters, lr: torch.optim.Adam(parameters, lr, (0.5, 0.9))},
    "discriminator's optimizer.0.weight_decay": lambda: {"optimizer": decaying_discriminator()},
    "data._x": lambda: {"batches": Batches(points(seed=5), 8)},
    "data.batch_size": lambda: {"batches": Batches(points(), 4)},
    "data._toy": lambda: {"batches": Batches(toys.ring(), 8)},
    "k": lambda: {"k": 2},
    "lr": lambda: {"lr": 1e-3},
    "schedule": lambda: {"schedule": "linear"},
    "ema": lambda: {"ema": 0.9},
    "seed": lambda: {"seed": 1},
    "precision": lambda: {"precision": "bf16"},
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_run_is_refused_by_the_name_of_what_differs(tmp_path, name):
    path = tmp_path / "run.safetensors"
    train(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=f"was made with {name}.*this run has.*another file"):
        train(path, steps=8, **OTHERS[name]())
    assert path.read_bytes() == before


def test_weights_that_nobody_trains_are_compared(tmp_path):
    path = tmp_path / "run.safetensors"
    train(path, transferred(), pairs())
    with pytest.raises(ValueError, match="made with game.sees's weights="):
        train(path, transferred(2.0), pairs(), steps=8)
    assert train(path, transferred(), pairs(), steps=6).step == 6


@pytest.mark.parametrize("made", [lambda g, f: DTN(*players(), lambda x: g(f(x))), lambda g, f: DTN(*players(), Held(f).see)])
def test_a_network_that_a_function_holds_is_compared_too(tmp_path, made):
    def game(weight):
        f = nn.Linear(2, 2, bias=False)
        nn.init.constant_(f.weight, weight)
        return made(torch.tanh, f)

    path = tmp_path / "run.safetensors"
    train(path, game(1.0), pairs())
    with pytest.raises(ValueError, match="made with game.sees.*'s weights="):
        train(path, game(2.0), pairs(), steps=8)
    assert train(path, game(1.0), pairs(), steps=6).step == 6


class Held(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def see(self, x):
        return self.inner(x)


def test_a_network_that_the_game_saves_is_not_compared(tmp_path):
    """A running mean of a player, kept under a name of the game's own."""

    class Kept(GAN):
        def __init__(self, *args):
            super().__init__(*args)
            self.mean = mlp.Discriminator(2, hidden=(8,)).requires_grad_(False)

        def state_dict(self):
            return {"of the past": [self.mean.state_dict()]}

        def load_state_dict(self, state):
            self.mean.load_state_dict(state["of the past"][0])

        def after_discriminator_step(self):
            update_average(self.mean, self.discriminator, 0.5)

    path, game = tmp_path / "run.safetensors", Kept(*players())
    train(path, game)
    assert train(path, game, steps=6).step == 6
    assert train(path, Kept(*players(seed=3)), steps=8).step == 8


def test_one_and_one_point_nought_are_one_number(tmp_path):
    path = tmp_path / "run.safetensors"
    train(path, GAN(*players(), penalty=penalties.r1(1)), lr=1, betas=(0, 0.9))
    assert train(path, GAN(*players(), penalty=penalties.r1(1.0)), lr=1.0, betas=(0.0, 0.9), steps=5).step == 5


def test_the_codes_of_least_squares_are_compared(tmp_path):
    path = tmp_path / "run.safetensors"
    train(path, GAN(*players(), losses.least_squares(0, 1, 1)._replace(name="mine")))
    with pytest.raises(ValueError, match="made with objective.discriminator.b=1, this run has 2"):
        train(path, GAN(*players(), losses.least_squares(0, 2, 1)._replace(name="mine")), steps=8)


def test_functions_are_told_apart_by_their_code(tmp_path):
    path = tmp_path / "run.safetensors"
    train(path, schedule=lambda t: 1 - t, k=lambda step: 1 + step % 2)
    with pytest.raises(ValueError, match="made with schedule"):
        train(path, schedule=lambda t: 1 - t * t, k=lambda step: 1 + step % 2)
    with pytest.raises(ValueError, match="made with k"):
        train(path, schedule=lambda t: 1 - t, k=lambda step: 1 + step % 3)
    assert train(path, schedule=lambda t: 1 - t, k=lambda step: 1 + step % 2).step == 4


def around(value):
    def k(step):
        return int(value[0] if isinstance(value, list) else value["k"] if isinstance(value, dict) else value)

    return k


def by_name(value):
    def k(step, *, updates=value):
        return int(updates)

    return k


def by_default(value):
    def k(step, updates=value):
        return int(updates)

    return k


@pytest.mark.parametrize(
    "made",
    [
        around,
        lambda value: around([float(value)]),
        lambda value: around({"k": value}),
        lambda value: around(torch.tensor(float(value))),
        by_name,
        by_default,
        lambda value: by_default(torch.tensor(value)),
    ],
)
def test_functions_are_told_apart_by_what_they_hold(tmp_path, made):
    path = tmp_path / "run.safetensors"
    train(path, k=made(1))
    assert train(path, k=made(1), steps=5).step == 5
    with pytest.raises(ValueError, match="made with k"):
        train(path, k=made(2), steps=8)


def test_a_variable_that_holds_nothing_yet_is_no_error(tmp_path):
    def k(step):
        return 1 if step >= 0 else later

    assert train(tmp_path / "run.safetensors", k=k).step == 4
    later = 2  # noqa: F841


def test_equal_rows_are_one_whether_they_are_one_object_or_two(tmp_path):
    path, shared = tmp_path / "run.safetensors", (0.0, 1.0)
    train(path, NoisyLabels(*players(), real=shared, fake=shared))
    game = NoisyLabels(*players(), real=(0.0, 1.0), fake=tuple([0.0, 1.0]))
    assert train(path, game, steps=6).step == 6


def test_a_game_from_outside_is_told_apart_by_its_code(tmp_path):
    def game(sign):
        class Mine(GAN):
            if sign > 0:

                def generator_loss(self, batch):
                    return super().generator_loss(batch)
            else:

                def generator_loss(self, batch):
                    return 2 * super().generator_loss(batch)

        return Mine(*players())

    path = tmp_path / "run.safetensors"
    train(path, game(1))
    assert train(path, game(1), steps=5).step == 5
    with pytest.raises(ValueError, match="made with game"):
        train(path, game(-1), steps=8)


GAMES = {
    "gan": lambda: GAN(*players(), "relativistic", penalty=penalties.r1_r2(1.0, every=2)),
    "wgan_gp": lambda: WGANGP(*players()),
    "ada": lambda: AugmentedGAN(
        GAN(mlp.Generator(2, (1, 4, 4)), mlp.Discriminator((1, 4, 4))), "flip", control=AdaptiveProbability(0.1, 50, every=1)
    ),
    "began": lambda: BEGAN(mlp.Generator(2, (1, 16, 16)), Autoencoder(16, channels=1, width=4, latent_dim=4)),
    "conditional": lambda: ConditionalGAN(*mlp_pair(2, out_shape=(1, 4, 4), hidden=(8,))),
    "infogan": lambda: InfoGAN(
        mlp.Generator(4, (1, 4, 4)), CodeDiscriminator((1, 4, 4), 2), Codes(2, (Categorical(2),)), noise=0.1
    ),
    "semi": lambda: SemiSupervisedGAN(
        mlp.Generator(2, (1, 4, 4)), Classifier((1, 4, 4), 2), (torch.zeros(4, 1, 4, 4), torch.tensor([0, 1, 0, 1]))
    ),
    "cycle": lambda: CycleGAN(*(nn.Conv2d(1, 1, 3, padding=1) for _ in range(4)), pool=3),
}


class Pictures:
    """Random pictures, with a second part where the game needs one."""

    def __init__(self, side, second=None):
        self.side, self.second, self.place = side, second, 0

    def __iter__(self):
        return self

    def __next__(self):
        self.place += 1
        shape = (8, 1, self.side, self.side) if self.side else (8, 2)
        x = torch.rand(shape, generator=torch.Generator().manual_seed(self.place)) * 2 - 1
        return x if self.second is None else (x, torch.arange(8) % 2 if self.second == "labels" else -x)

    def state_dict(self):
        return {"place": self.place}

    def load_state_dict(self, state):
        self.place = state["place"]


def pictures(name):
    side = {"gan": 0, "wgan_gp": 0, "began": 16}.get(name, 4)
    return Pictures(side, {"conditional": "labels", "cycle": "picture"}.get(name))


@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("again", ["the same game", "a game built anew"])
def test_every_game_goes_on(tmp_path, name, again):
    """What moves while a game is played is no difference, in the same object and in a new one; and bits are equal."""
    torch.manual_seed(1)
    whole = fit(GAMES[name](), pictures(name), 6, progress=False, ema=0.5)
    torch.manual_seed(1)
    game, path = GAMES[name](), tmp_path / "run.safetensors"
    fit(game, pictures(name), 3, checkpoint=path, progress=False, ema=0.5)
    if again != "the same game":
        torch.manual_seed(1)
        game = GAMES[name]()
    resumed = fit(game, pictures(name), 6, checkpoint=path, progress=False, ema=0.5)
    for one, other in ((whole.gan.generator, resumed.gan.generator), (whole.average, resumed.average)):
        for (key, a), b in zip(one.state_dict().items(), other.state_dict().values(), strict=True):
            assert torch.equal(a, b), key
    assert np.array_equal(whole.history["d_loss"], resumed.history["d_loss"])


def test_columns_of_the_history_stand_as_they_were_logged():
    class Told(GAN):
        def discriminator_loss(self, batch):
            batch.log.update({name: torch.ones(()) for name in "gancourse"})
            return super().discriminator_loss(batch)

    run = fit(Told(*players()), Batches(points(), 8), 1, progress=False)
    assert list(run.history) == ["step", "d_loss", "g_loss", *dict.fromkeys("gancourse")]


def test_the_count_of_a_scalars_steps_is_no_moment(tmp_path):
    class Scaled(nn.Module):
        latent_dim = 2

        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones((), dtype=torch.bfloat16))

        def forward(self, z):
            return self.scale.float() * z

    path = tmp_path / "run.safetensors"
    train(path, GAN(Scaled(), players()[1]))
    run = train(path, GAN(Scaled(), players()[1]), steps=6)
    assert [state["step"].dtype for state in run.optimizers["generator"].state.values()] == [torch.float32]


@pytest.mark.parametrize("order", ["random", "epoch"])
def test_batches_in_use_are_no_difference(tmp_path, order):
    path, batches, game = tmp_path / "run.safetensors", Batches(points(), 12, order=order), GAN(*players())
    train(path, game, batches, 4)
    assert train(path, game, batches, 9).step == 9


def test_a_checkpoint_beyond_the_steps_asked_for_is_named(tmp_path):
    path = tmp_path / "run.safetensors"
    train(path, steps=6)
    with pytest.raises(ValueError, match="stands at step 6, beyond the 4"):
        train(path, steps=4)


@pytest.mark.parametrize("damage", ["cut", "page", "empty"])
def test_damaged_checkpoints_are_named(tmp_path, damage):
    path = tmp_path / "run.safetensors"
    train(path)
    path.write_bytes({"cut": path.read_bytes()[:-7], "page": b"<!doctype html><html>", "empty": b""}[damage])
    with pytest.raises(ValueError, match=r"run.safetensors .*damaged"):
        train(path, steps=8)


def test_checkpoints_of_older_versions_are_refused_clearly(tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "run.safetensors"
    save_file({"x": torch.zeros(2)}, path, metadata={"gancourse": '{"__pairs__": [["step", 3]]}'})
    with pytest.raises(ValueError, match="of an older version"):
        train(path)


def full_disk(monkeypatch, from_write):
    """os.replace fails from the given call on, as a full disk does."""
    replace, calls = os.replace, []

    def failing(*args):
        calls.append(args)
        if len(calls) >= from_write:
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(*args)

    monkeypatch.setattr(os, "replace", failing)


def test_a_full_disk_loses_no_run(tmp_path, monkeypatch):
    path = tmp_path / "run.safetensors"
    full_disk(monkeypatch, from_write=2)
    with (
        pytest.warns(UserWarning, match=r"run.safetensors could not be written: .*No space left"),
        pytest.raises(CheckpointNotWritten, match=r"run.safetensors could not be written.*\.run") as caught,
    ):
        train(path, steps=9, checkpoint_every=3)
    run = caught.value.run
    assert run.step == 9 and run.stopped == "finished" and len(run.history["d_loss"]) == 9
    assert trees.load(path)["step"] == 3  # the last one that could be written
    whole = fit(GAN(*players()), Batches(points(), 8), 9, progress=False)
    assert torch.equal(run.sample(4), whole.sample(4))


def test_room_that_comes_back_is_used(tmp_path, monkeypatch):
    path, replace = tmp_path / "run.safetensors", os.replace

    def once(*args):
        monkeypatch.setattr(os, "replace", replace)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", once)
    with pytest.warns(UserWarning, match="step 3: .*training goes on"):
        assert train(path, steps=6, checkpoint_every=3).step == 6
    assert trees.load(path)["step"] == 6


def test_a_place_that_cannot_be_written_is_noticed_first(tmp_path):
    (tmp_path / "file").write_text("no folder")
    hooks = [(1, lambda run: pytest.fail("training began"))]
    with pytest.raises(OSError, match="run.safetensors cannot be written"):
        train(tmp_path / "file" / "run.safetensors", hooks=hooks)
    with pytest.raises(IsADirectoryError, match="is a folder"):
        train(tmp_path, hooks=hooks)
