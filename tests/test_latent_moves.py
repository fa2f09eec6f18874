"""A move, one as far to anywhere, and what they change."""

from __future__ import annotations

import pytest
import torch

from gancourse import latent

NAMES = {"glasses": ("no", "yes"), "skin": ("light", "dark")}


class Signs:
    """Reads two attributes off the signs of a picture's first two values."""

    attribute_names = NAMES

    def predict(self, images):
        return (images[:, :2] > 0).long()


def test_astray_ends_as_far_and_as_long_but_elsewhere():
    z = torch.randn(200, 64, generator=torch.Generator().manual_seed(0))
    moved = z + 2 * torch.randn(64, generator=torch.Generator().manual_seed(1))
    away = latent.astray(z, moved, seed=2)
    assert torch.allclose((away - z).norm(dim=1), (moved - z).norm(dim=1), rtol=1e-4)
    assert torch.allclose(away.norm(dim=1), moved.norm(dim=1), rtol=1e-4)
    across = [step - (step * z).sum(1, keepdim=True) / z.square().sum(1, keepdim=True) * z for step in (away - z, moved - z)]
    assert torch.nn.functional.cosine_similarity(*across).mean().abs() < 0.05
    assert torch.equal(away, latent.astray(z, moved, seed=2)) and not torch.equal(away, latent.astray(z, moved, seed=3))
    with pytest.raises(ValueError, match="one shape"):
        latent.astray(z, moved[:5], seed=0)


def test_the_outcome_counts_what_is_shown_and_what_stays():
    before = torch.tensor([[0, 0], [0, 1], [0, 1], [0, 0]])
    images = torch.tensor([[1.0, -1], [1, -1], [1, 1], [-1, -1]])
    assert latent.outcome(Signs(), images, before, glasses="yes") == [0.75, 0.25, 0.75]
    with pytest.raises(ValueError, match="of these pictures"):
        latent.outcome(Signs(), images, before[:2], glasses="yes")


def known(n=400):
    """Latents of which the first two signs are the attributes; the picture is the latent, as one row of pixels."""
    z = torch.randn(n, 64, generator=torch.Generator().manual_seed(0)) / 4
    return latent.LabelledLatents(z, (z[:, :2] > 0).long(), NAMES)


def drawn(z):
    return z[:, None, None, :]


class SignsOfPictures(Signs):
    def predict(self, images):
        return super().predict(images[:, 0, 0])


def glasses_of(labelled):
    return labelled.direction("glasses", "no", "yes")


def test_three_ways_move_latents_that_had_no_part_in_the_direction():
    labelled = known()
    moved = latent.three_ways(drawn, labelled, drawn(labelled.z), glasses_of, 2.0, part=4, glasses="no")
    others, way = labelled[0::5], labelled[4::5].direction("glasses", "no", "yes")
    z = others.where(glasses="no")
    assert torch.equal(moved.before, drawn(z)) and torch.equal(moved.attributes, others.attributes[others.has(glasses="no")])
    assert list(moved.after) == ["in latents", "as far, anywhere", "in pixels"]
    torch.testing.assert_close(moved.after["in latents"], drawn(z + 2 * way))
    torch.testing.assert_close(moved.after["as far, anywhere"], drawn(latent.astray(z, z + 2 * way, seed=4)))
    torch.testing.assert_close(moved.after["in pixels"], drawn(z + 2 * way).clamp(-1, 1))  # a picture is its own latent here
    in_latents, anywhere, in_pixels = moved.outcomes(SignsOfPictures(), glasses="yes")
    assert in_latents[0] > 0.95 and anywhere[0] < 0.6 and in_pixels == in_latents
    assert in_latents == latent.outcome(SignsOfPictures(), moved.after["in latents"], moved.attributes, glasses="yes")


def test_three_ways_move_the_first_few_and_whom_another_judge_sees():
    labelled = known()
    images = drawn(labelled.z)
    few = latent.three_ways(drawn, labelled, images, glasses_of, limit=3, glasses="no")
    assert len(few.before) == 3 and all(len(after) == 3 for after in few.after.values())
    every = latent.LabelledLatents(labelled.z, torch.zeros_like(labelled.attributes), NAMES)  # sees no glasses anywhere
    moved = latent.three_ways(drawn, labelled, images, glasses_of, seen=every, glasses="no")
    assert torch.equal(moved.before, images[1::5]) and not moved.attributes.any()


def test_three_ways_name_the_fix():
    labelled = known()
    images = drawn(labelled.z)
    with pytest.raises(ValueError, match="those of the 400"):
        latent.three_ways(drawn, labelled, images[:5], glasses_of, glasses="no")
    with pytest.raises(ValueError, match="part must be at most 4"):
        latent.three_ways(drawn, labelled, images, glasses_of, part=5, glasses="no")
    every = latent.LabelledLatents(labelled.z, torch.zeros_like(labelled.attributes), NAMES)
    with pytest.raises(ValueError, match="label more"):
        latent.three_ways(drawn, labelled, images, glasses_of, seen=every, glasses="yes")


def test_the_picture_between_is_asked_only_where_the_ends_agree():
    first, second = torch.tensor([[1.0, -1], [1, 1]]), torch.tensor([[1.0, 1], [1, 1]])
    between = torch.tensor([[1.0, 1], [-1, 1]])  # of three attributes in which the ends agree it has two
    assert latent.agreement(Signs(), first, second, between) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="as many pictures"):
        latent.agreement(Signs(), first, second, between[:1])
    with pytest.raises(ValueError, match="take more"):
        latent.agreement(Signs(), first, -first, between)


def test_who_pays_most_is_asked_beside_the_control():
    control = {"glasses": 0.9, "skin": 0.8, "smile": 0.7}
    assert latent.pays_most({"glasses": 0.0, "skin": 0.6, "smile": 0.65}, control, "glasses") == "skin"
    assert latent.pays_most({"glasses": 0.0, "skin": 0.8, "smile": 0.9}, control, "glasses") is None


def test_strangeness_is_a_ratio_to_the_pictures_before():
    before, twice = torch.ones(4, 1, 2, 2), torch.full((4, 1, 2, 2), 2.0)
    twice[2:] = 9
    assert latent.stranger(lambda images: images.flatten(1).mean(1), [before, twice], before, limit=2) == [1, 2]
    assert latent.stranger(lambda images: images.flatten(1).mean(1), iter([twice]), before) == [5.5]


def test_moves_of_parts_are_those_of_each_part():
    labelled = known()
    moves = list(latent.moves_of_parts(drawn, labelled, drawn(labelled.z), glasses_of, 2.0, parts=4, limit=5, glasses="no"))
    third = latent.three_ways(drawn, labelled, drawn(labelled.z), glasses_of, 2.0, 3, parts=4, limit=5, glasses="no")
    assert len(moves) == 4 and torch.equal(moves[3].before, third.before)
    assert all(torch.equal(moves[3].after[how], third.after[how]) for how in third.after)
    with pytest.raises(ValueError, match="parts"):
        next(latent.moves_of_parts(drawn, labelled, drawn(labelled.z), glasses_of, parts=1, glasses="no"))


def test_nothing_pays_where_there_is_no_other_attribute():
    assert latent.pays_most({"a": 0.5}, {"a": 0.6}, but="a") is None
    with pytest.raises(ValueError, match="same attributes"):
        latent.pays_most({"a": 0.5, "b": 0.5}, {"a": 0.6}, but="a")
