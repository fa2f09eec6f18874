import pytest
import torch
from torch import nn

from gancourse.models import convnet, dcgan, mlp, patchgan
from gancourse.models.conditional import (
    AuxiliaryDiscriminator,
    AuxiliaryHead,
    Classes,
    ConcatDiscriminator,
    ConcatGenerator,
    Features,
    ProjectionDiscriminator,
    dcgan_pair,
    mlp_pair,
)
from gancourse.models.layers import spectral

HAIR = {"hair": ("black", "red", "grey"), "smile": ("no", "yes")}


def labels(*values):
    return torch.tensor(values)


@pytest.mark.parametrize("kind", ["mlp", "convnet", "dcgan"])
def test_heads_sit_on_any_discriminator(kind):
    make = {
        "mlp": lambda: mlp.Discriminator((3, 16, 16), hidden=(12,)),
        "convnet": lambda: convnet.Discriminator(16, width=4),
        "dcgan": lambda: dcgan.Discriminator(16, width=4, norm=False),
    }[kind]
    torch.manual_seed(0)
    whole = make()
    torch.manual_seed(0)
    features = Features(make())
    x = torch.randn(4, 3, 16, 16)
    last = [layer for layer in whole.modules() if isinstance(layer, nn.Conv2d | nn.Linear)][-1]
    bias = 0 if last.bias is None else last.bias
    assert torch.allclose((features(x) @ last.weight.flatten(1).T + bias).flatten(), whole(x), atol=1e-5)

    projection = ProjectionDiscriminator(make(), 5, spectral_norm=True)
    y = labels(0, 1, 2, 3)
    assert projection(x, y).shape == (4,)
    assert not torch.allclose(projection(x, y), projection(x, y + 1))
    assert all(spectral.is_normalised(layer) for layer in projection.modules() if isinstance(layer, nn.Conv2d | nn.Linear))
    with pytest.raises(ValueError, match="labels are missing"):
        projection(x)
    logits, guess = AuxiliaryDiscriminator(make(), HAIR)(x)
    assert logits.shape == (4,)
    assert guess.shape == (4, 5)


class Backwards(nn.Module):
    """Its last layer is defined first."""

    def __init__(self):
        super().__init__()
        self.last, self.body = nn.Linear(8, 1), nn.Linear(8, 8)

    def forward(self, x):
        return self.last(self.body(x)).squeeze(1)


def test_features_of_a_network_whose_last_layer_is_no_head_are_refused():
    for make, x in ((lambda: patchgan.PatchGAN(3, 4, 1), torch.zeros(2, 3, 32, 32)), (Backwards, torch.zeros(2, 8))):
        with pytest.raises(ValueError, match="the last that runs and give one logit a sample"):
            Features(make())(x)
        with pytest.raises(ValueError, match="the last that runs"):
            ProjectionDiscriminator(make(), 3)(x, labels(0, 1))


def test_one_sample_keeps_its_axis():
    x = torch.randn(1, 3, 16, 16)
    assert ProjectionDiscriminator(convnet.Discriminator(16, width=4), 5)(x, labels(1)).shape == (1,)
    assert AuxiliaryHead(4, 3)(torch.randn(1, 4))[0].shape == (1,)


@pytest.mark.parametrize("embedding", [None, 6])
def test_concatenation_stands_beside_latent_and_sample(embedding):
    generator, discriminator = mlp_pair(4, latent_dim=5, out_shape=(1, 8, 8), hidden=(16,), embedding=embedding)
    z, y = torch.randn(3, 5), labels(0, 3, 1)
    assert generator.latent_dim == 5
    images = generator(z, y)
    code = nn.functional.one_hot(y, 4).float() if embedding is None else generator.code.learnt(y)
    assert torch.equal(images, generator.network(torch.cat([z, code], 1)))
    logits = discriminator(images, y)
    assert logits.shape == (3,)
    assert not torch.allclose(logits, discriminator(images, labels(1, 1, 2)))


def test_dcgan_reads_labels_as_maps():
    generator, discriminator = dcgan_pair(HAIR, size=16, latent_dim=6, width=4, channels=1, norm=False)
    y = labels([0, 1], [2, 0])
    images = generator(torch.randn(2, 6), y)
    assert images.shape == (2, 1, 16, 16)
    seen = []
    discriminator.network.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    discriminator(images, y)
    assert seen[0].shape == (2, 6, 16, 16)  # a colour and five maps
    assert torch.equal(seen[0][:, 1:, 3, 7], Classes.of(HAIR).one_hot(y))
    assert torch.equal(seen[0][:, :1], images)


def test_bad_concatenation_names_the_fix():
    with pytest.raises(ValueError, match="takes 8 latents and the code of the label has 10"):
        ConcatGenerator(mlp.Generator(8, 2), 10)
    generator, _ = mlp_pair(3, latent_dim=5, out_shape=2)
    with pytest.raises(ValueError, match=r"latents must be \[N, 5\]"):
        generator(torch.randn(2, 8), labels(0, 1))
    discriminator = ConcatDiscriminator(dcgan.Discriminator(16, width=4, channels=6), 3)
    with pytest.raises(TypeError, match="to_float"):
        discriminator(torch.zeros(2, 3, 16, 16, dtype=torch.uint8), labels(0, 1))
