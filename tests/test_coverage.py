"""What the course promises."""

from gancourse.classroom.coverage import CLAIMS, DECKS, PROMISES, SYSTEMS, deck_names


def test_the_table_of_promises_is_whole():
    assert list(CLAIMS) == [f"C{n:02}" for n in range(1, 31)]
    assert list(SYSTEMS) == [f"S{n:02}" for n in range(1, 34)]
    assert all(promise.decks and set(promise.decks) <= set(DECKS) for promise in PROMISES.values())


def test_decks_are_named_by_their_authors_in_the_order_given():
    assert deck_names("HW") == "Hong, Wang"
    assert deck_names("WH") == "Wang, Hong"
    assert deck_names("") == ""
