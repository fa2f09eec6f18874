import pytest
import torch
from torch import nn

from gancourse.data import UnpairedBatches
from gancourse.gans.dtn import DTN
from gancourse.models import mlp
from gancourse.training import fit

PROJECTION = torch.randn(16, 3, generator=torch.Generator().manual_seed(0))


def sees(x):
    return x.flatten(1) @ PROJECTION


def game(**options):
    torch.manual_seed(0)
    return DTN(mlp.Generator(3, (1, 4, 4), (8,), out="tanh"), mlp.Discriminator((1, 4, 4), (8,)), sees, **options)


def pictures(seed):
    return torch.rand(6, 1, 4, 4, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def one_round(playing):
    return playing.play(pictures(1), torch.Generator().manual_seed(0), pictures(2))


def test_the_fake_is_drawn_from_what_f_sees():
    playing = game()
    batch = one_round(playing)
    assert torch.allclose(batch.fake, playing.generator(sees(pictures(2))))
    assert torch.allclose(playing.translate(pictures(2)), batch.fake)


def test_the_generators_loss_has_its_three_parts():
    plain = game(constancy=0, identity=0)
    whole = game(constancy=3.0, identity=5.0)
    batch = one_round(whole)
    same = (sees(batch.fake) - sees(pictures(2))).square().mean()
    kept = (whole.generator(sees(batch.real)) - batch.real).square().mean()
    expected = plain.generator_loss(one_round(plain)) + 3 * same + 5 * kept
    assert whole.generator_loss(batch).item() == pytest.approx(expected.item(), rel=1e-5)
    assert batch.log["constancy"].item() == pytest.approx(same.item())
    assert batch.log["identity"].item() == pytest.approx(kept.item())


def seen_by(f):
    torch.manual_seed(0)
    return DTN(mlp.Generator(3, (1, 4, 4), (8,), out="tanh"), mlp.Discriminator((1, 4, 4), (8,)), f)


def with_state():
    """An f whose mode matters, in training mode, as a network comes."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))


def test_each_loss_moves_its_own_player_and_f_stays():
    f = with_state()
    playing = seen_by(f)
    before = {name: value.clone() for name, value in f.state_dict().items()}
    playing.discriminator_loss(one_round(playing)).backward()
    assert all(p.grad is None for p in playing.generator.parameters())
    fit(playing, UnpairedBatches(pictures(1), pictures(2), 4), 3, progress=False)
    for network in (f, playing.sees):
        assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
        assert all(p.grad is None for p in network.parameters())
    assert f.training and all(p.requires_grad for p in f.parameters())


def test_what_f_sees_does_not_depend_on_the_batch_and_looking_changes_no_training():
    game = seen_by(with_state())
    x = pictures(3)
    assert torch.allclose(game.translate(x[:2]), game.translate(x)[:2], atol=1e-6)
    assert torch.equal(game.translate(x), game.translate(x))

    def trained(hooks):
        game, batches = seen_by(with_state()), UnpairedBatches(pictures(1), pictures(2), 4)
        torch.manual_seed(1)
        return fit(game, batches, 4, hooks=hooks, progress=False, precision="float32").gan.generator.state_dict()

    alone, watched = trained([]), trained([(2, lambda run: run.sample(2) if run.step else None)])
    assert all(torch.equal(value, watched[name]) for name, value in alone.items())


def test_constancy_falls_in_training():
    playing = game(constancy=50.0, identity=0.0)
    run = fit(playing, UnpairedBatches(pictures(1), pictures(2), 6), 120, lr=5e-3, progress=False)
    same = run.history["constancy"]
    assert same[-10:].mean() < 0.5 * same[:10].mean()


def test_pairs_are_asked_for():
    with pytest.raises(ValueError, match="what comes second in a batch"):
        game().play(pictures(1), torch.Generator())
    with pytest.raises(ValueError, match="constancy must be 0 or more"):
        game(constancy=-1)
