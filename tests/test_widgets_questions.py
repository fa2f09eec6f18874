"""Quizzes."""

from __future__ import annotations

import re

import pytest

from gancourse.classroom import widgets
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
