"""ADDA: the source's network stands still, the target's own encoder learns to look like it."""

import copy

import pytest
import torch

from gancourse.data.domains import moons
from gancourse.gans.adaptation import UNLABELLED, Players, fit_reversed
from gancourse.gans.adda import fit_adda
from gancourse.gans.ensemble import stack
from gancourse.models import mlp
from gancourse.models.latent_codes import Classifier, Encoder


def endless(*parts):
    while True:
        yield parts


def test_only_the_targets_encoder_and_discriminator_move():
    torch.manual_seed(0)
    trained = Players(*(stack([net]) for net in (Encoder(2, 8, (16,)), Classifier(8, 2, (8,)), mlp.Discriminator(8, (16,)))))
    (xs, ys), (xt, yt) = moons(100, seed=3), moons(100, seed=4, degrees=25)
    x, y = torch.cat([xs, xt])[None], torch.cat([ys, torch.full_like(yt, UNLABELLED)])[None]
    d = torch.arange(2).repeat_interleave(200)[None]
    fit_reversed(trained, endless(x, y, d), 200, lr=5e-3, strength=0.0)
    before = copy.deepcopy(trained)
    target = fit_adda(trained, endless(x, y, d), 150, lr=1e-3)
    for side in ("features", "classifier", "adversary"):
        kept, now = getattr(before, side).parameters(), getattr(trained, side).parameters()
        assert all(torch.equal(a, b) for a, b in zip(kept, now, strict=True))
    assert target.classifier is trained.classifier
    assert not torch.equal(next(target.features.parameters()), next(trained.features.parameters()))
    assert (target.predict(xt[None]) == yt).float().mean() > (trained.predict(xt[None]) == yt).float().mean()
    assert len(target.history["target"]) == 150


@pytest.mark.parametrize("d", [[1, 0, 1, 0], [1, 1, 0, 0], [0, 0, 1], [0, 0, 0, 1], [0, 2]])
def test_a_batch_in_another_order_is_refused(d):
    trained = Players(*(stack([net]) for net in (Encoder(2, 8), Classifier(8, 2), mlp.Discriminator(8))))
    d = torch.tensor([d])
    with pytest.raises(ValueError, match="sort it by d"):
        fit_adda(trained, endless(torch.randn(1, d.shape[1], 2), d, d), 1)


def test_a_training_that_ends_in_nan_is_no_answer():
    trained = Players(Encoder(2, 4, (8,)), Classifier(4, 2, (8,)), mlp.Discriminator(4, (8,)))
    x, d = torch.full((8, 2), torch.nan), torch.arange(2).repeat_interleave(4)
    with pytest.raises(ValueError, match="the loss became nan within 2 steps"):
        fit_adda(trained, endless(x, d, d), 2)
