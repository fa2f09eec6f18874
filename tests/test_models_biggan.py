import resource

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gancourse import latent
from gancourse.gans.conditional import ProjectionGAN
from gancourse.losses import penalties
from gancourse.models import biggan
from gancourse.models.layers import spectral
from gancourse.models.layers.attention import SelfAttention
from gancourse.models.layers.conditional import LabelEmbedding
from gancourse.training import fit

Y = torch.tensor([0, 2])


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("name", "changes", "generator", "discriminator"),
    [
        ("cifar", {}, 4_304_387, 4_207_361),
        ("imagenet128", {}, 70_433_988, 87_982_370),
        ("imagenet128", {"width": 64}, 31_978_628, 39_448_258),
        ("deep128", {}, 50_244_484, 34_590_210),
    ],
)
def test_published_parameter_counts(name, changes, generator, discriminator):
    with torch.device("meta"):
        networks = biggan.build(name, init="normal", **changes)
    assert [count(network) for network in networks] == [generator, discriminator]


def small(size=64, **options):
    torch.manual_seed(0)
    options = {"classes": 3, "attention": (size // 2,), "init": "normal", "width": 8} | options
    generator = biggan.Generator(size, latent_dim=15 if size == 64 else 8, shared_dim=6, hierarchical=size == 64, **options)
    return generator, biggan.Discriminator(size, **options)


def deep():
    torch.manual_seed(0)
    options = {"classes": 3, "attention": (32,), "init": "normal", "width": 8}
    return biggan.DeepGenerator(64, latent_dim=5, shared_dim=6, **options), biggan.DeepDiscriminator(64, **options)


@pytest.mark.parametrize("pair", [small, deep], ids=["wide", "deep"])
def test_shapes_and_what_is_normalised(pair):
    generator, discriminator = pair()
    images = generator(torch.randn(2, generator.latent_dim), Y)
    assert images.shape == (2, 3, 64, 64)
    assert images.abs().max() <= 1
    assert discriminator(images, Y).shape == (2,)
    for network, embeddings in ((generator, False), (discriminator, True)):
        assert sum(isinstance(layer, SelfAttention) for layer in network.modules()) == 1
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                assert spectral.is_normalised(layer)
            elif isinstance(layer, LabelEmbedding):
                assert spectral.is_normalised(layer.table) == embeddings


def test_each_piece_of_the_latent_enters_at_its_block():
    generator = small()[0].eval()
    for stage in generator.stages:
        for layer in stage:
            if isinstance(layer, SelfAttention):
                nn.init.constant_(layer.gamma, 1.0)
    seen = []
    for stage in generator.stages:
        stage[0].register_forward_hook(lambda module, args, output: seen.append(output))
    z = torch.randn(2, 15)
    generator(z, Y)
    before = list(seen)
    for piece in range(5):
        seen.clear()
        changed = z.clone()
        changed[:, 3 * piece : 3 * piece + 3] += 1
        generator(changed, Y)
        first = next(i for i, (old, new) in enumerate(zip(before, seen, strict=True)) if not torch.equal(old, new))
        assert first == max(piece - 1, 0)  # the first piece makes the map that the first block reads, the next its gains


def test_conditions_are_label_then_latent():
    """The order in which published weights expect them."""
    generator, z, seen = small()[0].eval(), torch.randn(2, 15), []
    for stage in generator.stages:
        stage[0].norm1.register_forward_pre_hook(lambda module, args: seen.append(args[1]))
    generator(z, Y)
    for i, condition in enumerate(seen):
        assert torch.equal(condition, torch.cat([generator.shared(Y), z[:, 3 * i + 3 : 3 * i + 6]], 1))
    generator, z, seen = deep()[0].eval(), torch.randn(2, 5), []
    generator.first.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    generator.stages[3][0].norm4.register_forward_pre_hook(lambda module, args: seen.append(args[1]))
    generator(z, Y)
    assert all(torch.equal(condition, torch.cat([generator.shared(Y), z], 1)) for condition in seen)


@pytest.mark.parametrize(("size", "layers"), [(64, (1, 0)), (128, (1, 1)), (256, (1, 1))])
def test_deep_networks_attend_at_64_px_where_they_have_such_a_map(size, layers):
    with torch.device("meta"):
        networks = [made(size, width=8, classes=2, init="normal") for made in (biggan.DeepGenerator, biggan.DeepDiscriminator)]
    assert tuple(sum(isinstance(layer, SelfAttention) for layer in network.modules()) for network in networks) == layers
    with pytest.raises(ValueError, match="no map of 64 px"):
        biggan.DeepDiscriminator(64, width=8, classes=2, attention=(64,))


@pytest.mark.parametrize(("size", "side", "layers"), [(64, 32, 1), (64, 4, 2), (32, 16, 4), (128, 64, 1)])
def test_attention_of_the_discriminator_stands_where_the_reference_has_it(size, side, layers):
    with torch.device("meta"):
        network = biggan.Discriminator(size, width=8, classes=2, attention=(side,), init="normal")
    assert sum(isinstance(layer, SelfAttention) for layer in network.modules()) == layers


@pytest.mark.parametrize(
    ("network", "size", "sides", "said"),
    [
        (biggan.Generator, 32, (64,), "no map of 64 px .* may stand at 8, 16, 32$"),
        (biggan.Generator, 64, (4,), "no map of 4 px .* may stand at 8, 16, 32, 64$"),
        (biggan.Discriminator, 32, (8,), "discriminator of 32 px has no map of 8 px .* may stand at 16$"),
        (biggan.Discriminator, 64, (32, 64), "no map of 64 px .* may stand at 4, 8, 16, 32$"),
        (biggan.DeepGenerator, 64, (7,), "no map of 7 px"),
        (biggan.DeepDiscriminator, 64, (64,), "deep's discriminator of 64 px has no map of 64 px .* may stand at 4, 8, 16, 32$"),
    ],
)
def test_attention_where_there_is_no_map_is_refused(network, size, sides, said):
    with pytest.raises(ValueError, match=said):
        network(size, width=4, init="normal", attention=sides)


@pytest.mark.parametrize("changes", [{"size": 32}, {"size": 64}])
def test_a_published_configuration_at_another_size_does_not_lose_its_attention_in_silence(changes):
    with pytest.raises(ValueError, match="no map of 64 px"):
        biggan.build("imagenet128", width=4, latent_dim=120, init="normal", classes=2, hierarchical=False, **changes)
    with torch.device("meta"):
        both = biggan.build(
            "imagenet128", width=4, latent_dim=120, init="normal", classes=2, hierarchical=False, attention=(16,), **changes
        )
    assert all(any(isinstance(layer, SelfAttention) for layer in network.modules()) for network in both)


def test_classes_can_be_mixed():
    generator = small()[0].eval()
    z = torch.randn(1, 15)
    c = [generator.embed(torch.tensor([label])) for label in (0, 1)]
    assert torch.equal(generator.synthesise(z, c[0]), generator(z, torch.tensor([0])))
    middle = generator.synthesise(z, (c[0] + c[1]) / 2)
    assert not torch.equal(middle, generator.synthesise(z, c[0]))


def test_deep_blocks_by_hand():
    torch.manual_seed(0)
    block = biggan.DeepGeneratorBlock(16, 8, 3, upsample=True)
    x, c = torch.randn(2, 16, 4, 4), torch.randn(2, 3)
    h = block.conv1(F.relu(block.norm1(x, c)))
    h = block.conv2(nn.Upsample(scale_factor=2)(F.relu(block.norm2(h, c))))
    h = block.conv4(F.relu(block.norm4(block.conv3(F.relu(block.norm3(h, c))), c)))
    assert torch.allclose(block(x, c), h + nn.Upsample(scale_factor=2)(x)[:, :8], atol=1e-6)
    assert block.conv2.weight.shape == (4, 4, 3, 3)

    block = biggan.DeepDiscriminatorBlock(8, 16, downsample=True)
    x = torch.randn(2, 8, 4, 4)
    h = F.relu(block.conv3(F.relu(block.conv2(F.relu(block.conv1(F.relu(x)))))))
    half = F.avg_pool2d(x, 2)
    expected = block.conv4(F.avg_pool2d(h, 2)) + torch.cat([half, block.shortcut(half)], 1)
    assert torch.allclose(block(x), expected, atol=1e-6)


def test_orthogonal_initialisation_is_orthogonal():
    torch.manual_seed(0)
    layer = biggan.init_weights(nn.Conv2d(4, 6, 3))
    matrix = layer.weight.flatten(1)
    assert torch.allclose(matrix @ matrix.T, torch.eye(6), atol=1e-5)
    assert layer.bias.abs().max() == 0
    assert biggan.init_weights(nn.Linear(100, 100), "normal").weight.std().item() == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (4, 2, 3, 3)])
def test_orthogonal_penalty_by_its_definition(shape):
    torch.manual_seed(0)
    module = nn.Module()
    module.weight = nn.Parameter(torch.randn(shape, dtype=torch.float64))
    matrix = module.weight.flatten(1)
    gram = matrix @ matrix.T
    expected = (gram * (1 - torch.eye(len(gram)))).square().sum()
    assert torch.allclose(penalties.orthogonal(module, beta=0.3), 0.3 * expected)
    (slope,) = torch.autograd.grad(penalties.orthogonal(module, beta=1.0), module.weight)
    assert torch.allclose(slope.flatten(1), 4 * (gram * (1 - torch.eye(len(gram)))) @ matrix)


def test_orthogonal_penalty_leaves_lengths_free_and_skips():
    layer = nn.Linear(5, 5)
    with torch.no_grad():
        layer.weight.copy_(3 * torch.eye(5))
    assert penalties.orthogonal(layer).item() == 0
    pair = nn.ModuleDict({"shared": nn.Embedding(4, 3), "conv": layer})
    assert penalties.orthogonal(pair).item() > 0
    assert penalties.orthogonal(pair, skip=lambda name: "shared" in name).item() == 0
    with pytest.raises(ValueError, match="no weight of two axes"):
        penalties.orthogonal(nn.BatchNorm2d(3))
    with pytest.raises(ValueError, match="beta must be 0 or more"):
        penalties.orthogonal(layer, beta=-1)


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="32, 64, 128, 256 px, not 48"):
        biggan.Generator(48)
    with pytest.raises(ValueError, match="128 latents cannot be cut into 5 equal pieces: take a multiple of 5"):
        biggan.Generator(64, latent_dim=128, shared_dim=8, hierarchical=True)
    with pytest.raises(ValueError, match="pass shared_dim"):
        biggan.Generator(64, latent_dim=15, hierarchical=True)
    with pytest.raises(ValueError, match="did you mean 'imagenet128'"):
        biggan.build("imagenet")
    with pytest.raises(ValueError, match="did you mean 'orthogonal'"):
        biggan.init_weights(nn.Linear(2, 2), "ortho")
    with pytest.raises(ValueError, match="labels are missing"):
        biggan.Discriminator(32, width=2, init="normal")(torch.zeros(1, 3, 32, 32))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["imagenet128", "deep128"])
def test_full_size_networks_train(name, capsys):
    """One step of both players at 128 px, batch 2."""
    torch.manual_seed(0)
    generator, discriminator = biggan.build(name, init="normal")
    before = [next(network.parameters()).clone() for network in (generator, discriminator)]
    gan = ProjectionGAN(generator, discriminator)
    run = fit(gan, iter([(torch.rand(2, 3, 128, 128) * 2 - 1, torch.tensor([7, 999]))]), 1, progress=False, precision="float32")
    assert run.step == 1
    for network, old in zip((generator, discriminator), before, strict=True):
        assert not torch.equal(next(network.parameters()), old)
    with capsys.disabled():
        print(f"\n{name}: {run.seconds:.0f} s, peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB")


def painter():
    torch.manual_seed(0)
    return biggan.Generator(32, latent_dim=16, width=4, classes=3, shared_dim=5, hierarchical=True, attention=(16,))


def test_standing_statistics_are_means_over_the_batches_and_leave_the_generator_alone():
    generator = painter()
    z = torch.randn(32, 16, generator=torch.Generator().manual_seed(2))
    y = torch.arange(32) % 3
    before = {key: value.clone() for key, value in generator.state_dict().items()}
    stood = biggan.standing_statistics(generator, z, y, batch_size=16)
    assert all(torch.equal(value, before[key]) for key, value in generator.state_dict().items())
    assert not stood.training and generator.training
    # The first normalisation reads the first linear layer's map: its statistics can be computed by hand.
    first = stood.first(z[:, : stood.piece]).unflatten(1, (-1, 4, 4))
    kept = stood.stages[0][0].norm1.norm
    means = torch.stack([part.mean((0, 2, 3)) for part in first.split(16)]).mean(0)
    variances = torch.stack([part.var((0, 2, 3)) for part in first.split(16)]).mean(0)
    assert torch.allclose(kept.running_mean, means, atol=1e-4)
    assert torch.allclose(kept.running_var, variances, rtol=1e-2)
    with pytest.raises(ValueError, match="one label for each"):
        biggan.standing_statistics(generator, z, y[:5])


def test_statistics_of_all_latents_do_not_fit_truncated_ones():
    generator = painter()
    y = torch.arange(64) % 3
    z = torch.randn(64, 16, generator=torch.Generator().manual_seed(3))
    near = latent.truncate(z, 0.3)
    wide, fitting = (biggan.standing_statistics(generator, given, y) for given in (z, near))

    def spread(network):  # of what the first normalisation gives, which should have variance 1
        x = network.first(near[:, : network.piece]).unflatten(1, (-1, 4, 4))
        return network.stages[0][0].norm1.norm(x).var().item()

    assert spread(fitting) == pytest.approx(1, abs=0.1)
    assert spread(wide) < 0.2
