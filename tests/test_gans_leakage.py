"""A fresh reader: finds what is there, also where a linear one does not, and nothing where nothing is."""

import pytest
import torch

from gancourse.gans.leakage import leakage


def draw(n, seed):
    source = torch.Generator().manual_seed(seed)
    a = torch.randint(2, (2, n), generator=source)
    noise = torch.randn(2, n, 3, generator=source)
    said = torch.stack([(2 * a[0] - 1) * noise[0, :, 0], noise[0, :, 0], noise[0, :, 1]], 1)  # only the product tells
    return torch.stack([said, noise[1]]), a


def test_it_reads_what_is_there_and_guesses_where_nothing_is():
    (train, a), (test, b) = draw(2000, 0), draw(1000, 1)
    curved = leakage(train, a, test, b, steps=300)
    linear = leakage(train, a, test, b, hidden=(), steps=300)
    assert curved[0] > 0.85 and linear[0] < 0.6
    assert abs(curved[1] - 0.5) < 0.07
    assert torch.equal(curved, leakage(train, a, test, b, steps=300))


def test_constant_features_are_no_error_and_wrong_shapes_are():
    a = torch.randint(2, (1, 300), generator=torch.Generator().manual_seed(0))
    assert abs(leakage(torch.zeros(1, 300, 2), a, torch.zeros(1, 300, 2), a, steps=5)[0] - 0.5) < 0.1
    with pytest.raises(ValueError, match=r"\[K, N, D\]"):
        leakage(torch.zeros(1, 300, 2), a[:, :200], torch.zeros(1, 300, 2), a)


@pytest.mark.parametrize("odd", [torch.inf, torch.nan])
@pytest.mark.parametrize("where", [0, 2])
def test_a_feature_that_is_not_finite_is_no_secret_kept(odd, where):
    """Standardised by a mean that is infinite all features are NaN, and the reader would be at chance."""
    a = torch.randint(2, (1, 300), generator=torch.Generator().manual_seed(0))
    given = [a[..., None].float(), a, a[..., None].float(), a]
    assert leakage(*given, steps=100)[0] == 1
    given[where] = given[where].clone()
    given[where][0, 7] = odd
    with pytest.raises(ValueError, match=f"{('train', 'a', 'test')[where]} holds NaN or infinity"):
        leakage(*given, steps=5)
