"""What games from picture to picture share: inputs that are kept, and outputs in evaluation mode."""

import pytest
import torch
from torch import nn

from gancourse.data import UnpairedBatches
from gancourse.gans.pix2pix import Pix2Pix
from gancourse.gans.translation import EXAMPLES, Translation, mean, nothing
from gancourse.training import fit


def pictures(n, seed=0):
    return torch.rand(n, 3, 4, 4, generator=torch.Generator().manual_seed(seed))


def game(**options):
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3), nn.Dropout(0.5))
    return Translation(generator, nn.Conv2d(3, 1, 1), "non_saturating", **options)


def test_the_first_inputs_are_kept_without_their_graph_and_no_more_than_asked():
    played = game()
    with pytest.raises(ValueError, match="has seen no input yet"):
        played.sample(1)
    x = pictures(3 * EXAMPLES)
    for part in x.requires_grad_().split(40):
        played.keep(part)
    assert torch.equal(played.examples, x[:EXAMPLES]) and not played.examples.requires_grad
    with pytest.raises(ValueError, match=f"keeps {EXAMPLES} examples, not {EXAMPLES + 1}"):
        played.sample(EXAMPLES + 1)


def test_given_examples_stay_and_are_not_saved():
    given = pictures(5)
    played = game(examples=given)
    played.keep(pictures(8, seed=1))
    assert played.examples is given and played.state_dict() == {}


def test_kept_examples_go_with_the_game():
    played, again = game(), game()
    played.keep(pictures(6))
    again.load_state_dict(played.state_dict())
    assert torch.equal(again.examples, played.examples)
    assert again.examples.is_contiguous()


def test_outputs_do_not_depend_on_the_batch_or_the_mode_and_the_mode_comes_back():
    played, x = game(), pictures(70)
    played.generator.train()
    out = played.translate(x)
    assert played.generator.training
    assert torch.allclose(out[:1], played.translate(x[:1]), atol=1e-6)
    assert torch.allclose(out, played.generator.eval()(x), atol=1e-6)
    other = nn.Conv2d(3, 3, 1)
    assert torch.allclose(played.translate(x, other), other(x), atol=1e-6)


def test_an_averages_statistics_are_those_of_the_examples():
    played = game(examples=pictures(32))
    average = played.generator
    before = torch.get_rng_state()
    played.refresh_statistics(average, rounds=4)
    assert torch.equal(torch.get_rng_state(), before)
    parts = [average[0](part).mean((0, 2, 3)) for part in played.examples.split(8)]
    assert torch.allclose(average[1].running_mean, torch.stack(parts).mean(0), atol=1e-6)


def test_one_example_has_statistics_and_a_rest_weighs_nothing():
    for n, rounds, parts in ((1, 8, [1]), (9, 2, [4, 4])):
        played = game(examples=pictures(n))
        convolved, norm = played.generator[0], played.generator[1]
        played.refresh_statistics(played.generator, rounds=rounds)
        means = [convolved(part).mean((0, 2, 3)) for part in played.examples[: sum(parts)].split(parts[0])]
        assert torch.allclose(norm.running_mean, torch.stack(means).mean(0), atol=1e-6)
        assert norm.num_batches_tracked == len(parts)


def test_one_example_on_a_map_of_one_pixel_is_refused_before_the_first_step():
    def played(n, **options):
        torch.manual_seed(0)
        generator = nn.Sequential(nn.Conv2d(3, 8, 4), nn.BatchNorm2d(8), nn.ConvTranspose2d(8, 3, 4))
        return Pix2Pix(generator, nn.Conv2d(6, 1, 4), examples=pictures(n), **options)

    met, batches = [], UnpairedBatches(pictures(6, 1) * 2 - 1, pictures(6, 2) * 2 - 1, 4)
    with pytest.raises(ValueError, match="on two examples or more .*, or train without ema"):
        fit(played(1), batches, 2, ema=0.9, hooks=[(1, met.append)], progress=False)
    assert met == []
    assert fit(played(1), batches, 2, progress=False).sample(1).shape == (1, 3, 4, 4)
    assert fit(played(2), batches, 2, ema=0.9, progress=False).sample(1).shape == (1, 3, 4, 4)


def test_nothing_can_be_differentiated_and_moves_nobody():
    player = nn.Linear(2, 1)
    before, optimizer = player.weight.detach().clone(), torch.optim.AdamW(player.parameters(), lr=0.1, weight_decay=0.5)
    nothing(player).backward()
    optimizer.step()
    assert all(p.grad is None for p in player.parameters()) and torch.equal(player.weight, before)
    assert mean([torch.tensor(1.0), torch.tensor(4.0)]) == 2.5
