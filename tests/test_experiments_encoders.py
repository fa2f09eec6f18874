"""Convolutional networks with a way back, BiGAN on pairs of pictures and latents, and the recipes that train them."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gancourse import data, experiments, zoo
from gancourse.data.images import ImageSet
from gancourse.experiments import encoders
from gancourse.gans.bigan import BiGAN
from gancourse.gans.ensemble import stack
from gancourse.losses import penalties
from gancourse.models import mlp
from gancourse.models.encoders import ConvBidirectional, PairDiscriminator
from gancourse.models.latent_codes import Bidirectional, JointDiscriminator
from gancourse.models.latent_codes import Encoder as FlatEncoder

SMALL = {"size": 8, "latent_dim": 3, "width": 4}


def source(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(n=6, seed=1):
    return torch.rand(n, 3, 8, 8, generator=source(seed)) * 2 - 1


def game(objective="relativistic", **options):
    torch.manual_seed(0)
    judge = PairDiscriminator(**SMALL)
    nn.init.normal_(judge.last.weight)
    return BiGAN(ConvBidirectional(**SMALL), judge, objective, **options)


def test_relativistic_pairs_have_one_loss_for_both_players():
    """The bug: the encoder's logits held fixed, as a plain GAN holds those of the real samples; then E is never trained."""
    gan = game()
    batch = gan.play(pictures(), source())
    real, fake = gan.discriminator(batch.real, batch.code), gan.discriminator(batch.fake, batch.z)
    assert gan.discriminator_loss(batch).item() == pytest.approx(F.softplus(fake - real).mean().item(), rel=1e-5)
    loss = gan.generator_loss(batch)
    assert loss.item() == pytest.approx(F.softplus(real - fake).mean().item(), rel=1e-5)
    loss.backward()
    for player in (gan.generator.generator, gan.generator.encoder):
        assert all(p.grad is not None for p in player.parameters())
        assert sum(float(p.grad.abs().sum()) for p in player.parameters()) > 0


class Linear(nn.Module):
    """D(x, z) = a . x + b . z"""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.randn(3 * 8 * 8, generator=source())), nn.Parameter(torch.tensor([1.0, -2.0, 3.0]))

    def forward(self, x, z):
        return x.flatten(1) @ self.a + z @ self.b


def test_the_penalty_of_a_pair_takes_picture_and_latent():
    torch.manual_seed(0)
    judge = Linear()
    gan = BiGAN(ConvBidirectional(**SMALL), judge, "relativistic", penalty=penalties.r1(2.0, every=4))
    batch = gan.play(pictures(), source(), step=4)
    plain = BiGAN(gan.generator, judge, "relativistic").discriminator_loss(batch)
    wanted = 4 * (judge.a.square().sum() + judge.b.square().sum())  # every * gamma / 2 * squared norm
    assert (gan.discriminator_loss(batch) - plain).item() == pytest.approx(wanted.item(), rel=1e-4)
    batch.step = 5
    assert gan.discriminator_loss(batch).item() == pytest.approx(plain.item())


def test_an_ensemble_of_bigans_takes_no_penalty():
    players = Bidirectional(stack([mlp.Generator(2, 3, hidden=(4,))] * 2), stack([FlatEncoder(3, 2, hidden=(4,))] * 2))
    with pytest.raises(ValueError, match="one by one"):
        BiGAN(players, JointDiscriminator(stack([mlp.Discriminator(5)] * 2)), penalty=penalties.r1(1.0))


@pytest.fixture
def few_faces(monkeypatch):
    """Random pictures in place of the drawn faces, which other tests cover."""
    images = torch.randint(0, 256, (64, 3, 32, 32), dtype=torch.uint8, generator=source())
    small = ImageSet(images=images, name="faces", licence="none", author="nobody")
    monkeypatch.setattr(data, "faces", lambda size, n, **options: small)
    monkeypatch.setattr(encoders, "CURVE_EVERY", 1)


@pytest.mark.parametrize(("name", "batch"), [("vae_faces32", encoders.VAE_BATCH), ("bigan_faces32", encoders.BIGAN_BATCH)])
def test_a_recipe_trains_and_its_card_is_complete(few_faces, tmp_path, name, batch):
    run, card = experiments.train(name, steps=2, progress=False)
    zoo.check_card({**card, "versions": {}})
    assert run.step == card["steps"] == 2 and [images for images, _ in card["curve"]] == [batch, 2 * batch]
    assert "64 test faces" in card["metric"]["protocol"]
    path = zoo.save(tmp_path / "mine.safetensors", run.generator, card)
    assert path.stat().st_size < 3e6
    x = data.to_float(data.faces(32, 64).images[:4])
    kept = encoders.errors(zoo.load(path).model, x)
    assert torch.allclose(kept, encoders.errors(run.generator, x), rtol=0.02)


def test_first_weights_come_from_the_seed_alone():
    before = torch.get_rng_state()
    first, again, other = (encoders.players(seed)[0] for seed in (0, 0, 1))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first.encoder.last.weight, again.encoder.last.weight)
    assert not torch.equal(first.encoder.last.weight, other.encoder.last.weight)


def test_the_autoencoder_keeps_no_checkpoint(tmp_path):
    with pytest.raises(ValueError, match="leave checkpoint out"):
        experiments.train("vae_faces32", steps=1, checkpoint=tmp_path / "x", progress=False)
