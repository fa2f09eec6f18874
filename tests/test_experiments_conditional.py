import torch

from gancourse import data
from gancourse.experiments import conditional
from gancourse.models.conditional import Classes


def test_held_out_rows_are_those_of_any_combination():
    names = {"hair": ("black", "red"), "glasses": ("no", "yes"), "smile": ("no", "yes")}
    rows = torch.cartesian_prod(*[torch.arange(2)] * 3)
    mask = conditional.held_out(rows, names, [{"hair": "red", "glasses": "yes"}, {"smile": "yes", "hair": "black"}])
    shown = [("red" if h else "black", bool(g), bool(s)) for h, g, s in rows[mask].tolist()]
    assert shown == [("black", False, True), ("black", True, True), ("red", True, False), ("red", True, True)]


def test_training_sees_every_value_and_no_held_out_pair():
    from gancourse.data.avatars import STYLES

    names = {name: tuple(values) for name, values in STYLES["faces"].attributes.items()}
    every = torch.cartesian_prod(*[torch.arange(len(values)) for values in names.values()])
    kept = every[~conditional.held_out(every, names)]
    assert 0.75 < len(kept) / len(every) < 0.85
    for k, values in enumerate(names.values()):
        assert len(kept[:, k].unique()) == len(values)
    for pair in conditional.HELD_OUT:
        columns = [list(names).index(name) for name in pair]
        wanted = torch.tensor([names[name].index(value) for name, value in pair.items()])
        assert not (kept[:, columns] == wanted).all(1).any()


def test_players_do_not_touch_the_global_seed_and_read_the_labels():
    names = {"hair": ("black", "red"), "smile": ("no", "yes")}
    before = torch.get_rng_state()
    gan = conditional.game(names, size=8, width=4, seed=1)
    assert torch.equal(before, torch.get_rng_state())
    assert gan.classes == Classes.of(names) and gan.objective.name == "relativistic" and gan.penalty.every == 8
    again = conditional.game(names, size=8, width=4, seed=1)
    assert torch.equal(gan.generator.first.weight, again.generator.first.weight)


def test_a_card_says_how_well_each_attribute_is_obeyed(monkeypatch):
    from gancourse import zoo
    from gancourse.metrics import attribute_classifier

    small = data.pixel_faces(16, 1000, progress=False)[:400]
    judge = attribute_classifier("pixel_faces")

    class Perfect:
        generator = None

        class gan:  # noqa: N801
            @staticmethod
            def sample(n, seed, generator, labels):
                rows = [int((small.attributes == y).all(1).nonzero()[0]) for y in labels]
                return data.to_float(small.images[rows])

    metric = conditional.measure(Perfect(), small)
    assert metric["value"] < 1.5 * metric["floor"] + 0.5
    assert "in combinations never trained: hair" in metric["protocol"] and judge is not None
    assert all(name in metric["protocol"] for name in small.attribute_names)
    zoo.check_card({"network": {"class": "gancourse.models.x.Y", "arguments": {}}, "metric": metric}, complete=False)
