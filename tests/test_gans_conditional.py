import pytest
import torch
import torch.nn.functional as F

from gancourse import losses
from gancourse.data import Batches, digits, optical_digits
from gancourse.gans.conditional import ACGAN, SEEN, ConditionalGAN, Memory, ProjectionGAN
from gancourse.losses import penalties
from gancourse.metrics import attribute_classifier
from gancourse.models import mlp, resnet
from gancourse.models.conditional import AuxiliaryDiscriminator, Classes, ProjectionDiscriminator, mlp_pair
from gancourse.training import fit

HAIR = {"hair": ("black", "red", "grey"), "smile": ("no", "yes")}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def conditional(objective="non_saturating", classes=4, **options):
    torch.manual_seed(0)
    return ConditionalGAN(*mlp_pair(classes, 3, 2, (16,), out=None), objective, **options)


def acgan(classes=4, objective="non_saturating", **options):
    torch.manual_seed(0)
    generator, _ = mlp_pair(classes, 3, 2, (16,), out=None)
    return ACGAN(generator, AuxiliaryDiscriminator(mlp.Discriminator(2, (16,)), classes), objective, **options)


def round_of(gan, step=0):
    y = gan.classes.spread(8, seed=3)
    return gan.play(torch.randn(8, 2, generator=seeded(9)), seeded(1), labels=y, step=step)


@pytest.mark.parametrize("name", losses.OBJECTIVES)
def test_losses_are_the_objective_with_labels(name):
    gan = conditional(name)
    batch = round_of(gan)
    assert torch.equal(batch.fake, gan.generator(batch.z, batch.labels))
    real, fake = gan.discriminator(batch.real, batch.labels), gan.discriminator(batch.fake, batch.labels)
    objective = losses.objective(name)
    assert torch.allclose(gan.discriminator_loss(batch), objective.discriminator(real, fake))
    assert torch.allclose(gan.generator_loss(batch), objective.generator(fake, real))


@pytest.mark.parametrize("make", [conditional, acgan])
def test_each_loss_moves_its_own_player(make):
    gan = make()
    gan.discriminator_loss(round_of(gan)).backward()
    assert all(p.grad is None for p in gan.generator.parameters())
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in gan.discriminator.parameters())
    gan.generator_loss(round_of(gan)).backward()
    assert any(p.grad.abs().sum() > 0 for p in gan.generator.parameters())


@pytest.mark.parametrize("name", losses.OBJECTIVES)
def test_what_acgan_pays_for_realism_reaches_the_generator(name):
    """Without the class term, G's loss and its slope in every fake are the objective's, for objectives that judge pairs too."""
    gan = acgan(objective=name, class_weight=0)
    batch = round_of(gan)
    gan.generator_loss(batch).backward(inputs=list(gan.generator.parameters()))
    ours = [p.grad.clone() for p in gan.generator.parameters()]
    batch = round_of(gan)
    expected = losses.objective(name).generator(gan.look(batch.fake)[0], gan.look(batch.real)[0].detach())
    theirs = torch.autograd.grad(expected, list(gan.generator.parameters()))
    assert all(torch.allclose(a, b) for a, b in zip(ours, theirs, strict=True))
    assert sum(g.abs().sum() for g in theirs) > 0


@pytest.mark.parametrize("make", [conditional, acgan])
def test_penalty_sees_the_logit_with_its_label(make):
    gan = make(penalty=penalties.r1(2.0, every=4))
    batch, plain = round_of(gan, step=4), make()
    x = batch.real.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(gan.judge(x, batch).sum(), x)
    expected = plain.discriminator_loss(round_of(plain)) + 4 * gradient.square().sum(1).mean()
    assert torch.allclose(gan.discriminator_loss(batch), expected)
    assert "penalty" in batch.log
    assert "penalty" not in round_of(gan, step=5).log


def test_generator_penalty_is_added_and_logged():
    gan = conditional(generator_penalty=lambda network: penalties.orthogonal(network, beta=0.5))
    batch, plain = round_of(gan), conditional()
    extra = penalties.orthogonal(gan.generator, beta=0.5)
    assert torch.allclose(gan.generator_loss(batch), plain.generator_loss(round_of(plain)) + extra)
    assert torch.equal(batch.log["generator_penalty"], extra)


def test_projection_gan_plays_with_the_hinge():
    generator, _ = mlp_pair(4, 3, 2, (16,), out=None)
    gan = ProjectionGAN(generator, ProjectionDiscriminator(mlp.Discriminator(2, (16,)), 4))
    assert gan.objective.name == "hinge"
    batch = round_of(gan)
    real, fake = gan.discriminator(batch.real, batch.labels), gan.discriminator(batch.fake, batch.labels)
    assert torch.allclose(gan.discriminator_loss(batch), F.relu(1 - real).mean() + F.relu(1 + fake).mean())


@pytest.mark.parametrize("classes", [4, HAIR], ids=["labels", "attributes"])
def test_acgan_is_the_papers_formula(classes):
    """With the saturating objective: D minimises -(L_S + L_C), G what of -(L_C - L_S) depends on it."""
    gan = acgan(classes, objective="saturating")
    batch = round_of(gan)
    (real, real_class), (fake, fake_class) = gan.discriminator(batch.real), gan.discriminator(batch.fake)
    columns = batch.labels.reshape(8, -1).T

    def log_class(logits):
        parts = [part.log_softmax(1) for part in logits.split(Classes.of(classes).sizes, 1)]
        return sum(part[torch.arange(8), y].mean() for part, y in zip(parts, columns, strict=True))

    source = F.logsigmoid(real).mean() + F.logsigmoid(-fake).mean()  # L_S
    guess = log_class(real_class) + log_class(fake_class)  # L_C
    assert torch.allclose(gan.discriminator_loss(batch), -(source + guess))
    assert torch.allclose(gan.generator_loss(batch), F.logsigmoid(-fake).mean() - log_class(fake_class))
    assert torch.allclose(batch.log["class_real"], -log_class(real_class))
    assert torch.allclose(batch.log["class_fake"], -log_class(fake_class))
    assert torch.allclose(batch.log["class_g"], -log_class(fake_class))


def test_signs_turn_one_term_each():
    def g_loss(**options):
        gan = acgan(**options)
        batch = round_of(gan)
        return gan.generator_loss(batch).item(), batch.log["class_g"].item()

    both, guess = g_loss()
    source = both - guess
    assert g_loss(class_sign=-1)[0] == pytest.approx(source - guess, rel=1e-5)
    assert g_loss(source_sign=-1)[0] == pytest.approx(guess - source, rel=1e-5)
    assert g_loss(class_weight=0.25)[0] == pytest.approx(source + guess / 4, rel=1e-5)


def test_the_guess_can_be_trained_on_real_samples_only():
    with_fakes, without = acgan(), acgan(classify_fakes=False)
    batch = round_of(with_fakes)
    difference = with_fakes.discriminator_loss(batch) - without.discriminator_loss(round_of(without))
    assert torch.allclose(difference, batch.log["class_fake"], atol=1e-6)


def test_samples_are_what_was_asked_for():
    gan = conditional()
    y = torch.tensor([3, 3, 0, 1])
    z = torch.randn(4, 3, generator=seeded(5))
    assert torch.equal(gan.sample(4, seed=5, labels=y), gan.generator.eval()(z, y))
    assert torch.equal(gan.sample(4, seed=5, labels=3), gan.generator(z, torch.full((4,), 3)))
    assert torch.equal(gan.sample(4, seed=5), gan.generator(z, torch.arange(4)))  # all classes in turn
    short = gan.sample(300, labels=2, threshold=1e-3)
    assert short.std(0).max() < 1e-2 * gan.sample(300, labels=2).std(0).min()
    gan.generator.train()
    assert not gan.sample(2).requires_grad
    assert gan.generator.training
    with pytest.raises(ValueError, match="labels must lie in 0 .. 3, not 4"):
        gan.sample(2, labels=4)
    with pytest.raises(ValueError, match="4 labels for 2 samples"):
        gan.sample(2, labels=y)


def test_statistics_are_refreshed_with_the_labels_of_training():
    """An averaged generator whose map depends on the label: its statistics must be those of the labels it was trained on."""
    torch.manual_seed(0)
    gan = ConditionalGAN(resnet.Generator(16, 4, 8, 1, classes=2), resnet.Discriminator(16, 8, 1, classes=2), "hinge")
    with torch.no_grad():
        for block in gan.generator.blocks:
            block.norm2.bias.table.weight[1] = 3.0
    generator = gan.generator
    means = {}
    for label in (0, 1):
        gan._memory.last = torch.full((64,), label)
        gan.refresh_statistics(generator, rounds=4, n=32)
        means[label] = generator.norm.running_mean.clone()
        assert generator.training
        generator.train()
        inner = []
        handle = generator.norm.register_forward_pre_hook(lambda module, args, inner=inner: inner.append(args[0]))
        generator(torch.randn(256, 4, generator=seeded(8)), torch.full((256,), label))
        handle.remove()
        assert torch.allclose(means[label], inner[0].mean((0, 2, 3)), atol=0.4)
    assert (means[0] - means[1]).abs().max() > 1


def test_missing_and_wrong_labels_stop_a_run_at_once():
    with pytest.raises(ValueError, match="labels are missing: .* labels=True"):
        fit(conditional(), iter([torch.randn(4, 2)] * 3), 1, progress=False)
    for y, error, message in (
        (torch.zeros(4), TypeError, "not torch.float32"),
        (torch.tensor([0, 1, 2, 4]), ValueError, "0 .. 3, not 4"),
        (torch.tensor([0, 1, 2]), ValueError, "3 labels for 4 samples"),
    ):
        with pytest.raises(error, match=message):
            fit(conditional(), iter([(torch.randn(4, 2), y)] * 3), 1, progress=False)
    with pytest.raises(ValueError, match="labels of 'hair' must lie in 0 .. 2, not 3"):
        fit(conditional(classes=HAIR), iter([(torch.randn(1, 2), torch.tensor([[3, 0]]))] * 3), 1, progress=False)


def test_bad_games_name_the_fix():
    generator = mlp.Generator(3, 2)
    with pytest.raises(ValueError, match="pass classes=... to the game"):
        ConditionalGAN(generator, mlp.Discriminator(2))
    with pytest.raises(ValueError, match="class_sign must be 1 or -1, not 0"):
        acgan(class_sign=0)
    with pytest.raises(ValueError, match="class_weight must be 0 or more"):
        acgan(class_weight=-1)


def test_an_interrupted_run_goes_on_bit_for_bit(tmp_path):
    def game():
        torch.manual_seed(0)
        networks = resnet.Generator(16, 4, 8, 1, classes=10), resnet.Discriminator(16, 8, 1, classes=10)
        return ProjectionGAN(*networks), Batches(digits(16, 64), 8, labels=True)

    settings = {"ema": 0.9, "progress": False, "precision": "float32"}
    whole = fit(*game(), 4, **settings)
    fit(*game(), 2, checkpoint=tmp_path / "run", **settings)
    resumed = fit(*game(), 4, checkpoint=tmp_path / "run", **settings)
    assert torch.equal(resumed.sample(5), whole.sample(5))
    for one, other in zip(
        whole.gan.discriminator.state_dict().values(), resumed.gan.discriminator.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other)


def asked_and_drawn(gan, generator=None):
    """The share of 300 samples in which a classifier sees the digit that was asked for."""
    y = torch.arange(300) % 10
    seen = attribute_classifier("digits", size=16).predict(gan.sample(300, labels=y, generator=generator))
    return (seen[:, 0] == y).float().mean().item()


def trained(gan, steps):
    return fit(gan, Batches(optical_digits(16), 64, labels=True), steps, lr=1e-3, betas=(0.0, 0.99), progress=False)


def digit_generator():
    torch.manual_seed(0)
    return mlp_pair(10, 32, (1, 16, 16), (128, 128))[0]


def test_projection_learns_to_draw_the_digit_it_is_asked_for():
    critic = ProjectionDiscriminator(mlp.Discriminator((1, 16, 16), (128, 128)), 10, spectral_norm=True)
    gan = ProjectionGAN(digit_generator(), critic)
    assert asked_and_drawn(gan) < 0.2
    run = trained(gan, 250)
    assert asked_and_drawn(gan, run.generator) > 0.6


def test_the_sign_of_the_class_term_decides():
    """With the paper's sign G draws what is asked for more often than by chance, with the other sign less often."""
    shares = {}
    for sign in (1, -1):
        critic = AuxiliaryDiscriminator(mlp.Discriminator((1, 16, 16), (128, 128)), 10)
        gan = ACGAN(digit_generator(), critic, penalty=penalties.r1(0.1), class_sign=sign)
        shares[sign] = asked_and_drawn(gan, trained(gan, 300).generator)
    assert shares[1] > 0.25
    assert shares[-1] < 0.09


def test_no_more_labels_are_remembered_than_said():
    memory = Memory()
    for _ in range(2):
        memory.add(torch.arange(2 * SEEN))
        assert torch.equal(memory.last, torch.arange(SEEN, 2 * SEEN))
