"""The context encoder's game: fill a hole so that it equals what was there, and so that nobody sees it was filled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check, ranks
from gancourse.base.networks import widened
from gancourse.gans.gan import Batch
from gancourse.gans.translation import Translation, nothing

Masks = Callable[[int, int, torch.Generator], Tensor]
LOSSES = ("l1", "l2")
JUDGED = ("hole", "picture", "picture_and_mask")


def erase(x: Tensor, mask: Tensor, fill: float | Tensor = 0.0) -> Tensor:
    """x with a filler where the mask is 1: (1 - M) x + M fill; 0 is mid-grey."""
    return x * (1 - mask) + mask * fill


def _filler(fill: float | Tensor) -> float | Tensor:
    """Return ``fill`` if it is a number or can be a colour, [C, 1, 1], or a picture."""
    if not isinstance(fill, Tensor) or not fill.ndim:
        return check.number("fill", fill)
    if fill.ndim != 3:
        raise ValueError(f"fill must be a number or a colour [C, 1, 1], not {list(fill.shape)}")
    return check.finite("fill", fill)


def masked_loss(output: Tensor, target: Tensor, mask: Tensor, loss: str = "l2") -> Tensor:
    """Mean of |target - output|^p over the missing pixels alone: the sum over the hole divided by its size times channels.

    Without the division a batch with large holes would count for more than one with small ones, and the weight between this
    term and the adversarial one would hang on the mask.

    output, target: [N, C, H, W].  mask: [N, 1, H, W], or one for all, [1, 1, H, W].

    Source: Pathak et al. 2016, equation 1, "normalised masked L2 distance".
    """
    if mask.shape not in {(n, 1, *output.shape[2:]) for n in (1, len(output))}:
        raise ValueError(f"the mask of outputs {list(output.shape)} must be [N or 1, 1, H, W], not {list(mask.shape)}")
    mask = mask.expand(len(output), 1, *output.shape[2:])  # the hole counts once for each picture
    distance = (target - output).abs() if check.one_of("loss", loss, LOSSES) == "l1" else (target - output).square()
    return ranks.total((distance * mask).sum()) / (ranks.total(mask.sum()) * output.shape[1]).clamp(min=1)


@dataclass(kw_only=True)
class HoleBatch(Batch):
    """A round: ``real`` the pictures, ``fake`` the pictures with their holes filled, ``mask`` 1 where they were missing."""

    mask: Tensor  # [N, 1, H, W]
    output: Tensor  # what G gave, placed in the full frame: [N, C, H, W]


class Inpainting(Translation[HoleBatch]):
    r"""Pathak et al. (2016): L = lambda_rec L_rec + lambda_adv L_adv.

        L_rec = || M * (x - F((1 - M) * x)) ||^2 / |M|          L_adv = max_D E[log D(x) + log(1 - D(F((1 - M) * x)))]

    Batches are whole pictures x; ``masks(n, size, source)`` draws the holes, as :mod:`gancourse.data.corruptions` does.  A
    generator whose output is half the side fills the central square; one with ``takes_mask`` gets the mask as a last channel.

    reconstruction  lambda_rec, 0.999;  adversarial  lambda_adv, 0.001 (0: reconstruction alone; D does not learn)
    loss            "l2" or "l1"
    judged          what D sees: "hole", the bounding square of a central hole alone (the authors' code); "picture", the
                    filled picture; "picture_and_mask", with the mask as a last channel
    fill            the filler of the hole: a number, or a tensor, a colour [C, 1, 1]

    Source: Pathak et al. 2016, equations 1 to 3.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        masks: Masks,
        objective: str | losses.Objective = "non_saturating",
        *,
        reconstruction: float = 0.999,
        adversarial: float = 0.001,
        loss: str = "l2",
        judged: str = "hole",
        fill: float | Tensor = 0.0,
        examples: Tensor | None = None,
    ) -> None:
        super().__init__(generator, discriminator, objective, examples)
        self.reconstruction = check.at_least("reconstruction", reconstruction)
        self.adversarial = check.at_least("adversarial", adversarial)
        if self.reconstruction == self.adversarial == 0:
            raise ValueError("the weights reconstruction and adversarial must be not both 0: nothing would be learnt")
        self.masks, self.fill = check.function("masks", masks), _filler(fill)
        self.loss = check.one_of("loss", loss, LOSSES)
        self.judged = check.one_of("judged", judged, JUDGED)

    def output(self, generator: nn.Module, x: Tensor, mask: Tensor) -> Tensor:
        """What ``generator`` paints for pictures with holes, in the full frame: [N, C, H, W]."""
        seen = erase(x, mask, self.fill.to(x) if isinstance(self.fill, Tensor) else self.fill)
        out = widened(generator(torch.cat([seen, mask], 1) if getattr(generator, "takes_mask", False) else seen))
        edge = (x.shape[2] - out.shape[2]) // 2
        if edge < 0 or any(full != side + 2 * edge for full, side in zip(x.shape[2:], out.shape[2:], strict=True)):
            raise ValueError(f"G paints whole pictures, {list(x.shape[2:])}, or their central squares, not {list(out.shape[2:])}")
        return F.pad(out, (edge, edge, edge, edge)) if edge else out

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> HoleBatch:
        mask = ranks.drawn(len(real), lambda n: self.masks(n, real.shape[2], source)).to(real)
        self.keep(torch.cat([real, mask], 1))
        out = self.output(self.generator, real, mask)
        fake = erase(real, mask) + mask * out
        return HoleBatch(real=real, z=real.new_empty(0), fake=fake, labels=labels, step=step, mask=mask, output=out)

    def shown(self, x: Tensor, mask: Tensor) -> Tensor:
        """What D looks at."""
        if self.judged == "picture":
            return x
        if self.judged == "picture_and_mask":
            return torch.cat([x, mask], 1)
        missing = ranks.total(mask.sum((0, 1)))  # [H, W]: in how many pictures
        if not missing.any():
            raise ValueError("no picture of this batch has a hole, of which D would see the bounding square: look at masks")
        rows, columns = missing.amax(1).nonzero(), missing.amax(0).nonzero()
        return x[:, :, rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]

    def discriminator_loss(self, batch: HoleBatch) -> Tensor:
        if self.adversarial == 0:
            return nothing(self.discriminator)
        real, fake = (self.judge(self.shown(x, batch.mask)) for x in (batch.real, batch.fake.detach()))
        return self.objective.discriminator(real, fake)

    def generator_loss(self, batch: HoleBatch) -> Tensor:
        loss = batch.fake.new_zeros(())
        if self.reconstruction:
            batch.log["reconstruction"] = part = masked_loss(batch.output, batch.real, batch.mask, self.loss)
            loss = loss + self.reconstruction * part
        if self.adversarial:
            fake = self.judge(self.shown(batch.fake, batch.mask))
            real = None
            if self.objective.paired:
                with torch.no_grad():
                    real = self.judge(self.shown(batch.real, batch.mask))
            batch.log["adversarial"] = part = self.objective.generator(fake, real)
            loss = loss + self.adversarial * part
        return loss

    def run(self, generator: nn.Module, x: Tensor) -> Tensor:
        """Pictures and their masks [N, C + 1, H, W] -> pictures with the holes filled."""
        picture, mask = x[:, :-1], x[:, -1:]
        return erase(picture, mask) + mask * self.output(generator, picture, mask)

    def complete(self, x: Tensor, mask: Tensor, generator: nn.Module | None = None) -> Tensor:
        """Pictures [N, C, H, W] filled where ``mask`` [N or 1, 1, H, W] is 1, in evaluation mode; the rest stays."""
        mask = mask.to(x).expand(len(x), 1, *x.shape[2:])
        return self.translate(torch.cat([x, mask], 1), generator)
