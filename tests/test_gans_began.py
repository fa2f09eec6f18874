import pytest
import torch
from torch import nn

from gancourse import data
from gancourse.gans import began
from gancourse.gans.began import BEGAN
from gancourse.models import autoencoder, mlp
from gancourse.training import fit


def game(seed=0, **options):
    torch.manual_seed(seed)
    return BEGAN(autoencoder.Generator(8, 4, 4), autoencoder.Autoencoder(8, 4, 4), **options)


def pictures(n=32, seed=0):
    return torch.rand(n, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def batches(seed=0):
    return data.Batches(pictures(), 8, seed=seed)


def one_round(gan, k=None):
    if k is not None:
        gan.k = torch.tensor(k, dtype=torch.float64)
    return gan.play(pictures(8, seed=5), torch.Generator().manual_seed(1))


def error(gan, x):
    return (x - gan.discriminator(x)).abs().mean().item()


@pytest.mark.parametrize("size", autoencoder.SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_networks_keep_the_size(size, channels):
    generator = autoencoder.Generator(size, latent_dim=6, width=4, channels=channels)
    images = generator(torch.randn(2, 6))
    assert images.shape == (2, channels, size, size)
    network = autoencoder.Autoencoder(size, latent_dim=6, width=4, channels=channels)
    assert network(images).shape == images.shape
    assert network.encoder(images).shape == (2, 6)


def test_generator_is_the_decoder_and_shares_no_weights():
    gan = game()
    mine, its = gan.generator.decoder.state_dict(), gan.discriminator.decoder.state_dict()
    assert {name: value.shape for name, value in mine.items()} == {name: value.shape for name, value in its.items()}
    assert not {p.data_ptr() for p in gan.generator.parameters()} & {p.data_ptr() for p in gan.discriminator.parameters()}


def test_autoencoder_learns_to_draw():
    """Through a code of 8 numbers, 16 fixed pictures of coloured halves: the error must fall well below that of grey, 1."""
    torch.manual_seed(0)
    network = autoencoder.Autoencoder(8, 8, 8)
    blocks = torch.randn(16, 3, 2, 2, generator=torch.Generator().manual_seed(0)).sign()
    x = blocks.repeat_interleave(4, 2).repeat_interleave(4, 3)
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    for _ in range(60):
        loss = began.reconstruction_errors(network, x).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.5


def test_losses_are_those_of_the_paper():
    gan = game(gamma=0.7)
    batch = one_round(gan, k=0.25)
    real, fake = error(gan, batch.real), error(gan, batch.fake)
    assert gan.discriminator_loss(batch).item() == pytest.approx(real - 0.25 * fake, rel=1e-5)
    assert gan.generator_loss(batch).item() == pytest.approx(fake, rel=1e-5)
    assert batch.log["M"].item() == pytest.approx(real + abs(0.7 * real - fake), rel=1e-5)
    assert batch.log["k"].item() == 0.25


def test_each_loss_moves_its_own_player():
    gan = game(k=0.5)
    batch = one_round(gan)
    gan.discriminator_loss(batch).backward()
    assert all(p.grad is None for p in gan.generator.parameters())
    gan.generator_loss(batch).backward()
    assert all(p.grad.abs().sum() > 0 for p in gan.generator.parameters())


def test_generators_slope_has_both_paths():
    """L(G(z)) depends on G(z) directly and through D's drawing of it; treating D's drawing as a target loses one path."""
    gan = game()
    x = pictures(2, seed=3).requires_grad_(True)
    (whole,) = torch.autograd.grad(gan.judge(x).mean(), x)
    (direct,) = torch.autograd.grad((x - gan.discriminator(x).detach()).abs().flatten(1).mean(1).mean(), x)
    assert not torch.allclose(whole, direct)
    i, h = (0, 1, 4, 4), 1e-3
    above, below = x.detach().clone(), x.detach().clone()
    above[i] += h
    below[i] -= h
    with torch.no_grad():
        slope = (gan.judge(above).mean() - gan.judge(below).mean()) / (2 * h)
    assert whole[i].item() == pytest.approx(slope.item(), abs=2e-3 * whole.abs().max().item() + 1e-5)


@pytest.mark.parametrize(
    "real, fake, k, expected", [(1.0, 0.2, 0.5, 0.53), (1.0, 0.9, 0.5, 0.46), (1.0, 5.0, 0.1, 0.0), (9.0, 0.0, 0.9, 1.0)]
)
def test_balance_moves_the_right_way_and_stays_within_bounds(real, fake, k, expected):
    """Fakes drawn too well (below gamma times the real error) raise k; and k never leaves [0, 1]."""
    gan = game(gamma=0.5, lambda_k=0.1, k=k)
    gan._errors = (torch.tensor(real), torch.tensor(fake))
    gan.after_generator_step()
    assert gan.k.item() == pytest.approx(expected, abs=1e-6)


def test_balance_is_reached():
    """A toy in which D can lower or raise the fakes' error at will: the ratio settles at gamma."""
    gan = game(gamma=0.4, lambda_k=0.05)
    fake = 1.0
    for _ in range(2000):
        fake += 0.05 * (gan.k.item() - 0.5)  # more weight on the fakes, larger error for them
        fake -= 0.02 * (fake - 0.3)
        gan._errors = (torch.tensor(1.0), torch.tensor(fake))
        gan.after_generator_step()
    assert fake == pytest.approx(0.4, abs=0.02)


def test_latents_are_uniform():
    z = game().latents(4000, torch.Generator().manual_seed(0))
    assert z.shape == (4000, 4)
    assert z.abs().max() <= 1
    assert z.var().item() == pytest.approx(1 / 3, rel=0.03)


def test_history_has_the_balance():
    run = fit(game(lambda_k=0.05), batches(), 30, lr=1e-3, progress=False)
    k, measure = run.history["k"], run.history["M"]
    assert len(k) == 30
    assert k[0] == 0
    assert ((k >= 0) & (k <= 1)).all()
    assert (measure >= run.history["real_error"] - 1e-7).all()


def test_resumes_bit_for_bit(tmp_path):
    """k_t is part of the checkpoint: without it the second half would start from k_0."""
    whole = fit(game(lambda_k=0.5), batches(), 12, lr=1e-3, progress=False)
    path = tmp_path / "run.safetensors"
    fit(game(lambda_k=0.5), batches(), 6, lr=1e-3, progress=False, checkpoint=path)
    halves = fit(game(lambda_k=0.5), batches(), 12, lr=1e-3, progress=False, checkpoint=path)
    assert whole.gan.k.item() > 0
    assert halves.gan.k.item() == whole.gan.k.item()
    assert (halves.history["M"] == whole.history["M"]).all()
    for a, b in zip(whole.gan.generator.parameters(), halves.gan.generator.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: game(gamma=0), r"gamma must be in \(0, 1\]"),
        (lambda: game(k=2), r"k must lie in \[0, 1\]"),
        (lambda: game(lambda_k=0), "lambda_k must be above 0"),
        (lambda: autoencoder.Generator(20), "8, 16, 32, 64 px"),
        (
            lambda: one_round_of_logits(),
            "must return pictures as it was given",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def one_round_of_logits():
    gan = BEGAN(autoencoder.Generator(8, 4, 4), nn.Sequential(mlp.Discriminator((3, 8, 8))))
    return gan.discriminator_loss(one_round(gan))
