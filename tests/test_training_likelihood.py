"""Grey levels, closed forms, and the maximum-likelihood loop."""

from __future__ import annotations

import math
import signal

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gancourse.base.networks import as_generator
from gancourse.training import TrainingDiverged
from gancourse.training.likelihood import fit_likelihood, mean_bound


class Coin(nn.Module):
    """d independent coins with values in {-1, 1}: its maximum-likelihood logits are known."""

    def __init__(self, d: int = 3) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(d))

    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return -nn.functional.softplus(-x * self.logits).sum(1)


def coins(batch: int = 512, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    p = torch.tensor([0.9, 0.5, 0.2])
    while True:
        yield 2 * torch.bernoulli(p.expand(batch, 3), generator=generator) - 1


def test_fit_reaches_the_maximum_likelihood_solution():
    run = fit_likelihood(Coin(), coins(), 400, lr=0.1)
    p = torch.sigmoid(run.model.logits.detach())
    torch.testing.assert_close(p, torch.tensor([0.9, 0.5, 0.2]), atol=0.02, rtol=0)
    entropy = -sum(q * math.log(q) + (1 - q) * math.log(1 - q) for q in (0.9, 0.5, 0.2))
    assert run.history["nats"][-50:].mean() == pytest.approx(-entropy, abs=0.02)
    assert run.step == 400 == len(run.history["nats"]) and run.history["step"][-1] == 400
    assert not run.model.training


def test_fit_is_repeatable_and_its_noise_comes_from_the_seed():
    def noisy(model: Coin):
        return lambda x, generator: model.log_prob(x) + torch.randn(len(x), generator=generator) * model.logits[0]

    histories = []
    for seed in (1, 1, 2):
        torch.manual_seed(123 + seed)  # the global generator must not matter
        model = Coin()
        histories.append(fit_likelihood(model, coins(), 20, bound=noisy(model), seed=seed).history["nats"])
    np.testing.assert_array_equal(histories[0], histories[1])
    assert not np.array_equal(histories[0], histories[2])


def test_hooks_run_before_the_first_step_and_at_their_interval():
    seen = []
    fit_likelihood(Coin(), coins(), 6, hooks=[(2, lambda run: seen.append((run.step, len(run.history["nats"]))))])
    assert seen == [(0, 0), (2, 2), (4, 4), (6, 6)]


def _nan_bound(x: Tensor, generator: torch.Generator) -> Tensor:
    return x.sum(1).requires_grad_() * math.nan


def test_fit_names_what_is_wrong():
    with pytest.raises(ValueError, match="steps must be above 0"):
        fit_likelihood(Coin(), coins(), 0)
    with pytest.raises(ValueError, match="did you mean 'cosine'"):
        fit_likelihood(Coin(), coins(), 1, schedule="cosin")
    with pytest.raises(ValueError, match="ended after 1 of 3 steps"):
        fit_likelihood(Coin(), [next(coins())], 3)
    with pytest.raises(TypeError, match="neither log_prob nor elbo"):
        fit_likelihood(nn.Linear(2, 2), coins(), 1)
    with pytest.raises(ValueError, match="no parameters to train"):
        fit_likelihood(nn.Identity(), coins(), 1, bound=_nan_bound)


def test_a_bound_that_is_not_finite_moves_no_weight():
    coin = Coin()

    def bound(x: Tensor, generator: torch.Generator) -> Tensor:
        return coin.log_prob(x) * (math.nan if len(seen) == 2 else 1.0)

    seen: list[Tensor] = []
    hooks = [(1, lambda run: seen.append(coin.logits.detach().clone()) if run.step else None)]
    with pytest.raises(TrainingDiverged, match="bound became nan at step 3: lower lr") as caught:
        fit_likelihood(coin, coins(), 5, bound=bound, hooks=hooks, progress=False)
    assert caught.value.run.step == 3 and caught.value.run.model is coin
    assert torch.equal(coin.logits, seen[-1]) and not coin.training


def test_weights_that_are_not_finite_are_not_returned():
    coin = Coin()

    def steep(x: Tensor, generator: torch.Generator) -> Tensor:
        return coin.log_prob(x) + (coin.logits.sum() * 0).sqrt()  # its slope is not finite

    with pytest.raises(TrainingDiverged, match="weights hold NaN"):
        fit_likelihood(coin, coins(), 1, bound=steep, progress=False)


def test_mean_bound_is_the_mean_over_all_images_whatever_the_batch_size():
    x, model = next(coins(101)), Coin()
    with torch.no_grad():
        model.logits.copy_(torch.tensor([1.0, -2.0, 0.5]))
        expected = float(model.log_prob(x).mean())
    for size in (7, 101, 500):
        assert mean_bound(model.log_prob, x, size) == pytest.approx(expected, rel=1e-6)
    with pytest.raises(ValueError, match="at least one"):
        mean_bound(model.log_prob, x[:0])


def test_as_generator_passes_a_generator_through():
    generator = torch.Generator().manual_seed(5)
    assert as_generator(generator) is generator
    assert as_generator(5).initial_seed() == 5


@pytest.mark.parametrize("step", [0, 2])
def test_an_error_of_a_hook_carries_the_run(step):
    def full(run):
        if run.step == step:
            raise OSError("disk")

    with pytest.raises(OSError, match="disk") as caught:
        fit_likelihood(Coin(), coins(), 9, hooks=[(1, full)], progress=False)
    run = caught.value.run
    assert (run.stopped, run.step, run.model.training) == ("failed", step, False)
    assert caught.value.__notes__ == [f"What was trained, {step} steps, is in the run that this error carries as .run"]
    assert fit_likelihood(Coin(), coins(), 2, progress=False).stopped == "finished"


def test_ctrl_c_raises_after_the_step_in_hand():
    coin = Coin()

    def bound(x: Tensor, generator: torch.Generator) -> Tensor:
        if len(done) == 2:
            signal.raise_signal(signal.SIGINT)
        return coin.log_prob(x)

    done: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt) as caught:
        fit_likelihood(coin, coins(), 9, bound=bound, hooks=[(1, lambda run: done.append(run.step) if run.step else None)])
    assert done == [1, 2, 3] and caught.value.run.stopped == "interrupted"
    assert signal.getsignal(signal.SIGINT) is before and not coin.training
