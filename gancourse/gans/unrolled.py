"""Unrolled GAN: the generator looks ahead to how the discriminator will answer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from gancourse.base import check, networks, ranks
from gancourse.gans.gan import GAN, Batch


class UnrolledGAN(GAN):
    r"""The game in which G descends its loss against the discriminator of k steps later.

    From D's weights phi, k steps of gradient descent on D's loss against the present fakes are played in thought,

        phi_0 = phi,   phi_{i+1} = phi_i - eta grad_phi L_D(theta, phi_i),

    and G minimises L_G(theta, phi_k), differentiating through the k steps as well: phi_k depends on theta.  That last part
    tells G what its move will make D learn.  D itself makes its ordinary step from phi.  k = 0 is the plain game.

    ``steps`` is k, ``step_size`` is eta; with ``through=False`` the phi_k are treated as constants, which is looking ahead
    without the derivative of the answer.

    Source: Metz, Poole, Pfau & Sohl-Dickstein 2017, equations 7 to 9.  (Their published notebook unrolls Adam in place of plain
    gradient descent.)
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        *args: Any,
        steps: int = 5,
        step_size: float = 0.1,
        through: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(generator, discriminator, *args, **options)
        self.steps, self.step_size = check.whole("steps", steps, 0), check.positive("step_size", step_size)
        self.through = check.flag("through", through)
        if self.penalty is not None:
            raise ValueError("an unrolled discriminator learns without a penalty, in thought as in its own step: leave it out")
        if networks.batch_norms(discriminator):
            raise ValueError("an unrolled discriminator must not keep running statistics: leave its batch normalisation out")

    def unroll(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """D's weights phi_k after k differentiable steps against ``fake``, which keeps its graph."""
        phi = {name: p.detach().clone().requires_grad_(True) for name, p in self.discriminator.named_parameters()}
        for _ in range(self.steps):
            loss = self.objective.discriminator(self.judge_with(phi, real), self.judge_with(phi, fake))
            slopes = torch.autograd.grad(loss, list(phi.values()), create_graph=self.through)
            phi = {name: p - self.step_size * ranks.mean(slope) for (name, p), slope in zip(phi.items(), slopes, strict=True)}
            if not self.through:
                phi = {name: p.detach().requires_grad_(True) for name, p in phi.items()}
        return phi

    def judge_with(self, phi: dict[str, Tensor], x: Tensor) -> Tensor:
        """The logits of D with the weights phi."""
        logits: Tensor = networks.widened(functional_call(self.discriminator, phi, (x,)))
        return logits

    def generator_loss(self, batch: Batch) -> Tensor:
        phi = self.unroll(batch.real, batch.fake if self.through else batch.fake.detach())
        fake = self.judge_with(phi, batch.fake)
        real = self.judge_with(phi, batch.real) if self.objective.paired else None
        return self.objective.generator(fake, real)
