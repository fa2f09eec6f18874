import math

import pytest
import torch

from gancourse import latent

NAMES = {"smile": ("no", "yes"), "hair": ("red", "blue", "black")}


def generator(z):
    """A picture whose first pixel is z's first number, and so on: [N, 8] -> [N, 1, 1, 8]."""
    return torch.tanh(z)[:, None, None, :]


class Judge:
    """smile: the sign of the first pixel; hair: which of the next three is the largest."""

    attribute_names = NAMES

    def predict(self, images):
        pixels = images[:, 0, 0]
        return torch.stack([(pixels[:, 0] > 0).long(), pixels[:, 1:4].argmax(1)], 1)


@pytest.fixture(scope="module")
def labelled():
    return latent.label_latents(generator, Judge(), n=6000, seed=3, latent_dim=8)


def test_labels_belong_to_their_latents(labelled):
    assert len(labelled) == 6000
    assert torch.equal(labelled.has(smile="yes"), labelled.z[:, 0] > 0)
    blue = labelled.where(hair="blue")
    assert (blue[:, 1:4].argmax(1) == 1).all()
    both = labelled.where(hair="blue", smile="no")
    assert 0 < len(both) < len(blue) and (both[:, 0] <= 0).all()
    again = latent.label_latents(generator, Judge(), n=6000, seed=3, latent_dim=8)
    assert torch.equal(again.z, labelled.z)


def test_direction_is_the_difference_of_half_normal_means(labelled):
    direction = labelled.direction("smile", "no", "yes")
    assert direction[0] == pytest.approx(2 * math.sqrt(2 / math.pi), abs=0.05)  # E[z | z > 0] = sqrt(2 / pi)
    assert direction[1:].abs().max() < 0.1
    assert torch.equal(labelled.direction("smile", "yes", "no"), -direction)


def test_parts_are_disjoint(labelled):
    parts = [labelled[k::5] for k in range(5)]
    assert sum(map(len, parts)) == len(labelled)
    rows = {tuple(row) for part in parts for row in part.z.tolist()}
    assert len(rows) == len(labelled)


def test_arithmetic_transfers_the_attribute_and_its_length_follows_the_exemplars():
    wide = latent.label_latents(lambda z: torch.tanh(z)[:, None, None, :], Judge(), n=4000, latent_dim=64)
    groups = {"smile": "yes", "hair": "red"}, {"smile": "no", "hair": "red"}, {"smile": "no", "hair": "blue"}
    lengths = {}
    for exemplars in (1, 3, 12):
        z = latent.arithmetic(wide, *groups, trials=300, exemplars=exemplars, seed=1)
        assert z.shape == (300, 64)
        found = Judge().predict(generator(z))
        right = latent.has(found, NAMES, smile="yes", hair="blue").double().mean()
        lengths[exemplars] = z.norm(dim=1).mean() / 8
        assert right > (0.4 if exemplars == 1 else 0.7)  # chance is 1/6
    for exemplars, length in lengths.items():
        assert length == pytest.approx(math.sqrt(3 / exemplars), rel=0.12)


def test_exemplars_of_a_trial_are_different():
    z = torch.eye(3)
    means = latent.exemplar_means(z, 50, 3, torch.Generator().manual_seed(0))
    torch.testing.assert_close(means, torch.full((50, 3), 1 / 3))


def test_seeds_decide_the_trials(labelled):
    groups = {"smile": "yes"}, {"smile": "no"}, {"hair": "red"}
    first, again, other = (latent.arithmetic(labelled, *groups, trials=4, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_to_shell():
    z = torch.randn(5, 64, generator=torch.Generator().manual_seed(0))
    on = latent.to_shell(3 * z)
    torch.testing.assert_close(on.norm(dim=1), torch.full((5,), 8.0))
    torch.testing.assert_close(on, latent.to_shell(z))


def test_bad_input_names_the_fix(labelled):
    with pytest.raises(ValueError, match="did you mean 'smile'"):
        labelled.where(smil="yes")
    with pytest.raises(ValueError, match="value of hair"):
        labelled.has(hair="green")
    with pytest.raises(ValueError, match="label more"):
        latent.arithmetic(labelled[:4], {"smile": "yes"}, {"smile": "no"}, {"hair": "red"}, trials=2, exemplars=5)
    with pytest.raises(ValueError, match="no picture has smile yes"):
        labelled[labelled.has(smile="no")].direction("smile", "no", "yes")
    with pytest.raises(ValueError, match="attributes"):
        latent.LabelledLatents(torch.zeros(3, 2), torch.zeros(3, 1), NAMES)
