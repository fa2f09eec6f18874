"""3D-GAN's rule for a discriminator that learns too fast: it rests after every batch that it judged too well."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gancourse.base import check, ranks
from gancourse.gans.gan import GAN, Batch


class Paced(GAN):
    """D is updated only if its accuracy in the last batch was not higher than ``most``: 0.8 in Wu et al. (2016), section 3.1.

        accuracy = (share of real samples with logit > 0 + share of fakes with logit < 0) / 2

    0 stands for the objective's middle; where it has none (Wasserstein, relativistic), the accuracy is the share of pairs in the
    right order.

    In a round in which D rests its weights stay exactly as they are; a loss that is only multiplied by 0 would leave Adam to
    move them along its momentum (:class:`gancourse.gans.tips.Balanced` does so).  The history has ``d_accuracy`` and
    ``d_learns``.
    """

    def __init__(self, *args: Any, most: float = 0.8, **options: Any) -> None:
        super().__init__(*args, **options)
        self.most, self.accuracy = check.probability("most", most), 0.0

    def discriminator_loss(self, batch: Batch) -> Tensor:
        """The loss; where D rests, the same number, which reaches none of D's weights."""
        real, fake = self.judge(batch.real, batch), self.judge(batch.fake.detach(), batch)
        loss = self.penalised(self.objective.discriminator(real, fake), batch, batch.real, batch.fake.detach())
        learns = self.accuracy <= self.most
        of_real, of_fake = self.objective.sides(real, fake)
        right = ((of_real > 0).float().mean() + (of_fake < 0).float().mean()) / 2
        self.accuracy = float(ranks.mean(right.detach()))
        batch.log["d_accuracy"], batch.log["d_learns"] = torch.tensor(self.accuracy), torch.tensor(float(learns))
        return loss if learns else loss.detach().requires_grad_()  # a leaf of its own: D's gradients stay None

    def state_dict(self) -> dict[str, Any]:
        return {"accuracy": self.accuracy}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.accuracy = state["accuracy"]
