"""Numbers that a homework's prose quotes, where nothing has to be trained for them."""

from __future__ import annotations

import re
from pathlib import Path

import torch

from gancourse import data
from gancourse.classroom.homework import build

ROOT = Path(__file__).resolve().parents[1]


def test_how_far_the_judge_of_homework_4_can_be_trusted() -> None:
    """The share of unseen digits that get their own label from the nearest of the cpu scale's 6,000, as its last cell has it."""
    text = build.find("hw4", ROOT).read_text(encoding="utf-8")
    (quoted,) = re.findall(r"the judge read (\d+) of 100 unseen real digits", text)
    assert "data.digits(16, scale.pick(ci=400, cpu=6000" in text
    known, unseen = data.digits(16, 6000), data.digits(16, split="test")
    pictures, asked = (data.to_float(digits.images).flatten(1) for digits in (known, unseen))
    nearest = torch.cat([torch.cdist(some, pictures).argmin(1) for some in asked.split(500)])
    trust = (known.labels[nearest] == unseen.labels).float().mean()
    assert round(100 * float(trust)) == int(quoted), float(trust)
