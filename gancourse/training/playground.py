"""A game in the plane to play with: it takes many rounds a second, and shows after any of them what there is to see.

Nothing here knows of a screen.  :class:`Playground` holds both players, takes steps (:mod:`gancourse.training.by_hand`), and
gives frames: D's surface, samples, the image of a lattice of latents, the slope at samples, and what was measured so far.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.losses import objective
from gancourse.losses.penalties import between, clip_weights
from gancourse.metrics.modes import mode_report
from gancourse.models import mlp
from gancourse.theory.transport import wasserstein_samples
from gancourse.training.by_hand import Adam, ByHand, Descent, to_target, zero_centred
from gancourse.training.rules import DATA, PAINTED, REACH, SPREAD, Cloud, Rules

BATCH, POOL = 128, 16  # samples of a step; batches that are drawn at once
SHOWN, ARROWS = 250, 60  # samples in a frame, and how many of them with an arrow
SURFACE, LATTICE = 40, 15  # places along a side
MATCHED, COUNTED = 200, 500  # samples whose distance is measured, whose modes are counted
ROWS = 240  # moments that the curves hold
MEASURES = ("round", "d_loss", "g_loss", "slope", "wasserstein", "modes", "distance")


@dataclass
class Frame:
    """What there is to see after a round; all arrays are float32.

    surface   [SURFACE, SURFACE], D over the plane from the lower left, row by row, 0 where it says fake and 1 where it says real
    real, fake [SHOWN, 2]
    arrows    [ARROWS, 2], where the first fakes are pulled: -dL_G/dx of the single sample
    lattice   [LATTICE, LATTICE, 2], where G carries a lattice of latents; [1, P, 2], a curve, for latents on a line
    history   [T, 7], a row of ``MEASURES`` for each moment that was measured
    """

    surface: Tensor
    real: Tensor
    fake: Tensor
    arrows: Tensor
    lattice: Tensor
    history: Tensor
    numbers: dict[str, float] = field(default_factory=dict)


class Playground:
    """A GAN in the plane under :class:`Rules`, played step by step.

    The same rules and seed give the same game; torch's global generator is neither read nor moved, so the game may run in a
    thread beside other work.  ``painted``: points [N, 2] for the data "painted".

    ``broken`` is "" or says why the game stands still: a loss, a weight or a sample that is not finite.
    """

    def __init__(self, rules: Rules | None = None, seed: int = 0, painted: Any = None) -> None:
        self.rules, self.seed = rules if rules is not None else Rules(), check.seed(seed)
        self.painted = None if painted is None else Cloud(painted)
        self.data = self._distribution(self.rules)
        self.restart()

    # The players ----------------------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Both players as they were at first, and nothing measured."""
        rules = self.rules
        self.source = torch.Generator().manual_seed(self.seed)
        hidden = (rules.width, rules.width) if rules.width else ()
        with torch.device("meta"):  # so that no weights are drawn from the global generator
            generator, discriminator = mlp.Generator(rules.latent_dim, 2, hidden), mlp.Discriminator(2, hidden)
        self.generator, self.discriminator = (_drawn(player, self.source) for player in (generator, discriminator))
        if not rules.width:
            _on_a_circle(self.generator, self.discriminator)
        self._g, self._d = ByHand(self.generator), ByHand(self.discriminator)
        self._optimizers()
        self.d_steps = self.g_steps = 0
        self.slope, self.broken = math.nan, ""
        self._batch: tuple[Tensor, Tensor] | None = None
        self._pool: list[Tensor] = []
        self._losses: dict[str, list[float]] = {"d_loss": [], "g_loss": []}
        self.history: list[list[float]] = []

    def _optimizers(self) -> None:
        kinds, rules = {"adam": Adam, "sgd": Descent}, self.rules
        self._d_optimizer = kinds[rules.d_optimizer](self._d, rules.d_lr)
        self._g_optimizer = kinds[rules.g_optimizer](self._g, rules.g_lr)

    def _distribution(self, rules: Rules) -> Any:
        if rules.data != PAINTED:
            return DATA[rules.data]()
        if self.painted is None:
            raise ValueError("nothing is painted yet: paint points in the plane first, or choose another distribution")
        return self.painted

    def change(self, **new: Any) -> None:
        """Play on under other rules; players of another shape start again, all else goes on from where it is."""
        before, rules = self.rules, self.rules.changed(**new)
        self.data = self._distribution(rules)  # may raise, so nothing is changed before it
        self.rules = rules
        if before.needs_new_players(rules):
            self.restart()
        elif (before.d_optimizer, before.g_optimizer) != (rules.d_optimizer, rules.g_optimizer):
            self._optimizers()
        self._d_optimizer.lr, self._g_optimizer.lr = rules.d_lr, rules.g_lr
        self._batch, self._pool = None, []

    def paint(self, points: Any) -> None:
        """Take points [N, 2] for the data, and play on with them."""
        self.painted = Cloud(points)
        self.change(data=PAINTED)

    def latents(self, n: int, source: torch.Generator) -> Tensor:
        """[n, latent_dim] of the noise that the rules name."""
        if self.rules.noise == "uniform":
            return 2 * torch.rand(n, self.rules.latent_dim, generator=source) - 1
        return torch.randn(n, self.rules.latent_dim, generator=source)

    # Steps ----------------------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """One round: k updates of D, each on a fresh batch, then one of G on the last batch."""
        for _ in range(self.rules.k):
            self.step_discriminator()
        self.step_generator()

    def step_discriminator(self) -> None:
        """One update of D on a fresh batch, with its penalty."""
        if self.broken:
            return
        real, fake = self._fresh_batch()
        logits = self._d.forward(torch.cat([real, fake]))  # [2N, 1]; no normalisation joins the halves
        loss, of_real, of_fake = _slopes(objective(self.rules.objective).discriminator, *logits.squeeze(1).split(BATCH))
        self._d.into_weights(torch.cat([of_real, of_fake])[:, None])
        self._penalise(real, fake)
        self._d_optimizer.step()
        if self.rules.penalty == "clip":
            clip_weights(self.discriminator, self.rules.strength)
        self.d_steps += 1
        self._record("d_loss", loss, self._d)

    def step_generator(self) -> None:
        """One update of G on the batch that D saw last, as :func:`gancourse.training.fit` does it."""
        if self.broken:
            return
        real, fake = self._batch if self._batch is not None else self._fresh_batch()
        loss, slopes = self._pull(real, fake)
        self._g.into_weights(slopes)
        if not self.rules.width:
            self._g.parts[0].zero_()  # the linear G moves its noise and never stretches it
        self.slope = float(self._g.slopes.norm())
        self._g_optimizer.step()
        self._batch = None  # its fakes were another generator's
        self.g_steps += 1
        self._record("g_loss", loss, self._g)

    def _fresh_batch(self) -> tuple[Tensor, Tensor]:
        if not self._pool:  # one large draw costs as much as one small
            self._pool = list(self.data.sample(POOL * BATCH, generator=self.source).split(BATCH))
        self._batch = self._pool.pop(), self._g.forward(self.latents(BATCH, self.source))
        return self._batch

    def _pull(self, real: Tensor, fake: Tensor) -> tuple[float, Tensor]:
        """G's loss, and dL_G/dx at the fakes [N, 2]."""
        chosen = objective(self.rules.objective)
        if chosen.paired:
            judged = self._d.forward(real).squeeze(1)
            loss, of_fake = _slopes(lambda logits: chosen.generator(logits, judged), self._d.forward(fake).squeeze(1))
        else:
            loss, of_fake = _slopes(chosen.generator, self._d.forward(fake).squeeze(1))
        return loss, self._d.into_input(of_fake[:, None])

    def _penalise(self, real: Tensor, fake: Tensor) -> None:
        penalty, strength = self.rules.penalty, self.rules.strength
        if penalty == "gradient":
            epsilon = torch.rand(BATCH, generator=self.source)
            self._d.add_penalty(between(real, fake, epsilon), to_target(strength))
        if penalty in ("r1", "r1_r2"):
            self._d.add_penalty(real, zero_centred(strength))
        if penalty == "r1_r2":
            self._d.add_penalty(fake, zero_centred(strength))

    def _record(self, name: str, loss: float, player: ByHand) -> None:
        self._losses[name].append(loss)
        self._stop_unless(math.isfinite(loss) and bool(torch.isfinite(player.weights).all()))

    def _stop_unless(self, finite: bool) -> None:
        if not finite and not self.broken:
            self.broken = f"round {self.g_steps:,}: no longer finite. Lower a learning rate or k, then start again"

    # What is measured -----------------------------------------------------------------------------------------------------

    def measure(self) -> dict[str, float]:
        """A new row of the history: mean losses since the last one, G's slope, exact distance, modes, distance to equilibrium.

        wasserstein  the earth mover's distance between fresh real and generated samples, an exact pairing
        modes        captured modes of a mixture (:func:`gancourse.metrics.mode_report`); NaN where the data has none
        slope        ||dL_G/dtheta|| at G's last step
        distance     sqrt(|E G(z) - E x|^2 + |grad D|^2) for linear players, whose only equilibrium is 0; NaN for others
        """
        source = torch.Generator().manual_seed(self.seed + self.g_steps + 1)
        fake = self._made(self.latents(COUNTED, source))
        self._stop_unless(bool(torch.isfinite(fake).all()))  # finite weights may make more than a float holds
        values = dict.fromkeys(MEASURES, math.nan) | {"round": float(self.g_steps), "slope": self.slope}
        for name, losses in self._losses.items():
            if losses:
                values[name] = sum(losses) / len(losses)
                losses.clear()
        if not self.broken:
            real = self.data.sample(COUNTED, generator=source)
            values["wasserstein"] = wasserstein_samples(fake[:MATCHED], real[:MATCHED])
            if self.data.modes is not None:
                values["modes"] = float(mode_report(fake, self.data).modes)
            if not self.rules.width:
                values["distance"] = self._distance(fake, real)
        if self.history and self.history[-1][0] == values["round"]:  # measured again, perhaps after a step of D alone
            before = dict(zip(MEASURES, self.history.pop(), strict=True))
            values |= {name: before[name] for name in self._losses if math.isnan(values[name])}
        self.history.append([values[name] for name in MEASURES])
        if len(self.history) > ROWS:
            del self.history[-2:0:-2]  # every other one, never the first or the last
        return values

    def floor(self, pairs: int = 50) -> list[float]:
        """The earth mover's distances between fresh samples of the data, as many points as :meth:`measure` matches.

        Samples of a perfect generator would score this, so ``wasserstein`` is to be held against their mean, and not against 0.
        """
        source = torch.Generator().manual_seed(self.seed)
        drawn = (self.data.sample(2 * MATCHED, generator=source).split(MATCHED) for _ in range(check.whole("pairs", pairs, 1)))
        return [wasserstein_samples(one, other) for one, other in drawn]

    def shapeless(self, pairs: int = 50) -> list[float]:
        """The same between the data and a Gaussian with their mean and covariance (of 10,000 samples): a cloud of no shape."""
        source = torch.Generator().manual_seed(self.seed)
        many = self.data.sample(10_000, generator=source)
        mean, (values, vectors) = many.mean(0), torch.linalg.eigh(many.T.cov())
        spread = vectors * values.clamp(min=0).sqrt()  # spread spread^T is the covariance; that of a point is 0
        found = []
        for _ in range(check.whole("pairs", pairs, 1)):
            cloud = mean + torch.randn(MATCHED, many.shape[1], generator=source) @ spread.T
            found.append(wasserstein_samples(cloud, self.data.sample(MATCHED, generator=source)))
        return found

    def _distance(self, fake: Tensor, real: Tensor) -> float:
        mean = self.data.modes.mean(0) if self.data.modes is not None else real.mean(0)
        psi = self.discriminator.layers[0].weight.detach()
        return math.hypot(float((fake.mean(0) - mean).norm()), float(psi.norm()))

    def _made(self, z: Tensor) -> Tensor:
        made: Tensor = self.generator(z)
        return made

    def frame(self) -> Frame:
        """What there is to see now; the same latents and real samples in every frame of a game."""
        source = torch.Generator().manual_seed(self.seed)
        real, z = self.data.sample(SHOWN, generator=source), self.latents(SHOWN, source)
        fake = self._made(z)
        _, pull = self._pull(real[:ARROWS], fake[:ARROWS])
        history = torch.tensor(self.history).reshape(-1, len(MEASURES))
        numbers = {"d_steps": float(self.d_steps), "g_steps": float(self.g_steps)}
        modes = self.data.modes
        numbers["total"] = math.nan if modes is None else float(len(modes))
        return Frame(self.surface(), real, fake, -ARROWS * pull, self._lattice(), history, numbers)

    def surface(self) -> Tensor:
        """D over the plane [SURFACE, SURFACE] from 0, fake, to 1, real.

        D(x) = sigmoid(l) where the logit has that meaning, l between the codes of fake and real for least squares and hinge;
        where only differences count (Wasserstein, relativistic) from D's lowest value in the plane to its highest.
        """
        ticks = torch.linspace(-REACH, REACH, SURFACE)
        at = torch.stack(torch.meshgrid(ticks, ticks, indexing="xy"), -1).reshape(-1, 2)
        logits: Tensor = self.discriminator(at).reshape(SURFACE, SURFACE)
        low, high = _codes(self.rules.objective, logits)
        return logits.sigmoid() if math.isnan(low) else ((logits - low) / (high - low)).clamp(0, 1)

    def _lattice(self) -> Tensor:
        inner = torch.linspace(0.02, 0.98, LATTICE if self.rules.latent_dim == 2 else 8 * LATTICE)
        ticks = 2 * inner - 1 if self.rules.noise == "uniform" else math.sqrt(2) * torch.erfinv(2 * inner - 1)
        if self.rules.latent_dim == 1:
            return self._made(ticks[:, None])[None]
        z = torch.stack(torch.meshgrid(ticks, ticks, indexing="ij"), -1).reshape(-1, 2)
        return self._made(z).reshape(LATTICE, LATTICE, 2)


def _codes(name: str, logits: Tensor) -> tuple[float, float]:
    """D's values that stand for fake and real; NaN where its sigmoid says it."""
    known = {"least_squares": (0.0, 1.0), "least_squares_pm1": (-1.0, 1.0), "hinge": (-1.0, 1.0)}
    if name in ("wasserstein", "relativistic"):
        low, high = (float(value) for value in logits.aminmax())
        return low, max(high, low + 1e-6)
    return known.get(name, (math.nan, math.nan))


def _slopes(loss: Any, *logits: Tensor) -> tuple[Any, ...]:
    """The value of a loss and its derivative at each vector of logits."""
    with torch.enable_grad():
        leaves = [each.detach().requires_grad_() for each in logits]
        value = loss(*leaves)
        return value.item(), *torch.autograd.grad(value, leaves)


def _drawn(player: nn.Module, source: torch.Generator) -> Any:
    """The player's weights from the source, each layer's uniform on +-1 / sqrt(inputs), as PyTorch draws them."""
    player.to_empty(device="cpu")
    for layer in player.modules():
        if isinstance(layer, nn.Linear):
            bound = 1 / math.sqrt(layer.in_features)
            for parameter in (layer.weight, layer.bias):
                parameter.data.uniform_(-bound, bound, generator=source)
    return player


def _on_a_circle(generator: Any, discriminator: Any) -> None:
    """Linear players start at right angles, so that without a penalty the samples go round the data, in an ellipse."""
    (g,), (d,) = ([layer for layer in player.modules() if isinstance(layer, nn.Linear)] for player in (generator, discriminator))
    g.weight.data.copy_(SPREAD * torch.eye(2)[:, : g.in_features])
    g.bias.data.copy_(torch.tensor([1.2, 0.0]))
    d.weight.data.copy_(torch.tensor([[0.0, 0.8]]))
    d.bias.data.zero_()


def rounds(game: Playground, n: int, every: int = 25) -> Sequence[dict[str, float]]:
    """Play n rounds and measure after every so many: the rows as dicts."""
    found = []
    for i in range(check.whole("n", n)):
        game.step()
        if (i + 1) % every == 0:
            found.append(game.measure())
    return found
