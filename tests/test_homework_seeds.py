"""What an answer earns does not depend on the numbers that a check draws: right ones and worthless ones, under many seeds."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from gancourse.classroom.homework import build, hw7, hw8
from tests.homework import planting

SEEDS = range(100, 125)


def _said(check: Callable, *answers: Any, seed: int) -> dict[str, str]:
    """The items of a report by their titles, and what was said of each."""
    return {item.title: item.text for item in check(*answers, seed=seed, quiet=True).report.items}


def _shaken(n: int, low: Tensor, high: Tensor, one: Tensor, generator: torch.Generator) -> Tensor:
    """As wide as a heap."""
    return one + 0.05 * torch.randn(n, 2, generator=generator)


def _noise(n: int, low: Tensor, high: Tensor, one: Tensor, generator: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(n, 2, generator=generator)


def _corners(n: int, low: Tensor, high: Tensor, one: Tensor, generator: torch.Generator) -> Tensor:
    signs = torch.tensor([[1, 1], [1, -1], [-1, 1], [-1, -1]]).double()
    return torch.cat([one.repeat(n - 4, 1), one + 50 * (high - low) * signs])


def test_no_bar_of_the_worthless_is_a_lottery() -> None:
    for seed in SEEDS:
        sheet = hw8.Sheet("worthless", 4, seed)
        for make, kind in ((_noise, "captured"), (_shaken, "quality"), (hw8._far_out, "recall"), (_corners, "recall")):
            assert hw8._claimed(sheet, make, kind) >= hw8._CLAIMS[kind][0], (seed, make)
        assert hw8._claimed(sheet, _noise, "recall") < hw8._CLAIMS["recall"][0], seed


@pytest.mark.parametrize("seed", SEEDS)
def test_imagined_experiments_earn_their_points_whatever_the_draw(seed: int) -> None:
    assert not any(_said(hw8.powers, hw8._power_by(hw8._ends_below), hw8._peeking, seed=seed).values())


@pytest.mark.parametrize("seed", SEEDS)
def test_what_reading_is_worth_has_room_for_both_answers(seed: int) -> None:
    assert not any(_said(hw7.reading, hw7._least, hw7._blind, seed=seed).values())
    assert any(_said(hw7.reading, hw7._blind, hw7._least, seed=seed).values())


@pytest.mark.parametrize("seed", SEEDS)
def test_lots_of_all_rows_are_told_from_lots_of_the_first(seed: int) -> None:
    said = _said(hw8.chance, hw8._frechet, hw8._by_chance, hw8._p_value, seed=seed)
    assert not any(said.values()), said


@pytest.mark.parametrize("seed", SEEDS)
def test_faults_are_asked_for_other_names_and_seeds_each_time(seed: int) -> None:
    said = _said(hw8.faults, hw8._reported, hw8._effect, hw8._prepared, seed=seed)
    assert not any(said.values()), said


def test_samples_and_modes_of_the_last_picture_are_of_one_kind() -> None:
    """The check has float64 throughout; who made use of it must not be stopped where the modes are float32."""
    (source,) = (source for source in build.sources() if source.stem.startswith("hw8_"))
    code = source.read_text(encoding="utf-8").split("\ndef worth_of", 1)[1].split("\n\n\n", 1)[0]
    ring = SimpleNamespace(modes=torch.eye(2))
    space = {"ring": ring, "worth": lambda samples, modes, std: torch.cdist(samples, modes).min(1).values.mean()}
    exec(f"def worth_of{code}", space)
    for samples in (torch.zeros(3, 2), torch.zeros(3, 2).double()):
        assert space["worth_of"](samples) == 1


def test_each_column_of_faces_has_its_sentence_below() -> None:
    cells = json.loads(planting.notebook("hw7").read_text(encoding="utf-8"))["cells"]
    (shown,) = (text for cell in cells if "that the players have not read" in (text := "".join(cell["source"])))
    assert "told[:10]" in shown and 'for k in range(10):\n    print(f"column' in shown
