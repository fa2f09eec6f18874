import math

import torch
from torch import nn

from gancourse.models.layers.initialisation import init_he


def test_weights_have_hes_variance_and_biases_are_zero():
    network = nn.Sequential(nn.Conv2d(16, 64, 3), nn.ReLU(), nn.Linear(400, 300), nn.Conv2d(2, 3, 1, bias=False))
    assert init_he(network, torch.Generator().manual_seed(0)) is network
    for layer, fan_in in ((network[0], 16 * 9), (network[2], 400)):
        assert abs(layer.weight.std().item() / math.sqrt(2 / fan_in) - 1) < 0.03
        assert layer.bias.abs().max() == 0


def test_a_generator_decides():
    layers = [init_he(nn.Linear(5, 4), torch.Generator().manual_seed(seed)).weight for seed in (0, 0, 1)]
    assert torch.equal(layers[0], layers[1]) and not torch.equal(layers[0], layers[2])
