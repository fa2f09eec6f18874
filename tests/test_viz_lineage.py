import numpy as np
import pytest

from gancourse.viz import lineage
from gancourse.viz.lineage import Node, places

COLUMNS = {"a": "one idea", "b": "another"}
NODES = [
    Node("root", 2014, "a"),
    Node("child", 2016, "a", ("root",), "03"),
    Node("sister", 2016, "a", ("root",), look="known"),
    Node("cousin", 2016, "b", ("root", "sister"), look="new"),
]


def different(a, b):
    return np.asarray(a).shape != np.asarray(b).shape or bool((np.asarray(a) != np.asarray(b)).any())


def test_no_two_names_share_a_place_and_years_follow_one_another():
    at, years = places(NODES, list(COLUMNS))
    assert at == {"root": (0, 0), "child": (0, 1), "sister": (0, 2), "cousin": (1, 1)}
    assert years == {2014: (0, 1), 2016: (1, 3)}


def test_the_picture_shows_names_lines_notes_and_looks():
    picture = lineage.lineage(NODES, COLUMNS)
    assert picture.size == (lineage.YEARS + 2 * lineage.COLUMN, lineage.HEAD + 3 * lineage.ROW)
    for i, change in [
        (1, {"name": "childe"}),
        (1, {"note": "04"}),
        (2, {"parents": ()}),
        (3, {"look": "plain"}),
        (3, {"parents": ()}),
    ]:
        other = [node._replace(**change) if i == j else node for j, node in enumerate(NODES)]
        assert different(picture, lineage.lineage(other, COLUMNS)), change


def test_all_names_lie_inside_their_boxes():
    """Outside the boxes and the lines beside them, two pictures with other names are the same."""
    width = lineage.BOX[0]
    short, long = (np.asarray(lineage.lineage([Node(name, 2014, "a")], COLUMNS)) for name in ("x", "Context-RNN-GAN"))
    changed = (short != long).any(2).any(0).nonzero()[0]
    middle = lineage.YEARS + lineage.COLUMN / 2
    assert changed.min() >= middle - width / 2 and changed.max() <= middle + width / 2


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([], "names of their own"),
        ([NODES[0], NODES[0]], "names of their own"),
        ([NODES[0]._replace(column="c")], "choose from a, b"),
        ([NODES[0]._replace(look="loud")], "choose from plain, known, new"),
        ([NODES[1]], "'root', which is no node"),
    ],
)
def test_bad_input(nodes, message):
    with pytest.raises(ValueError, match=message):
        lineage.lineage(nodes, COLUMNS)
