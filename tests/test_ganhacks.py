"""The tips: all seventeen, each tested by an arm or with a reason."""

from gancourse.classroom import notebooks
from gancourse.classroom.ganhacks import ADDRESS, MORE, TIPS
from gancourse.experiments.ganhacks import ADDS, BEYOND, CITED, LEAVES
from tests.test_house import ROOT


def test_there_are_seventeen_in_order():
    assert [tip.number for tip in TIPS] == list(range(1, 18))
    assert all(tip.title and tip.says.endswith(".") and tip.today.endswith(".") for tip in TIPS)
    assert ADDRESS.endswith("soumith/ganhacks")


def test_every_arm_tests_the_tip_that_the_experiment_says():
    assert {arm: tip.number for tip in TIPS for arm in tip.arms} == LEAVES | ADDS


def test_what_no_arm_tests_has_a_reason_and_a_lecture():
    there = {int(source.stem[:2]) for source in notebooks.sources(ROOT) if source.stem[:2].isdigit()}
    for tip in TIPS:
        assert tip.arms or tip.untested, tip.title
        assert tip.lectures and set(tip.lectures) <= there, tip.title


def test_what_an_arm_has_beside_the_list_is_told():
    assert set(MORE) <= set(LEAVES | ADDS) and all(text.endswith((".", ").")) for text in MORE.values())
    assert {*CITED, *BEYOND} <= set(MORE)
