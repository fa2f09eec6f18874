"""compile=True trains the same networks, through torch.compile where it works; where it does not, one warning tells."""

import shutil
import warnings

import pytest
import torch

from gancourse.gans.gan import GAN
from gancourse.losses import penalties
from gancourse.training import fit
from tests import joint_games
from tests.test_training_loop import Points, conv, toy, weights


def compiler(monkeypatch, fails=False):
    """Put a compiler that runs what it is given, or raises, in torch.compile's place; returns what it was called with."""
    given = []

    def compile(function, *args, **options):
        given.append(function)

        def run(*inputs, **kwargs):
            if fails:
                raise RuntimeError("no C++ compiler was found\nand a long story")
            return function(*inputs, **kwargs)

        return run

    monkeypatch.setattr(torch, "compile", compile)
    return given


def test_the_networks_are_compiled_for_the_run_and_no_longer(monkeypatch):
    given = compiler(monkeypatch)
    plain, game = toy(), toy()
    fit(plain, Points(), 5, progress=False)
    run = fit(game, Points(), 5, compile=True, progress=False)
    assert len(given) == 2
    assert torch.equal(weights(plain.generator), weights(game.generator))
    assert game.generator._compiled_call_impl is None and game.discriminator._compiled_call_impl is None
    assert run.step == 5


@pytest.mark.parametrize("batches", [lambda: Points(8, (3, 16, 16)), lambda: iter([next(Points(8, (3, 16, 16)))] * 7)])
def test_where_compiling_fails_a_warning_tells_and_nothing_else_changes(monkeypatch, batches):
    """The round played in advance leaves no trace: not in the data, the game, the random numbers or the batch norms."""
    compiler(monkeypatch, fails=True)
    plain, game = conv(), conv()
    fit(plain, batches(), 6, precision="float32", progress=False)
    with pytest.warns(UserWarning, match="without torch.compile: RuntimeError: no C\\+\\+ compiler was found$") as caught:
        fit(game, batches(), 6, compile=True, precision="float32", progress=False)
    assert len(caught) == 1
    for one, other in ((plain.generator, game.generator), (plain.discriminator, game.discriminator)):
        assert torch.equal(weights(one), weights(other))


def test_the_round_in_advance_is_played_in_training_mode(monkeypatch):
    compiler(monkeypatch)
    game, modes = toy(), []
    game.generator.eval(), game.discriminator.eval()
    for player in (game.generator, game.discriminator):
        player.register_forward_pre_hook(lambda module, given: modes.append(module.training))
    fit(game, Points(), 1, compile=True, progress=False)
    assert len(modes) == 8 and all(modes)


@pytest.mark.parametrize("name", ["ada", "began", "cyclegan", "infogan"])
def test_the_round_in_advance_is_undone_in_games_that_remember(monkeypatch, name):
    compiler(monkeypatch)
    found = [joint_games.trained(name, 3, compile=compile) for compile in (False, True)]
    assert torch.equal(weights(found[0].gan.generator), weights(found[1].gan.generator))


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("g++") or shutil.which("clang++")), reason="torch.compile needs a C++ compiler here")
def test_the_real_compiler_gives_the_same_weights():
    """Half a minute of compiling; sums are rounded in another order."""
    games = [GAN(conv().generator, conv().discriminator, "hinge") for _ in range(2)]
    fit(games[0], Points(8, (3, 16, 16)), 4, precision="float32", progress=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "the networks train without")
        fit(games[1], Points(8, (3, 16, 16)), 4, compile=True, precision="float32", progress=False)
    for one, other in ((games[0].generator, games[1].generator), (games[0].discriminator, games[1].discriminator)):
        assert torch.allclose(weights(one), weights(other), atol=1e-5)


@pytest.fixture
def without_cpp(monkeypatch):
    """The real torch.compile, up to where it would need a C++ compiler."""
    compile = torch.nn.Module.compile
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self: compile(self, backend="aot_eager"))


def test_a_derivative_of_a_derivative_is_beyond_the_compiler(without_cpp):
    torch.manual_seed(0)
    game = GAN(*joint_games.perceptrons(), penalty=penalties.r1(1.0))
    with pytest.warns(UserWarning, match="without torch.compile: .*double backward"):
        run = fit(game, joint_games.Pictures(), 2, compile=True, progress=False)
    assert run.step == 2


def test_a_penalty_that_is_not_due_where_a_run_goes_on_is_found_all_the_same(without_cpp, tmp_path):
    torch.manual_seed(0)
    game = GAN(*joint_games.perceptrons(), penalty=penalties.r1(1.0, every=4))
    kept = {"checkpoint": tmp_path / "state", "progress": False}
    fit(game, joint_games.Pictures(), 2, **kept)
    with pytest.warns(UserWarning, match="without torch.compile: .*double backward"):
        run = fit(game, joint_games.Pictures(), 6, compile=True, **kept)
    assert run.step == 6


def test_compile_is_yes_or_no():
    with pytest.raises(TypeError, match="compile"):
        fit(toy(), Points(), 1, compile="fast", progress=False)
