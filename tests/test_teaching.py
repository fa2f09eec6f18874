"""The teacher's guide: a part for each lecture, and nothing in it that the lecture or the command line does not hold."""

from __future__ import annotations

import ast
import contextlib
import html
import io
import json
import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from gancourse.classroom import cli, notebooks
from gancourse.classroom.homework import build

ROOT = Path(__file__).resolve().parent.parent
GUIDE = ROOT / "solutions" / "README.md"
TEACHING = ROOT / "solutions" / "teaching"
LECTURES = [source.stem for source in notebooks.sources(ROOT)]
HEADINGS = ["Goals", "Minutes", "Run live", "What goes wrong in class", "On the board", "Exam"]
HOUSEKEEPING = {"What was measured", "Exercises", "Further reading", "Quiz", "Play"}  # of a lecture: need no minute
PAGES = [GUIDE, *sorted(TEACHING.glob("*.md"))]


def words(text: str) -> str:
    """``text`` with single blanks, so that a line break hides nothing."""
    return " ".join(text.split())


@cache
def source(name: str) -> str:
    """A lecture's source as the reader of the notebook sees it: markdown without the comment signs."""
    text = notebooks.find(name, ROOT).read_text(encoding="utf-8")
    shown = [
        cell for cell in re.split(r"^(?=# %%)", text, flags=re.MULTILINE) if notebooks.SLIDE_ONLY not in cell.partition("\n")[0]
    ]
    return re.sub(r"^# ?(?!%%)", "", "".join(shown), flags=re.MULTILINE)


@cache
def outputs(name: str) -> str:
    """The text of a lecture's stored outputs."""
    found = []
    for cell in json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            shown = output.get("data", {})
            found += ["".join(part) for part in (output.get("text", ""), shown.get("text/plain", ""))]
            found.append(html.unescape(re.sub(r"<[^>]*>", " ", "".join(shown.get("text/html", "")))))
    return words(" ".join(found))


@cache
def headings(name: str) -> dict[str, str]:
    """The headings of a lecture (levels two and three), each with the one of level two that it stands under."""
    found, above = {}, ""
    for signs, title in re.findall(r"^(##{1,2}) (.+)$", source(name), re.MULTILINE):
        above = title if signs == "##" else above
        found[title] = above
    return found


def part(name: str) -> str:
    return (TEACHING / f"{name}.md").read_text(encoding="utf-8")


def under(name: str, heading: str) -> str:
    """The text of a part under one of its headings."""
    return re.split(rf"^## {re.escape(heading)}\n", part(name), flags=re.MULTILINE)[1].partition("\n## ")[0].strip()


def minutes(name: str) -> list[tuple[int, str]]:
    """The rows of a plan: minutes, and the lecture's heading."""
    rows = re.findall(r"^\| (\d+) \| (.+?) \| .+ \|$", under(name, "Minutes"), re.MULTILINE)
    return [(int(number), title) for number, title in rows]


# The parts


def test_each_lecture_has_a_part_and_no_part_is_left_over() -> None:
    assert [path.stem for path in sorted(TEACHING.glob("*.md"))] == LECTURES
    linked = re.findall(r"\]\(teaching/(\w+)\.md\)", GUIDE.read_text(encoding="utf-8"))
    assert linked == LECTURES, "solutions/README.md links each part once, in order"


def test_the_plan_of_the_term_has_each_lecture_and_each_bug_once() -> None:
    plan = re.findall(r"^\| \d+ \|(.*?)\|(.*?)\|(.*?)\|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    sessions = [session.strip() for row in plan for session in row[:2] if re.fullmatch(r" \d\d ", session)]
    assert sessions == [name[:2] for name in LECTURES]
    hunted = [
        int(card)
        for row in plan
        for said in re.findall(r"bug hunt ((?:\d+(?:, )?)+)", " ".join(row))
        for card in said.split(",")
        if card.strip()
    ]
    cards = re.findall(r"^## (\d+)\. ", (ROOT / "docs" / "bug_hunt.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(hunted) == sorted(map(int, cards))


def test_students_are_not_sent_to_the_parts() -> None:
    students = [*map(notebooks.target, notebooks.sources(ROOT)), *map(build.student_path, build.sources(ROOT))]
    for path in [*ROOT.glob("notebooks/**/*.py"), *students, *ROOT.glob("docs/*.md")]:
        assert "solutions/teaching" not in path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize("name", LECTURES)
def test_a_part_has_the_lectures_title_and_the_headings_in_order(name) -> None:
    title = re.search(r"^# (\d\d\. .+)$", source(name), re.MULTILINE)[1]
    assert part(name).startswith(f"# {title}\n"), f"its title is {title!r}"
    assert re.findall(r"^## (.+)$", part(name), re.MULTILINE) == HEADINGS
    assert 3 <= len(re.findall(r"^- ", under(name, "Goals"), re.MULTILINE)) <= 4


@pytest.mark.parametrize("name", LECTURES)
def test_the_minutes_are_a_lectures_and_no_section_is_forgotten(name) -> None:
    plan = minutes(name)
    assert len(plan) == under(name, "Minutes").count("\n|") - 1, "a row of the plan is not: | minutes | section | what |"
    assert sum(number for number, _ in plan) == 45
    known = headings(name)
    unknown = [title for _, title in plan if title != "Opening" and title not in known]
    assert not unknown, f"the lecture has no heading {unknown}"
    taught = {known[title] for _, title in plan if title != "Opening"}
    _, told, home = under(name, "Minutes").partition("At home:")
    assert told, "say what is left to read: At home: ..."
    for title in set(known.values()) - taught - HOUSEKEEPING:
        number = re.match(r"(\d+)\.", title)
        assert (f"section {number[1]}" if number else title) in home, f"neither in the plan nor at home: {title}"


@pytest.mark.parametrize("name", LECTURES)
def test_sections_that_a_part_cites_exist(name) -> None:
    text = words(part(name))
    for lecture, numbers in re.findall(r"(?:lecture (\d\d), )?\b[Ss]ections? ((?:\d+(?:, | and | to )?)+)", text):
        other = notebooks.find(lecture, ROOT).stem if lecture else name
        there = {title.partition(".")[0] for title in headings(other)}
        assert set(re.findall(r"\d+", numbers)) <= there, f"section {numbers} of {other}"
    for lecture in re.findall(r"\blectures? (\d\d)\b", text):
        assert any(stem.startswith(lecture) for stem in LECTURES), f"there is no lecture {lecture}"


@pytest.mark.parametrize("name", LECTURES)
def test_what_stands_in_backticks_stands_in_the_lecture(name) -> None:
    """Code is quoted from the lecture's cells, numbers from its stored outputs."""
    held = words(source(name)) + outputs(name)
    for quoted in re.findall(r"`([^`]+)`", part(name)):
        assert words(quoted) in held or quoted.startswith("gancourse "), f"the lecture does not hold `{quoted}`"


@pytest.mark.parametrize("name", LECTURES)
def test_three_questions_with_answers_that_the_quiz_does_not_give_away(name) -> None:
    exam = under(name, "Exam")
    questions = re.split(r"^\d\. ", exam, flags=re.MULTILINE)[1:]
    assert re.findall(r"^(\d)\. ", exam, re.MULTILINE) == ["1", "2", "3"]
    for question in questions:
        asked, told, answered = question.partition("*Answer.*")
        assert told and len(asked.split()) > 8 and len(answered.split()) > 8, question
    for entry in quiz(name):
        for given in (entry["question"], entry["answer"]):
            assert len(given) < 20 or words(given).lower() not in words(exam).lower(), f"the quiz holds: {given}"


def quiz(name: str) -> list[dict]:
    """A lecture's quiz: its questions with their answers."""
    for node in ast.walk(ast.parse(notebooks.find(name, ROOT).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "quiz":
            return ast.literal_eval(node.args[0])
    raise AssertionError(f"{name} has no quiz")


# Commands and links


def commands(path: Path) -> list[str]:
    """The lines of a page that call gancourse: in blocks, and within a sentence."""
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"^ {4,8}!?(?:\S*/)?(gancourse .+)$", text, re.MULTILINE)
    return blocks + [words(line) for line in re.findall(r"`(?:[^`\s]*/)?(gancourse [^`]+)`", text)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_commands_parse(path) -> None:
    for line in commands(path):
        called = shlex.split(line, comments=True)[1:]
        said = io.StringIO()
        try:
            with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
                cli.parser().parse_args(called if len(called) > 1 else [*called, "--help"])
        except SystemExit as stop:
            assert stop.code == 0, f"{line}: {said.getvalue()}"


def test_the_guides_make_targets_exist() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for path in PAGES:
        called = re.findall(r"(?:^ {4}|`)(?:[A-Z_]+=\S+ )*make ([\w-]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(called) <= targets, path.name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_lead_somewhere(path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"
