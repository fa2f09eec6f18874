import math

import pytest
import torch

from gancourse import latent

NAMES = {"smile": ("no", "yes"), "hair": ("red", "blue", "black")}
GROUPS = {"smile": "yes"}, {"smile": "no"}, {"hair": "red"}


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


def test_a_balanced_direction_leaves_the_other_attribute_out():
    z = torch.randn(8000, 8, generator=torch.Generator().manual_seed(1))
    smile = (z[:, 0] > 0) & ((z[:, 1] > 0) | (z[:, 2] > 1))  # smiles go with the first hair
    hair = (z[:, 1] < 0).long()
    tied = latent.LabelledLatents(z, torch.stack([smile.long(), hair], 1), {"smile": ("no", "yes"), "hair": ("red", "blue")})
    plain, even = tied.direction("smile", "no", "yes"), tied.balanced("smile", "no", "yes", over="hair")
    within = [tied[tied.has(hair=name)].direction("smile", "no", "yes") for name in ("red", "blue")]
    assert plain[1] > 0.5 > 0.1 > even[1].abs()
    assert torch.allclose(even / even.norm(), sum(within) / sum(within).norm(), atol=1e-6)
    assert float(even.norm()) == pytest.approx(float(plain.norm()))
    with pytest.raises(ValueError, match="attribute"):
        tied.balanced("smile", "no", "yes", over="skin")
    with pytest.raises(ValueError, match="label more"):
        tied[tied.has(hair="red") | ~smile].balanced("smile", "no", "yes", over="hair")


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


def test_the_terms_of_a_triple_are_those_of_the_sum_and_show_their_labels_where_exemplars_are_single():
    wide = latent.label_latents(lambda z: torch.tanh(z)[:, None, None, :], Judge(), n=4000, latent_dim=64)
    groups = {"smile": "yes", "hair": "red"}, {"smile": "no", "hair": "red"}, {"smile": "no", "hair": "blue"}
    first, second, third = latent.triples(wide, *groups, trials=50, exemplars=1, seed=1)
    assert torch.equal(first - second + third, latent.arithmetic(wide, *groups, trials=50, exemplars=1, seed=1))
    for z, group in zip((first, second, third), groups, strict=True):
        assert latent.has(Judge().predict(generator(z)), NAMES, **group).all()
    with pytest.raises(ValueError, match="exemplars"):
        latent.triples(wide, *groups, trials=50, exemplars=0)


def test_exemplars_of_a_trial_are_different():
    z = torch.eye(3)
    means = latent.exemplar_means(z, 50, 3, torch.Generator().manual_seed(0))
    torch.testing.assert_close(means, torch.full((50, 3), 1 / 3))


def test_seeds_decide_the_trials(labelled):
    first, again, other = (latent.arithmetic(labelled, *GROUPS, trials=4, seed=seed) for seed in (0, 0, 1))
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
    with pytest.raises(ValueError, match="hence no W"):
        latent.label_latents(generator, Judge(), 4, latent_dim=8, space="w")


# ------------------------------------------------------------------------------------------------------ planes and their normals


class Styled:
    """A mapping that doubles z, and pictures of what it gives."""

    latent_dim = 8

    def styles(self, z, labels=None):
        return (2 * z)[:, None].repeat(1, 3, 1)

    def __call__(self, z):
        return generator(self.styles(z)[:, 0])


def test_latents_are_labelled_in_w_too():
    z, w = (latent.label_latents(Styled(), Judge(), 50, space=space) for space in ("z", "w"))
    assert torch.equal(w.z, 2 * z.z) and torch.equal(w.attributes, z.attributes)


@pytest.mark.parametrize("method", latent.METHODS)
def test_the_planted_direction_is_found(method):
    x = torch.randn(3000, 6, generator=torch.Generator().manual_seed(0))
    normal = torch.tensor([3.0, -4.0, 0, 0, 0, 0]) / 5
    found = latent.attribute_directions(x, {"smile": x @ normal > 0.3})["smile"]
    assert found.norm() == pytest.approx(1) and found @ normal > 0.995


@pytest.mark.parametrize("method", ["logistic", "svm"])
def test_the_normal_is_that_of_the_plane_in_a_stretched_space_as_well(method):
    """The difference of means leans towards wide axes that say nothing; a plane's normal does not."""
    x = torch.randn(4000, 3, generator=torch.Generator().manual_seed(0))
    x[:, 2] = x[:, 0] + 0.5 * x[:, 2]  # goes along with what decides
    x = x * torch.tensor([1.0, 1.0, 30.0])
    labels = {"smile": x[:, 0] > 0}
    planes = latent.attribute_directions(x, labels, method)["smile"]
    means = latent.attribute_directions(x, labels, "means")["smile"]
    assert planes[0] > 0.99 and means[0] < 0.1


def test_a_rare_attribute_has_its_direction():
    x = torch.randn(4000, 6, generator=torch.Generator().manual_seed(0))
    found = latent.attribute_directions(x, {"glasses": x[:, 1] > 2})["glasses"]  # one in 44
    assert found[1] > 0.98


def test_orthogonalised_directions_leave_the_others_alone():
    source = torch.Generator().manual_seed(0)
    direction, first, second = torch.randn(3, 16, generator=source)
    found = latent.orthogonalise(direction, [first, second])
    assert found.norm() == pytest.approx(1)
    assert abs(found @ first) < 1e-5 and abs(found @ second) < 1e-5
    # what is left is the nearest such direction: the rest lies in the span
    gone = direction - (direction @ found) * found
    solution = torch.linalg.lstsq(torch.stack([first, second], 1), gone).solution
    torch.testing.assert_close(torch.stack([first, second], 1) @ solution, gone, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(latent.orthogonalise(direction, []), direction / direction.norm())
    torch.testing.assert_close(latent.orthogonalise(direction, [first, first]), latent.orthogonalise(direction, [first]))
    with pytest.raises(ValueError, match="nothing of it is left"):
        latent.orthogonalise(first + second, [first, second])


def test_a_direction_is_orthogonal_to_what_follows_others_that_depend_on_one_another():
    source = torch.Generator().manual_seed(0)
    direction, a, b = torch.randn(3, 16, generator=source)
    wanted = latent.orthogonalise(direction, [a, b])
    twin = (a.double() * (1 + 6e-8 * torch.rand(16, generator=source))).float()  # a, rounded otherwise
    assert not torch.equal(twin, a)
    dependent = {
        "twice": [a, a, b],
        "opposite": [a, -2 * a, b],
        "zero": [0 * a, b, a],
        "long": [1e6 * a, a, b],
        "twin": [a, twin, b],
    }
    for name, others in dependent.items():
        torch.testing.assert_close(latent.orthogonalise(direction, others), wanted, atol=1e-5, rtol=1e-5, msg=name)
    torch.testing.assert_close(latent.orthogonalise(direction, [0 * a, 0 * a]), direction / direction.norm())
    torch.testing.assert_close(latent.orthogonalise(direction, [1e6 * a, 1e-6 * b]), wanted, atol=1e-5, rtol=1e-5)


def test_moving_along_a_direction():
    ws = torch.zeros(2, 4, 3)
    direction = torch.tensor([0.0, 1.0, 0.0])
    moved = latent.move(ws, direction, torch.tensor([1.0, -2.0]), slice(0, 2))
    assert moved[:, :, 1].tolist() == [[1, 1, 0, 0], [-2, -2, 0, 0]] and not moved[:, :, ::2].any()
    assert not ws.any()
    assert latent.move(ws[:, 0], direction, 3.0).tolist() == [[0, 3, 0]] * 2
    with pytest.raises(ValueError, match="direction"):
        latent.move(ws, torch.zeros(4), 1.0)
    with pytest.raises(ValueError, match="generator.styles"):
        latent.move(ws[:, 0], direction, 1.0, slice(0, 2))
    with pytest.raises(ValueError, match="one for each of the 2"):
        latent.move(ws, direction, torch.ones(3))


def test_spread_along_a_direction():
    x = torch.randn(20_000, 2, generator=torch.Generator().manual_seed(0)) * torch.tensor([2.0, 5.0])
    assert latent.spread_along(x, torch.tensor([0.0, 7.0])) == pytest.approx(5, rel=0.03)


def test_directions_need_both_sides():
    x = torch.randn(10, 3)
    with pytest.raises(ValueError, match="none of the latents have smile"):
        latent.attribute_directions(x, {"smile": torch.zeros(10, dtype=torch.bool)})
    with pytest.raises(ValueError, match="yes or no"):
        latent.attribute_directions(x, {"hair": torch.arange(10)})
    with pytest.raises(ValueError, match="did you mean 'svm'"):
        latent.attribute_directions(x, {"smile": x[:, 0] > 0}, "smv")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda of: latent.label_latents(generator, Judge(), n=10.0, latent_dim=8),
            TypeError,
            r"n must be a whole number.*int\(10\)",
        ),
        (lambda of: latent.label_latents(generator, Judge(), n=0, latent_dim=8), ValueError, "n must be above 0"),
        (lambda of: latent.triples(of, *GROUPS, trials=2.5), TypeError, "trials must be a whole number"),
        (lambda of: latent.triples(of, *GROUPS, trials=2, exemplars=1.5), TypeError, "exemplars must be a whole number"),
        (lambda of: latent.triples(of, *GROUPS, trials=2, seed=0.5), TypeError, "seed must be a whole number"),
        (lambda of: latent.exemplar_means(of.z, 2, 0, torch.Generator()), ValueError, "exemplars must be above 0"),
        (lambda of: latent.exemplar_means(of.z, 1.5, 2, torch.Generator()), TypeError, "trials must be a whole number"),
    ],
)
def test_counts_are_whole_numbers(labelled, call, error, message):
    with pytest.raises(error, match=message):
        call(labelled)


def test_of_nothing_there_is_no_direction():
    x = torch.randn(10, 3)
    twice = torch.cat([x, x])
    with pytest.raises(ValueError, match="latent 1 is 0"):
        latent.to_shell(torch.tensor([[1.0, 0.0], [0.0, 0.0]]))
    with pytest.raises(ValueError, match="with and without smile have one mean"):
        latent.attribute_directions(twice, {"smile": torch.arange(20) < 10}, "means")
    for others in ([], [x[0]]):
        with pytest.raises(ValueError, match="the direction is 0"):
            latent.orthogonalise(torch.zeros(3), others)
    with pytest.raises(ValueError, match="the direction is 0"):
        latent.spread_along(x, torch.zeros(3))
    z, hair_alone = torch.tensor([[0.0], [1.0], [0.0], [1.0], [1.0]]), torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1], [1, 1]])
    tied = latent.LabelledLatents(z, hair_alone, {"smile": ("no", "yes"), "hair": ("red", "blue")})
    with pytest.raises(ValueError, match="no difference is left"):
        tied.balanced("smile", "no", "yes", over="hair")


@pytest.mark.parametrize("method", ["logistic", "svm"])
def test_sides_without_a_plane_between_them_have_no_normal(method):
    with pytest.raises(ValueError, match="with and without smile"):
        latent.attribute_directions(torch.ones(20, 3), {"smile": torch.arange(20) < 10}, method)
