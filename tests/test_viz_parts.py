"""The boxes that games are described with."""

from __future__ import annotations

import pytest

from gancourse.viz import parts


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (parts.latent, "latent"),
        (parts.data, "data"),
        (parts.sample, "sample"),
        (parts.generator, "network"),
        (parts.discriminator, "network"),
        (parts.loss, "loss"),
    ],
)
def test_a_box_is_of_its_kind_and_stands_where_it_is_put(make, kind):
    box = make("name", 1.5, 0.5, "below")
    assert (box.kind, box.text, box.column, box.row, box.under) == (kind, "name", 1.5, 0.5, "below")


def test_the_two_networks_belong_to_different_players():
    assert parts.generator("G", 0, 0).player != parts.discriminator("D", 0, 0).player


def test_the_plain_gradients_move_one_player_each():
    assert parts.D.moves == ("D",) and parts.G.moves == ("G",) and "D fake" in parts.D.stops
