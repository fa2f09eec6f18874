"""The semi-supervised game: one class more, features that match, few labels."""

import pytest
import torch

from gancourse.gans import semi_supervised as ssl
from gancourse.gans.ensemble import EnsembleBatches, stack
from gancourse.models import mlp
from gancourse.models.latent_codes import Classifier, features
from gancourse.training import fit

SHAPE = (1, 4, 4)


def source(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(n=12, seed=3):
    return torch.rand(n, *SHAPE, generator=source(seed)) * 2 - 1


def gradient(loss, parameters):
    found = torch.autograd.grad(loss, list(parameters), allow_unused=True, retain_graph=True)
    return [torch.zeros(1) if g is None else g for g in found]


def test_logsumexp_is_the_softmax_of_one_class_more():
    logits = torch.randn(50, 10, generator=source(), dtype=torch.float64)
    p = ssl.probabilities(logits)
    assert torch.allclose(ssl.real_logit(logits).sigmoid(), 1 - p[:, -1])
    y = torch.arange(50) % 10
    given_real = p[torch.arange(50), y] / (1 - p[:, -1])
    assert ssl.supervised_loss(logits, y).item() == pytest.approx(-given_real.log().mean().item())
    fake = torch.randn(50, 10, generator=source(1), dtype=torch.float64)
    wanted = -(1 - p[:, -1]).log().mean() - ssl.probabilities(fake)[:, -1].log().mean()
    assert ssl.unlabelled_loss(logits, fake).item() == pytest.approx(wanted.item())


def test_large_logits_stay_finite():
    """The bug: exp and log written out.  float32 overflows beyond 88 and the loss becomes NaN."""
    logits = torch.full((4, 10), 300.0, requires_grad=True)
    naive = logits.exp().sum(1)
    assert not torch.isfinite((naive / (1 + naive)).log()).all()
    loss = ssl.unlabelled_loss(logits, logits) + ssl.supervised_loss(logits, torch.zeros(4, dtype=torch.int64))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()
    assert ssl.unlabelled_loss(-logits, -logits).isfinite()


def networks(seed):
    torch.manual_seed(seed)
    return mlp.Generator(3, SHAPE, hidden=(12,), out="tanh"), Classifier(SHAPE, 3, hidden=(16, 8))


def test_feature_matching_compares_means_and_leaves_d_alone():
    generator, classifier = networks(0)
    few = pictures(6), torch.arange(6) % 3
    game = ssl.SemiSupervisedGAN(generator, classifier, few)
    batch = game.play(pictures(), source())
    real, fake = features(classifier, batch.real), features(classifier, batch.fake)
    assert real.shape == (12, 8)
    assert game.generator_loss(batch).item() == pytest.approx((real.mean(0) - fake.mean(0)).square().sum().item(), rel=1e-5)
    assert ssl.feature_matching(real, real.flip(0)).item() == pytest.approx(0, abs=1e-10)
    game.discriminator_loss(batch).backward()
    assert all(p.grad is None for p in generator.parameters())


def test_an_ensemble_of_classifiers_trains_each_on_its_own_labels():
    pairs = [networks(seed) for seed in range(2)]
    x, y = torch.stack([pictures(6, 1), pictures(6, 2)]), torch.tensor([[0, 1, 2, 0, 1, 2], [2, 1, 0, 2, 1, 0]])
    alone = [ssl.supervised_loss(c(x[k]), y[k]).item() for k, (_, c) in enumerate(pairs)]
    many = stack([c for _, c in pairs])
    assert ssl.supervised_loss(many(x), y).tolist() == pytest.approx(alone, rel=1e-5)
    game = ssl.SemiSupervisedGAN(stack([g for g, _ in pairs]), many, (x, y), noise=0.1)
    fit(game, EnsembleBatches(pictures(40), 8, [0, 1]), 3, progress=False)
    assert game.predict(pictures(5)).shape == (2, 5)
    trained = ssl.fit_supervised(stack([c for _, c in pairs]), (x, y), 300, lr=1e-2, average=None)
    assert torch.equal(trained(x).argmax(-1), y)


def test_subsets_are_balanced_and_checked():
    y = torch.arange(40) % 4
    chosen = ssl.balanced_subset(y, 10, seed=1)
    counts = torch.bincount(y[chosen]).tolist()
    assert len(set(chosen.tolist())) == 10
    assert sorted(counts) == [2, 2, 3, 3]
    with pytest.raises(ValueError, match="one of each class"):
        ssl.balanced_subset(y, 3)
    with pytest.raises(ValueError, match="labelled samples must be"):
        ssl.LabelledSet(pictures(4), torch.zeros(5, dtype=torch.int64))


def test_a_class_does_not_depend_on_its_neighbours_and_asking_changes_nothing():
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 3)).train()
    x, before = 3 * torch.randn(40, 2), {name: value.clone() for name, value in network.state_dict().items()}
    one_by_one = torch.cat([ssl.predict(network, row) for row in x.split(1)])
    assert torch.equal(ssl.predict(network, x), one_by_one)
    assert network.training and all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def two_lines(n=60):
    """Two long lines of points near each other, ten times as long as they lie apart; which line is the class."""
    along = torch.linspace(0, 10, n)
    x = torch.cat([torch.stack([along, torch.full((n,), float(k))], 1) for k in (0, 1)])
    return x, torch.arange(2).repeat_interleave(n)


def test_labels_spread_along_the_samples_and_the_nearest_label_does_not():
    x, y = two_lines()
    asked = x + torch.tensor([0.01, 0.05])
    index = [torch.tensor([0, 119]), torch.tensor([59, 60])]  # the one line is told at its left end, the other at its right
    assert torch.equal(ssl.LabelSpread(x, k=3)(index, y, asked), y.expand(2, -1))
    nearest = ssl.nearest_label(x, index, y, asked)
    assert torch.equal(nearest[0], (asked[:, 0] > 5).long())
    assert (nearest != y).float().mean() > 0.4


def test_only_the_labels_at_the_index_are_looked_at():
    x, y = two_lines()
    index = [torch.tensor([0, 119])]
    lied = 1 - y
    lied[index[0]] = y[index[0]]
    spread = ssl.LabelSpread(x, k=3)
    assert torch.equal(spread(index, y, x), spread(index, lied, x))
    assert torch.equal(ssl.nearest_label(x, index, y, x), ssl.nearest_label(x, index, lied, x))


def test_votes_are_the_series_of_the_docstring():
    x, y = two_lines(6)
    spread = ssl.LabelSpread(x, k=2, alpha=0.5)
    distance = torch.cdist(x, x).fill_diagonal_(torch.inf)
    links = torch.zeros(12, 12).scatter_(1, distance.topk(2, largest=False).indices, 1)
    links = ((links + links.T) > 0).float()
    a = links / (links.sum(1)[:, None] * links.sum(1)).sqrt()
    series = sum(torch.linalg.matrix_power(0.5 * a, n) for n in range(60))
    assert torch.allclose(torch.cholesky_inverse(spread.system), series, atol=1e-5)
    for wrong in ({"k": 12}, {"alpha": 1.0}):
        with pytest.raises(ValueError, match="must lie"):
            ssl.LabelSpread(x, **wrong)


def test_features_are_matched_in_float32_under_autocast():
    torch.manual_seed(0)
    game = ssl.SemiSupervisedGAN(mlp.Generator(2, 2), Classifier(2, 2, hidden=(8,)), (torch.zeros(4, 2), torch.arange(4) % 2))
    batch = game.play(torch.randn(6, 2), torch.Generator())
    with torch.autocast("cpu", torch.bfloat16):
        assert game.generator_loss(batch).dtype == game.discriminator_loss(batch).dtype == torch.float32


def test_a_classifier_that_ends_in_nan_is_no_control():
    labelled = torch.full((4, 2), torch.nan), torch.arange(4) % 2
    with pytest.raises(ValueError, match="the loss became nan within 2 steps"):
        ssl.fit_supervised(Classifier(2, 2, hidden=(4,)), labelled, 2)
