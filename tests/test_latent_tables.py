"""Rows of tables about sums and moves."""

from __future__ import annotations

import numpy as np
import torch

from gancourse import latent, viz
from gancourse.latent import tables

NAMES = ["glasses", "skin", "smile"]


def test_a_control_stands_in_brackets():
    assert tables.beside("{:.0%}", [0.7, 0.9], [0.1]) == "80% (10%)"


def found():
    """[part, way, 1 + 3]: glasses come; the first way pays with skin, the second with smiles."""
    one = np.array([[0.9, 0.1, 0.5, 0.9], [0.2, 0.8, 0.7, 0.6]])
    return np.stack([one, one])


def test_of_others_the_attribute_itself_is_none():
    np.testing.assert_allclose(tables.others_kept(found(), NAMES, "glasses"), [[0.7, 0.65]] * 2)


def test_a_move_is_shown_with_what_pays_most():
    assert tables.move_row("glasses, 2x", "glasses", iter(NAMES), found()) == {
        "move": "glasses, 2x",
        "flipped": "90% (20%)",
        "others kept": "70% (65%)",
        "what pays most": "skin 50% (70%)",
    }
    free = found()
    free[:, 0, 2] = 0.8
    assert tables.move_row("", "glasses", NAMES, free)["what pays most"] == "none"


class Signs:
    """Reads three attributes off the signs of a picture's first three values."""

    attribute_names = {"hair": ("short", "long"), "glasses": ("no", "yes"), "smile": ("no", "yes")}

    def predict(self, images):
        return (images[:, 0, 0, :3] > 0).long()


def test_sums_have_a_row_for_each_number_of_exemplars_and_way():
    z = torch.randn(2000, 9, generator=torch.Generator().manual_seed(0))
    labelled = latent.LabelledLatents(z, (z[:, :3] > 0).long(), Signs.attribute_names)
    equations = {name: latent.equation(name, "hair", "short", "long") for name in ("glasses", "smile")}
    sums = {
        (name, n): latent.sums_of_parts(lambda z: z[:, None, None, :], labelled, equations[name], Signs(), 6 * n, n, parts=2)
        for name in equations
        for n in (1, 3)
    }
    seen = []
    rows = tables.sums_rows(
        sums, {"glasses": 0.25, "smile": 0.5}, "glasses", lambda images: seen.append(images) or len(images), each=6
    )
    assert [row["exemplars"] for row in rows] == ["none: chance", "1", "1", "3", "3", "3"]
    assert [row["length"] for row in rows[2:]] == [
        "3.0, stretched",
        f"{sums['glasses', 3].length:.1f}",
        "3.0, stretched",
        "in pixels",
    ]
    assert [row["distance"] for row in rows] == ["", *["12.0"] * 5]  # as many of each
    assert torch.equal(seen[4], sums["glasses", 3].images("in pixels", 6))
    assert rows[0]["smile"] == "50%" and rows[3]["smile"] == f"{np.mean(sums['smile', 3].shares('as it is')):.0%}"
    assert rows[1]["valid, glasses"] == "100%"
    viz.table(rows)  # all with the same columns


def test_a_share_of_no_valid_triple_is_not_shown_as_none_of_them():
    asked = latent.equation("glasses", "hair", "short", "long")
    terms = tuple(torch.ones(2, 9)[:, None, None] for _ in range(3))
    part = latent.Sums(tuple(torch.ones(2, 9) for _ in range(3)), terms, {how: terms[0] for how in ("as it is", "stretched")})
    sums = {("glasses", 1): latent.SumsOfParts(asked, (part, part), ()).judged(Signs())}
    rows = tables.sums_rows(sums, {"glasses": 0.25}, "glasses", lambda images: 0.0, each=1)
    assert [row["glasses"] for row in rows[1:]] == ["none valid", "none valid"]
    assert [row["valid, glasses"] for row in rows[1:]] == ["0%", "0%"]


def test_what_is_strange_is_shown_beside_how_often_it_is_read():
    row = tables.stranger_row("a sum", [[0.6, 0.8], [0.9, 0.9]], [[1.0, 1.4], [3.0]])
    assert row == {"what": "a sum", "shown": "70% (90%)", "others kept": "", "stranger by": "1.2x (3.0x)"}
    assert tables.stranger_row("a move", [[1], [1]], [[1], [2]], np.array([[0.5], [0.25]]))["others kept"] == "50% (25%)"
