import pytest
import torch

from gancourse.models import mlp
from gancourse.models.latent_codes import Bidirectional, Classifier, CodeDiscriminator, Encoder, JointDiscriminator, features

SHAPE = (1, 4, 4)


def test_one_body_gives_the_logit_and_the_parameters():
    assert CodeDiscriminator(SHAPE, 5, hidden=(8,))(torch.randn(3, *SHAPE)).shape == (3, 6)
    with pytest.raises(ValueError, match=r"\[N, 1, 4, 4\], not \[3, 16\]"):
        Encoder(SHAPE, 3)(torch.randn(3, 16))


def test_both_ways_are_one_player():
    torch.manual_seed(0)
    players = Bidirectional(mlp.Generator(3, SHAPE, hidden=(8,)), Encoder(SHAPE, 3, hidden=(8,)))
    x = torch.randn(2, *SHAPE)
    assert players.encode(x).shape == (2, 3)
    assert torch.equal(players.reconstruct(x), players(players.encode(x)))
    with pytest.raises(ValueError, match="E gives 4 latents and G takes 3"):
        Bidirectional(mlp.Generator(3, SHAPE), Encoder(SHAPE, 4))


def test_a_pair_is_judged_side_by_side():
    torch.manual_seed(0)
    network = mlp.Discriminator(16 + 3, hidden=(8,))
    x, z = torch.randn(2, *SHAPE), torch.randn(2, 3)
    assert torch.equal(JointDiscriminator(network)(x, z), network(torch.cat([x.flatten(1), z], 1)))
    with pytest.raises(ValueError, match="its own latent"):
        JointDiscriminator(network)(x, z[:1])


def test_features_are_what_the_last_layer_sees():
    torch.manual_seed(0)
    classifier, x = Classifier(SHAPE, 3, hidden=(16, 8)), torch.randn(5, *SHAPE)
    seen = features(classifier, x)
    assert seen.shape == (5, 8)
    assert torch.allclose(classifier.layers[-1](seen), classifier(x))
