"""Multiple choice with an answer at once, and a reason for every wrong choice."""

from __future__ import annotations

import ast
import base64
import html
import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gancourse.classroom.widgets.base import Live

_KEYS = ("question", "answer", "why", "wrong")
RIGHT, WRONG = "#00704F", "#B34700"  # behind white letters, so that they read alike on light and dark pages
_BADGE = "color:#FFFFFF;padding:1px 6px;border-radius:3px"


@dataclass(frozen=True)
class Question:
    """A question, its choices in the order shown, each with what is said when it is chosen, and the right one's place."""

    text: str
    choices: tuple[tuple[str, str], ...]
    right: int


def _question(number: int, given: Mapping[str, Any], seed: int) -> Question:
    missing, extra = [k for k in _KEYS if k not in given], [k for k in given if k not in _KEYS]
    if missing or extra:
        raise ValueError(f"question {number} must have exactly the keys {', '.join(_KEYS)}; missing: {missing}, unknown: {extra}")
    wrong = given["wrong"]
    if not isinstance(wrong, Mapping) or not wrong:
        raise ValueError(f"question {number}: wrong must be a dict from each wrong choice to why it is wrong")
    answer = str(given["answer"])
    if answer in wrong:
        raise ValueError(f"question {number}: {answer!r} is both the answer and a wrong choice")
    if not all(str(text).strip() for text in (given["question"], answer, given["why"], *wrong, *wrong.values())):
        raise ValueError(f"question {number} has an empty text: every choice needs an explanation")
    choices = [(answer, str(given["why"])), *((str(choice), str(why)) for choice, why in wrong.items())]
    random.Random(f"{seed} {given['question']}").shuffle(choices)
    return Question(str(given["question"]), tuple(choices), [choice for choice, _ in choices].index(answer))


def marked_up(text: str) -> str:
    """HTML of plain text with `code` and $formulae$, which the page's MathJax sets."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))


class Quiz(Live):
    """A multiple-choice quiz that answers at once and says why.

    Each question is a dict: ``question``; ``answer``, the right choice; ``why``, what is said to it; ``wrong``, a dict from each
    wrong choice to why it is wrong.  Texts may hold `code` and $formulae$.  The choices are shuffled by the seed.  A notebook
    passes its questions :func:`sealed`, so that they do not stand above their own answers.  Without a front end: the questions as
    text with the answers folded away.
    """

    def __init__(self, questions: Sequence[Mapping[str, Any]] | str, seed: int = 0) -> None:
        if isinstance(questions, str):
            questions = opened(questions)
        if not questions:
            raise ValueError("a quiz needs at least one question")
        self.questions = [_question(i + 1, given, seed) for i, given in enumerate(questions)]
        self._first_tries: dict[int, bool] = {}
        self._build()

    def __repr__(self) -> str:
        return "\n".join(f"{i + 1}. {q.text}" for i, q in enumerate(self.questions))

    def _build(self) -> None:
        import ipywidgets

        self.buttons: list[list[Any]] = []
        self.replies = [ipywidgets.HTMLMath("") for _ in self.questions]
        self.score = ipywidgets.HTML("")
        parts: list[Any] = []
        for i, question in enumerate(self.questions):
            narrow = ipywidgets.Layout(width="36px")
            row = [ipywidgets.Button(description=_letter(j), layout=narrow) for j in range(len(question.choices))]
            for j, button in enumerate(row):
                button.on_click(lambda _, i=i, j=j: self.choose(i, j))
            self.buttons.append(row)
            texts = [
                ipywidgets.HTMLMath(f"<div style='padding:4px 6px'>{marked_up(choice)}</div>") for choice, _ in question.choices
            ]
            lines = [ipywidgets.HBox(pair) for pair in zip(row, texts, strict=True)]
            for line, text in zip(lines, texts, strict=True):
                line.add_class("gan-choice")
                text.add_class("gan-choice-text")
            self.replies[i].add_class("gan-reply")
            head = ipywidgets.HTMLMath(f"<b>{i + 1}.</b> {marked_up(question.text)}")
            parts.append(ipywidgets.VBox([head, *lines, self.replies[i]], layout=ipywidgets.Layout(margin="0 0 14px 0")))
        self.widget = self._alive(ipywidgets.VBox([*parts, self.score]))
        self.described.words = f"quiz of {len(self.questions)} questions"

    def choose(self, question: int, choice: int) -> bool:
        """Answer a question (both counted from 0): marks the choice, says why, and returns whether it was right."""
        asked = self.questions[question]
        right = choice == asked.right
        self.buttons[question][choice].button_style = "success" if right else "danger"
        verdict, colour = ("Right.", RIGHT) if right else ("No.", WRONG)
        why = marked_up(asked.choices[choice][1])
        self.replies[question].value = f"<b style='{_BADGE};background:{colour}'>{_letter(choice)}: {verdict}</b> {why}"
        self._first_tries.setdefault(question, right)
        n, asked_of = sum(self._first_tries.values()), len(self.questions)
        self.score.value = f"Right at the first try: {n} of {len(self._first_tries)} answered, {asked_of} questions."
        return right

    def fallback(self) -> dict[str, str]:
        """The questions as text, each with its answer folded away."""
        return {"text/html": "\n".join(self._folded(i, question) for i, question in enumerate(self.questions))}

    def _folded(self, i: int, question: Question) -> str:
        verdicts = ["Right." if j == question.right else "No." for j in range(len(question.choices))]
        choices = [marked_up(choice) for choice, _ in question.choices]
        reasons = [f"<b>{said}</b> {marked_up(why)}" for said, (_, why) in zip(verdicts, question.choices, strict=True)]
        answer = f"<details><summary>Answer</summary>\n{_lettered(reasons)}</details>"
        return f"<p><b>{i + 1}.</b> {marked_up(question.text)}</p>\n{_lettered(choices)}\n{answer}"


def _lettered(lines: Sequence[str]) -> str:
    """Lines A, B, C: written out, because pages restyle lists and then the letters of the answer fit nothing."""
    return "<p>" + "<br>\n".join(f"{_letter(j)}. {line}" for j, line in enumerate(lines)) + "</p>"


def _letter(place: int) -> str:
    return chr(ord("A") + place)


# ------------------------------------------------------------------------------------------------------------------ sealing


def sealed(questions: Sequence[Mapping[str, Any]]) -> str:
    """Questions as a text that a quiz opens and a reader of its cell does not."""
    return base64.b64encode(json.dumps(questions, ensure_ascii=False).encode()).decode()


def opened(text: str) -> list[Mapping[str, Any]]:
    """The questions that :func:`sealed` made a text of."""
    try:
        return json.loads(base64.b64decode(text, validate=True))
    except ValueError as error:
        raise ValueError("this text holds no questions: pass a list of dicts, or what sealed() made of one") from error


def sealed_cell(code: str) -> str:
    """The code of a cell with the questions of its ``widgets.quiz([...])`` sealed; code without such a call comes back as it is.

    Raises ValueError where the questions are computed, or the cell is more than Python: they must stand there in full.
    """
    lines = code.splitlines(keepends=True)
    for given in reversed(_questions_in(code)):
        last = given.end_lineno or given.lineno
        text = sealed(_written_out(given))
        rows = "".join(f'\n    "{text[at : at + _ROW]}"' for at in range(0, len(text), _ROW))
        head = "".join([*lines[: given.lineno - 1], _cut(lines[given.lineno - 1], None, given.col_offset)]).rstrip()
        rest = "".join([_cut(lines[last - 1], given.end_col_offset, None), *lines[last:]]).lstrip()
        end = ",\n" if rest.startswith(",") else "\n"
        lines = (head + rows + end + rest.removeprefix(",").lstrip()).splitlines(keepends=True)
    return "".join(lines)


_IN_FULL = (
    "widgets.quiz needs its questions written out where it is called, for they are sealed in the notebook: widgets.quiz([{...}])"
)


def _questions_in(code: str) -> list[ast.expr]:
    """The questions of each quiz of a cell, given by place or by name."""
    if "widgets.quiz(" not in code:
        return []
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except SyntaxError as error:
        raise ValueError(f"a cell with widgets.quiz must be Python and nothing else, no %magic ({error})") from None
    calls = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == "widgets.quiz"]
    given = [[*call.args[:1], *(named.value for named in call.keywords if named.arg == "questions")] for call in calls]
    if not all(given):
        raise ValueError(_IN_FULL)
    return [questions[0] for questions in given]


def _written_out(given: ast.expr) -> Any:
    try:
        return ast.literal_eval(given)
    except ValueError:
        raise ValueError(_IN_FULL) from None


_ROW = 110  # letters of a line


def _cut(line: str, start: int | None, stop: int | None) -> str:
    """A part of a line by the offsets of ast, which count bytes."""
    return line.encode()[start:stop].decode()
