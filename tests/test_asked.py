"""The lines that lectures ask for: every slip is recognised and by its own sentence, and right lines in other words pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from gancourse.classroom import asked, lines
from gancourse.classroom.lines import Line

ROOT = Path(__file__).resolve().parents[1]
LINES = {name: line for name, line in vars(asked).items() if isinstance(line, Line)}
PLANTED = [(name, said) for name, line in LINES.items() for said in line.slips]


@pytest.mark.parametrize(("name", "slip"), PLANTED)
def test_every_slip_is_told_by_its_own_sentence(name, slip, capsys):
    line = LINES[name]
    lines.answered(line.slips[slip], *line)
    out = capsys.readouterr().out
    assert out.startswith("Not yet: ") and out.endswith(f"It looks as if {slip}.\n")


def frozen(d, g, z):
    for p in d.parameters():
        p.requires_grad_(False)
    return -F.logsigmoid(d(g(z))).mean()


def without_graph(d, g, x, z):
    with torch.no_grad():
        fake = g(z)
    return F.softplus(-d(x)).mean() + F.softplus(d(fake)).mean()


def labels(real, fake):
    ones, zeros = torch.ones_like(real), torch.zeros_like(fake)
    return F.binary_cross_entropy_with_logits(real, ones) + F.binary_cross_entropy_with_logits(fake, zeros)


RIGHT = [
    ("D_LOSS", labels),
    ("D_LOSS", lambda real, fake: -torch.sigmoid(real).log().mean() - (1 - torch.sigmoid(fake)).log().mean()),
    ("BEST_D", lambda p, q: 1 / (1 + q / p)),
    ("BEST_D", lambda p, q: torch.sigmoid(p.log() - q.log())),
    ("D_STEP", without_graph),
    ("D_STEP", lambda d, g, x, z: labels(d(x), d(g(z).detach()))),
    ("G_STEP", frozen),
    ("G_STEP", lambda d, g, z: F.binary_cross_entropy_with_logits(d(g(z)), torch.ones(len(z)))),
    ("LEAST_SQUARES", lambda r, f, a, b: F.mse_loss(r, torch.full_like(r, b)) / 2 + F.mse_loss(f, torch.full_like(f, a)) / 2),
    ("THERMOSTAT", lambda k, gamma, rate, real, fake: torch.clip(k - rate * (fake - gamma * real), 0.0, 1.0)),
    ("TWO_STREAMS", lambda m, f, b: b.unsqueeze(2) + m * (f - b.unsqueeze(2))),
    ("ACCURACY", lambda real, fake: (torch.cat([real, -fake]) > 0).float().mean()),
]


@pytest.mark.parametrize(("name", "line"), RIGHT)
def test_right_lines_in_other_words_pass(name, line, capsys):
    lines.answered(line, *LINES[name])
    assert capsys.readouterr().out.startswith("Right")


def test_lectures_ask_for_lines_that_are_there_and_leave_them_unwritten():
    found = []
    for source in sorted((ROOT / "notebooks" / "source").glob("*.py")):
        text = source.read_text(encoding="utf-8")
        here = re.findall(r"^lines\.answered\(\w+, \*asked\.(\w+)\)$", text, re.MULTILINE)
        assert text.count("return ...  # your line") == len(here), source.stem
        found += here
    assert found and set(found) <= set(LINES) and len(set(found)) == len(found)
