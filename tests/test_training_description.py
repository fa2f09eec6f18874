"""What a checkpoint was made with, in words that can be compared."""

import torch
from torch import nn

from gancourse import losses
from gancourse.data import Batches
from gancourse.gans.augmented import AdaptiveProbability, AugmentedGAN
from gancourse.gans.gan import GAN
from gancourse.losses import penalties
from gancourse.models import mlp
from gancourse.training.description import ALSO, _Description, describe, difference, tensor_text
from gancourse.training.settings import Settings

PAIR = (0.5, 0.9)


def players(hidden=(4,)):
    torch.manual_seed(0)
    return mlp.Generator(2, (1, 4, 4), hidden=hidden), mlp.Discriminator((1, 4, 4), hidden=hidden)


def told(game=None, batches=None, **settings):
    game, settings = game or GAN(*players()), Settings(**({"steps": 3} | settings))
    of = {"generator": game.generator, "discriminator": game.discriminator}
    optimizers = {name: settings.make(player.parameters(), 1e-3, (0.5, 0.9)) for name, player in of.items()}
    return describe(game, optimizers, settings, batches or Batches(torch.zeros(8, 1, 4, 4), 4))


def test_descriptions_are_plain_text():
    lines = told(AugmentedGAN(GAN(*players()), "flip", control=AdaptiveProbability(0.1, 50, every=1)))
    assert all(isinstance(name, str) and isinstance(text, str) for name, text in lines.items())
    assert lines["game.control.target"] == "0.1"
    assert "game.control.p" not in lines  # it moves


def test_bytecode_of_another_python_says_nothing():
    made, asked = {"k": "<lambda>, code 3.11:abcdef"}, {"k": "<lambda>, code 3.13:fedcba"}
    assert difference(made, asked) is None
    assert difference(made, {"k": "<lambda>, code 3.11:fedcba"}) == ("k", made["k"], "<lambda>, code 3.11:fedcba")
    assert difference(made, {"k": "other, code 3.13:fedcba"}) is not None
    assert difference({"a": "1", "b": "2"}, {"a": "1"}) == ("b", "2", "nothing")


def test_both_optimisers_are_told_in_full():
    def settings(lines, player):
        return {name.removeprefix(player): text for name, text in lines.items() if name.startswith(f"{player}'s optimizer")}

    def one_pair(parameters, lr):
        return torch.optim.Adam(parameters, lr, betas=PAIR)  # the same object for both players

    for lines in (told(), told(optimizer=one_pair)):
        assert settings(lines, "generator") == settings(lines, "discriminator")
        assert lines["discriminator's optimizer.0.betas"] == "[0.5, 0.9]"


def test_a_file_from_before_all_was_told_goes_on():
    asked = told()
    made = {name: text for name, text in asked.items() if not name.startswith(("discriminator's optimizer.", "objective.middle"))}
    assert difference(made, asked) is None
    other = {**made, "discriminator's optimizer": "SGD"}
    assert difference(other, asked) == ("discriminator's optimizer", "SGD", "Adam")


def test_an_object_that_is_gone_hides_no_other():
    """A new object may lie where one that has been described lay."""
    told = _Description()
    for i in range(50):
        told.add(f"thing {i}", {"number": i, "list": [i, [i]]})
    assert [told.lines[f"thing {i}.number"] for i in range(50)] == [str(i) for i in range(50)]


def test_numbers_are_compared_by_their_value():
    pairs = [("1", "1.0"), ("[0, 0.9]", "[0.0, 0.9]"), ("((0, 1), 2)", "[[0.0, 1.0], 2]"), ("'a'", "'a'")]
    assert all(difference({"k": one}, {"k": other}) is None for one, other in pairs)
    others = [("1", "2.0"), ("1", "True"), ("[0]", "[0, 0]"), ("'1'", "1"), ("None", "0"), (f"{2**60}", f"{2**60 + 1}")]
    assert all(difference({"k": one}, {"k": other}) for one, other in [*others, ("Adam", "SGD"), ("nan", "0")])


def test_the_same_run_is_described_alike_and_training_changes_nothing():
    game = GAN(*players(), penalty=penalties.r1(1.0))
    before = told(game)
    assert difference(before, told(GAN(*players(), penalty=penalties.r1(1.0)))) is None
    with torch.no_grad():
        for parameter in game.generator.parameters():
            parameter.add_(1)
    assert difference(before, told(game)) is None


def test_what_differs_is_named_by_its_place():
    def first(**changes):
        found = difference(told(), told(**changes))
        return found and found[0]

    assert first() is None
    assert first(game=GAN(*players(), penalty=penalties.r1(2.0))) == "penalty"
    assert first(game=GAN(*players((5,)))) == "generator.layers.0"
    assert first(game=GAN(*players(), losses.objective("hinge"))) == "objective.name"
    assert first(seed=4) == "seed"
    assert first(batches=Batches(torch.ones(8, 1, 4, 4), 4)) == "data._x"
    one, two = (told(game=GAN(*players(), penalty=penalties.r1(gamma))) for gamma in (1.0, 2.0))
    assert difference(one, two) == ("penalty.gamma", "1.0", "2.0")


def test_steps_count_only_where_a_schedule_looks_at_them():
    assert difference(told(steps=3), told(steps=9)) is None
    assert difference(told(steps=3, schedule="linear"), told(steps=9, schedule="linear")) == ("steps", "3", "9")


def test_a_class_from_outside_is_told_by_its_code():
    def game(forward):
        generator, discriminator = players()
        generator.layers[0] = type("Layer", (nn.Linear,), {"forward": forward})(2, 4)
        return GAN(generator, discriminator)

    def twice():
        return game(lambda self, x: 2 * nn.Linear.forward(self, x))

    assert difference(told(twice()), told(twice())) is None
    thrice = game(lambda self, x: 3 * nn.Linear.forward(self, x))
    assert difference(told(twice()), told(thrice))[0] == "generator.layers.0"


def test_tensors_are_told_by_shape_type_and_content():
    x = torch.arange(6.0)
    assert tensor_text(x) == tensor_text(x.clone())
    assert len({tensor_text(y) for y in (x, x.flip(0), x.double(), x.reshape(2, 3))}) == 4


def test_weights_that_nobody_trains_are_told_and_older_files_that_do_not_tell_them_go_on():
    game = GAN(*players())
    game.beside = nn.Linear(2, 2)
    asked = told(game)
    assert {name for name in asked if "'s weights" in name} == {"game.beside's weights"}
    made = {name: text for name, text in asked.items() if "'s weights" not in name}
    assert difference(made, asked) is None
    with torch.no_grad():
        game.beside.weight.add_(1)
    assert difference(asked, told(game))[0] == "game.beside's weights"


def older(lines):
    """A description as it was before functions told what they hold."""
    held = ("game.rule.of", "game.plan.table", "game.plan.defaults by name")
    return {name: text for name, text in lines.items() if name != ALSO and not name.startswith(held)}


def test_what_functions_hold_is_compared_and_older_files_that_do_not_tell_it_go_on():
    def playing(table=(1, 2), weight=1.0):
        table, (game, other) = [*table], (GAN(*players()), nn.Linear(2, 2))
        nn.init.constant_(other.weight, weight)

        def plan(step, parts=((0, 1), (5, 2)), *, start=0):
            return table[step]

        game.rule, game.plan = other.forward, plan
        return told(game)

    asked = playing()
    made = older(asked)
    assert {*asked} - {*made} >= {
        "game.rule.of",
        "game.rule.of's weights",
        "game.plan.table",
        "game.plan.defaults by name.start",
        ALSO,
    }
    assert asked["game.plan.defaults"] == "(((0, 1), (5, 2)),)"  # one line, as in older files
    assert difference(made, asked) is None
    assert difference(asked, playing(table=(1, 3))) == ("game.plan.table", "[1, 2]", "[1, 3]")
    assert difference(asked, playing(weight=2.0))[0] == "game.rule.of's weights"
    assert difference({**made, "game.plan": "other"}, asked)[0] == "game.plan"  # what they do tell is compared
    del made["game.plan"]
    assert difference(made, asked)[:2] == ("game.plan", "nothing")


def test_a_row_that_stands_twice_is_told_twice_and_older_files_go_on():
    game = GAN(*players())
    game.one = game.other = (1, 2)
    asked = told(game)
    made = {name: text for name, text in asked.items() if name not in (ALSO, "game.other")}
    assert asked["game.other"] == "[1, 2]" and difference(made, asked) is None
    assert difference({**made, ALSO: "[]"}, asked)[0] == "game.other"
