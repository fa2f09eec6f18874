import math

import numpy as np
import pytest
import torch
from scipy.stats import entropy as scipy_entropy

from gancourse.metrics import Separability, linear_separability, separability


@pytest.fixture(scope="module")
def latents():
    return torch.randn(4000, 8, generator=torch.Generator().manual_seed(0))


def probabilities(response):
    p = torch.sigmoid(response)
    return torch.stack([1 - p, p], 1)


def test_a_plane_tells_a_planted_attribute_and_not_one_of_the_radius(latents):
    found = linear_separability(
        latents,
        {
            "plane": probabilities(3 * (latents[:, 0] - 2 * latents[:, 3] + 0.5)),
            "radius": probabilities(latents.norm(dim=1) - 2.7),
        },
    )
    assert found.entropies["plane"] < 0.02
    assert found.entropies["radius"] > 0.97 * found.prior["radius"] > 0.9
    assert found.score == pytest.approx(2 ** (found.entropies["plane"] + found.entropies["radius"]))
    assert found.score == pytest.approx(math.exp(sum(found.nats.values())))
    assert found.worst == pytest.approx(2 ** sum(found.prior.values()))
    assert found.accuracy["plane"] > 0.99 > 0.6 > found.accuracy["radius"]
    assert found.kept == {"plane": 2000, "radius": 2000}
    assert "score=" in repr(found)


def test_exclusive_or_is_the_classic_that_no_plane_tells(latents):
    labels = ((latents[:, 0] > 0) ^ (latents[:, 1] > 0)).long()
    found = linear_separability(latents, {"xor": labels})
    assert found.entropies["xor"] > 0.95 and found.kept["xor"] == 4000


def test_the_sure_half_is_kept(latents):
    """Near the border the judge flips coins and knows it: without those the plane is right."""
    response = latents[:, 0]
    noisy = torch.where(response.abs() < 0.5, torch.randn(4000, generator=torch.Generator().manual_seed(1)) * 0.15, response)
    judged = {"smile": probabilities(noisy)}
    half, all_ = (linear_separability(latents, judged, keep=keep) for keep in (0.5, 1.0))
    assert half.entropies["smile"] < 0.02 < 0.3 < all_.entropies["smile"]


def test_attributes_of_several_values(latents):
    hair = latents[:, :3].argmax(1)
    p = torch.nn.functional.one_hot(hair, 3) * 0.7 + 0.1
    found = linear_separability(latents, {"hair": p}, keep=1.0)
    assert found.prior["hair"] == pytest.approx(math.log2(3), abs=0.01)
    assert found.entropies["hair"] < 0.35
    by_values = linear_separability(latents, {"hair": hair}, keep=1.0)
    assert by_values.entropies == found.entropies


def test_scale_and_place_of_the_latents_do_not_matter(latents):
    judged = {"a": probabilities(latents[:, 0] + 0.7 * latents[:, 1] * latents[:, 2])}
    stretched = latents * torch.logspace(-3, 3, 8) + torch.arange(8) * 100
    first, second = (linear_separability(x.double(), judged).entropies["a"] for x in (latents, stretched))
    assert first == pytest.approx(second, abs=5e-3)


def test_a_holdout_shows_what_was_learnt_by_heart():
    source = torch.Generator().manual_seed(3)
    x, y = torch.randn(120, 60, generator=source), torch.randint(2, (120,), generator=source)
    fitted, held = (linear_separability(x, {"coin": y}, holdout=h).entropies["coin"] for h in (0.0, 0.5))
    assert fitted < 0.7 < 0.9 < held


def test_one_value_only_is_told_perfectly(latents):
    found = linear_separability(latents, {"nose": torch.ones(4000, dtype=torch.long)})
    assert found.entropies == {"nose": 0.0} and found.score == 1.0 and found.accuracy["nose"] == 1.0


def test_entropies_against_scipy():
    joint = np.random.default_rng(0).integers(0, 40, (3, 4))
    joint[1] = 0  # an answer that never comes
    expected = scipy_entropy(joint.ravel(), base=2) - scipy_entropy(joint.sum(1), base=2)  # H(X, Y) - H(X)
    assert separability.conditional_entropy(joint) == pytest.approx(expected)
    assert separability.entropy(joint.sum(0)) == pytest.approx(scipy_entropy(joint.sum(0), base=2))
    assert separability.conditional_entropy([[5, 0], [0, 7]]) == 0.0
    assert separability.conditional_entropy([[1, 1], [2, 2]]) == pytest.approx(1.0)
    lopsided = [[9, 1], [10, 80]]  # H(Y|X), not H(X|Y)
    assert separability.conditional_entropy(lopsided) != pytest.approx(separability.conditional_entropy(np.transpose(lopsided)))


def test_a_score_of_exp_of_bits_would_be_another(latents):
    """e to a sum of bits, a slip that is easy to make, would give e for one fair coin; 2 is right."""
    found = Separability({"coin": 1.0}, {"coin": 1.0}, {"coin": 0.5}, {"coin": 10})
    assert found.score == pytest.approx(2.0)


def test_bad_input_names_the_fix(latents):
    with pytest.raises(ValueError, match="one style of each image"):
        linear_separability(torch.zeros(4, 3, 2), {})
    with pytest.raises(ValueError, match="no attribute"):
        linear_separability(latents, {})
    with pytest.raises(ValueError, match="judged for each of the 4000"):
        linear_separability(latents, {"a": torch.zeros(3, dtype=torch.long)})
    with pytest.raises(TypeError, match="int values"):
        linear_separability(latents, {"a": torch.rand(4000)})
    for wrong in (torch.randn(4000, 2), torch.full((4000, 2), 7.0), torch.full((4000, 2), math.nan)):
        with pytest.raises(ValueError, match="each row of a must hold probabilities that sum to 1: apply softmax"):
            linear_separability(latents, {"a": wrong})
    with pytest.raises(ValueError, match="K > 1 classes"):
        linear_separability(latents, {"a": torch.ones(4000, 1)})
    with pytest.raises(TypeError, match="a must be floats"):
        linear_separability(latents, {"a": torch.ones(4000, 2, dtype=torch.long)})
    with pytest.raises(ValueError, match="keep must lie"):
        linear_separability(latents, {"a": torch.zeros(4000, dtype=torch.long)}, keep=0)
