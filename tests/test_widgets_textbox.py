import base64
import io

import pytest
import torch
from PIL import Image
from torch import nn

from gancourse.classroom import widgets
from gancourse.classroom.widgets.base import VIEW

WORDS = ("red", "green", "blue")


def tokens(sentences):
    for text in sentences:
        if unknown := [word for word in text.split() if word not in WORDS]:
            raise ValueError(f"the vocabulary does not have {unknown[0]!r} <&>")
    return torch.tensor([[WORDS.index(text.split()[0]) + 1] for text in sentences])


class Told(nn.Module):
    """Draws in a tone that the first word and the first latent decide, and notes what it was told."""

    latent_dim = 3

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.calls = []

    def forward(self, z, s):
        assert not self.training and not torch.is_grad_enabled() and torch.get_num_threads() == 1
        self.calls.append((z.clone(), s.clone()))
        tone = s[:, 0].float() / 4 - 0.5 + 0.01 * z[:, 0]
        return tone[:, None, None, None].expand(-1, 3, 8, 8) + self.weight


def test_a_sentence_is_drawn_for_the_same_people():
    generator = Told().train()
    box = widgets.text_box(generator, tokens, ["red"], n=4)
    (z, s), before = generator.calls[-1], box.image.value
    assert s.tolist() == [[1]] * 4 and len(z.unique(dim=0)) == 4
    box.box.value = "blue"
    (after, told), picture = generator.calls[-1], box.image.value
    assert torch.equal(z, after) and told.tolist() == [[3]] * 4 and picture != before and generator.training
    box.box.value = "red"
    assert box.image.value == before


def test_a_word_that_is_not_known_is_named_and_the_pictures_stay():
    box = widgets.text_box(Told(), tokens, ["red"], n=2)
    before, usual = box.image.value, box.reply.value
    box.box.value = "red beard"
    assert box.image.value == before and "&#x27;beard&#x27; &lt;&amp;&gt;" in box.reply.value
    box.box.value = "green"
    assert box.image.value != before and box.reply.value == usual


def test_a_first_sentence_that_cannot_be_read_is_an_error():
    with pytest.raises(ValueError, match="beard"):
        widgets.text_box(Told(), tokens, ["beard"])
    with pytest.raises(ValueError, match="list of one sentence or more"):
        widgets.text_box(Told(), tokens, "red")


def test_other_people_hear_the_same_sentence():
    generator = Told()
    box = widgets.text_box(generator, tokens, ["green"], n=3)
    first = box.z
    box.new_button.click()
    z, s = generator.calls[-1]
    assert not torch.equal(z, first) and torch.equal(z, box.z) and s.tolist() == [[2]] * 3


def test_the_still_has_a_row_for_each_sentence():
    generator = Told()
    box = widgets.text_box(generator, tokens, ["red", "blue"], n=4, size=160)
    calls = len(generator.calls)
    picture = box.still()
    assert [s[0, 0].item() for _, s in generator.calls[calls:]] == [1, 3]
    assert all(torch.equal(z, box.z) for z, _ in generator.calls[calls:])
    bundle = box._repr_mimebundle_()
    assert VIEW in bundle and bundle["text/plain"] == "text_box: 4 pictures of a sentence"
    shown = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert shown.size == picture.size and picture.height > 2 * 40
