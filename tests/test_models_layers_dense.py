import pytest
import torch
from torch import nn

from gancourse.models.layers import dense


def kinds(layers):
    return [type(layer) for layer in layers]


def test_layers_lead_from_each_size_to_the_next():
    layers = dense.hidden_layers([2, 5, 3], "tanh")
    assert kinds(layers) == [nn.Linear, nn.Tanh] * 2
    assert [layer.weight.shape for layer in layers[::2]] == [(5, 2), (3, 5)]
    assert dense.hidden_layers([7], "relu") == []


def test_the_norm_comes_before_the_activation():
    layers = dense.hidden_layers([2, 5], "relu", "batch")
    assert kinds(layers) == [nn.Linear, nn.BatchNorm1d, nn.ReLU]
    with pytest.raises(ValueError, match="batch"):
        dense.hidden_layers([2, 5], "relu", "layer")


def test_a_leaky_relu_has_the_slope_of_dcgan_and_a_typo_names_the_nearest():
    assert torch.allclose(dense.activation("leaky_relu")(torch.tensor([-1.0, 3.0])), torch.tensor([-0.2, 3.0]))
    with pytest.raises(ValueError, match="leaky_relu"):
        dense.activation("leakyrelu")
