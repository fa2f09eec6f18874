"""Batch normalisation that takes the mean out and leaves the spread."""

import pytest
import torch
from torch import nn

from gancourse.base import check
from gancourse.base.networks import batch_norms, measuring_statistics
from gancourse.models.layers.mean_only import MeanOnlyBatchNorm


def test_the_mean_goes_out_and_the_spread_stays():
    x = torch.rand(64, 3, 2, 2, generator=torch.Generator().manual_seed(0)) + torch.tensor([0.0, 5.0, -2.0]).view(3, 1, 1)
    layer = MeanOnlyBatchNorm(3).train()
    out = layer(x)
    assert torch.allclose(out.mean((0, 2, 3)), torch.zeros(3), atol=1e-5)
    assert torch.allclose(out.std((0, 2, 3)), x.std((0, 2, 3)), atol=1e-5)
    theirs = nn.BatchNorm2d(3, affine=False).train()
    theirs(x)
    assert torch.allclose(layer.running_mean, theirs.running_mean)  # the same average, with the same momentum
    layer.eval()
    assert torch.allclose(layer(x[:1])[0], layer(x)[0])
    assert torch.allclose(layer(x), x - theirs.running_mean[:, None, None], atol=1e-6)  # the two averages round otherwise
    with pytest.raises(ValueError, match="3 channels, not 4"):
        layer(torch.zeros(2, 4, 2, 2))


def test_the_house_knows_it_as_a_batch_normalisation():
    layer = MeanOnlyBatchNorm(1, momentum=0.3)
    network = nn.Sequential(layer).eval()
    assert batch_norms(network) == [layer] and not list(layer.parameters())
    with measuring_statistics(network):
        for value in (1.0, 2.0, 6.0):
            network(torch.full((4, 1, 2, 2), value))
    assert layer.running_mean.item() == pytest.approx(3.0)  # a plain mean over the batches
    assert layer.momentum == 0.3 and not layer.training
    with pytest.raises(ValueError, match="replace its batch normalisation"):
        check.one_by_one(network)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_maps_of_another_type_keep_it_and_their_mean_is_no_coarser_than_the_average(dtype):
    x = (torch.rand(64, 3, 4, 4) + 7).to(dtype)
    layer = MeanOnlyBatchNorm(3).train()
    assert layer(x).dtype == layer.eval()(x).dtype == dtype
    assert layer.running_mean.dtype == torch.float32
    torch.testing.assert_close(layer.running_mean, 0.1 * x.double().mean((0, 2, 3)).float())


def test_weights_written_before_batches_were_counted_are_read():
    layer = MeanOnlyBatchNorm(2)
    layer.load_state_dict({"running_mean": torch.tensor([1.0, 2.0])})
    assert layer.running_mean.tolist() == [1.0, 2.0]
