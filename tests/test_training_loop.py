"""fit() is Algorithm 1, resumes bit for bit, and loses nothing."""

import contextlib
import math
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch

from gancourse import training
from gancourse.base import trees
from gancourse.gans.gan import GAN
from gancourse.losses import penalties
from gancourse.models import dcgan, mlp, progan, stylegan2
from gancourse.training import TrainingDiverged, fit
from gancourse.training.description import ALSO
from gancourse.training.run import finite

ROOT = Path(__file__).parents[1]


class Points:
    """An endless, resumable source of points from a seeded generator."""

    def __init__(self, n=16, shape=(2,), seed=1):
        self.n, self.shape = n, shape
        self.rng = torch.Generator().manual_seed(seed)

    def __iter__(self):
        return self

    def __next__(self):
        return torch.randn(self.n, *self.shape, generator=self.rng).clamp(-1, 1)

    def state_dict(self):
        return {"rng": self.rng.get_state()}

    def load_state_dict(self, state):
        self.rng.set_state(state["rng"])


def toy(objective="non_saturating", **options):
    torch.manual_seed(0)
    return GAN(mlp.Generator(2, 2, hidden=(16,)), mlp.Discriminator(2, hidden=(16,)), objective, **options)


def conv():
    torch.manual_seed(0)
    networks = dcgan.Generator(16, latent_dim=4, width=8), dcgan.Discriminator(16, width=8, norm=False)
    return GAN(*networks, "relativistic", penalty=penalties.r1(1.0, every=2))


def weights(module):
    return torch.cat([value.flatten().double() for value in module.state_dict().values()])


def algorithm_1(gan, batches, steps, k, lr, seed, dtype=torch.float32):
    """Goodfellow et al. 2014, Algorithm 1, written by hand as in lecture 03."""
    noise = torch.Generator().manual_seed(seed)
    opt_d = torch.optim.Adam(gan.discriminator.parameters(), lr=lr, betas=(0.5, 0.999))
    opt_g = torch.optim.Adam(gan.generator.parameters(), lr=lr, betas=(0.5, 0.999))
    for _ in range(steps):
        for _ in range(k):
            x = next(batches)
            z = torch.randn(len(x), gan.latent_dim, generator=noise).to(dtype)
            fake = gan.generator(z)
            real_logits, fake_logits = gan.discriminator(x), gan.discriminator(fake.detach())
            d_loss = torch.nn.functional.softplus(-real_logits).mean() + torch.nn.functional.softplus(fake_logits).mean()
            opt_d.zero_grad()
            d_loss.backward()
            opt_d.step()
        g_loss = torch.nn.functional.softplus(-gan.discriminator(fake)).mean()
        opt_g.zero_grad()
        g_loss.backward()
        opt_g.step()


@pytest.mark.parametrize("k", [1, 3, np.int64(2)], ids=str)
def test_fit_is_algorithm_1_bit_for_bit(k):
    by_hand, by_fit = toy(), toy()
    algorithm_1(by_hand, Points(), steps=30, k=k, lr=1e-3, seed=5)
    fit(by_fit, Points(), 30, k=k, lr=1e-3, seed=5, progress=False)
    assert torch.equal(weights(by_hand.generator), weights(by_fit.generator))
    assert torch.equal(weights(by_hand.discriminator), weights(by_fit.discriminator))


@pytest.mark.parametrize("options", [{}, {"penalty": penalties.r1(1.0)}, {"objective": "relativistic"}])
def test_networks_of_float64_are_trained_in_float64(options):
    """From the same latents, which are drawn in float32."""

    class Wide(Points):
        def __next__(self):
            return super().__next__().double()

    by_hand, by_fit, narrow = toy(**options), toy(**options), toy(**options)
    for player in (by_hand.generator, by_hand.discriminator, by_fit.generator, by_fit.discriminator):
        player.double()
    run = fit(by_fit, Wide(), 30, lr=1e-3, seed=5, ema=0.9, progress=False)
    fit(narrow, Points(), 30, lr=1e-3, seed=5, progress=False)
    assert by_fit.latents(2, torch.Generator()).dtype == torch.float64 and run.sample(2).dtype == torch.float32
    apart = (weights(by_fit.generator) - weights(narrow.generator)).abs().max()
    assert 0 < apart < 1e-3
    if not options:
        algorithm_1(by_hand, Wide(), steps=30, k=1, lr=1e-3, seed=5, dtype=torch.float64)
        assert torch.equal(weights(by_hand.generator), weights(by_fit.generator))
        assert torch.equal(weights(by_hand.discriminator), weights(by_fit.discriminator))


def test_networks_of_half_precision_are_refused_with_the_way_out():
    gan = toy()
    gan.generator.bfloat16(), gan.discriminator.bfloat16()
    for batches in ([torch.zeros(4, 2)], [torch.zeros(4, 2, dtype=torch.bfloat16)]):
        with pytest.raises(TypeError, match=r"networks are torch.bfloat16: call .float\(\) on both, .*precision='bf16'"):
            fit(gan, batches, 1, progress=False)


def same_run(one, other):
    assert torch.equal(weights(one.gan.generator), weights(other.gan.generator))
    assert torch.equal(weights(one.gan.discriminator), weights(other.gan.discriminator))
    assert torch.equal(weights(one.generator), weights(other.generator))
    for name, values in one.history.items():
        assert np.array_equal(values, other.history[name], equal_nan=True), name


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_resumed_run_equals_an_uninterrupted_one(tmp_path, precision):
    options = {"ema": 0.9, "lr": 1e-3, "schedule": "cosine", "precision": precision, "progress": False}
    whole = fit(conv(), Points(8, (3, 16, 16)), 12, **options)

    class Stop(Exception):
        pass

    def stop(run):
        if run.step == 7:
            raise Stop

    path = tmp_path / "run.safetensors"
    with pytest.raises(Stop):
        fit(conv(), Points(8, (3, 16, 16)), 12, checkpoint=path, checkpoint_every=5, hooks=[(1, stop)], **options)
    torch.manual_seed(99)  # a resumed run must not depend on what the session did meanwhile
    resumed = fit(conv(), Points(8, (3, 16, 16), seed=77), 12, checkpoint=path, checkpoint_every=5, **options)
    same_run(whole, resumed)
    assert resumed.step == 12


KILLED = """
import sys, time
sys.path.insert(0, {root!r})
import torch
torch.set_num_threads(1)
from tests.test_training_loop import Points, conv
from gancourse.training import fit
hooks = [(1, lambda run: (print(run.step, flush=True), time.sleep(0.05)))]
fit(conv(), Points(8, (3, 16, 16)), 40, ema=0.9, lr=1e-3, precision="float32", progress=False,
    checkpoint={path!r}, checkpoint_every=3, hooks=hooks)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL is POSIX")
def test_killed_run_goes_on_with_the_same_bits(tmp_path):
    path = tmp_path / "run.safetensors"
    code = textwrap.dedent(KILLED.format(root=str(ROOT), path=str(path)))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    for line in process.stdout:
        if int(line) >= 8 and path.exists():
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    assert process.returncode == -signal.SIGKILL
    assert 0 < trees.load(path)["step"] < 40
    options = {"ema": 0.9, "lr": 1e-3, "precision": "float32", "progress": False}
    resumed = fit(conv(), Points(8, (3, 16, 16)), 40, checkpoint=path, checkpoint_every=3, **options)
    same_run(fit(conv(), Points(8, (3, 16, 16)), 40, **options), resumed)
    assert resumed.step == 40


def test_interrupt_ends_after_the_step_and_keeps_everything(tmp_path, capsys):
    path = tmp_path / "run.safetensors"
    press = [(1, lambda run: signal.raise_signal(signal.SIGINT) if run.step == 4 else None)]
    before = signal.getsignal(signal.SIGINT)
    run = fit(toy(), Points(), 50, checkpoint=path, hooks=press, progress=False)
    assert run.stopped == "interrupted"
    assert signal.getsignal(signal.SIGINT) is before
    assert trees.load(path)["step"] == run.step < 50
    assert "nothing is lost" in capsys.readouterr().out
    whole = fit(toy(), Points(), 50, progress=False)
    same_run(whole, fit(toy(), Points(), 50, checkpoint=path, progress=False))


def test_an_interrupt_in_the_hooks_before_the_first_step_is_one_after_the_next_step(tmp_path, capsys):
    press = [(50, lambda run: signal.raise_signal(signal.SIGINT))]
    path = tmp_path / "run.safetensors"
    run = fit(toy(), Points(), 50, checkpoint=path, hooks=press, progress=False)
    assert (run.stopped, run.step) == ("interrupted", 1)
    assert trees.load(path)["step"] == 1 and "nothing is lost" in capsys.readouterr().out


@pytest.mark.parametrize("poison", ["discriminator", "generator"])
def test_nan_stops_with_its_step_and_keeps_the_checkpoint(tmp_path, poison):
    path = tmp_path / "run.safetensors"
    gan = toy()

    def spoil(run):
        if run.step == 7:
            with torch.no_grad():
                next(getattr(gan, poison).parameters()).fill_(math.nan)

    with pytest.raises(TrainingDiverged, match="became nan at step 8.*lower lr.*untouched") as caught:
        fit(gan, Points(), 50, checkpoint=path, checkpoint_every=5, hooks=[(1, spoil)], progress=False)
    assert caught.value.run.stopped == "diverged"
    assert trees.load(path)["step"] == 5
    assert torch.isfinite(weights(toy().generator)).all()
    for value in trees.load(path)["generator"].values():
        assert torch.isfinite(value).all()


class Steep(GAN):
    """From step 3 on, the loss of one player is finite and its slope is not."""

    def __init__(self, poison):
        super().__init__(mlp.Generator(2, 2, hidden=(16,)), mlp.Discriminator(2, hidden=(16,)))
        self.poison = poison

    def spoiled(self, player, loss, batch):
        return loss + (0 * loss).sqrt() if player == self.poison and batch.step == 2 else loss

    def generator_loss(self, batch):
        return self.spoiled("generator", super().generator_loss(batch), batch)

    def discriminator_loss(self, batch):
        return self.spoiled("discriminator", super().discriminator_loss(batch), batch)


@pytest.mark.parametrize("every", [1, 500])
def test_weights_that_are_not_finite_are_neither_saved_nor_returned(tmp_path, every):
    path = tmp_path / "run.safetensors"
    with pytest.raises(TrainingDiverged, match="generator's weights hold NaN or infinity at step 3: .*square root") as caught:
        fit(Steep("generator"), Points(), 3, checkpoint=path, checkpoint_every=every, progress=False)
    run = caught.value.run
    assert run.stopped == "diverged" and run.history["g_loss"].shape == (3,) and np.isfinite(run.history["g_loss"]).all()
    assert path.exists() == (every == 1) == ("untouched" in str(caught.value))
    if every == 1:
        assert trees.load(path)["step"] == 2
        assert all(torch.isfinite(value).all() for value in trees.load(path)["generator"].values())


def test_a_discriminator_that_is_not_finite_is_seen_in_the_generators_loss():
    with pytest.raises(TrainingDiverged, match="generator's loss became nan at step 3"):
        fit(Steep("discriminator"), Points(), 3, progress=False)


def test_an_error_of_a_hook_carries_the_run():
    def full(run):
        if run.step == 2:
            raise OSError("disk")

    with pytest.raises(OSError, match="disk") as caught:
        fit(toy(), Points(), 9, hooks=[(1, full)], progress=False)
    run = caught.value.run
    assert (run.stopped, run.step) == ("failed", 2)
    assert caught.value.__notes__ == ["What was trained, 2 steps, is in the run that this error carries as .run"]


class Failing(GAN):
    """Whose own check stumbles at a step, with a loss that is not finite before it or without."""

    def __init__(self, at, spoiled=None):
        super().__init__(mlp.Generator(2, 2, hidden=(16,)), mlp.Discriminator(2, hidden=(16,)))
        self.at, self.spoiled = at, spoiled

    def generator_loss(self, batch):
        if batch.step == self.at:
            raise ValueError("my latents' picture holds NaN or infinity")
        return super().generator_loss(batch) + (math.nan if batch.step == self.spoiled else 0.0)


def test_an_error_of_a_game_keeps_the_steps_before_it():
    with pytest.raises(ValueError, match="my latents") as caught:
        fit(Failing(34), Points(), 50, progress=False)
    run = caught.value.run
    assert (run.stopped, run.step) == ("failed", 34)
    assert run.history["step"].tolist() == list(range(1, 35)) and len(run.history["d_loss"]) == 34


def test_an_error_does_not_hide_the_loss_that_caused_it():
    with pytest.raises(TrainingDiverged, match="generator's loss became nan at step 26") as caught:
        fit(Failing(26, spoiled=25), Points(), 50, progress=False)
    assert isinstance(caught.value.__cause__, ValueError) and caught.value.run.stopped == "diverged"
    assert caught.value.run.history["step"][-1] == 26


def test_an_error_after_a_step_was_noted_gives_it_its_own_number(monkeypatch):
    def broken(*args):
        if len(seen) == 24:
            raise OSError("broken")
        seen.append(args)

    seen = []
    monkeypatch.setattr(training.loop, "update_average", broken)
    with pytest.raises(OSError, match="broken") as caught:
        fit(toy(), Points(), 50, ema=0.9, progress=False)
    assert caught.value.run.history["step"].tolist() == list(range(1, 26))


def grouped(parameters, lr):
    first, *rest = parameters
    return torch.optim.Adam([{"params": [first], "lr": lr / 100}, {"params": rest}], lr=lr)


def test_groups_of_parameters_keep_their_rates(tmp_path):
    def rates(run):
        return [[group["lr"] for group in optimizer.param_groups] for optimizer in run.optimizers.values()]

    options = {"optimizer": grouped, "lr": (1e-3, 4e-3), "schedule": "linear", "progress": False}
    whole = fit(toy(), Points(), 4, **options)
    assert rates(whole) == [pytest.approx([0.25e-5, 0.25e-3]), pytest.approx([1e-5, 1e-3])]
    path = tmp_path / "run.safetensors"

    def stop(run):
        if run.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(toy(), Points(), 4, checkpoint=path, checkpoint_every=1, hooks=[(2, stop)], **options)
    kept = trees.load(path)
    for optimizer in kept["optimizers"].values():  # as an older file is
        for group in optimizer["param_groups"]:
            del group["initial_lr"]
    trees.save(path, kept)
    resumed = fit(toy(), Points(), 4, checkpoint=path, **options)
    assert rates(resumed) == rates(whole)
    same_run(whole, resumed)
    with pytest.raises(ValueError, match="generator's optimizer.0.initial_lr=1e-05"):
        fit(toy(), Points(), 4, checkpoint=path, **{**options, "optimizer": lambda ps, lr: grouped(ps, 2 * lr)})


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_who_stops_a_training_gets_that_even_after_a_loss_that_is_not_finite(stop):
    def leave(run):
        if run.step:
            run.record(torch.tensor(1.0), torch.tensor(float("nan")), {}, torch.tensor(True))
            raise stop

    with pytest.raises(stop) as caught:
        fit(toy(), Points(), 9, hooks=[(3, leave)], progress=False)
    assert caught.value.run.history["g_loss"].size == 4 and caught.value.run.stopped != "diverged"


def test_a_file_of_an_older_version_that_differs_says_what_to_do(tmp_path):
    path = tmp_path / "run.safetensors"
    fit(toy(), Points(), 1, checkpoint=path, progress=False)
    with pytest.raises(ValueError, match="another file to start anew$"):
        fit(toy(), Points(), 1, checkpoint=path, lr=1e-3, progress=False)
    kept = trees.load(path)
    del kept["description"][ALSO]
    trees.save(path, kept)
    with pytest.raises(ValueError, match="an older version of the course wrote it: if you changed nothing, finish it with that"):
        fit(toy(), Points(), 1, checkpoint=path, lr=1e-3, progress=False)


@pytest.mark.parametrize(
    ("name", "value", "kind", "message"),
    [
        ("gap", torch.ones(3), ValueError, r"batch.log\['gap'\] must be one number, not \[3\]: take its mean"),
        ("gap", "wide", TypeError, r"batch.log\['gap'\] must be a number, not str"),
        ("d_loss", torch.ones(()), ValueError, "'d_loss'] is a column of the loop's own: take another name"),
        ("step", torch.ones(()), ValueError, "take another name"),
    ],
)
def test_what_a_game_may_not_log_is_named_at_once(name, value, kind, message):
    with pytest.raises(kind, match=message) as caught:
        fit(Telling(name, value), Points(), 9, progress=False)
    assert caught.value.run.step == 0


class Telling(GAN):
    def __init__(self, name, value):
        super().__init__(mlp.Generator(2, 2, hidden=(16,)), mlp.Discriminator(2, hidden=(16,)))
        self.name, self.value = name, value

    def generator_loss(self, batch):
        batch.log[self.name] = self.value
        return super().generator_loss(batch)


@pytest.mark.parametrize("value", [1.5, np.float32(1.5), torch.tensor([1.5]), np.array(1.5)], ids=type)
def test_a_plain_number_may_be_logged(value):
    assert fit(Telling("gap", value), Points(), 2, progress=False).history["gap"].tolist() == [1.5, 1.5]


def test_a_game_that_cannot_be_saved_is_refused_before_it_is_played(tmp_path):
    gan = toy()
    gan.state_dict = lambda: {"seen": {1, 2}}
    with pytest.raises(TypeError, match=r"not set \(at /game/seen\)"):
        fit(gan, Points(), 3, checkpoint=tmp_path / "run", hooks=[(1, lambda run: pytest.fail("training began"))], progress=False)
    gan.state_dict = lambda: {"seen": np.int64(3)}
    assert fit(gan, Points(), 3, checkpoint=tmp_path / "run", progress=False).step == 3


def test_history_and_hooks():
    seen = []
    run = fit(toy(penalty=penalties.r1(1.0, every=3)), Points(), 10, hooks=[(4, lambda r: seen.append(r.step))], progress=False)
    assert seen == [0, 4, 8]
    history = run.history
    assert history["step"].tolist() == list(range(1, 11))
    assert all(len(values) == 10 for values in history.values())
    assert np.isfinite(history["d_loss"]).all() and np.isfinite(history["g_loss"]).all()
    assert np.isfinite(history["penalty"]).tolist() == [s % 3 == 0 for s in range(10)]
    assert run.stopped == "finished"
    assert run.seconds > 0


def test_average_follows_its_recurrence():
    gan = toy()
    states = []
    keep = [(1, lambda run: states.append([p.detach().clone() for p in gan.generator.parameters()]))]
    run = fit(gan, Points(), 6, ema=0.5, hooks=keep, lr=1e-2, progress=False)
    expected = states[0]
    for step, state in enumerate(states[1:]):
        decay = min(0.5, (1 + step) / (10 + step))
        expected = [decay * e + (1 - decay) * s for e, s in zip(expected, state, strict=True)]
    # the average of step s is made before hooks see step s + 1
    for kept, e in zip(run.generator.parameters(), expected, strict=True):
        assert torch.allclose(kept, e, atol=1e-6)
    assert run.generator is not gan.generator


def test_average_has_statistics_of_its_own_weights():
    """With running statistics copied from the live generator, averaged weights would draw something else."""
    run = fit(conv(), Points(8, (3, 16, 16)), 30, ema=0.9, lr=3e-3, precision="float32", progress=False)
    layer = [m for m in run.average.modules() if isinstance(m, torch.nn.BatchNorm2d)][-1]
    copied = layer.running_var.clone()
    inputs = []
    handle = layer.register_forward_hook(lambda module, args, output: inputs.append(args[0]))
    run.generator.eval()
    inputs.clear()
    run.sample(512, seed=3)
    handle.remove()
    true = torch.cat(inputs).var((0, 2, 3))
    assert (layer.running_var - true).norm() < 0.5 * (copied - true).norm()


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("constant", 1.0), ("linear", 0.25), ("cosine", (1 + math.cos(0.75 * math.pi)) / 2), ("flat_linear", 0.25 / 0.3)],
)
def test_schedules(schedule, expected):
    run = fit(toy(), Points(), 4, lr=(1e-3, 4e-3), schedule=schedule, progress=False)
    assert run.optimizers["generator"].param_groups[0]["lr"] == pytest.approx(1e-3 * expected)
    assert run.optimizers["discriminator"].param_groups[0]["lr"] == pytest.approx(4e-3 * expected)


def test_channels_last_changes_layout_but_not_values():
    gan = conv()
    before = {name: value.clone() for name, value in gan.generator.state_dict().items()}
    training.loop._channels_last(gan.generator)
    for name, value in gan.generator.state_dict().items():
        assert torch.equal(before[name], value)
    assert gan.generator.main[3].weight.is_contiguous(memory_format=torch.channels_last)


def test_precision_is_chosen_for_convolutions_only(monkeypatch):
    monkeypatch.setattr(training.loop, "supports_bf16", lambda device="cpu": True)
    cpu = torch.device("cpu")
    assert training.loop._precision("auto", cpu, convolutional=True) == "bf16"
    assert training.loop._precision("auto", cpu, convolutional=False) == "float32"
    monkeypatch.setattr(training.loop, "supports_bf16", lambda device="cpu": False)
    assert training.loop._precision("auto", cpu, convolutional=True) == "float32"
    assert training.loop._precision("bf16", cpu, convolutional=True) == "bf16"


def test_layers_of_their_own_count_as_convolutions():
    assert training.loop._has_convolutions(progan.Generator(8, 4, channel_base=64, channel_max=8))  # equalised
    assert training.loop._has_convolutions(stylegan2.Generator(8, 4, w_dim=4, channel_base=64, channel_max=8))  # modulated
    assert not training.loop._has_convolutions(toy().generator)


def test_discriminator_is_trainable_again_after_fit():
    gan = toy()
    fit(gan, Points(), 2, progress=False)
    assert all(p.requires_grad for p in gan.discriminator.parameters())


def test_training_improves_a_toy():
    """A generator moves to data at (0.6, 0.6) from wherever it begins."""

    class Shifted(Points):
        def __next__(self):
            return 0.1 * torch.randn(64, 2, generator=self.rng) + 0.6

    gan = toy()
    start = (gan.sample(500).mean(0) - 0.6).norm()
    run = fit(gan, Shifted(), 300, lr=2e-3, ema=0.98, progress=False)
    assert (run.sample(500).mean(0) - 0.6).norm() < 0.3 < start


def test_bad_settings_name_the_fix(tmp_path):
    with pytest.raises(ValueError, match="steps must be above 0"):
        fit(toy(), Points(), 0)
    with pytest.raises(ValueError, match="did you mean 'cosine'"):
        fit(toy(), Points(), 5, schedule="cosin", progress=False)
    with pytest.raises(ValueError, match="pair .every, function."):
        fit(toy(), Points(), 5, hooks=[print])
    with pytest.raises(ValueError, match="gancourse.data.Batches"):
        fit(toy(), iter([torch.zeros(4, 2)]), 5, checkpoint=tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match="ran out"):
        fit(toy(), iter([torch.zeros(4, 2)]), 5, progress=False)


def test_rates_and_decays_may_be_lists_and_whole_numbers():
    """As a settings file has them; Adam alone refuses a pair of an int and a float."""
    options = {"steps": 4, "progress": False}
    same_run(
        fit(toy(), Points(), lr=[1e-3, 2e-3], betas=[0, 0.99], **options),
        fit(toy(), Points(), lr=(1e-3, 2e-3), betas=(0.0, 0.99), **options),
    )


def test_checkpoints_of_other_runs_are_refused(tmp_path):
    path = tmp_path / "run.safetensors"
    fit(toy(), Points(), 4, checkpoint=path, lr=1e-3, progress=False)
    with pytest.raises(ValueError, match="made with lr="):
        fit(toy(), Points(), 8, checkpoint=path, lr=2e-3, progress=False)
    other = GAN(mlp.Generator(2, 2, hidden=(5,)), mlp.Discriminator(2, hidden=(16,)))
    with pytest.raises(ValueError, match="made with generator"):
        fit(other, Points(), 8, checkpoint=path, lr=1e-3, progress=False)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match="damaged"):
        fit(toy(), Points(), 8, checkpoint=path, lr=1e-3, progress=False)
    assert path.exists()


def test_finished_run_can_be_extended_at_constant_rate(tmp_path):
    path = tmp_path / "run.safetensors"
    fit(toy(), Points(), 4, checkpoint=path, progress=False)
    longer = fit(toy(), Points(), 9, checkpoint=path, progress=False)
    same_run(fit(toy(), Points(), 9, progress=False), longer)


def test_bfloat16_that_a_gpu_only_emulates_does_not_count(monkeypatch):
    asked = []

    def supported(including_emulation=True):
        asked.append(including_emulation)
        return including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    monkeypatch.setattr(torch.cuda, "device", lambda device: contextlib.nullcontext())
    assert not training.supports_bf16("cuda") and asked == [False]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("place", [0, 17, -1])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 6e4, -6e4])
def test_what_is_not_finite_in_the_data_is_found_wherever_it_stands(dtype, place, value):
    images = torch.zeros(4, 3, 5, 5, dtype=dtype)
    assert finite(images)
    images.view(4, -1)[2, place] = value
    images = images.to(memory_format=torch.channels_last)
    assert bool(finite(images)) == math.isfinite(value) == bool(torch.isfinite(images).all())


def test_data_of_whole_numbers_and_none_at_all_are_finite():
    largest = torch.finfo(torch.float32).max
    for values in (torch.tensor([-largest, largest]), torch.arange(3), torch.tensor([True, False]), torch.zeros(0, 2)):
        assert finite(values)
