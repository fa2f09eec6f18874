"""Which of two is real: the score, the sides, and a still that does not tell."""

import pytest

from gancourse.classroom import widgets
from tests.shown import images


def game(n=4, seed=0):
    return widgets.which_is_real(images(6, seed=1), images(6, seed=2), n=n, seed=seed, size=20)


def test_clicks_are_counted_and_the_next_pair_comes():
    played = game()
    first = played.image.value
    played.buttons[("left", "right").index(played.right[0])].click()
    assert played.answers == [True] and "Right. 1 of 1 right" in played.score.value and "pair 2 of 4" in played.score.value
    assert played.image.value != first
    wrong = {"left": "right", "right": "left"}[played.right[1]]
    assert played.choose(wrong) is False and "No: it was the other one. 1 of 2" in played.score.value


def test_after_the_last_pair_nothing_is_counted():
    played = game(n=2)
    for side in played.right:
        played.choose(side)
    assert "2 of 2 right; guessing gives half. Done." in played.score.value
    assert played.choose("left") is None and len(played.answers) == 2
    assert all(button.disabled for button in played.buttons)


def test_the_real_one_is_where_the_answer_says():
    real, made = images(6, seed=1), images(6, seed=2)
    played = game()
    for i, side in enumerate(played.right):
        tiles = played._tiles(i)
        assert (tiles[("left", "right").index(side)] == real[i].numpy()).all()
        assert (tiles[("right", "left").index(side)] == made[i].numpy()).all()
    assert {side for seed in range(5) for side in game(seed=seed).right} == {"left", "right"}


def test_the_still_holds_all_pairs():
    assert game().still().width > 4 * 2 * 4


def test_too_few_pictures_name_the_fix():
    with pytest.raises(ValueError, match="or a smaller n"):
        game(n=7)
    with pytest.raises(ValueError, match="of one size"):
        widgets.which_is_real(images(6), images(6, height=9), n=2)
