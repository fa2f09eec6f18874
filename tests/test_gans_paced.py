import copy

import pytest
import torch

from gancourse.data import Batches
from gancourse.gans.gan import GAN
from gancourse.gans.paced import Paced
from gancourse.models import mlp
from gancourse.training import fit


def players():
    torch.manual_seed(0)
    return mlp.Generator(2, 2, (8,)), mlp.Discriminator(2, (8,))


def far():
    return 5 + 0.1 * torch.randn(64, 2, generator=torch.Generator().manual_seed(0))


def test_the_accuracy_is_that_of_both_sides_and_decides_the_next_round():
    game = Paced(*players())
    game.judge = lambda x, batch=None: x[:, 0]
    batch = game.play(far(), torch.Generator())
    batch.fake = torch.tensor([[1.0, 0.0], [-1.0, 0.0]]).repeat(32, 1).requires_grad_()
    loss = game.discriminator_loss(batch)
    assert game.accuracy == pytest.approx(0.75) and batch.log["d_learns"] == 1
    batch.fake = -batch.fake.abs()
    assert game.discriminator_loss(batch).item() != loss.item() and game.accuracy == 1 and batch.log["d_learns"] == 1
    game.discriminator_loss(batch)
    assert batch.log["d_learns"] == 0, "the last batch was judged too well"


@pytest.mark.parametrize(
    ("objective", "accuracy"),
    [("non_saturating", 0.5), ("wasserstein", 1.0), ("relativistic", 1.0), ("least_squares", 0.75), ("least_squares_pm1", 0.5)],
)
def test_what_is_right_depends_on_where_the_loss_has_its_middle(objective, accuracy):
    """D says 0.3 or 3 of real samples, 0.1 of fakes."""
    game = Paced(*players(), objective)
    game.judge = lambda x, batch=None: x[:, 0]
    batch = game.play(torch.tensor([[0.3, 0.0], [3.0, 0.0]]), torch.Generator())
    batch.fake = torch.full((2, 2), 0.1)
    game.discriminator_loss(batch)
    assert game.accuracy == pytest.approx(accuracy)


def test_a_resting_d_stays_exactly_as_it_is_also_under_adam():
    game = Paced(*players(), most=0.9)
    run = fit(game, Batches(far(), 16), 2, lr=0.1, progress=False)  # Adam has a momentum now
    before = copy.deepcopy(game.discriminator.state_dict())
    game.accuracy = 1.0
    batch = game.play(far(), torch.Generator().manual_seed(3))
    run.optimizers["discriminator"].zero_grad()
    loss = game.discriminator_loss(batch)
    loss.backward()
    run.optimizers["discriminator"].step()
    assert all(p.grad is None for p in game.discriminator.parameters())
    assert all(torch.equal(before[key], value) for key, value in game.discriminator.state_dict().items())


def test_a_patient_rule_is_the_plain_game_and_the_state_is_kept():
    plain, patient = GAN(*players()), Paced(*players(), most=1.0)
    runs = [fit(game, Batches(far(), 16, seed=1), 5, lr=0.01, progress=False) for game in (plain, patient)]
    assert torch.equal(runs[0].sample(4), runs[1].sample(4))
    other = Paced(*players())
    other.load_state_dict(patient.state_dict())
    assert other.accuracy == patient.accuracy


def test_a_share_is_asked_for():
    with pytest.raises(ValueError, match="most"):
        Paced(*players(), most=80)
