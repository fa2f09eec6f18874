"""The vocabulary of the checks: what each lets pass, what it refuses, and what it says."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from gancourse.classroom.homework import checks
from gancourse.classroom.homework.checks import Wrong, calls, players, slips, values


def test_a_part_gives_points_item_by_item(capsys: pytest.CaptureFixture[str]) -> None:
    @checks.part(points=3)
    def example(sheet, f):
        with sheet.item("first", 1):
            values.compare(f, lambda x: 2 * x, (1.0,), checks.Slips("f") | {"not doubled": lambda x: x})
        with sheet.item("second", 0.5):
            raise KeyError("x")
        with sheet.item("third", 1.5):
            pass

    score = example(lambda x: x)
    said = capsys.readouterr().out
    assert (score, repr(score), score.report.points) == (1.5, "1.5", 3)
    assert "perhaps   not doubled" in said and "KeyError" in said and "example: 1.5 of 3 points" in said
    assert example(lambda x: 2 * x, quiet=True) == 2.5
    assert capsys.readouterr().out == ""
    assert example.points == 3


def test_what_stumbles_outside_an_item_costs_the_rest() -> None:
    @checks.part(points=2)
    def example(sheet, f):
        with sheet.item("first", 1):
            pass
        f()
        with sheet.item("second", 1):
            pass

    score = example(lambda: 1 / 0, quiet=True)
    assert score == 1 and "ZeroDivisionError" in str(score.report)


def test_stubs_exits_and_time_are_named() -> None:
    @checks.part(points=2)
    def example(sheet, f):
        for name in "ab":
            with sheet.item(name, 1):
                f()

    def raising(error):
        def f():
            raise error

        return f

    assert "not written yet" in str(example(raising(NotImplementedError()), quiet=True).report)
    assert "exit()" in str(example(raising(SystemExit()), quiet=True).report)
    late = example(raising(checks.TimeUp("too long")), quiet=True).report
    assert len(late.items) == 2 and "too long" in str(late), "no further item is tried when the time is up"
    with pytest.raises(KeyboardInterrupt):
        example(raising(KeyboardInterrupt()), quiet=True)


def test_the_seed_decides_and_the_global_one_is_left_alone() -> None:
    drawn = []

    @checks.part(points=1)
    def example(sheet):
        drawn.append(torch.cat([sheet.randn(2), sheet.rand(2), torch.tensor([float(sheet.integer(0, 10**6))])]))
        torch.manual_seed(5)

    torch.manual_seed(0)
    before = torch.get_rng_state()
    for seed in (0, 0, 1):
        example(seed=seed, quiet=True)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])


@pytest.mark.parametrize(
    ("came", "expected", "slip"),
    [
        (torch.tensor([1.0, 2.5]), torch.tensor([1.0, 2.0]), ""),
        (torch.tensor([2.0, 1.0]), torch.tensor([1.0, 2.0]), "turned round"),
        (torch.tensor([[1.0, 2.0]]), torch.tensor([1.0, 2.0]), ""),
        (torch.tensor([math.nan, 2.0]), torch.tensor([1.0, 2.0]), "NaN"),
        (torch.arange(20.0), torch.arange(20.0) + 0.1, ""),
        (torch.tensor([1.0, -17.0]), torch.tensor([1.0, -math.inf]), ""),
        ("1", 1.0, ""),
        (None, 1.0, "return missing"),
        ([1.0, 2.0], torch.tensor([1.0, 2.0]), ""),
        (True, 1.0, ""),
        (torch.tensor([1.0, 2.0]).as_subclass(type("Liar", (torch.Tensor,), {})), torch.tensor([1.0, 2.0]), "Liar"),
        (torch.empty(2, device="meta"), torch.tensor([1.0, 2.0]), "without values"),
    ],
)
def test_close_refuses(came, expected, slip: str) -> None:
    slips = checks.Slips("f") | {"cannot be computed": lambda: 1 / 0, "turned round": lambda: torch.tensor([2.0, 1.0])}
    with pytest.raises(Wrong) as caught:
        checks.close(came, expected, slips=slips.at())
    assert slip in str(caught.value)
    assert "cannot be computed" not in str(caught.value)


LOSS = checks.Slips("loss") | {
    "a stumble": lambda x: 1 / 0,
    "the same for these numbers": torch.mean,
    "the sum": slips.summed(torch.mean),
    "a sign": slips.times(-1, torch.mean),
    "no mean": (lambda x: x, lambda x: 2 * x),
    "one for each pair": lambda x: x[:, None] - x,
    "never a number": lambda x: x.mean() * math.nan,
}


@pytest.mark.parametrize(
    ("answer", "slip"),
    [
        (lambda x: x.sum(), "the sum"),
        (lambda x: -x.sum() / 3, "a sign"),
        (lambda x: 2 * x, "no mean"),
        (lambda x: 7 * x, "no mean"),
        (lambda x: torch.zeros(3, 3), "one for each pair"),
        (lambda x: torch.tensor(math.nan), "never a number"),
        (lambda x: x.mean() + 1, "no slip"),
        (lambda x: torch.zeros(4), "no slip"),
    ],
)
def test_slips_are_functions(answer, slip: str) -> None:
    x = torch.tensor([1.0, 2.0, 6.0])
    with pytest.raises(Wrong) as caught:
        values.compare(answer, torch.mean, (x,), LOSS, "the loss", slip="no slip")
    assert caught.value.slip == slip
    with pytest.raises(Wrong) as caught:
        values.compare(answer, torch.mean, lambda f: f(x), LOSS, "the loss", slip="no slip")
    assert caught.value.slip == slip
    values.compare(lambda x: x.sum() / 3, torch.mean, (x,), LOSS, read=values.scalar)


def test_a_wrong_shape_is_told_by_the_slips_that_have_it() -> None:
    x = torch.tensor([1.0, 2.0, 6.0])
    for came, slip in [(x, "no mean"), (torch.zeros(3, 3), "one for each pair"), (torch.zeros(4), "another")]:
        with pytest.raises(Wrong) as caught:
            values.shape(came, [2], "another", LOSS.at(x))
        assert caught.value.slip == slip
    with pytest.raises(Wrong, match="no mean"):
        checks.equal([1, 2, 6], 3, slips=LOSS.at(x))
    assert [message for message, _ in LOSS.each()].count("no mean") == 2
    assert slips.swapped(lambda a, b, c: a - b + c)(1, 2, 3) == 4


def test_close_lets_pass() -> None:
    for came, expected in [
        (1, 1.0),
        (1.0 + 1e-9, 1.0),
        (torch.tensor(2.0), 2.0),
        (torch.tensor([2.0]), 2.0),
        (torch.tensor([1.0, math.inf]), [1.0, math.inf]),
        (torch.nn.Parameter(torch.ones(2)), torch.ones(2)),
        (torch.ones(2, dtype=torch.float16), torch.ones(2)),
    ]:
        checks.close(came, expected)


def test_equal() -> None:
    checks.equal([(1.0, 2)], [(1, 2.0)])
    checks.equal("ab", "ab")
    checks.equal(None, None)

    class Yes:
        def __eq__(self, other):
            return True

    for came, expected in [(Yes(), 1), ([Yes()], [1]), (True, 1), ("1", 1), ([1], [1, 2]), (None, 0)]:
        with pytest.raises(Wrong):
            checks.equal(came, expected)
    with pytest.raises(Wrong, match="off by one"):
        checks.equal(3, 4, slips=(checks.Slips("f") | {"no": lambda: 5, "off by one": lambda: 3}).at())


def test_shapes_scalars_numbers() -> None:
    values.shape(torch.zeros(2, 3), (2, 3))
    with pytest.raises(Wrong, match="transposed"):
        values.shape(torch.zeros(3, 2), (2, 3), slips=(checks.Slips("f") | {"transposed": lambda: torch.ones(3, 2)}).at())
    with pytest.raises(Wrong, match="take the mean"):
        values.scalar(torch.zeros(3))
    assert values.number(torch.tensor([3.0])) == 3.0
    for odd in ("3", None, True, torch.zeros(2)):
        with pytest.raises(Wrong):
            values.number(odd)
    with pytest.raises(Wrong, match="without NaN"):
        checks.finite(torch.tensor([math.nan]))


def test_pairs() -> None:
    assert values.pair([1, 2], "two") == values.pair((1, 2), "two") == (1, 2)
    for odd in (3, [1], (1, 2, 3), torch.ones(2), None):
        with pytest.raises(Wrong, match="expected two losses.*return both"):
            values.pair(odd, "two losses", "return both")


def test_slopes() -> None:
    at = torch.linspace(-2, 2, 5, dtype=torch.float64)

    def f(x):
        return F.softplus(x).sum()

    checks.close(calls.gradient(f, at), calls.finite_differences(f, at), atol=1e-6)
    for dead in (lambda x: x.detach().sum(), lambda x: torch.zeros((), requires_grad=True) + 0):
        with pytest.raises(Wrong, match="depends on its argument"):
            calls.gradient(dead, at)


def test_in_place_calls_and_devices() -> None:
    x = torch.ones(3)
    with calls.unchanged(x=x):
        _ = x + 1
    with pytest.raises(Wrong, match="in place"), calls.unchanged(x=x):
        x += 1
    with calls.forbidden(["relu"], "no"):
        F.leaky_relu(x)
    with pytest.raises(Wrong, match="a call of relu"), calls.forbidden(["relu"], "no"):
        torch.nn.ReLU()(x)
    assert calls.on_meta(lambda t: t + torch.ones_like(t), x).shape == (3,)
    for stuck in (lambda t: torch.cat([t, torch.ones(3)]), lambda t: torch.ones(3)):
        with pytest.raises(Wrong, match="on the CPU"):
            calls.on_meta(stuck, x)
        with pytest.raises(Wrong, match="on the CPU"):
            calls.harmless(lambda t, k, stuck=stuck: stuck(t), t=x, k=2)
    calls.harmless(lambda t, k: k * t, t=x, k=2)
    with pytest.raises(Wrong, match="t overwritten"):
        calls.harmless(lambda t, k: t.mul_(k), t=x, k=2)


def test_the_trace_of_a_network() -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4, 0.8), torch.nn.LeakyReLU(0.2))
    seen, out = calls.trace(network, torch.zeros(2, 3, 5, 5), ("conv2d", "batch_norm", "leaky_relu"))
    assert [call["name"] for call in seen] == ["conv2d", "batch_norm", "leaky_relu"]
    assert seen[1]["arguments"]["eps"] == 0.8 and seen[2]["arguments"]["negative_slope"] == 0.2
    assert seen[0]["shape"] == [2, 4, 3, 3] == list(out.shape)


def test_mock_players_write_down_what_happens() -> None:
    tape = checks.Tape()
    player = players.MockPlayer("D", tape, torch.ones(2), torch.zeros(()))
    optimiser = players.MockOptimiser("D", tape, player, lr=0.5)
    optimiser.zero_grad()
    player(torch.ones(1, 2)).sum().backward()
    optimiser.step()
    assert tape == ["zero D", "D", "step D"]
    assert players.gradients(player).tolist() == [1, 1, 1]
    assert players.weights(player).tolist() == [0.5, 0.5, -0.5]
    assert tape.count_of("D") == 1 and str(tape) == "zero D D step D"


@pytest.mark.parametrize(
    ("acts", "late", "value", "weight"),
    [
        ("zero back step", False, 8.0, 0.0),
        ("back step", False, 8.0, -2.5),
        ("step zero back", True, -2.0, -0.5),
        ("back step half", True, -5.0, -1.25),
        ("zero half back step", True, -4.0, -1.0),
    ],
)
def test_a_step_descends_by_its_acts_in_their_order(acts: str, late: bool, value: float, weight: float) -> None:
    """From w = 2 with a gradient of 5 left over, on 4 w at a rate of 1/2."""
    w = torch.nn.Parameter(torch.tensor(2.0))
    w.grad = torch.tensor(5.0)
    optimiser = torch.optim.SGD([w], lr=0.5)
    assert players.descend(acts, lambda: 4 * w, optimiser, late, half=lambda: w.data.div_(2)) == value
    assert w.item() == weight
