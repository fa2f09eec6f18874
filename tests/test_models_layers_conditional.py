import pytest
import torch
from torch import nn

from gancourse import latent, metrics
from gancourse.losses import non_saturating_d
from gancourse.models import r3gan, resnet, stylegan1, stylegan2
from gancourse.models.layers.conditional import (
    Classes,
    ConditionalBatchNorm2d,
    LabelEmbedding,
    ProjectionHead,
    unlabelled,
)

HAIR = {"hair": ("black", "red", "grey"), "smile": ("no", "yes")}


def labels(*values):
    return torch.tensor(values)


def test_classes_from_numbers_names_and_themselves():
    assert Classes.of(10) == Classes(("labels",), (10,))
    assert Classes.of([3, 2]).sizes == (3, 2)
    named = Classes.of(HAIR)
    assert named.names == ("hair", "smile")
    assert named.total == 5
    assert Classes.of(named) is named


def test_good_labels_pass():
    y = torch.tensor([3, 9, 0], dtype=torch.uint8)
    assert torch.equal(Classes.of(10).check(y, 3), labels(3, 9, 0))
    assert torch.equal(Classes.of({"digit": tuple("0123456789")}).check(y[:, None]), labels(3, 9, 0))
    two = labels([2, 1], [0, 0])
    assert torch.equal(Classes.of(HAIR).check(two), two)


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (None, ValueError, "labels are missing: .* labels=True"),
        ([1, 2], TypeError, "labels must be a tensor int64 .*, not list"),
        (torch.tensor([0.0, 1.0]), TypeError, r"not torch.float32: convert with .long\(\)"),
        (torch.eye(10), TypeError, r"convert with .argmax\(1\) of one-hot codes"),
        (torch.tensor([True, False]), TypeError, "not torch.bool"),
        (labels([1, 2]), ValueError, r"must be \[N\], not \[1, 2\]"),
        (labels(0, 10), ValueError, r"labels must lie in 0 .. 9, not 10"),
        (labels(-1, 3), ValueError, r"labels must lie in 0 .. 9, not -1"),
    ],
    ids=["missing", "list", "float", "one-hot", "bool", "shape", "too large", "negative"],
)
def test_bad_labels_name_the_fix(y, error, message):
    with pytest.raises(error, match=message):
        Classes.of(10).check(y)


def test_bad_attributes_are_named():
    classes = Classes.of(HAIR)
    with pytest.raises(ValueError, match=r"labels of 'smile' must lie in 0 .. 1, not 2"):
        classes.check(labels([2, 2]))
    with pytest.raises(ValueError, match=r"\[N, 2\], a column each for hair, smile, not \[3\]"):
        classes.check(labels(0, 1, 1))
    with pytest.raises(ValueError, match="2 labels for 3 samples"):
        Classes.of(10).check(labels(0, 1), 3)


def test_bad_classes():
    with pytest.raises(ValueError, match="two values or more"):
        Classes.of(1)
    with pytest.raises(TypeError, match="classes must be a number"):
        Classes.of("ten")


def test_one_hot_and_embedding_are_one_map():
    y = labels([2, 1], [0, 0], [1, 1])
    classes = Classes.of(HAIR)
    assert torch.equal(classes.one_hot(y), torch.tensor([[0, 0, 1, 0, 1], [1, 0, 0, 1, 0], [0, 1, 0, 0, 1.0]]))
    embedding = LabelEmbedding(HAIR, 7)
    assert torch.allclose(embedding(y), classes.one_hot(y) @ embedding.table.weight)
    single = LabelEmbedding(4, 7)
    assert torch.equal(single(labels(3, 1)), single.table.weight[[3, 1]])


def test_cross_entropy_by_hand():
    classes, y = Classes.of(HAIR), labels([2, 1], [0, 0])
    logits = torch.randn(2, 5)
    hair, smile = logits[:, :3].log_softmax(1), logits[:, 3:].log_softmax(1)
    expected = -(hair[0, 2] + hair[1, 0]) / 2 - (smile[0, 1] + smile[1, 0]) / 2
    assert torch.allclose(classes.cross_entropy(logits, y), expected)


def test_spread_shows_all_classes_and_is_seeded():
    assert torch.equal(Classes.of(3).spread(7), labels(0, 1, 2, 0, 1, 2, 0))
    drawn = Classes.of(HAIR).spread(200, seed=1)
    assert torch.equal(Classes.of(HAIR).check(drawn), drawn)
    assert len(drawn.unique(dim=0)) == 6
    assert torch.equal(drawn, Classes.of(HAIR).spread(200, seed=1))


def test_conditional_batch_norm_is_batch_norm_with_the_labels_gain_and_bias():
    torch.manual_seed(0)
    layer = ConditionalBatchNorm2d(4, 3).double()
    nn.init.normal_(layer.bias.table.weight)
    x, y = torch.randn(6, 4, 5, 5, dtype=torch.float64), labels(0, 1, 2, 2, 1, 0)
    mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
    normal = (x - mean) / (var + 1e-5).sqrt()  # over the whole batch, not over each class
    gain = 1 + layer.gain.table.weight[y][:, :, None, None]
    assert torch.allclose(layer(x, y), normal * gain + layer.bias.table.weight[y][:, :, None, None])
    before = layer.norm.running_mean.clone()
    evaluated = layer.eval()(x, y)
    assert torch.equal(layer.norm.running_mean, before)
    assert not torch.allclose(evaluated, normal * gain, atol=1e-3)


def test_linear_conditional_batch_norm_starts_from_gain_one():
    layer = ConditionalBatchNorm2d(4, condition_dim=3)
    x = torch.randn(5, 4, 2, 2)
    plain = nn.BatchNorm2d(4, affine=False)(x)
    assert torch.allclose(layer(x, torch.zeros(5, 3)), plain)
    condition = torch.randn(5, 3)
    gain, bias = condition @ layer.gain.weight.T, condition @ layer.bias.weight.T
    assert torch.allclose(layer(x, condition), plain * (1 + gain[:, :, None, None]) + bias[:, :, None, None], atol=1e-6)
    with pytest.raises(ValueError, match="either classes=... .* or condition_dim"):
        ConditionalBatchNorm2d(4)


def test_projection_by_hand():
    head = ProjectionHead(5, 3)
    h, y = torch.randn(4, 5), labels(2, 0, 1, 2)
    expected = [head.linear.weight[0] @ h[i] + head.linear.bias[0] + head.embedding.table.weight[y[i]] @ h[i] for i in range(4)]
    assert torch.allclose(head(h, y), torch.stack(expected), atol=1e-6)


def test_projection_finds_the_log_ratio_of_gaussian_classes():
    """Between unit Gaussians N(m_y, I) and N(m'_y, I) the log ratio is linear in the features for each y, as the head is."""
    torch.manual_seed(0)
    real_means, fake_means = torch.tensor([[1.0, 0.0], [0.0, -1.0]]), torch.tensor([[0.0, 0.5], [0.5, 0.5]])
    head = ProjectionHead(3, 2)

    def features(h):
        return torch.cat([h, torch.ones(len(h), 1)], 1)  # the constant gives each class an offset of its own

    y = torch.arange(2).repeat(1000)
    real, fake = real_means[y] + torch.randn(2000, 2), fake_means[y] + torch.randn(2000, 2)
    optimizer = torch.optim.LBFGS(head.parameters(), max_iter=15)

    def closure():
        optimizer.zero_grad()
        loss = non_saturating_d(head(features(real), y), head(features(fake), y))
        loss.backward()
        return loss

    optimizer.step(closure)
    h = torch.randn(50, 2)
    for label in (0, 1):
        exact = -(h - real_means[label]).square().sum(1) / 2 + (h - fake_means[label]).square().sum(1) / 2
        found = head(features(h), torch.full((50,), label))
        assert (found - exact).abs().max() < 0.5


def test_labels_given_to_what_reads_none_are_refused():
    unlabelled(None, "generator")
    with pytest.raises(ValueError, match="this critic reads no labels: build it with label_dim=... or leave them out"):
        unlabelled(labels(0, 1), "critic", "label_dim")


def unconditional():
    """Networks built without labels, called with some."""
    small = {"channel_base": 32, "channel_max": 4}
    plain = {"widths": (4, 4), "groups": (2, 2), "blocks": 1}
    z, x, y = torch.randn(2, 4), torch.zeros(2, 3, 8, 8), labels(7, 99999)
    two = stylegan2.Generator(8, 4, w_dim=4, mapping_layers=1, **small)
    one = stylegan1.Generator(8, 4, w_dim=4, mapping_layers=1, **small)
    three = r3gan.Generator(**plain, latent_dim=4)
    return {
        "stylegan2": lambda: two(z, y),
        "stylegan2.styles": lambda: two.styles(z, y),
        "stylegan2.Discriminator": lambda: stylegan2.Discriminator(8, **small)(x, y),
        "stylegan1.styles": lambda: one.styles(z, y),
        "r3gan": lambda: three(z, y),
        "r3gan.Discriminator": lambda: r3gan.Discriminator(**plain)(x, y),
        "resnet": lambda: resnet.Generator(16, 4, 4)(z, y),
        "styles_of": lambda: latent.styles_of(two, z, y),
        "path length": lambda: metrics.perceptual_path_length(
            two, 2, distance=lambda a, b: (a - b).flatten(1).norm(dim=1), labels=y
        ),
    }


@pytest.mark.parametrize("name", unconditional())
def test_an_unconditional_network_refuses_labels(name):
    with pytest.raises(ValueError, match="reads no labels: build it with (label_dim|classes)"):
        unconditional()[name]()


@pytest.mark.parametrize("spec", [3, HAIR])
def test_an_empty_batch_has_labels_too(spec):
    classes = Classes.of(spec)
    none = torch.empty((0,) if spec == 3 else (0, 2), dtype=torch.int64)
    assert torch.equal(classes.check(none, 0), none)
    assert classes.one_hot(none).shape == (0, classes.total)
    assert classes.cross_entropy(torch.empty(0, classes.total), none).shape == ()


def test_a_string_is_no_row_of_values():
    with pytest.raises(TypeError, match="classes must be"):
        Classes.of({"smile": "yes"})
