"""Quizzes."""

from __future__ import annotations

import re
import shutil
from types import SimpleNamespace

import pytest

from gancourse.classroom import notebooks, widgets
from gancourse.classroom.widgets import questions
from tests.shown import QUESTIONS


def test_an_answer_is_judged_at_once_with_its_explanation():
    quiz = widgets.quiz(QUESTIONS)
    asked = quiz.questions[0]
    wrong = next(j for j in range(3) if j != asked.right)
    quiz.buttons[0][wrong].click()
    assert "No." in quiz.replies[0].value and quiz.buttons[0][wrong].button_style == "danger"
    assert viz_text(asked.choices[wrong][1]) in quiz.replies[0].value
    quiz.buttons[0][asked.right].click()
    assert "Right." in quiz.replies[0].value and "$p / (p + p)$." in quiz.replies[0].value
    quiz.buttons[1][quiz.questions[1].right].click()
    assert "1 of 2 answered" in quiz.score.value  # the first try counts


def viz_text(words: str) -> str:
    return words.replace("&", "&amp;")


def test_choices_are_shuffled_the_same_way_for_a_seed():
    orders = {tuple(choice for choice, _ in widgets.quiz(QUESTIONS, seed=s).questions[0].choices) for s in range(20)}
    assert len(orders) == 6
    assert widgets.quiz(QUESTIONS).questions == widgets.quiz(QUESTIONS).questions


def test_the_folded_quiz_holds_questions_outside_and_answers_inside():
    quiz = widgets.quiz(QUESTIONS)
    page = quiz._repr_mimebundle_()["text/html"]
    outside = re.sub(r"<details>.*?</details>", "", page, flags=re.DOTALL)
    assert page.count("<details>") == 2
    assert "<code>D</code>" in outside and "$p_G = p_{data}$" in outside and "Who moves first?" in outside
    assert "Algorithm 1." in page and "Algorithm 1." not in outside
    assert "every fake &amp; sure" in page
    for part in re.findall(r"<details>.*?</details>", page, flags=re.DOTALL):
        assert part.count("Right.") == 1


def test_bad_questions_name_the_fix():
    good = QUESTIONS[1]
    with pytest.raises(ValueError, match=r"missing: \['why'\]"):
        widgets.quiz([{k: v for k, v in good.items() if k != "why"}])
    with pytest.raises(ValueError, match="dict from each wrong choice"):
        widgets.quiz([good | {"wrong": ["G"]}])
    with pytest.raises(ValueError, match="both the answer and a wrong choice"):
        widgets.quiz([good | {"wrong": {"D": "no"}}])
    with pytest.raises(ValueError, match="needs an explanation"):
        widgets.quiz([good | {"wrong": {"G": " "}}])
    with pytest.raises(ValueError, match="at least one question"):
        widgets.quiz([])


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2: 0.2126 R + 0.7152 G + 0.0722 B of linear values."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", [questions.RIGHT, questions.WRONG])
def test_verdicts_can_be_read_on_every_page(colour):
    quiz = widgets.quiz(QUESTIONS)
    for choice in range(3):
        quiz.choose(0, choice)
        assert re.search(r"color:#FFFFFF;[^>]*background:(#00704F|#B34700)", quiz.replies[0].value)
    assert (luminance("#FFFFFF") + 0.05) / (luminance(colour) + 0.05) >= 4.5


def test_a_choice_is_its_letter_and_its_text():
    quiz = widgets.quiz(QUESTIONS)
    lines = quiz.widget.children[0].children[1:-1]
    assert [line._dom_classes for line in lines] == [("gan-choice",)] * 3
    assert all(line.children[1]._dom_classes == ("gan-choice-text",) for line in lines)


def test_a_sealed_quiz_is_the_same_quiz_and_shows_nothing():
    text = questions.sealed(QUESTIONS)
    assert widgets.quiz(text).questions == widgets.quiz(QUESTIONS).questions
    assert "Algorithm" not in text and "answer" not in text
    with pytest.raises(ValueError, match="holds no questions"):
        widgets.quiz("who?")


def test_a_cell_is_sealed_and_its_other_lines_stay():
    code = f"x = 'ä'; widgets.quiz(\n    {QUESTIONS!r},\n    seed=3,\n)\nprint(x)"
    sealed = questions.sealed_cell(code)
    assert "Algorithm" not in sealed and "wrong" not in sealed
    made = []
    exec(sealed, {"widgets": SimpleNamespace(quiz=lambda *given, **more: made.append((given, more)))})
    assert questions.opened(made[0][0][0]) == QUESTIONS and made[0][1] == {"seed": 3}
    assert sealed.startswith("x = 'ä'; widgets.quiz(") and sealed.endswith('",\nseed=3,\n)\nprint(x)')
    assert questions.sealed_cell("print('widgets.quiz')") == "print('widgets.quiz')"


def test_questions_given_by_name_are_sealed_too():
    sealed = questions.sealed_cell(f"widgets.quiz(seed=3, questions={QUESTIONS!r})")
    assert "Algorithm" not in sealed and "wrong" not in sealed
    made = []
    exec(sealed, {"widgets": SimpleNamespace(quiz=lambda **given: made.append(given))})
    assert questions.opened(made[0]["questions"]) == QUESTIONS and made[0]["seed"] == 3


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("widgets.quiz(asked)", "needs its questions written out"),
        ("widgets.quiz(questions=asked)", "needs its questions written out"),
        ("widgets.quiz(**asked)", "needs its questions written out"),
        ("widgets.quiz()", "needs its questions written out"),
        ("%matplotlib inline\nwidgets.quiz([])", "must be Python and nothing else, no %magic"),
    ],
)
def test_a_quiz_that_cannot_be_sealed_is_named(code, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        questions.sealed_cell(code)
    source = tmp_path / "notebooks" / "source" / "01_quiz.py"
    source.parent.mkdir(parents=True)
    shutil.copy(notebooks.root() / "pyproject.toml", tmp_path)
    source.write_text(f"# %% [markdown]\n# # 01. A quiz\n\n# %%\n{code}\n")
    with pytest.raises(notebooks.NotebookError, match=f"01_quiz.py: .*{said}"):
        notebooks.read(source)


def test_the_notebook_of_a_lecture_folds_its_quiz_and_shows_no_answer():
    source = notebooks.sources(notebooks.root())[0]
    (cell,) = [cell for cell in notebooks.read(source).cells if "widgets.quiz(" in cell.source]
    assert cell.metadata["jupyter"] == {"source_hidden": True} and "hide-input" in cell.metadata["tags"]
    assert '"answer"' in source.read_text(encoding="utf-8") and "answer" not in cell.source
