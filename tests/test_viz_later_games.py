"""The games of the later lectures are among those that lectures find by name; what holds of every game is in test_viz_games."""

from __future__ import annotations

from gancourse.viz.games import GAMES
from gancourse.viz.later_games import LATER


def test_later_games_are_found_with_the_others():
    assert LATER and all(GAMES[name] is game for name, game in LATER.items())
    assert len({game.title for game in GAMES.values()}) == len(GAMES)
