"""fit's settings, and what losses and penalties are given: a clear error of ours, or a right answer."""

import math
import traceback
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

import gancourse
from gancourse import losses
from gancourse.data import Batches
from gancourse.gans.gan import GAN
from gancourse.losses import penalties
from gancourse.models import mlp
from gancourse.training import SCHEDULES, Settings, TrainingDiverged, fit, fit_likelihood, mean_bound

HERE = Path(gancourse.__file__).parent
QUICK = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
ODD = st.sampled_from(
    [
        *(None, True, "", "odd", 0, 1, -1, 2, 3, 0.0, 0.5, 1.0, 1.5, -0.5, math.nan, math.inf, -math.inf, 1j, 10**30, 1e300),
        *(np.int64(2), np.float32(0.5), np.uint8(0), np.nan, np.bool_(True), np.zeros(2), torch.tensor(2), torch.tensor(0.5)),
        *(torch.zeros(2), [], [1], (0.1, 0.2), (1, 2, 3), {}, object(), print, int, b"x"),
    ]
)


def ours(error):
    """Whether the message is raised by the course itself, not met somewhere in torch or numpy, and says something."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    known = isinstance(error, ValueError | TypeError | TrainingDiverged)
    return known and HERE in Path(last.filename).parents and len(str(error)) > 10


def answer(call, *args, **options):
    """The call's result; None if it refuses clearly; anything else fails the test."""
    try:
        return call(*args, **options)
    except Exception as error:
        assert ours(error), f"{type(error).__name__}: {error}"
        return None


def toy():
    torch.manual_seed(0)
    return GAN(mlp.Generator(2, 2, hidden=(4,)), mlp.Discriminator(2, hidden=(4,)))


SETTINGS = ["k", "lr", "betas", "optimizer", "schedule", "ema", "seed", "checkpoint_every", "hooks", "precision"]


def test_a_checkpoint_is_a_path_and_may_begin_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    fit(toy(), Batches(torch.randn(8, 2).clamp(-1, 1), 4), 1, checkpoint="~/x/run.st", progress=False)
    assert (tmp_path / "x" / "run.st").exists() and not (tmp_path / "~").exists()
    for odd in (3, True, b"run"):
        with pytest.raises((TypeError, ValueError), match="checkpoint must be a path"):
            Settings(steps=1, checkpoint=odd)

    class Place:
        def __fspath__(self):
            return "there"

    assert Settings(steps=1, checkpoint=Place()).file == Path("there")


@pytest.mark.parametrize("name", SETTINGS)
@QUICK
@given(value=ODD)
def test_settings_are_refused_clearly_or_train(name, value):
    if callable(value) and name in ("optimizer", "schedule", "k"):
        return  # a function of the user's
    if name == "k" and isinstance(value, int) and value > 10:
        return  # as many as were asked for
    run = answer(fit, toy(), [torch.zeros(4, 2)], 2, progress=False, **{name: value})
    if run is not None:
        assert run.step == 2 and all(math.isfinite(v) for v in run.history["d_loss"])


@QUICK
@given(value=ODD)
def test_steps_are_whole_numbers_above_zero(value):
    run = answer(Settings, steps=value)
    assert run is None or (type(run.steps) is int and run.steps > 0)


@QUICK
@given(gan=ODD, batches=ODD)
def test_fit_needs_a_game_and_batches(gan, batches):
    assert answer(fit, gan, [torch.zeros(4, 2)], 1, progress=False) is None
    assert answer(fit, toy(), batches, 1, progress=False) is None


@pytest.mark.parametrize("name", ["lr", "schedule", "clip", "seed", "hooks", "bound"])
@QUICK
@given(value=ODD)
def test_settings_of_the_likelihood_loop(name, value):
    if callable(value) and name == "bound":
        return
    model = nn.Linear(2, 1)
    options = {"bound": lambda x, generator: -model(x).square().sum(1), name: value}
    run = answer(fit_likelihood, model, [torch.ones(4, 2)] * 2, 2, progress=False, **options)
    assert run is None or run.step == 2


@QUICK
@given(images=ODD, batch_size=ODD)
def test_the_mean_bound_of_odd_images(images, batch_size):
    bound = lambda x: x.flatten(1).sum(1)  # noqa: E731
    assert answer(mean_bound, bound, images) is None or images.ndim > 1
    value = answer(mean_bound, bound, torch.ones(5, 3), batch_size)
    assert value is None or value == 3.0


TENSORS = st.sampled_from(
    [
        *(torch.zeros(0), torch.zeros(3), torch.zeros(4), torch.zeros(3, 1), torch.tensor(1.0), torch.arange(3)),
        *(torch.zeros(3, dtype=torch.bool), torch.zeros(3, dtype=torch.complex64), torch.tensor([1e30, -1e30, 0.0])),
        *(torch.tensor([math.nan, 0.0, 1.0]), torch.zeros(3, dtype=torch.float64), torch.zeros(3, dtype=torch.uint8)),
        *(np.zeros(3), [0.0, 1.0], None, 1.0, "logits"),
    ]
)


def whole(x):
    return isinstance(x, torch.Tensor) and bool(torch.isfinite(x.double() if x.is_floating_point() else x).all())


@pytest.mark.parametrize("name", losses.OBJECTIVES)
@QUICK
@given(real=TENSORS, fake=TENSORS)
def test_losses_of_odd_logits(name, real, fake):
    """A number where the logits are numbers, NaN only where they were."""
    objective = losses.objective(name)
    for value in (answer(objective.discriminator, real, fake), answer(objective.generator, fake, real)):
        assert value is None or value.ndim == 0
        if value is not None and whole(real) and whole(fake):
            assert not torch.isnan(value)


@QUICK
@given(name=ODD, a=ODD, b=ODD, members=ODD)
def test_objectives_by_odd_names(name, a, b, members):
    assert answer(losses.objective, name) is None
    made = answer(losses.least_squares, a, b)
    assert made is None or torch.isfinite(made.discriminator(torch.zeros(2).double(), torch.zeros(2).double())) or abs(a) > 1e100
    together = answer(losses.summed, losses.objective("hinge"), members)
    assert together is None or together.generator(torch.ones(2)) == -members


INPUTS = st.sampled_from(
    [
        *(torch.zeros(0, 2), torch.ones(3, 2), torch.ones(4, 2), torch.ones(3), torch.tensor(1.0), torch.ones(3, 1, 2)),
        *(torch.ones(3, 2, dtype=torch.int64), torch.ones(3, 2, dtype=torch.uint8), torch.ones(3, 2, dtype=torch.complex64)),
        *(None, "x", np.ones((3, 2)), [[1.0, 2.0]]),
    ]
)


def critic(x):
    return (x.flatten(1) ** 2).sum(1)


@QUICK
@given(real=INPUTS, fake=INPUTS, epsilon=st.one_of(TENSORS, ODD), target=ODD)
def test_gradient_penalties_of_odd_inputs(real, fake, epsilon, target):
    answer(penalties.squared_gradient_norm, critic, real)
    answer(penalties.between, real, fake, epsilon)
    value = answer(penalties.gradient_penalty, critic, real, fake, epsilon)
    assert value is None or not torch.isnan(value) or not whole(epsilon)
    value = answer(penalties.gradient_penalty, critic, torch.ones(3, 2), torch.ones(3, 2), torch.zeros(3), target=target)
    assert value is None or float(value.detach()) == pytest.approx((math.sqrt(8) - float(target)) ** 2, rel=1e-5)


@QUICK
@given(gamma=ODD, every=ODD, real=INPUTS)
def test_zero_centred_penalties_of_odd_inputs(gamma, every, real):
    made = answer(penalties.r1, gamma, every)
    if made is not None and gamma < 1e6:
        assert float(made(critic, torch.ones(3, 2), torch.ones(3, 2)).detach()) == pytest.approx(float(gamma) / 2 * 8)
    answer(penalties.r1(1.0), critic, real, real)
    answer(penalties.r1_r2(1.0), critic, real, real)


@QUICK
@given(c=ODD, beta=ODD)
def test_penalties_on_weights_of_odd_strength(c, beta):
    layer = nn.Linear(2, 3)
    clipped = answer(penalties.clip_weights, layer, c)
    assert clipped is None or all(float(p.abs().max()) <= float(c) for p in layer.parameters())
    value = answer(penalties.orthogonal, nn.Linear(2, 3), beta)
    assert value is None or float(value.detach()) >= 0


def test_settings_are_kept_as_plain_values():
    made = Settings(steps=np.int64(5), k=np.int32(2), lr=1e-3, betas=[0, 0.9], seed=np.int64(3), ema=np.float32(0.5))
    assert (made.steps, made.k, made.lr, made.betas, made.seed, made.ema) == (5, 2, (1e-3, 1e-3), (0, 0.9), 3, 0.5)
    assert type(made.steps) is type(made.k) is int


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"steps": 2.5}, TypeError, "steps must be a whole number"),
        ({"steps": 3.0}, TypeError, r"int\(3\)"),
        ({"ema": 1.0}, ValueError, "ema must lie between 0 and 1"),
        ({"ema": 0.0}, ValueError, "both excluded"),
        ({"lr": -1e-3}, ValueError, r"lr must lie in \[0, 1e\+06\]"),
        ({"lr": (1e-3, 1e-3, 1e-3)}, ValueError, "lr must be a pair"),
        ({"betas": (0.5, 1.0)}, ValueError, r"betas must lie in \[0, 1\)"),
        ({"betas": ((0.5, 0.9), (0.5, 1.0))}, ValueError, r"betas must lie in \[0, 1\)"),
        ({"betas": ((0.5, 0.9), 0.9)}, ValueError, "betas of a player must be a pair"),
        ({"schedule": "cosin"}, ValueError, "did you mean 'cosine'"),
        ({"k": 0}, ValueError, "k must be above 0"),
        ({"seed": 0.5}, TypeError, "seed must be a whole number"),
    ],
    ids=str,
)
def test_settings_out_of_range_are_named(options, kind, message):
    with pytest.raises(kind, match=message):
        Settings(**{"steps": 5, **options})


def test_each_player_may_have_decay_rates_of_its_own():
    one, two = Settings(steps=5, betas=(0.5, 0.9)), Settings(steps=5, betas=[[0, 0.9], [0.9, 0.99]])
    assert one.decays == ((0.5, 0.9), (0.5, 0.9)) and two.decays == ((0, 0.9), (0.9, 0.99))
    first, second = (two.make([torch.nn.Parameter(torch.ones(1))], 1e-3, betas) for betas in two.decays)
    assert first.param_groups[0]["betas"] == (0.0, 0.9) and second.param_groups[0]["betas"] == (0.9, 0.99)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_begin_at_one_and_stay_between_zero_and_one(name):
    factors = [SCHEDULES[name](step / 100) for step in range(100)]
    assert factors[0] == 1.0 and all(0 <= factor <= 1 for factor in factors)


def test_a_factory_that_makes_no_optimiser_is_named():
    with pytest.raises(TypeError, match=r"must return a torch.optim.Optimizer, not None"):
        fit(toy(), [torch.zeros(4, 2)], 1, optimizer=lambda parameters, lr: None, progress=False)


def test_functions_of_the_users_are_checked_where_they_are_used():
    with pytest.raises(ValueError, match="k must be above 0"):
        fit(toy(), [torch.zeros(4, 2)], 3, k=lambda step: 1 - step, progress=False)
    with pytest.raises(ValueError, match="the schedule's factor must be finite"):
        fit(toy(), [torch.zeros(4, 2)], 3, schedule=lambda t: math.nan, progress=False)


def test_a_penalty_on_single_gradients_refuses_batch_normalisation():
    critic = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1), nn.Flatten(0))
    with pytest.raises(ValueError, match="R1|judges samples one by one"):
        GAN(mlp.Generator(2, 2), critic, penalty=penalties.r1(1.0))
    with pytest.raises(ValueError, match="judges samples one by one"):
        penalties.r1(1.0)(critic, torch.ones(3, 2), torch.ones(3, 2))
    assert penalties.r1(1.0)(critic.eval(), torch.ones(3, 2), torch.ones(3, 2)).ndim == 0
