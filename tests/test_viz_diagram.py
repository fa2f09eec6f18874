"""Pictures of games: what is drawn, what is said of it, what a description may not say, and that it can be read."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from gancourse import viz
from gancourse.viz import diagram
from gancourse.viz.diagram import Box, Game, Gradient

BOXES = {
    "z": Box("latent", "z", 0, 0),
    "G": Box("network", "G", 1, 0, "generator"),
    "D": Box("network", "D", 2, 0, "discriminator"),
    "L": Box("loss", "L_D", 3, 0, under="D(G(z))^2"),
}
ARROWS = ("z G", "G D", "D L")


def small(**changes) -> Game:
    return Game(
        **{"title": "a test", "boxes": BOXES, "arrows": ARROWS, "gradients": {"L": Gradient(("L D",), ("D",), ("D G",))}}
        | changes
    )


def test_the_picture_is_svg_with_its_words_inside() -> None:
    drawn = viz.players(small())
    root = ET.fromstring(drawn.svg)
    space = "{http://www.w3.org/2000/svg}"
    assert root.attrib["role"] == "img" and root.find(f"{space}title").text == "a test"
    assert root.find(f"{space}desc").text == drawn.alt
    written = ["".join(text.itertext()) for text in root.iter(f"{space}text")]
    assert {"z", "G", "D", "LD", "D(G(z))2"} <= set(written)
    assert "gradient of LD: moves D" in written and "stopped: detach" in written
    assert len(list(root.iter(f"{space}rect"))) == len(BOXES) + 1


def test_it_says_in_words_who_is_moved_and_where_a_gradient_stops() -> None:
    said = viz.players(small()).alt
    assert "z to G; G to D; D to L_D" in said
    assert "The gradient of L_D goes back to D, and is stopped before G: it moves D." in said
    frozen = {**BOXES, "G": Box("frozen", "G", 1, 0)}
    assert "Held still: G." in viz.players(small(boxes=frozen)).alt
    assert viz.players(small(), alt="my words").alt == "my words"


def test_a_notebook_gets_svg_and_png_both_with_the_words() -> None:
    kinds, said = viz.players(small(), alt="a & b")._repr_mimebundle_()
    assert kinds["image/svg+xml"].startswith("<svg") and kinds["text/plain"] == "[a & b]"
    assert {words["alt"] for words in said.values()} == {"a & b"}
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(kinds["image/png"]))).convert("RGB"))
    green = [int(viz.COLOURS["discriminator"][i : i + 2], 16) for i in (1, 3, 5)]
    assert (np.abs(picture.astype(int) - green).max(-1) < 3).sum() > 100


def test_it_has_a_ground_of_its_own_for_a_dark_page() -> None:
    ground = re.search(
        r'<rect x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)" rx="14" fill="#ffffff"/>', viz.players(small()).svg
    )
    box = re.search(r'viewBox="(\S+) (\S+) (\S+) (\S+)"', viz.players(small()).svg)
    assert ground and box and ground.groups() == box.groups()


def test_the_gradient_of_each_loss_has_dashes_of_its_own() -> None:
    game = viz.GAMES["pix2pix"]
    svg = viz.players(game).svg
    for place in range(3):
        assert svg.count(f'stroke-dasharray="{diagram._DASHES[place]}"') >= 2  # on the way, and in the legend


def test_a_stop_ends_the_line_before_the_box() -> None:
    leg = ((0.0, 0.0), (100.0, 0.0))
    line, bar = diagram._stop(leg, "#000", "")
    assert "0.0,0.0 50.0,0.0" in line and "50.0,13.0 50.0,-13.0" in bar


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arrows": ("z Q", *ARROWS)}, "box must be"),
        ({"arrows": ("z",)}, "an arrow names two boxes"),
        ({"gradients": {"D": Gradient(("D G",), ("G",))}}, "D is a network and no loss"),
        ({"gradients": {"L": Gradient(("L D",), ("z",))}}, "which is a latent: only a network is moved"),
        ({"gradients": {"L": Gradient(("L G",), ("G",))}}, "from G to L: add one"),
        ({"gradients": {"L": Gradient(("L D",), ("D",), ("D z",))}}, "from z to D: add one"),
        ({"gradients": {"L": Gradient(("L D",), ("G",))}}, "none of its ways goes there"),
    ],
)
def test_a_description_that_contradicts_itself_is_refused(changes: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("box must be", "box")):
        small(**changes)


def test_boxes_and_pictures_refuse_what_they_do_not_know() -> None:
    with pytest.raises(ValueError, match="kind"):
        Box("net", "G", 0, 0)
    with pytest.raises(ValueError, match="player"):
        Box("network", "G", 0, 0, "painter")
    with pytest.raises(TypeError, match="draws a Game"):
        viz.players("gan")  # type: ignore[arg-type]


def test_a_diagram_is_kept_as_a_file(tmp_path) -> None:
    drawn = viz.players(small())
    drawn.save(tmp_path / "new" / "game.svg")
    assert (tmp_path / "new" / "game.svg").read_bytes() == drawn.svg.encode()


def test_a_save_that_fails_leaves_the_old_file(tmp_path) -> None:
    drawn, kept = viz.players(small()), tmp_path / "game.svg"
    kept.write_text("the old one")
    drawn.svg += "\ud800"  # cannot be written as UTF-8
    with pytest.raises(UnicodeEncodeError):
        drawn.save(kept)
    assert [path.name for path in tmp_path.iterdir()] == ["game.svg"] and kept.read_text() == "the old one"
