import base64
import io
import time

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gancourse.base.latents import draw_latents
from gancourse.classroom import widgets
from gancourse.classroom.widgets.base import VIEW
from gancourse.models import stylegan1, stylegan2


class Watched(stylegan2.Generator):
    """A small style generator that notes what it is asked to draw."""

    def __init__(self, label_dim=0):
        torch.manual_seed(0)
        super().__init__(16, 6, w_dim=8, mapping_layers=2, channel_base=128, channel_max=12, label_dim=label_dim)
        self.mapping.average.normal_()
        for name, parameter in self.named_parameters():
            if name.endswith("noise_strength"):
                parameter.data.fill_(0.5)
        self.asked = []
        self.synthesis.register_forward_pre_hook(self._note)

    def _note(self, module, arguments):
        assert not module.training and not torch.is_grad_enabled() and torch.get_num_threads() == 1
        self.asked.append((arguments[0].clone(), arguments[1]))


@pytest.fixture
def generator():
    return Watched().train()


def w_of(generator, seed):
    with torch.no_grad():
        return generator.eval().mapping(draw_latents(1, 6, seed))[0]


def png(widget):
    return Image.open(io.BytesIO(widget.value))


def test_layers_come_from_a_and_then_from_b(generator):
    explorer = widgets.style_explorer(generator, seeds=(4, 7), crossover=2)
    assert generator.training
    a, b = w_of(generator, 4), w_of(generator, 7)
    ws = explorer.ws[0]
    torch.testing.assert_close(ws[:2], a.expand(2, -1))
    torch.testing.assert_close(ws[2:], b.expand(4, -1))
    explorer.crossover.value = 6
    torch.testing.assert_close(explorer.ws[0], a.expand(6, -1))
    explorer.crossover.value = 0
    torch.testing.assert_close(explorer.ws[0], b.expand(6, -1))
    explorer.seed_b.value = 9
    torch.testing.assert_close(explorer.ws[0], w_of(generator, 9).expand(6, -1))


def test_every_control_changes_the_picture_and_back(generator):
    explorer = widgets.style_explorer(generator, {"smile": torch.eye(8)[0]}, seeds=(4, 7))
    first = explorer.image.value
    for control, value in (
        (explorer.seed_a, 5), (explorer.seed_b, 5), (explorer.crossover, 5), (explorer.truncation, 0.5),
        (explorer.noise, False), (explorer.sliders["smile"], 2.0),
    ):  # fmt: skip
        before = control.value
        control.value = value
        assert explorer.image.value != first
        control.value = before
        assert explorer.image.value == first


def test_truncation_pulls_to_the_mean_and_noise_can_be_left_out(generator):
    explorer = widgets.style_explorer(generator, crossover=3)
    full, average = explorer.ws, generator.mapping.average
    explorer.truncation.value = 0.5
    torch.testing.assert_close(explorer.ws, (full + average) / 2)
    explorer.truncation.value = 0
    torch.testing.assert_close(explorer.ws, average.expand_as(full))
    assert generator.asked[-1][1] == "auto"  # constant in evaluation mode
    explorer.noise.value = False
    assert {noise for _, noise in generator.asked[-3:]} == {"none"}


def test_directions_count_standard_deviations_of_w(generator):
    way = torch.eye(8)[2] * 5  # its length does not matter
    explorer = widgets.style_explorer(generator, {"smile": way, "left_eye": torch.eye(8)[4]})
    with torch.no_grad():
        spread = generator.eval().mapping(draw_latents(4000, 6, 3))[:, 2].std()
    before = explorer.ws
    explorer.sliders["smile"].value = 2.0
    change = explorer.ws - before
    torch.testing.assert_close(change[..., 2], torch.full((1, 6), 2 * float(spread)), rtol=0.1, atol=0)
    change[..., 2] = 0
    assert change.abs().max() < 1e-6
    explorer.sliders["left_eye"].value = 1.0
    asked = len(generator.asked)
    explorer.zero_button.click()
    assert torch.equal(explorer.ws, before) and len(generator.asked) == asked + 1  # one new picture for both sliders


def test_a_slider_costs_one_picture_and_a_seed_one_more(generator):
    explorer = widgets.style_explorer(generator, {"smile": torch.eye(8)[0]})

    def cost(control, value):
        before = len(generator.asked)
        control.value = value
        assert all(len(ws) == 1 for ws, _ in generator.asked[before:])
        return len(generator.asked) - before

    assert cost(explorer.sliders["smile"], 1.0) == 1
    assert cost(explorer.crossover, 1) == 1
    assert cost(explorer.seed_a, 20) == 2
    assert cost(explorer.seed_a, 0) == 1  # seen before
    assert cost(explorer.truncation, 0.6) == 3


def test_the_picture_shows_a_b_and_the_mixture(generator):
    explorer = widgets.style_explorer(generator, seeds=(4, 7), crossover=6, size=96)
    pixels = np.asarray(png(explorer.image).convert("RGB")).astype(int)
    large = pixels[:96, -96:]
    assert pixels.shape[1] == 32 + 12 + 96
    small = pixels[20:52, :32]  # A, at a third of the size; with all layers from A the same image
    assert (large[::6, ::6] == small[::2, ::2]).all()
    other = pixels[72:104, :32]
    assert (small != other).any()


def test_without_a_front_end_there_is_a_picture(generator):
    explorer = widgets.style_explorer(generator, {"smile": torch.eye(8)[0], "hair_length": torch.eye(8)[1]})
    bundle = explorer._repr_mimebundle_()
    assert VIEW in bundle and "smile, hair_length" in bundle["text/plain"]
    picture = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert 400 < picture.width <= 900
    ws, _ = generator.asked[-1]
    assert len(ws) == 4 * 7  # crossovers, truncations, two directions
    now = explorer.ws[0]
    for i in (12, 14 + 3, 21 + 3):  # truncation 1, both sliders at 0: what is shown now
        torch.testing.assert_close(ws[i], now, atol=1e-5, rtol=1e-4)
    explorer.sliders["smile"].value = 3.0
    torch.testing.assert_close(ws[14 + 6], explorer.ws[0], atol=1e-5, rtol=1e-4)


def test_a_class_and_the_first_stylegan():
    conditional = Watched(label_dim=3)
    first, second = (widgets.style_explorer(conditional, {"a": torch.eye(8)[0]}, label=label).ws for label in (0, 2))
    assert not torch.allclose(first, second)
    torch.manual_seed(0)
    older = stylegan1.Generator(16, 6, w_dim=8, channel_base=64, channel_max=8, mapping_layers=2)
    explorer = widgets.style_explorer(older)
    before = explorer.image.value
    explorer.crossover.value = 1
    assert explorer.image.value != before and explorer.still().width > 400


def test_a_slider_answers_in_a_few_forward_passes():
    """At 64 px a move costs what G costs; what is around it (mapping, picture, PNG) stays below three times that."""
    torch.manual_seed(0)
    generator = stylegan2.players("small64")[0].eval()
    explorer = widgets.style_explorer(generator, {"smile": torch.randn(64)})
    z = torch.randn(1, 64)

    def seconds(function):
        times = []
        for i in range(7):
            start = time.thread_time()
            function(i)
            times.append(time.thread_time() - start)
        return sorted(times)[len(times) // 2]

    with torch.no_grad(), widgets.one_thread():
        forward = seconds(lambda i: generator(z))
    move = seconds(lambda i: setattr(explorer.sliders["smile"], "value", 0.1 * (i + 1)))
    print(f"forward {1000 * forward:.1f} ms, slider {1000 * move:.1f} ms")
    assert move < 4 * forward


def test_bad_input_names_the_fix(generator):
    with pytest.raises(ValueError, match="no styles and synthesis"):
        widgets.style_explorer(nn.Linear(2, 2))
    with pytest.raises(ValueError, match="attribute_directions"):
        widgets.style_explorer(generator, {"smile": torch.zeros(8)})
    with pytest.raises(ValueError, match="crossover must lie in 0..6"):
        widgets.style_explorer(generator, crossover=7)
    with pytest.raises(ValueError, match="truncation"):
        widgets.style_explorer(generator, truncation=2.0)
