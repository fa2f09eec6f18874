import pytest
import torch

from gancourse.gans.boosting import boosting_weights, drawn_by


def random_ratios(n=40, rows=6):
    return (torch.randn(rows, n, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2).exp()


@pytest.mark.parametrize("beta", [0.1, 0.5, 0.9, 1.0])
def test_weights_sum_to_one_and_fall_with_the_ratio(beta):
    ratio = random_ratios()
    weights = boosting_weights(ratio, beta)
    assert torch.allclose(weights.sum(-1), torch.ones(6, dtype=torch.float64))
    ordered = weights.gather(-1, ratio.argsort(-1))
    assert (ordered[:, 1:] <= ordered[:, :-1] + 1e-12).all() and (weights >= 0).all()


def test_a_missed_half_gets_all_and_then_the_mixture_is_the_data():
    """Four equal places, Q makes only the first two: r = 2, 2, 0, 0."""
    q = torch.tensor([0.5, 0.5, 0.0, 0.0])
    weights = boosting_weights(q / 0.25, 0.5)
    assert weights.tolist() == [0.0, 0.0, 0.5, 0.5]
    assert (0.5 * q + 0.5 * weights).tolist() == [0.25] * 4


def test_the_mixture_is_as_near_as_any_other():
    """For a finite p, no other component brings (1 - beta) q + beta r nearer to p in the sum of squares over p."""
    n, beta = 12, 0.3
    source = torch.Generator().manual_seed(1)
    q = torch.rand(n, generator=source).square()
    q = q / q.sum()

    def off(r):
        return (((1 - beta) * q + beta * r - 1 / n).square() * n).sum().item()

    best = off(boosting_weights(q * n, beta))
    others = torch.rand(300, n, generator=source).pow(6)
    assert all(best <= off(r / r.sum()) + 1e-7 for r in others)


def test_a_perfect_mixture_leaves_the_weights_even():
    assert boosting_weights(torch.ones(5), 0.25).tolist() == pytest.approx([0.2] * 5)


def test_points_are_drawn_by_their_weights():
    drawn = drawn_by(torch.tensor([0.0, 0.25, 0.75]), torch.arange(3.0)[:, None], 4000, seed=2)
    assert drawn.min() == 1 and (drawn == 2).float().mean().item() == pytest.approx(0.75, abs=0.03)


@pytest.mark.parametrize(
    ("ratio", "beta", "message"),
    [
        (torch.ones(3), 0.0, r"beta must lie in \(0, 1\]"),
        (torch.tensor([1.0, -1.0]), 0.5, r"exp\(-l\)"),
        (torch.tensor([1.0, float("nan")]), 0.5, "NaN"),
    ],
)
def test_bad_input(ratio, beta, message):
    with pytest.raises(ValueError, match=message):
        boosting_weights(ratio, beta)
