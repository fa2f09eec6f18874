"""A training on one's own pictures, from folder to weights."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from gancourse import zoo
from gancourse.base.ranks import World
from gancourse.experiments.own import sources, training
from gancourse.experiments.own.follow import Follow, read_curve
from gancourse.experiments.own.training import Request, train
from gancourse.training import TrainingDiverged
from tests import own
from tests.test_training_compiled import compiler


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / "data"))


@pytest.fixture
def request_of(tmp_path: Path) -> Request:
    return Request("dcgan", str(own.pets(tmp_path / "pets")), str(tmp_path / "run"), size=16, steps=6, batch=8, every=2)


def same_weights(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_a_whole_training(request_of: Request) -> None:
    said: list[str] = []
    found = train(request_of, progress=False, say=said.append)
    place = found.place
    assert found.stopped == "finished" and said[0] == f"40 pictures of {request_of.images}" and "DiffAugment" in said[-2]
    assert [row.step for row in read_curve(place.curve)] == [0, 2, 4, 6]
    assert len(list(place.samples.glob("*.png"))) == 4 and "finished at step 6 of 6" in place.page.read_text(encoding="utf-8")
    zoo.save(place.weights, found.run.generator, found.card, dtype=None)
    shipped = zoo.load(place.weights)
    assert torch.allclose(shipped.sample(2, seed=3), found.run.sample(2, seed=3), atol=1e-5)  # in another memory layout
    card = shipped.card
    assert (card["steps"], card["seed"], card["training"]["recipe"]) == (6, 0, "gancourse train dcgan")
    assert card["metric"]["name"].startswith("Frechet distance") and card["curve"][-1][0] == 6 * 8
    assert card["data"] == {"name": "pets", "arguments": {"size": 16, "n": 40}}


def test_the_same_request_once_more_and_one_for_more_steps(request_of: Request) -> None:
    first = train(request_of, progress=False)
    again = train(request_of, progress=False)
    assert again.run.step == 6 and same_weights(first.run.generator, again.run.generator)
    longer = train(replace(request_of, steps=8), progress=False)
    assert longer.run.step == 8 and [row.step for row in read_curve(longer.place.curve)] == [0, 2, 4, 6, 8]
    with pytest.raises(ValueError, match="begun with --batch 8, this command has --batch 4"):
        train(replace(request_of, batch=4), progress=False)
    own.save(Path(request_of.images) / "red" / "new.png", own.draw(99))
    with pytest.raises(ValueError, match="40 then, 41 now"):
        train(replace(request_of, steps=8), progress=False)


def test_a_run_that_is_refused_keeps_its_settings(request_of: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    place = train(request_of, progress=False).place
    before = place.settings.read_bytes()
    monkeypatch.setattr(sources, "source", None)
    with pytest.raises(
        ValueError, match=r"run stands at step 6, beyond the 4 asked for: ask for more --steps, or use another --run"
    ):
        train(replace(request_of, steps=4), progress=False)
    assert place.settings.read_bytes() == before


def test_a_stopped_training_goes_on_bit_for_bit(request_of: Request, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = train(replace(request_of, run=str(tmp_path / "whole")), progress=False)
    presses = [True]
    shown = Follow.__call__

    def press(self: Follow, run: object) -> None:
        shown(self, run)
        if run.step == 4 and presses:  # type: ignore[attr-defined]
            presses.clear()
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Follow, "__call__", press)
    stopped = train(request_of, progress=False)
    assert (stopped.stopped, stopped.run.step) == ("interrupted", 4)
    assert "stopped at step 4 of 6" in stopped.place.page.read_text(encoding="utf-8")
    found = train(request_of, progress=False)
    assert found.stopped == "finished" and same_weights(found.run.generator, whole.run.generator)
    assert same_weights(found.run.gan.discriminator, whole.run.gan.discriminator)


def test_a_run_inside_the_folder_of_pictures_goes_on_and_teaches_no_other(request_of: Request) -> None:
    inside = replace(request_of, run=str(Path(request_of.images) / "run"))
    train(inside, progress=False)
    with pytest.warns(UserWarning, match="1 folder of a training passed over: run$"):
        longer = train(replace(inside, steps=8), progress=False)
    assert longer.run.step == 8
    said: list[str] = []
    with pytest.warns(UserWarning, match="1 folder of a training passed over: run$"):
        train(replace(inside, run=str(Path(request_of.images) / "other")), progress=False, say=said.append)
    assert said[0].startswith("40 pictures of ")


def test_what_cannot_be_written_is_noticed_before_the_pictures_are_read(request_of: Request, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sources, "source", None)
    (tmp_path / "file").write_text("in the way")
    for where in ("file", "file/run"):
        with pytest.raises(OSError, match="file"):
            train(replace(request_of, run=str(tmp_path / where)), progress=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"family": "stylegan2", "size": 48}, "size must be a power of two"),
        ({"family": "dcgan", "size": 256}, "DCGAN comes at 16, 32, 64, 128 px, not 256"),
        ({"family": "pix2pix", "size": 32, "augment": "ada"}, "pix2pix is not augmented"),
        ({"family": "progan", "size": 64, "steps": 8}, "growing to 64 px takes 9 steps at least"),
        ({"family": "progan", "size": 16, "batch": 1}, "--batch must be 2 or more"),
        ({"family": "progan", "size": 16, "batch": 10**12}, "a batch"),
        ({"seed": -(2**70)}, "seed"),
        ({"every": 0}, "--every must be above 0"),
        ({"precision": "half"}, "unknown precision 'half'"),
    ],
)
def test_impossible_settings_are_said_before_the_pictures_are_read(request_of: Request, monkeypatch, change, message) -> None:
    monkeypatch.setattr(sources, "source", None)
    with pytest.raises(ValueError, match=message):
        train(replace(request_of, **change), progress=False)
    assert not Path(request_of.run).exists(), "nothing began, so nothing is left"


@pytest.mark.parametrize(("here", "there", "taken"), [(True, False, "bf16"), (False, True, "float32")])
def test_a_run_goes_on_on_another_kind_of_processor(request_of: Request, monkeypatch, here, there, taken) -> None:
    """In the precision that it was begun in, with a word; another one is refused by its option's name."""
    monkeypatch.setattr(training, "supports_bf16", lambda _: here)
    first = train(request_of, progress=False)
    assert first.run.precision == taken and first.card["training"]["arguments"]["precision"] == taken
    assert json.loads(first.place.settings.read_text())["plan"]["settings"]["precision"] == taken
    monkeypatch.setattr(training, "supports_bf16", lambda _: there)
    said: list[str] = []
    longer = train(replace(request_of, steps=8), progress=False, say=said.append)
    assert (longer.run.step, longer.run.precision) == (8, taken)
    assert any(f"goes on in {taken}, as it was begun" in line for line in said)
    assert train(replace(request_of, steps=8, precision=taken), progress=False).run.precision == taken
    other = "bf16" if taken == "float32" else "float32"
    with pytest.raises(ValueError, match=f"begun with --precision {taken}, this command has --precision {other}: use the same"):
        train(replace(request_of, steps=8, precision=other), progress=False)


def test_a_run_of_before_these_options_goes_on(request_of: Request, monkeypatch) -> None:
    monkeypatch.setattr("gancourse.training.loop.supports_bf16", lambda _: False)
    first = train(replace(request_of, precision="bf16"), progress=False)
    old = json.loads(first.place.settings.read_text())
    for options, names in (
        (old["asked"], ("precision", "compile")),
        (old["plan"]["settings"], ("precision", "fast_convolutions")),
    ):
        for name in names:
            del options[name]
    first.place.settings.write_text(json.dumps(old))
    with pytest.warns(UserWarning, match="was begun in bf16, where this processor would take float32: it goes on in bf16"):
        longer = train(replace(request_of, steps=8), progress=False)
    assert (longer.run.step, longer.run.precision) == (8, "bf16")


def test_a_training_is_of_fast_convolutions_and_one_begun_without_goes_on_without(request_of: Request, monkeypatch) -> None:
    asked, own = [], training.fit

    def fit(*args: Any, **options: Any) -> Any:
        asked.append(options["fast_convolutions"])
        return own(*args, **options)

    monkeypatch.setattr(training, "fit", fit)
    place = train(request_of, progress=False).place
    old = json.loads(place.settings.read_text())
    del old["plan"]["settings"]["fast_convolutions"]
    place.settings.write_text(json.dumps(old))
    train(replace(request_of, steps=8), progress=False)
    assert asked == [True, False]


def test_compiling_falls_back_with_a_word_and_may_come_and_go(request_of: Request, monkeypatch) -> None:
    compiler(monkeypatch, fails=True)
    with pytest.warns(UserWarning, match="without torch.compile: RuntimeError: no C\\+\\+ compiler"):
        train(replace(request_of, compile=True), progress=False)
    assert train(replace(request_of, steps=8), progress=False).run.step == 8
    given = compiler(monkeypatch)
    assert train(replace(request_of, steps=10, compile=True), progress=False).run.step == 10 and len(given) == 2


def test_a_batch_that_the_processes_cannot_share_is_said_at_once(request_of: Request, monkeypatch) -> None:
    class Three(World):
        def first(self, make):
            return make()

    monkeypatch.setattr(sources, "source", None)
    monkeypatch.setattr(training.distributed, "join", lambda *_: Three(0, 3))
    with pytest.raises(ValueError, match="a batch of 8 cannot be shared evenly by 3 processes: take --batch 6 or --batch 9"):
        train(request_of, progress=False)
    with pytest.raises(ValueError, match="a batch of 64 .* by 3 processes: take --batch 63 or --batch 66"):
        train(replace(request_of, batch=None), progress=False)
    with pytest.raises(ValueError, match="--compile is for one process: leave it out under torchrun"):
        train(replace(request_of, batch=9, compile=True), progress=False)


def test_a_start_that_fails_leaves_no_folder(request_of: Request, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        train(replace(request_of, images="nowhere"), progress=False)
    assert not Path(request_of.run).exists()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".mine").write_text("text")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        train(replace(request_of, images="nowhere"), progress=False)
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".mine"], "what was there before stays"


def test_a_mistake_in_the_pictures_does_not_spoil_the_folder_of_the_run(request_of: Request) -> None:
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        train(replace(request_of, images="nowhere"), progress=False)
    assert train(request_of, progress=False).stopped == "finished"


def test_a_command_that_could_not_begin_may_be_corrected(request_of: Request) -> None:
    """Its settings were noted, but nothing was trained by them."""
    growing = replace(request_of, family="progan", steps=2)
    with pytest.raises(ValueError, match="steps at least"):
        train(growing, progress=False)
    assert train(replace(growing, steps=5), progress=False).stopped == "finished"
    with pytest.raises(ValueError, match="begun with --steps 5, this command has --steps 6"):
        train(replace(growing, steps=6), progress=False)


def test_a_training_that_diverges_leaves_a_page_that_says_so(request_of: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoilt(*_: object, **__: object) -> torch.Tensor:
        return torch.tensor(float("nan"), requires_grad=True)

    monkeypatch.setattr("gancourse.gans.gan.GAN.generator_loss", spoilt)
    with pytest.raises(TrainingDiverged):
        train(request_of, progress=False)
    text = (Path(request_of.run) / "index.html").read_text(encoding="utf-8")
    assert "the generator" in text and "became nan" in text and "refresh" not in text


def small_request(family: str, place: Path) -> Request:
    """A training of few small pictures."""
    folder = {"pix2pix": own.pairs, "cyclegan": own.two}.get(family)
    images = folder(place / "in") if folder else own.pets(place / "in", size=32)
    labels = "folders" if family == "biggan" else None
    steps = 7 if family == "progan" else 2
    return Request(family, str(images), str(place / "run"), size=32, steps=steps, batch=4, every=steps, labels=labels)


@pytest.mark.parametrize("family", ["biggan", "cyclegan", "pix2pix", "progan", "r3gan", "stylegan2"])
def test_other_families(family: str, tmp_path: Path) -> None:
    found = train(small_request(family, tmp_path), progress=False)
    place = found.place
    zoo.save(place.weights, found.run.generator, found.card, dtype=None)
    model = zoo.load(place.weights).model
    assert len(list(place.samples.glob("*.png"))) == 2
    if family == "cyclegan":
        x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
        assert torch.allclose(model.ba(x), found.run.gan.translate(x, found.run.generator, "ba"), atol=1e-3)
    if family == "biggan":
        assert found.card["classes"] == ["blue", "green", "red"]


@pytest.mark.parametrize("family", ["biggan", "cyclegan", "pix2pix", "progan", "r3gan", "stylegan2"])
def test_other_families_go_on_bit_for_bit(family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what each of them remembers: pools of pictures, the place in a timetable, ADA's probability, labels."""
    augment = "ada" if family in ("r3gan", "stylegan2") else "auto"
    asked = replace(small_request(family, tmp_path), run=str(tmp_path / "whole"), steps=12, every=6, augment=augment)
    whole = train(asked, progress=False)
    shown = Follow.__call__

    def press(self: Follow, run: object) -> None:
        shown(self, run)
        if run.step == 6:  # type: ignore[attr-defined]
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Follow, "__call__", press)
        assert train(replace(asked, run=str(tmp_path / "two")), progress=False).stopped == "interrupted"
    found = train(replace(asked, run=str(tmp_path / "two")), progress=False)
    assert (found.stopped, found.run.step) == ("finished", 12)
    assert same_weights(found.run.generator, whole.run.generator)
    assert same_weights(found.run.gan.discriminator, whole.run.gan.discriminator)
    states = [run.gan.state_dict() for run in (whole.run, found.run)]
    torch.testing.assert_close(states[1], states[0], rtol=0, atol=0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_interrupting_the_real_command(tmp_path: Path) -> None:
    """kill -INT of a process of its own: exit status 130, the command that goes on, and the weights of an undisturbed run."""
    own.pets(tmp_path / "pets")
    root = Path(training.__file__).parents[3]
    environment = os.environ | {"PYTHONPATH": str(root), "GANCOURSE_DATA": str(tmp_path / "data"), "GANCOURSE_SCALE": "ci"}
    command = [sys.executable, "-m", "gancourse", "train", "dcgan", "--images", "pets", "--size", "16", "--steps", "60"]
    command += ["--batch", "8", "--every", "10", "--run"]

    def begin(run: str) -> subprocess.Popen[str]:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([*command, run], cwd=tmp_path, env=environment, **streams)

    process = begin("my run")
    deadline = time.monotonic() + 600
    while not (tmp_path / "my run" / "samples" / "000010.png").exists() and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 130 and out == "" and "Traceback" not in err, err
    step = int(re.search(r"stopped after step (\d+); nothing is lost, go on with: (.*)\n", err)[1])
    assert 10 <= step < 60 and "gancourse train dcgan --images pets" in err and "--run 'my run'" in err
    for run in ("my run", "undisturbed"):
        process = begin(run)
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0 and "gancourse sample" in out, err
    weights = [zoo.load(tmp_path / run / "generator.safetensors").model for run in ("my run", "undisturbed")]
    assert same_weights(*weights)
