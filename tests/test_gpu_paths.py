"""GPU paths without a GPU: steps of every game on a device that is only pretended, and every lecture at its gpu sizes.

PyTorch's meta device keeps shapes and types of tensors, and no numbers.  Networks made there stand for networks on a GPU, the
batches and the latents come from the processor, and :class:`OneDevice` refuses what a GPU would refuse: an operation on tensors
of both.  Kernels, speed, memory and numbers are not tested here.
"""

# ruff: noqa: F811  (fixtures are imported by the names by which tests ask for them)

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from gancourse import experiments, latent, scale, theory
from gancourse.classroom import notebooks
from gancourse.data.images import ImageSet
from gancourse.data.voxels import Shapes
from gancourse.experiments import recorded
from gancourse.experiments.own import games as own_games
from gancourse.experiments.own import plans
from gancourse.experiments.own.follow import Follow
from gancourse.experiments.own.place import Place
from gancourse.experiments.own.scores import score
from gancourse.experiments.own.sources import Asked, Source, source
from gancourse.gans.gan import GAN
from gancourse.gans.progressive import Schedule
from gancourse.latent.search import likes
from gancourse.metrics import clips, digits, shapes, validation
from gancourse.metrics.matching import Matching, match
from gancourse.models import patchgan
from gancourse.models.classifier import AttributeClassifier
from gancourse.models.latent_codes import Classifier
from gancourse.models.vae import VAE, LinearGaussian
from gancourse.models.video import Reader
from gancourse.theory import transport
from gancourse.training import Settings, fit, one_step
from gancourse.training.run import Run
from gancourse.training.streams import Stream
from tests import capped, joint_games, own
from tests.test_experiments import small_sets  # noqa: F401  (the fixture is used by name)

ROOT = Path(__file__).parents[1]
GPU = "meta"
# A random hole's bounding box is read off its pixels, which a pretended tensor does not have.
GAMES = [name for name in joint_games.GAMES if name != "context_encoder"]
MOVES = {"aten::_to_copy", "aten::copy_"}  # between devices
INDEXED = {"aten::index", "aten::index_put", "aten::index_put_"}  # a GPU takes places from the processor


class OneDevice(TorchDispatchMode):
    """Raises where an operation gets tensors of the pretended GPU and of the processor; numbers may come from either."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, Tensor) and x.ndim]
        mixed = len({x.device.type for x in tensors}) > 1
        if function._schema.name in INDEXED:  # a tensor of the processor takes no places from a GPU
            mixed = mixed and args[0].device.type != GPU
        if mixed and function._schema.name not in MOVES:
            raise RuntimeError(f"{function} got tensors of two devices: {[(x.device.type, list(x.shape)) for x in tensors]}")
        return function(*args, **(kwargs or {}))


@pytest.fixture
def pretended(monkeypatch) -> Iterator[None]:
    """In the test a tensor of the pretended GPU that is asked for its number says yes, or 0."""
    for name, answer in (("__bool__", True), ("__int__", 0), ("__float__", 0.0)):
        real = getattr(Tensor, name)
        monkeypatch.setattr(Tensor, name, lambda x, real=real, answer=answer: answer if x.device.type == GPU else real(x))
    monkeypatch.setattr(torch, "autocast", lambda *args, **options: contextlib.nullcontext())  # it knows no such device
    with OneDevice():
        yield


def on_gpu(name: str) -> tuple[GAN[Any], Any]:
    """A game whose networks were made on the pretended GPU, and its batches, which come from the processor."""
    with torch.device(GPU):
        return joint_games.made(name)


def played(game: GAN[Any], batches: Any, steps: int = 2) -> Run[Any]:
    """Some steps of a game."""
    run, stream = Run(game, Settings(steps=steps, ema=0.9)), Stream(batches, game)
    game.generator.train()
    game.discriminator.train()
    while run.step < steps:
        one_step(run, stream, 1)
        run.step += 1
    return run


@pytest.mark.parametrize("name", GAMES)
def test_a_step_on_a_gpu_leaves_no_tensor_on_the_processor(pretended, name):
    game, batches = on_gpu(name)
    run = played(game, batches)
    players = (game.generator, game.discriminator, run.average)
    kept = [tensor for player in players for tensor in (*player.parameters(), *player.buffers())]
    kept += [p.grad for player in players[:2] for p in player.parameters() if p.grad is not None]
    kept += [run._pending[-1][loss] for loss in ("d_loss", "g_loss")]
    assert {tensor.device.type for tensor in kept} == {GPU}


class Forgetful(GAN):
    """A game with noise that stays on the processor."""

    def judge(self, x: Tensor, batch: Any = None) -> Tensor:
        return super().judge(x + torch.randn(x.shape))


def test_a_tensor_left_on_the_processor_is_found(pretended):
    game, batches = on_gpu("hinge")
    with pytest.raises(RuntimeError, match="device"):
        played(Forgetful(game.generator, game.discriminator), batches)


def test_samples_come_from_the_gpu(pretended):
    assert on_gpu("dcgan")[0].sample(3).device.type == GPU


def on_device(*shape: int) -> Tensor:
    return torch.zeros(shape, device=GPU)


def numbers(*shape: int) -> Tensor:
    return torch.zeros(shape, dtype=torch.int64, device=GPU)


NAMES = {"glasses": ("no", "yes")}
CLIPS = (5, 3, 8, 16, 16)


def linear_gaussian() -> LinearGaussian:
    return LinearGaussian(on_device(4, 2), on_device(4), 0.5)


# Functions of latents, clips, codes and distributions, given what lies on the pretended GPU; what comes back lies there, too.
ASKED: dict[str, Callable[[], Any]] = {
    "latent.astray": lambda: latent.astray(on_device(3, 4), on_device(3, 4), seed=0),
    "latent.exemplar_means": lambda: latent.exemplar_means(on_device(5, 4), 2, 3, torch.Generator()),
    "latent.has": lambda: latent.has(numbers(3, 1), NAMES, glasses="yes"),
    "search.likes": lambda: likes(judge_on_gpu(), torch.tensor([0, 2]))(on_device(2, 4)),
    "theory.onto_simplex": lambda: theory.onto_simplex(on_device(5)),
    "theory.gaussian": lambda: theory.gaussian(on_device(5, 2), torch.zeros(2), torch.ones(2)),
    "clips.shuffled": lambda: clips.shuffled(on_device(*CLIPS), torch.Generator()),
    "clips.shaken": lambda: clips.shaken(on_device(*CLIPS), torch.Generator()),
    "matching.predict": lambda: Matching(torch.arange(3), torch.eye(3).long()).predict(numbers(4)),
    "LinearGaussian.posterior": lambda: linear_gaussian().posterior(on_device(3, 4)),
    "LinearGaussian.log_prob": lambda: linear_gaussian().log_prob(on_device(3, 4)),
    "LinearGaussian.sample": lambda: linear_gaussian().sample(3),
    "LinearGaussian.importance_bound": lambda: linear_gaussian().importance_bound(
        on_device(3, 4), on_device(3, 2), on_device(2, 2), 2
    ),
    "VAE.fill": lambda: filled_on_gpu(),
    "validation.marginal_noise": lambda: validation.marginal_noise(on_device(3, 1, 4, 4), torch.Generator()),
    "validation.shuffled_pixels": lambda: validation.shuffled_pixels(on_device(3, 1, 4, 4), torch.Generator()),
}


def filled_on_gpu() -> Tensor:
    with torch.device(GPU):
        model = VAE((1, 2, 2), 2, (3,), "gaussian")
    source = torch.Generator()
    model._noise = lambda shape, generator: on_device(*shape)  # no generator draws on the pretended GPU
    model._drawn = lambda mean, generator: mean
    return model.fill(on_device(3, 1, 2, 2), torch.ones(1, 2, 2).bool(), steps=2, seed=source)


@pytest.fixture
def without_numbers(monkeypatch) -> Iterator[None]:
    """In the test what is asked for its numbers on the pretended GPU arrives on the processor as zeros; each place counts."""
    known = {name: getattr(Tensor, name) for name in ("cpu", "nonzero")}
    arrived = lambda x: torch.zeros(x.shape, dtype=x.dtype) if x.device.type == GPU else known["cpu"](x)  # noqa: E731
    places = lambda x: on_device(x.numel(), x.ndim).long() if x.device.type == GPU else known["nonzero"](x)  # noqa: E731
    monkeypatch.setattr(Tensor, "cpu", arrived)
    monkeypatch.setattr(Tensor, "nonzero", places)
    yield


@pytest.mark.parametrize("name", ASKED)
def test_a_function_of_tensors_on_a_gpu_answers_there(pretended, without_numbers, name):
    found = [x for x in tree_leaves(ASKED[name]()) if isinstance(x, Tensor)]
    assert found and {x.device.type for x in found} == {GPU}


# The same, where the answer is on the processor.
ARRIVE: dict[str, Callable[[], Any]] = {
    "latent.draw_sums": lambda: latent.draw_sums(lambda z: z[:, :, None, None], (on_device(3, 4),) * 3, 0).images,
    "Reader.features": lambda: read_on_gpu().features(torch.zeros(2, 3, 8, 16, 16)),
    "ClipJudge.in_order": lambda: torch.tensor(clips.ClipJudge(read_on_gpu()).in_order(torch.zeros(2, 3, 8, 16, 16))),
    "ClipJudge.right": lambda: torch.tensor([*clips.ClipJudge(read_on_gpu()).right(on_device(*CLIPS), numbers(5, 3)).values()]),
    "DigitJudge.read": lambda: digit_judge_here().read(on_device(2, 1, 32, 32)),
    "DigitJudge.likeness": lambda: digit_judge_here().likeness(on_device(2, 1, 32, 32), numbers(2)),
    "ShapeJudge.kinds": lambda: shape_judge().kinds(on_device(2, 1, 4, 4, 4)),
    "ShapeJudge.report": lambda: torch.tensor([*shape_judge().report(on_device(2, 1, 4, 4, 4)).values()]),
    "measured_receptive_field": lambda: torch.tensor(field_on_gpu()),
    "matching.match": lambda: match(numbers(4), torch.zeros(4).long(), 2, 2).classes,
    "transport.extend": lambda: transport.extend(on_device(3, 2), on_device(3), on_device(4, 2)),
}


def judge_on_gpu() -> Classifier:
    with torch.device(GPU):
        return Classifier(4, 3, (5,))


def digit_judge_here() -> digits.DigitJudge:
    """A judge of two digits of each kind, on the processor."""
    labels = torch.arange(10).repeat(2)
    pictures = torch.randint(0, 256, (20, 1, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    known = ImageSet(pictures, labels=labels)
    return digits.DigitJudge(AttributeClassifier(digits.NAMES, channels=1, width=2), known, known)


def shape_judge() -> shapes.ShapeJudge:
    grids = 255 * torch.randint(0, 2, (4, 1, 4, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    known = Shapes(grids, torch.arange(4), torch.zeros(4).bool())
    return shapes.ShapeJudge(known, known)


def field_on_gpu() -> tuple[int, int]:
    with torch.device(GPU):
        network = patchgan.PatchGAN(3, 4, 1)
    return patchgan.measured_receptive_field(network, 3, 32)


def read_on_gpu() -> Reader:
    with torch.device(GPU):
        return Reader(clips.HEADS, 16, 4, extractor_id="pretended")


@pytest.mark.parametrize("name", ARRIVE)
def test_an_answer_of_numbers_arrives_on_the_processor(pretended, without_numbers, name):
    found = [x for x in tree_leaves(ARRIVE[name]()) if isinstance(x, Tensor)]
    assert found and {x.device.type for x in found} == {"cpu"}


@pytest.mark.parametrize(
    ("ci", "gpu", "capped_to"),
    [
        (4, 64, 64),
        (4, 20_000, 4),
        ((4, 2), (1500, 5), (4, 5)),
        ([2, 4], [100, 4000], [2, 4]),
        ([2], [100, 4000], [2]),
        ([2], [4, 4000], [4, 4000]),
        (Schedule(1, fade=1, stable=1), Schedule(1, fade=30, stable=40), Schedule(1, fade=1, stable=1)),
        ("narrow", "wide", "wide"),
        (0.1, 0.5, 0.5),
    ],
)
def test_the_cap_keeps_sizes_and_replaces_counts(ci, gpu, capped_to):
    assert capped.pick(ci=ci, cpu=None, gpu=gpu) == capped_to


def test_the_cap_keeps_a_width_that_is_as_large_as_a_count():
    hidden_width = capped.pick(ci=16, cpu=256, gpu=256)
    layers = dict(channels=capped.pick(ci=8, cpu=16, gpu=128))
    steps = capped.pick(ci=3, cpu=10, gpu=1000)
    assert (hidden_width, layers, steps) == (256, {"channels": 128}, 3)


@pytest.mark.slow
@pytest.mark.parametrize("source", notebooks.sources(), ids=lambda source: source.stem)
def test_a_lecture_runs_at_gpu_scale(source):
    """Each in a process of its own, on the processor: it finds sizes that do not fit and branches that are missing."""
    command = [sys.executable, "-m", "tests.capped", source.stem]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize("name", recorded.NAMES)
def test_an_experiment_plays_two_steps_at_full_size(name, tmp_path):
    """Experiments are as large on a GPU as elsewhere; here every arm has its full networks and batches, and little data."""
    experiment, small = recorded.get(name), recorded.get(name).size("ci")
    size = {key: capped.pick(ci=small[key], cpu=None, gpu=value) for key, value in experiment.size().items()}
    stage = experiment.stage(size, tmp_path)
    for arm, settings in experiment.arms.items():
        game, batches = stage.game(settings, 0)
        run = fit(game, batches, progress=False, **{**experiment.fit_settings(arm), "steps": 2})
        run.flush()
        assert run.step == 2


SIDES = {
    **dict.fromkeys(plans.FAMILIES, (64,)),
    **dict.fromkeys(("dcgan", "pix2pix", "r3gan"), (64, 128)),
}  # 128 where it is cheap


def pictures_for(family: str, size: int) -> Source:
    """Four drawn pictures of three classes, as the family takes them."""
    x = torch.rand(4, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    real = ((x + 1) * 127.5).to(torch.uint8)
    second = {"biggan": torch.tensor([0, 1, 2, 0]), "pix2pix": x.flip(3), "cyclegan": x.flip(0)}.get(family)
    examples = x if family in plans.TRANSLATORS else None
    targets = second if family == "pix2pix" else None
    batches = itertools.repeat(x if second is None else (x, second))
    return Source("drawn", 4, ("a", "b", "c"), "", lambda *_: batches, real, examples, targets)


def of_a_gpu(family: str, size: int, **options: Any) -> plans.Plan:
    return plans.plan(family, size, 5_000, machine="gpu", classes=3, batch_size=4, **options)


@pytest.mark.slow
@pytest.mark.parametrize(("family", "size"), [(family, size) for family, sizes in SIDES.items() for size in sizes])
def test_the_plan_of_a_gpu_plays_two_steps(family, size):
    """The networks, games and augmentation of own pictures as large as on a GPU, on the processor, with small batches."""
    plan, pictures = of_a_gpu(family, size), pictures_for(family, size)
    made = own_games.game(plan, 40, examples=pictures.examples)
    settings = {key: tuple(value) if isinstance(value, list) else value for key, value in plan.settings.items()}
    steps = 40 if family == "progan" else 2  # its last two steps are those of the whole network
    run = Run(made, Settings(**settings, steps=steps))
    run.step = steps - 2
    stream = Stream(pictures.batches(4, 0), made)
    for _ in range(2):
        one_step(run, stream, 1)
        run.step += 1
    run.flush()
    assert run.generator is run.average
    if family not in plans.TRANSLATORS:
        assert run.sample(2).shape == (2, 3, size, size)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in experiments.names() if name not in experiments.WITHOUT_CHECKPOINT])
def test_a_recipe_plays_two_steps_at_gpu_settings(small_sets, monkeypatch, name):
    """A recipe's networks and batches are the same on every machine; here they learn from few pictures."""
    monkeypatch.setenv("GANCOURSE_SCALE", "gpu")
    monkeypatch.setattr(scale, "pick", capped.pick)
    chosen = experiments.describe(name, 2, progress=False)
    run = chosen.trained_by(chosen.game, chosen.batches, 2, progress=False, **chosen.settings)
    run.flush()
    assert run.step == 2


@pytest.mark.parametrize("family", plans.FAMILIES)
def test_what_follows_a_training_on_a_gpu_leaves_no_tensor_there(pretended, monkeypatch, tmp_path, family):
    """Batches, samples, scores and pictures of a run on the pretended GPU are made of tensors of one device at a time."""
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(scale, "device", lambda: torch.device(GPU))
    known = {name: getattr(Tensor, name) for name in ("cpu", "__float__")}
    arrived = lambda x: torch.zeros(x.shape, dtype=x.dtype) if x.device.type == GPU else known["cpu"](x)  # noqa: E731
    monkeypatch.setattr(Tensor, "cpu", arrived)
    monkeypatch.setattr(Tensor, "__float__", lambda x: 1.0 if x.device.type == GPU else known["__float__"](x))  # a divisor
    made = {"pix2pix": own.pairs, "cyclegan": own.two}.get(family, own.pets)(tmp_path / "pictures", 40, 32)
    labels = "folders" if family in plans.LABELLED else None
    pictures = source(Asked(family, str(made), size=32, labels=labels, flip=True), progress=False)
    plan = plans.plan(family, 32, 5_000, classes=3, batch_size=4)
    game = own_games.game(plan, 40, examples=pictures.examples)
    measured = score(family, pictures)
    follow = Follow(Place(tmp_path / "run"), plan, pictures, measured, 2, {})
    run = played(game, pictures.batches(4, 0))
    follow(run)
    assert {p.device.type for p in run.generator.parameters()} == {GPU}
    assert [row.step for row in follow.rows] == [2] and follow.place.page.is_file()
