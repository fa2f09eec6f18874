import math

import pytest
import torch

from gancourse.losses.contrastive import contrastive


def test_pair_by_pair():
    draw = torch.Generator().manual_seed(0)
    a, b = (torch.nn.functional.normalize(torch.randn(4, 3, generator=draw), dim=1) for _ in range(2))
    total = 0.0
    for i in range(4):
        total -= math.log(math.exp(float(a[i] @ b[i]) / 0.5) / sum(math.exp(float(a[i] @ b[j]) / 0.5) for j in range(4)))
        total -= math.log(math.exp(float(a[i] @ b[i]) / 0.5) / sum(math.exp(float(a[j] @ b[i]) / 0.5) for j in range(4)))
    assert float(contrastive(a, b, 0.5)) == pytest.approx(total / 8, rel=1e-5)


def test_guessing_gives_log_n_and_the_right_pairs_next_to_nothing():
    assert float(contrastive(torch.ones(8, 2), torch.ones(8, 2))) == pytest.approx(math.log(8), rel=1e-5)
    assert float(contrastive(torch.eye(8), torch.eye(8), 0.05)) < 1e-6 < float(contrastive(torch.eye(8), torch.eye(8).roll(1, 0)))


def test_what_is_no_batch_of_pairs_is_refused():
    with pytest.raises(ValueError, match="two rows or more"):
        contrastive(torch.ones(1, 2), torch.ones(1, 2))
    with pytest.raises(ValueError, match=r"both be \[N, D\]"):
        contrastive(torch.ones(3, 2), torch.ones(4, 2))
    with pytest.raises(ValueError, match="temperature"):
        contrastive(torch.ones(3, 2), torch.ones(3, 2), 0.0)
