"""Values: what each comparison lets pass, what it refuses, and what it says."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from gancourse.classroom.homework import checks
from gancourse.classroom.homework.checks import Wrong, values


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
        (np.array([1.0, 2.0]), torch.tensor([1.0, 2.0]), "torch.as_tensor"),
        (np.float64(1.5), 1.0, ""),
        (np.bool_(True), 1.0, ""),
        (torch.empty(2, device="meta"), torch.tensor([1.0, 2.0]), "without values"),
        (torch.tensor([1.0, 2.0]).to_sparse(), torch.tensor([1.0, 2.0]), "sparse"),
        (torch.tensor([1.0, 2.0]) + 5j, torch.tensor([1.0, 2.0]), "take .real, if what is left is rounding"),
        (torch.tensor([1.0, 2.0]) + 0j, torch.tensor([1.0, 3.0]), "came [1, 2]"),
        (torch.complex(torch.ones(2), torch.full((2,), math.nan)), torch.ones(2), "take .real"),
        ((torch.ones(2) + 0j).to("meta"), torch.ones(2), "take .real"),
        ((torch.ones(2) + 5j).to_sparse(), torch.ones(2), "take .real"),
        (torch.tensor(1.0) + 5j, 1.0, "1+5j; take .real"),
        (1.0 + 5j, 1.0, "complex"),
    ],
)
def test_close_refuses(came, expected, slip: str) -> None:
    slips = checks.Slips("f") | {"cannot be computed": lambda: 1 / 0, "turned round": lambda: torch.tensor([2.0, 1.0])}
    with pytest.raises(Wrong) as caught:
        checks.close(came, expected, slips=slips.at())
    assert slip in str(caught.value)
    assert "cannot be computed" not in str(caught.value)


def test_close_lets_pass() -> None:
    for came, expected in [
        (1, 1.0),
        (1.0 + 1e-9, 1.0),
        (torch.tensor(2.0), 2.0),
        (np.float64(2.0), 2.0),
        (np.float32(2.0), torch.tensor(2.0)),
        (np.int64(2), 2.0),
        (np.array(2.0), 2.0),
        (torch.tensor([2.0]), 2.0),
        (torch.tensor([1.0, math.inf]), [1.0, math.inf]),
        (torch.nn.Parameter(torch.ones(2)), torch.ones(2)),
        (torch.ones(2, dtype=torch.float16), torch.ones(2)),
        (torch.linalg.eigvals(torch.eye(2)), torch.ones(2)),  # of a complex kind, whatever its values
        (3 + 0j, 3.0),
    ]:
        checks.close(came, expected)


def test_a_number_of_python_is_not_rounded_to_single_precision() -> None:
    log2 = math.log(2)
    checks.close(log2, log2, rtol=1e-12, atol=0)
    checks.close(torch.tensor([log2, 0.1], dtype=torch.float64), [log2, 0.1], rtol=1e-12, atol=0)
    with pytest.raises(Wrong):
        checks.close(float(torch.tensor(log2)), log2, rtol=1e-9, atol=0)


@pytest.mark.parametrize(
    ("came", "expected"),
    [
        (math.log(2) + 1e-8, math.log(2)),
        (torch.tensor([1.0, 2.0 + 3e-7], dtype=torch.float64), torch.tensor([1.0, 2.0], dtype=torch.float64)),
        (torch.ones(20, dtype=torch.float64), torch.ones(20, dtype=torch.float64) + 1e-8),
        (1 + 1e-14, 1.0),
    ],
)
def test_two_numbers_that_differ_are_shown_so_that_they_do(came, expected) -> None:
    with pytest.raises(Wrong) as caught:
        checks.close(came, expected, rtol=0, atol=0)
    assert caught.value.expected.split(" at ")[0] != caught.value.came.split(" there")[0], caught.value


def test_equal() -> None:
    checks.equal([(1.0, 2)], [(1, 2.0)])
    checks.equal("ab", "ab")
    checks.equal(None, None)
    checks.equal([True, np.bool_(False)], (np.bool_(True), False))
    checks.equal([np.int64(3), (np.float32(2.0), np.bool_(True))], [3, (2.0, True)])
    checks.equal(np.array([1, 2]), [1, 2])
    checks.equal(np.cumsum([1, 2]), [1, 3])

    class Yes:
        def __eq__(self, other):
            return True

    for came, expected in [
        (Yes(), 1),
        ([Yes()], [1]),
        (True, 1),
        (np.bool_(True), 1),
        (np.int64(2), 1),
        ("1", 1),
        ("true", True),
        (["false", 1], [False, 1]),
        (("a truth value", True), True),
        ([1], [1, 2]),
        (None, 0),
    ]:
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
    for number in (torch.tensor([3.0]), np.float64(3), np.float32(3), np.int32(3), np.array(3.0), torch.tensor([3 + 0j])):
        assert values.number(number) == 3.0 and type(values.number(number)) is float
        assert "3" in values.show(number) and "something" not in values.show(number)
    assert values.number(np.complex64(3)) == values.number(3 + 0j) == 3.0
    for odd in ("3", None, True, torch.zeros(2), np.bool_(True), np.str_("3"), np.complex128(3 + 1j), np.zeros(2), np.zeros(1)):
        with pytest.raises(Wrong):
            values.number(odd)
    for odd in (torch.tensor(3 + 5j), torch.tensor([3 + 1j]), np.complex64(3 + 1j), 3 + 1j):
        with pytest.raises(Wrong, match="take .real"):
            values.number(odd)
    with pytest.raises(Wrong, match="without values"):
        values.number(torch.empty((), device="meta"))
    with pytest.raises(Wrong, match="take .real"):
        values.scalar(torch.tensor(1 + 1j))
    assert values.show(torch.ones(9) + 5j) == "complex numbers of shape [9]"
    with pytest.raises(Wrong, match="without NaN"):
        checks.finite(torch.tensor([math.nan]))


def test_pairs() -> None:
    assert values.pair([1, 2], "two") == values.pair((1, 2), "two") == (1, 2)
    for odd in (3, [1], (1, 2, 3), torch.ones(2), None):
        with pytest.raises(Wrong, match="expected two losses.*return both"):
            values.pair(odd, "two losses", "return both")
