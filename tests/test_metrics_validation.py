"""Judges judged: a good one is not fooled, a bad one is found out."""

import math

import pytest
import torch

from gancourse.data.handwritten import handwritten_digits
from gancourse.data.images import to_float
from gancourse.data.numerals import stacked_digits
from gancourse.metrics.modes import stacked_mode_report
from gancourse.metrics.pairs import gradient_energy, psnr
from gancourse.metrics.validation import Validation, blurred, marginal_noise, shuffled_pixels, validate


@pytest.fixture(scope="module")
def truth():
    return stacked_digits(n=1000, base=handwritten_digits("test"), split="test").images


def test_the_gated_mode_counter_is_fooled_by_no_noise_and_the_plain_one_is(truth, digit_judge):
    def gated(x):
        report = digit_judge.report(x)
        return {"modes": report.modes, "high_quality": report.high_quality}

    def plain(x):
        return stacked_mode_report(digit_judge.read_stacked(x)[0]).modes

    table = validate(gated, truth, untrained=torch.zeros(64, 3, 32, 32), copies=truth)
    assert table.fooled("modes", margin=200) == ["blurred over 2 px"]  # which an eye reads, too
    assert table.scores["blurred over 2 px"]["modes"] > table.scores["blurred over 4 px"]["modes"]
    assert table.scores["marginal noise"]["modes"] < 5
    assert table.scores["copies"] == table.scores["truth"]
    assert table.steady()
    assert plain(marginal_noise(to_float(truth), torch.Generator().manual_seed(0))) > 100


def test_a_ratio_is_best_near_the_truth():
    pictures = handwritten_digits("test").images[:50]
    table = validate(lambda x: gradient_energy(x).mean(), pictures)
    assert table.fooled("score", "near", margin=0.01) == []
    assert "noise" in table.fooled("score", "high")  # noise has more edges than any digit
    with pytest.raises(ValueError, match="choose from 'high', 'low', 'near'"):
        table.fooled("score", "big")


def test_a_paired_judge_sees_shuffled_pictures():
    pictures = handwritten_digits("test").images[:50]
    target = pictures.float() / 127.5 - 1
    table = validate(lambda x: psnr(x, target).mean(), pictures, paired=True)
    assert table.scores["shuffled"]["score"] < 15
    assert table.fooled("score") == []
    assert "shuffled" not in validate(lambda x: 0.0, pictures).scores


def test_a_judge_that_leaves_a_score_out_is_told_to_give_nan():
    pictures = handwritten_digits("test").images[:4]
    asked = []

    def forgetful(x):
        asked.append(x)
        return {"s": 0.0, "t": 1.0} if len(asked) != 4 else {"s": 0.0}

    with pytest.raises(ValueError, match="score 't' for one of the truth and blurred over 4 px, .* give NaN"):
        validate(forgetful, pictures)
    table = validate(lambda x: {"s": 0.0, "t": float("nan") if x.std() < 0.1 else 1.0}, pictures, untrained=0 * pictures.float())
    assert table.fooled("s") and "untrained" not in table.fooled("t")
    with pytest.raises(ValueError, match="margin must be 0 or more"):
        table.fooled("s", margin=-1.0)


def test_a_judge_with_dice_is_not_steady():
    source = torch.Generator().manual_seed(0)
    pictures = handwritten_digits("test").images[:4]
    assert not validate(lambda x: torch.rand((), generator=source), pictures).steady()
    assert validate(lambda x: float("nan"), pictures).steady()


def test_the_nulls_keep_what_they_should():
    source = torch.Generator().manual_seed(0)
    x = torch.rand(200, 3, 8, 8, generator=source)
    assert torch.allclose(blurred(x, 4).mean((2, 3)), x.mean((2, 3)), atol=0.05)
    noise = marginal_noise(x, source)
    assert set(noise[:, 0, 0, 0].tolist()) <= set(x[:, 0, 0, 0].tolist())
    shuffled = shuffled_pixels(x, source)
    assert torch.equal(shuffled.flatten(2).sort(2).values, x.flatten(2).sort(2).values)
    assert shuffled[0].flatten(1).T.tolist()[0] in x[0].flatten(1).T.tolist()


def test_rows_are_for_a_table():
    rows = validate(lambda x: 1.0, handwritten_digits("test").images[:4]).rows()
    assert rows[0] == {"": "truth", "score": 1.0}


def table(**rows):
    return Validation({name.replace("_", " "): {"score": score} for name, score in rows.items()})


def test_an_error_is_best_where_it_is_low():
    found = table(truth=1.0, noise=5.0, untrained=0.5, blurred=1.2)
    assert found.fooled("score", "low") == ["untrained"]
    assert found.fooled("score", "low", margin=0.3) == ["untrained", "blurred"]
    assert found.fooled("score", "high") == ["noise", "blurred"]


def test_a_judge_without_a_score_for_the_truth_validates_nothing():
    found = table(truth=math.nan, truth_again=math.nan, noise=1.0)
    for best in ("high", "low", "near"):
        with pytest.raises(ValueError, match=r"no score for the truth itself \(NaN\)"):
            found.fooled("score", best)


@pytest.mark.parametrize("best", ["high", "low", "near"])
def test_what_scores_as_the_truth_fools_even_where_that_is_infinite(best):
    assert table(truth=math.inf, noise=math.inf, blurred=math.nan).fooled("score", best) == ["noise"]


def test_words_that_are_meant_for_others_are_named():
    found = table(truth=1.0, noise=1.0)
    with pytest.raises(ValueError, match="unknown score 'scores': did you mean 'score'"):
        found.fooled("scores")
    with pytest.raises(ValueError, match="unknown best 'hihg': did you mean 'high'"):
        found.fooled("score", "hihg")
