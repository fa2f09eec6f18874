"""The page of a run."""

from __future__ import annotations

import base64
import math
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

from gancourse.experiments.own.page import Shown, chart, html

SHOWN = Shown("dcgan, <cats>, 32 px", "at work: step 5 of 10", 5, 10, True, b"samples", b"real", settings={"seed": "<1>"})


def test_one_file_that_reloads_itself_while_there_is_more() -> None:
    text = html(SHOWN)
    assert '<meta http-equiv="refresh" content="10">' in text
    assert 'http-equiv="refresh"' not in html(replace(SHOWN, at_work=False))
    assert "src=" in text and all(part.startswith('"data:image/png;base64,') for part in text.split("src=")[1:])
    assert "href" not in text and "<script" not in text, "nothing is loaded from elsewhere"
    assert base64.b64encode(b"samples").decode() in text and base64.b64encode(b"real").decode() in text


def test_what_is_shown_is_text_and_not_code() -> None:
    text = html(SHOWN)
    assert "&lt;cats&gt;" in text and "<cats>" not in text and "&lt;1&gt;" in text
    assert text.count("alt=") == text.count("<img")


def test_a_film_of_earlier_samples() -> None:
    text = html(replace(SHOWN, film=[(0, b"a"), (1200, b"b")]))
    assert "On the way" in text and "step 1,200" in text and "On the way" not in html(SHOWN)


def test_charts_are_drawings_that_parse() -> None:
    line = [(0.0, math.nan), (1.0, 2.0), (3.0, 1.0), (5.0, math.inf)]
    drawn = ElementTree.fromstring(chart({"discriminator": line, "generator": [(1.0, 4.0)]}, "Losses & more"))
    lines = [node.attrib["points"].split() for node in drawn.iter("polyline")]
    assert [len(points) for points in lines] == [2, 1], "what is not finite is left out"
    heights = [float(point.split(",")[1]) for point in lines[0]]
    assert heights[1] > heights[0], "a smaller value stands lower"
    texts = [node.text for node in drawn.iter("text")]
    assert {"discriminator", "generator", "4", "1", "step 3"} <= set(texts)
    assert chart({"score": [(0.0, math.nan)]}, "x") == "<p>nothing measured yet</p>"
