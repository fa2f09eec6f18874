"""InfoGAN, BiGAN, semi-supervised GAN, inversion, matching: each with the bug it is best known for planted once."""

import math

import pytest
import torch
import torch.nn.functional as F

from gancourse.data import Batches
from gancourse.gans import semi_supervised as ssl
from gancourse.gans.bigan import BiGAN
from gancourse.gans.ensemble import EnsembleBatches, stack
from gancourse.gans.infogan import Categorical, Codes, InfoGAN, Uniform, information_bound, mutual_information
from gancourse.metrics.matching import match
from gancourse.models import mlp
from gancourse.models.latent_codes import Bidirectional, Classifier, CodeDiscriminator, Encoder, JointDiscriminator, features
from gancourse.training import fit

SHAPE = (1, 4, 4)


def source(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(n=12, seed=3):
    return torch.rand(n, *SHAPE, generator=source(seed)) * 2 - 1


CODES = Codes(2, (Categorical(3), Uniform(2)))


def info_networks(seed=0):
    torch.manual_seed(seed)
    generator = mlp.Generator(CODES.latent_dim, SHAPE, hidden=(12,), out="tanh")
    return generator, CodeDiscriminator(SHAPE, CODES.n_parameters, hidden=(16,))


def gradient(loss, parameters):
    found = torch.autograd.grad(loss, list(parameters), allow_unused=True, retain_graph=True)
    return [torch.zeros(1) if g is None else g for g in found]


def test_codes_are_laid_out_as_described():
    z = CODES.draw(500, source())
    category, numbers = CODES.split(z)
    assert z.shape == (500, CODES.latent_dim) == (500, 7)
    assert torch.equal(category.sum(1), torch.ones(500))
    assert numbers.abs().max() <= 1
    assert category.mean(0).tolist() == pytest.approx([1 / 3] * 3, abs=0.07)
    changed = CODES.replaced(z, 1, torch.tensor([0.5, -0.5]))
    assert torch.equal(changed[:, :5], z[:, :5])
    assert changed[:, 5:].unique(dim=0).tolist() == [[0.5, -0.5]]


def test_the_bound_is_below_the_information_and_touches_it_at_the_posterior():
    joint = torch.rand(3, 6, generator=source(), dtype=torch.float64)
    posterior = joint / joint.sum(0)
    assert information_bound(joint, posterior) == pytest.approx(mutual_information(joint), abs=1e-12)
    for seed in range(20):
        q = torch.rand(3, 6, generator=source(seed + 1), dtype=torch.float64)
        assert information_bound(joint, q / q.sum(0)) < mutual_information(joint)
    assert mutual_information(torch.eye(4)) == pytest.approx(math.log(4))
    assert mutual_information(torch.ones(3, 5)) == pytest.approx(0, abs=1e-12)


def test_a_reader_that_knows_reaches_the_entropy_and_one_that_guesses_zero():
    z = CODES.draw(64, source())
    category, numbers = CODES.split(z)
    knows = torch.cat([40 * category, numbers, torch.full_like(numbers, -20.0)], 1)
    bounds = CODES.bounds(knows, z)
    assert bounds[0].item() == pytest.approx(math.log(3), abs=1e-4)
    assert bounds[1].item() == pytest.approx(2 * (math.log(2) + 3 - math.log(2 * math.pi) / 2), abs=1e-4)  # std held at e^-3
    assert CODES.bounds(torch.zeros(64, 7), z)[0].item() == pytest.approx(0, abs=1e-6)
    assert torch.equal(CODES.read(knows)[0], category.argmax(1))


def test_losses_are_the_gan_and_the_bound():
    game = InfoGAN(*info_networks(), CODES, weight=(1.0, 0.5))
    batch = game.play(pictures(), source())
    out = game.discriminator(game.generator(batch.z))
    bounds = CODES.bounds(out[:, 1:], batch.z)
    d_plain = F.softplus(-game.discriminator(batch.real)[:, 0]).mean() + F.softplus(out[:, 0]).mean()
    assert game.discriminator_loss(batch).item() == pytest.approx((d_plain - bounds[0] - 0.5 * bounds[1]).item(), abs=1e-5)
    wanted = F.softplus(-out[:, 0]).mean() - bounds[0] - 0.5 * bounds[1]
    assert game.generator_loss(batch).item() == pytest.approx(wanted.item(), abs=1e-5)


def test_q_learns_from_fakes_alone():
    """The bug: Q taught on real images with the codes of fakes, which are drawn independently and say nothing of them."""
    game = InfoGAN(*info_networks(), CODES)
    head = [game.discriminator.layers[-1].weight]
    grads = []
    for seed in (3, 4):  # two different real batches, the same latents
        batch = game.play(pictures(seed=seed), source())
        grads.append(gradient(game.discriminator_loss(batch), head)[0][1:])
    assert torch.allclose(grads[0], grads[1], atol=1e-6)
    assert grads[0].abs().sum() > 0


def test_with_weight_zero_q_only_watches():
    generator, discriminator = info_networks()
    watched, plain = InfoGAN(generator, discriminator, CODES, weight=0.0), InfoGAN(generator, discriminator, CODES)
    batch = watched.play(pictures(), source())
    body = list(discriminator.layers[:-1].parameters())
    d_plain = F.softplus(-watched.judge(batch.real)).mean() + F.softplus(watched.judge(batch.fake.detach())).mean()
    for mine, theirs in zip(gradient(watched.discriminator_loss(batch), body), gradient(d_plain, body), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-7)
    head = [discriminator.layers[-1].weight]
    watching, playing = (gradient(game.discriminator_loss(batch), head)[0] for game in (watched, plain))
    assert torch.allclose(watching, playing, atol=1e-6)  # the head itself learns as fast
    g_plain = F.softplus(-watched.judge(batch.fake)).mean()
    for mine, theirs in zip(
        gradient(watched.generator_loss(batch), generator.parameters()), gradient(g_plain, generator.parameters()), strict=True
    ):
        assert torch.allclose(mine, theirs, atol=1e-7)


def test_an_ensemble_of_infogans_is_its_members():
    pairs = [info_networks(seed) for seed in range(2)]
    weight = torch.tensor([[1.0, 0.5], [0.0, 0.0]])
    many = InfoGAN(stack([g for g, _ in pairs]), stack([d for _, d in pairs]), CODES, weight)
    real = torch.stack([pictures(seed=3), pictures(seed=4)])
    batch = many.play(real, source())
    d_sum = g_sum = 0.0
    for k in range(2):
        one = many.member(k)
        own = one.play(real[k], source())
        own.z, own.fake = batch.z[k], one.generator(batch.z[k])
        d_sum, g_sum = d_sum + one.discriminator_loss(own).item(), g_sum + one.generator_loss(own).item()
    assert many.discriminator_loss(batch).item() == pytest.approx(d_sum, rel=1e-5)
    assert many.generator_loss(batch).item() == pytest.approx(g_sum, rel=1e-5)
    run = fit(many, EnsembleBatches(pictures(40), 8, [0, 1]), 3, progress=False)
    assert set(run.history) >= {"bound_0", "bound_1"}


def bigan(seed=0):
    torch.manual_seed(seed)
    players = Bidirectional(mlp.Generator(3, SHAPE, hidden=(12,), out="tanh"), Encoder(SHAPE, 3, hidden=(12,)))
    return BiGAN(players, JointDiscriminator(mlp.Discriminator(16 + 3, hidden=(16,))))


def test_each_picture_is_judged_with_its_own_latent():
    """The bug: E(x) beside G(z) and z beside x, so that nothing ties a latent to its picture."""
    game = bigan()
    batch = game.play(pictures(), source())
    judge, players = game.discriminator, game.generator
    real, fake = judge(batch.real, players.encode(batch.real)), judge(players(batch.z), batch.z)
    right = F.softplus(-real).mean() + F.softplus(fake).mean()
    swapped = F.softplus(-judge(batch.real, batch.z)).mean() + F.softplus(judge(batch.fake, batch.code)).mean()
    assert game.discriminator_loss(batch).item() == pytest.approx(right.item(), abs=1e-6)
    assert abs(right.item() - swapped.item()) > 1e-4
    wanted = F.softplus(-fake).mean() + F.softplus(real).mean()
    assert game.generator_loss(batch).item() == pytest.approx(wanted.item(), abs=1e-6)


def test_bigan_moves_each_player_by_its_own_loss():
    game = bigan()
    game.discriminator_loss(game.play(pictures(), source())).backward()
    assert all(p.grad is None for p in game.generator.parameters())
    game.generator_loss(game.play(pictures(), source())).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in game.generator.parameters())


def test_bigan_inverts_a_line():
    """Points on a curve: after training, E undoes G better than it did at the start."""
    torch.manual_seed(0)
    t = torch.randn(2000, 1, generator=source())
    points = torch.cat([t, t.tanh()], 1)
    players = Bidirectional(mlp.Generator(1, 2, hidden=(32, 32)), Encoder(2, 1, hidden=(32, 32)))
    game = BiGAN(players, JointDiscriminator(mlp.Discriminator(3, hidden=(64, 64))))

    def error():
        with torch.no_grad():
            return (players.reconstruct(points) - points).square().mean().item()

    before = error()
    fit(game, Batches(points, 128, seed=0), 600, lr=1e-3, progress=False)
    assert error() < 0.6 * before


def test_averaging_leaves_the_encoders_statistics_alone():
    """The bug: statistics measured anew from latents, which never pass E, so that E's are reset to mean 0 and variance 1."""
    torch.manual_seed(0)
    generator = mlp.Generator(3, SHAPE, hidden=(12,), norm="batch", out="tanh")
    players = Bidirectional(generator, Encoder(SHAPE, 3, hidden=(12,), norm="batch"))
    game = BiGAN(players, JointDiscriminator(mlp.Discriminator(16 + 3, hidden=(16,))))
    run = fit(game, Batches(pictures(40) + 5, 8, seed=0), 20, ema=0.9, progress=False)
    kept = run.generator.encoder.layers[1].running_mean
    assert torch.equal(kept, players.encoder.layers[1].running_mean)
    assert kept.abs().max() > 0.1
    assert int(run.generator.generator.layers[1].num_batches_tracked) == 8


def test_bigan_refuses_what_it_cannot_play():
    with pytest.raises(ValueError, match="objective of BiGAN"):
        BiGAN(bigan().generator, bigan().discriminator, "least_squares")
    with pytest.raises(ValueError, match="E gives 4"):
        Bidirectional(mlp.Generator(3, SHAPE), Encoder(SHAPE, 4))
    with pytest.raises(ValueError, match="its own latent"):
        bigan().discriminator(pictures(4), torch.randn(5, 3))


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


def test_matching_is_one_to_one_and_the_best():
    labels = torch.arange(300) % 3
    renamed = torch.tensor([2, 0, 1])[labels]
    perfect = match(renamed, labels)
    assert perfect.accuracy == 1
    assert torch.equal(perfect.predict(renamed), labels)
    assert perfect.score(renamed[:7], labels[:7]) == 1
    # codes 0 and 1 both hold mostly class 0; one of them has to give way
    codes, classes = torch.tensor([0, 0, 0, 1, 1, 1, 2]), torch.tensor([0, 0, 0, 0, 0, 1, 2])
    both = match(codes, classes)
    assert both.accuracy == pytest.approx(5 / 7)
    assert both.majority == pytest.approx(6 / 7)


def test_more_codes_than_classes_leave_some_without_one():
    spare = match(torch.tensor([0, 1, 2, 3]), torch.tensor([0, 1, 0, 1]))
    assert sorted(spare.classes.tolist()).count(-1) == 2
    assert spare.accuracy == 0.5
    with pytest.raises(ValueError, match="3 codes for 2 labels"):
        match(torch.tensor([0, 1, 1]), torch.tensor([0, 1]))
