"""What every test runs under: one thread, the smallest scale, no network."""

from __future__ import annotations

import functools
import os
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gancourse.data import ImageSet, PairSet
    from gancourse.experiments.experiment import Stage
    from gancourse.metrics.digits import DigitJudge
    from gancourse.metrics.perceptual import PerceptualFeatures

# Set before torch is imported, and inherited by the notebooks' kernels: two test processes share two cores.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("GANCOURSE_SCALE", "ci")
os.environ.setdefault("MPLBACKEND", "agg")  # figures are never shown; a kernel's inline backend is not affected
os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")  # this environment's kernel, not a user's of the same name


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def offline() -> Iterator[None]:
    """Refuse connections to other machines: what passes here passes on a train."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"the tests run offline, and something asked for {address}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture
def empty_ledger(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No rows before a test and none after it, at a scale where all kinds of rows are judged."""
    from gancourse.classroom import claims

    monkeypatch.setenv("GANCOURSE_SCALE", "cpu")
    claims.clear()
    yield
    claims.clear()


@pytest.fixture(scope="session")
def grader() -> Iterator[object]:
    """A grader of homework 1 under small limits, rehearsed: it takes seconds to start, so all tests share it."""
    from gancourse.classroom.homework.grading.grade import Grader
    from tests.homework import handed_in

    with Grader(handed_in.assignment(), handed_in.LIMITS) as one:
        one.rehearse()
        yield one


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., ImageSet | PairSet]:
    """Sets and pairs that the course makes, each once for all tests: ``drawn("faces", 16, 120)``, ``drawn("lines", 64, 12)``.

    They are shared, so no test may change them; one whose subject is the drawing itself calls the function.
    """
    folder = tmp_path_factory.mktemp("drawn")

    @functools.cache
    def make(name: str, *arguments: Any, **options: Any) -> ImageSet | PairSet:
        from gancourse.data import EMBEDDED, load_pairs

        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GANCOURSE_DATA", str(folder))
            if name in EMBEDDED:
                return EMBEDDED[name](*arguments, **options)
            return load_pairs(name, *arguments, progress=False, **options)

    return make


@pytest.fixture(scope="session")
def digit_judge() -> DigitJudge:
    """The judge of real digits, which compares with thousands of them; it does not change."""
    from gancourse.metrics import digits

    return digits.digit_judge()


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Stage]:
    """The stages of recorded experiments at ci size, each made once: ``stages("pix2pix_losses")``."""

    @functools.cache
    def make(name: str) -> Stage:
        from gancourse.experiments import recorded

        return recorded.get(name).stage(recorded.get(name).size("ci"), tmp_path_factory.mktemp(name))

    return make


@pytest.fixture(scope="session")
def perceptual() -> PerceptualFeatures:
    """Of an untrained classifier whose biases let no place die, as the shipped one's on faces: a dead place's direction jumps."""
    import torch
    from torch import nn

    from gancourse.metrics.perceptual import PerceptualFeatures
    from gancourse.models.classifier import AttributeClassifier

    torch.manual_seed(0)
    network = AttributeClassifier({"smile": ("no", "yes"), "hair": ("red", "blue", "black")}, width=8)
    for layer in network.body:
        if isinstance(layer, nn.BatchNorm2d):
            layer.bias.data.fill_(0.5)
    return PerceptualFeatures(network)
