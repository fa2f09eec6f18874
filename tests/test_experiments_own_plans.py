"""The settings that a training on one's own pictures starts from."""

from __future__ import annotations

import json

import pytest

from gancourse.experiments.own.plans import FAMILIES, FEW, SOME, Plan, augmentation, plan


@pytest.mark.parametrize("machine", ["cpu", "gpu"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_plan_is_plain_data_and_comes_back_from_a_file(family: str, machine: str) -> None:
    for size in (32, 64, 128):
        found = plan(family, size, 300, machine=machine, classes=3)
        assert (found.family, found.size) == (family, size) and found.reasons
        assert Plan.from_dict(json.loads(json.dumps(found.as_dict()))) == found


def test_augmentation_goes_by_the_number_of_pictures() -> None:
    for family in ("dcgan", "stylegan2", "progan", "biggan", "r3gan"):
        assert augmentation(family, FEW - 1)[0] == "diffaugment"
    assert [augmentation("stylegan2", n)[0] for n in (FEW, SOME - 1, SOME)] == ["ada", "ada", "none"]
    assert augmentation("dcgan", FEW)[0] == "none", "its discriminator's normalisation knows no probability"
    assert augmentation("dcgan", 10, "none")[0] == "none" and augmentation("dcgan", 10**6, "ada")[0] == "ada"
    assert augmentation("pix2pix", 10)[0] == "none"
    with pytest.raises(ValueError, match="cyclegan is not augmented"):
        augmentation("cyclegan", 10, "ada")


def test_r1_grows_with_the_side() -> None:
    small, large = (plan("stylegan2", size, 10**6) for size in (32, 128))
    assert large.game["r1_gamma"] == 4 * small.game["r1_gamma"]
    assert plan("r3gan", 64, 10**6).game["gamma"] == 2 * plan("r3gan", 32, 10**6).game["gamma"]


def test_a_gpu_gets_wider_networks_and_a_batch_may_be_chosen() -> None:
    assert plan("dcgan", 64, 100, machine="gpu").generator["width"] == 64 > plan("dcgan", 64, 100).generator["width"]
    assert plan("dcgan", 64, 100, batch_size=6).batch_size == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("dcgan", 48, 100), "DCGAN comes at 16, 32, 64, 128 px, not 48"),
        (("stylegan2", 60, 100), "power of two"),
        (("biggan", 16, 100), "BigGAN comes at 32"),
        (("pix2pix", 16, 100), "power of two from 32"),
        (("dgan", 32, 100), "did you mean 'dcgan'"),
        (("dcgan", 32, 1), "the number of pictures must be 2 or more"),
    ],
)
def test_what_does_not_come_is_said(arguments: tuple[str, int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plan(*arguments)
