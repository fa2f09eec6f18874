import pytest
import torch

from gancourse.base.features import mark
from gancourse.metrics import frechet_distance
from gancourse.metrics.conditional import diversity_within, frechet_within, spread_within


def clusters(seed=0, std=1.0, shift=0.0, n=300):
    """Two labels far apart, each a Gaussian of its own centre."""
    source = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 2
    return 20.0 * y[:, None] + shift + std * torch.randn(n, 3, generator=source), y


def test_spread_is_the_mean_distance_of_pairs_of_one_label():
    x = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 8.0], [100.0, 0.0], [101.0, 0.0]])
    y = torch.tensor([7, 7, 7, 2, 2])
    assert spread_within(x, y) == pytest.approx({2: 1.0, 7: (5 + 8 + 5) / 3})


def test_diversity_ignores_the_distance_between_labels():
    x, y = clusters()
    assert diversity_within(*clusters(1), x, y) == pytest.approx(1.0, abs=0.1)
    assert diversity_within(*clusters(1, std=0.25), x, y) == pytest.approx(0.25, abs=0.03)
    assert diversity_within(torch.stack([x[y == k].mean(0) for k in (0, 1)])[y], y, x, y) == pytest.approx(0.0, abs=1e-6)


def test_labels_mixed_up_are_seen_within_and_not_overall():
    x, y = clusters()
    fake, asked = clusters(1)
    swapped = frechet_within(fake, 1 - asked, x, y)
    assert frechet_distance(fake, x) < 1 < 1000 < min(swapped.values())
    assert max(frechet_within(fake, asked, x, y).values()) < 1


def test_features_of_different_networks_are_refused():
    x, y = clusters()
    with pytest.raises(ValueError, match="extractor|features of"):
        frechet_within(mark(x.clone(), "one"), y, mark(x.clone(), "another"), y)


def test_bad_labels_are_named():
    x, y = clusters()
    with pytest.raises(ValueError, match="one attribute at a time"):
        spread_within(x, y[:, None])
    with pytest.raises(ValueError, match="with a label each"):
        spread_within(x, y[:-1])
    with pytest.raises(ValueError, match="has one sample"):
        spread_within(x[:3], torch.tensor([0, 0, 1]))
    with pytest.raises(ValueError, match="generated samples have the labels"):
        diversity_within(x, y, x, y + 1)


def test_arrays_of_numpy_are_features_too():
    features, labels = clusters()
    assert spread_within(features.numpy(), labels) == spread_within(features, labels)
