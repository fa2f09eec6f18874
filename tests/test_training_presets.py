"""Every preset shows what it promises: measured over three seeds."""

from __future__ import annotations

import functools

import pytest

from gancourse.training import presets
from gancourse.training.playground import Playground, rounds
from gancourse.training.presets import PRESETS

each_seed = pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])


@functools.cache
def played(name: str, seed: int, parts: int = 12) -> list[dict[str, float]]:
    """A row after the first round, and one after each of ``parts`` equal parts of the preset's rounds."""
    game = Playground(PRESETS[name].rules, seed)
    first = rounds(game, 1, every=1)
    return first + rounds(game, PRESETS[name].rounds, every=PRESETS[name].rounds // parts)


def column(name: str, seed: int, what: str) -> list[float]:
    return [row[what] for row in played(name, seed)]


@each_seed
def test_collapse_stays_below_three_modes_of_eight(seed) -> None:
    assert max(column("collapse", seed, "modes")[4:]) < 3


@each_seed
def test_its_cure_finds_seven_or_eight(seed) -> None:
    assert min(column("collapse_cure", seed, "modes")[-3:]) >= 7


@each_seed
def test_of_the_cures_three_changes_the_rates_alone_suffice(seed) -> None:
    found = {}
    for names in (("d_lr", "g_lr"), ("objective",), ("penalty", "strength")):
        rules = PRESETS["collapse"].rules.changed(**{name: getattr(PRESETS["collapse_cure"].rules, name) for name in names})
        found[names[0]] = rounds(Playground(rules, seed), 500, every=100)[-1]["modes"]
    assert found["d_lr"] >= 7 and found["objective"] < 3 and found["penalty"] < 3, "lecture 06 says so"


@each_seed
def test_a_gradient_that_vanished_comes_back_with_the_objective_alone(seed) -> None:
    game = Playground(PRESETS["vanishing"].rules, seed)
    before = rounds(game, 120, every=120)[-1]["wasserstein"]
    game.change(objective="non_saturating")
    assert rounds(game, 120, every=120)[-1]["wasserstein"] < 0.2 * before, "lecture 02 says so"
    for other in ({"k": 1}, {"penalty": "r1", "strength": 0.3}):
        game = Playground(PRESETS["vanishing"].rules.changed(**other), seed)
        assert rounds(game, 240, every=240)[-1]["wasserstein"] < 0.2 * before


def test_the_orbit_is_damped_best_at_one() -> None:
    def left(strength: float) -> float:
        return rounds(Playground(PRESETS["orbit"].rules.changed(penalty="r1", strength=strength)), 300, every=300)[-1]["distance"]

    assert left(1) < 0.1 * left(0.1) and left(1) < 0.1 * left(10), "lecture 07 says so"


@each_seed
def test_the_gradient_vanishes(seed) -> None:
    slope, distance = column("vanishing", seed, "slope"), column("vanishing", seed, "wasserstein")
    assert slope[-1] < 1e-3 * slope[0]
    assert distance[-1] > 0.9 * distance[0], "and G stands where it stood"


@each_seed
def test_its_cure_arrives_at_the_data(seed) -> None:
    slope, distance = column("vanishing_cure", seed, "slope"), column("vanishing_cure", seed, "wasserstein")
    assert min(slope[: 1 + distance.index(min(distance))]) > 1e-2 * slope[0]
    assert distance[-1] < 0.1 * distance[0]


@each_seed
def test_the_orbit_goes_round_and_does_not_shrink(seed) -> None:
    away, position = column("orbit", seed, "distance"), column("orbit", seed, "wasserstein")
    assert min(away[-4:]) > 0.8 * min(away[:4])
    changes = [b - a for a, b in zip(position, position[1:], strict=False)]
    assert sum(a * b < 0 for a, b in zip(changes, changes[1:], strict=False)) >= 4, "the samples come nearer and leave again"


@each_seed
def test_its_cure_shrinks_it(seed) -> None:
    away = column("orbit_cure", seed, "distance")
    assert away[-1] < 0.05 * away[0]


@each_seed
def test_two_moons_are_learned(seed) -> None:
    distance = column("moons", seed, "wasserstein")
    assert min(distance[-3:]) < 0.3 * distance[0]


def test_a_cure_is_a_preset_with_the_same_data() -> None:
    for each in PRESETS.values():
        assert not each.cure or PRESETS[each.cure].rules.data == each.rules.data
    assert presets.preset("orbit") is PRESETS["orbit"] is presets.preset(PRESETS["orbit"])
    with pytest.raises(ValueError, match="collapse"):
        presets.preset("colapse")
