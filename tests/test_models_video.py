import pytest
import torch
from torch import nn

from gancourse.models import video


def count(network):
    return sum(p.numel() for p in network.parameters())


def test_shapes():
    z = torch.randn(2, 6)
    for network in (video.OneStream(16, 6, 4), video.TwoStream(16, 6, 4)):
        x = network(z)
        assert x.shape == (2, 3, 8, 16, 16) and x.abs().max() <= 1
    assert video.Discriminator(16, 4)(x).shape == (2,)
    assert video.TwoStream(32, 6, 2, 1)(z).shape == (2, 1, 16, 32, 32)


def test_the_clip_is_m_f_and_the_rest_b():
    torch.manual_seed(0)
    network = video.TwoStream(16, 6, 4)
    z = torch.randn(3, 6)
    with torch.no_grad():
        m, f, b = network.eval().streams(z)
        assert m.shape == (3, 1, 8, 16, 16) and b.shape == (3, 3, 16, 16) and ((m >= 0) & (m <= 1)).all()
        assert torch.allclose(network(z), m * f + (1 - m) * b[:, :, None].expand_as(f))
        nn.init.constant_(network.mask.weight, 0.0)
        nn.init.constant_(network.mask.bias, -30.0)  # m = 0: nothing moves
        still = network(z)
    assert torch.allclose(still, still[:, :, :1].expand_as(still)) and torch.allclose(still[:, :, 0], b)


def test_parameters_of_the_paper():
    norm = 2 * (512 + 256 + 128 + 64)
    moving = 64 * (512 * 256 + 256 * 128 + 128 * 64) + 100 * 512 * 32 + norm + 64 * 64 * (3 + 1) + 3 + 1
    still = 16 * (100 * 512 + 512 * 256 + 256 * 128 + 128 * 64) + norm + 64 * 16 * 3 + 3
    network = video.TwoStream(64, 100, 64)
    assert count(network) == moving + still == 16_243_463
    assert "16,243,463" in (video.__doc__ or "")


def test_a_future_depends_on_the_still_and_on_the_latent():
    torch.manual_seed(0)
    network = video.Future(16, 6, 4, 4).eval()
    x, z = torch.rand(3, 3, 16, 16), torch.randn(3, 4)
    with torch.no_grad():
        clips, m = network(x, z), network.streams(x, z).mask
        others = [network(x.roll(1, 0), z), network(x, z.roll(1, 0))]
    assert clips.shape == (3, 3, 8, 16, 16) and m.shape == (3, 1, 8, 16, 16)
    assert all(not torch.equal(clips, other) for other in others)
    with pytest.raises(ValueError, match="needs its own latent"):
        network(x, z[:2])


def test_a_reader_has_a_head_for_each_attribute_and_marks_its_features():
    reader = video.Reader({"order": 4, "colour": 3}, 16, 4, dim=5).eval()
    x = torch.randn(3, 3, 8, 16, 16)
    found = reader(x)
    assert {name: tuple(logits.shape) for name, logits in found.items()} == {"order": (3, 4), "colour": (3, 3)}
    assert reader.features(x).shape == (3, 5) and reader.features(x).extractor_id.startswith("reader of clips")


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match=r"clips must be \[N, 3, 8, 16, 16\]"):
        video.Discriminator()(torch.randn(2, 3, 16, 16))
    with pytest.raises(ValueError, match="latents must be"):
        video.TwoStream().streams(torch.randn(2, 3))
    with pytest.raises(ValueError, match="heads must map attributes"):
        video.Reader({})
