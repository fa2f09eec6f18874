"""What the tests of a lecture's lines share: each slip planted, and the answer that it gets."""

from __future__ import annotations

from types import ModuleType

from gancourse.classroom import lines
from gancourse.classroom.lines import Line


def lines_of(module: ModuleType) -> dict[str, Line]:
    return {name: line for name, line in vars(module).items() if isinstance(line, Line)}


def planted(module: ModuleType) -> list[tuple[str, str]]:
    """Each line's name with each of its slips."""
    return [(name, said) for name, line in lines_of(module).items() for said in line.slips]


def slip_is_told(module: ModuleType, name: str, slip: str, capsys) -> None:
    """The slip is recognised, and by its own sentence."""
    line = lines_of(module)[name]
    lines.answered(line.slips[slip], *line)
    out = capsys.readouterr().out
    assert out.startswith("Not yet: ") and out.endswith(f"It looks as if {slip}.\n")


def is_right(line: Line, yours, capsys) -> None:
    lines.answered(yours, *line)
    assert capsys.readouterr().out.startswith("Right")
