import pytest
import torch

from gancourse.metrics.pairs import segmentation_scores
from gancourse.models.patchgan import measured_receptive_field
from gancourse.models.segmenter import Segmenter, train_segmenter


def squares(n, seed):
    """A bright square on a dark ground with noise, and where it is."""
    source = torch.Generator().manual_seed(seed)
    maps = torch.zeros(n, 1, 16, 16, dtype=torch.long)
    for i, (y, x) in enumerate(torch.randint(0, 10, (n, 2), generator=source).tolist()):
        maps[i, :, y : y + 6, x : x + 6] = 1
    return (maps - 0.5 + 0.2 * torch.randn(n, 1, 16, 16, generator=source)).clamp(-1, 1), maps


def test_it_learns_exact_maps_and_reads_them_out_of_new_pictures():
    network = train_segmenter(*squares(64, 0), classes=2, steps=30, batch_size=16)
    pictures, maps = squares(32, 1)
    assert segmentation_scores(network.predict(pictures), maps, 2).iou > 0.9
    assert segmentation_scores(network.predict(-pictures), maps, 2).iou < 0.5  # a judge that cannot fail is none


def test_training_depends_on_its_seed_alone():
    before = torch.get_rng_state()
    data = squares(8, 0)
    one, two, three = (train_segmenter(*data, classes=2, steps=2, batch_size=4, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(one.last.weight, two.last.weight) and not torch.equal(one.last.weight, three.last.weight)


def test_a_pixel_sees_its_surroundings_and_predict_leaves_the_mode_alone():
    network = Segmenter(3).train()
    assert measured_receptive_field(network, 3, 64) == (19, 19)
    found = network.predict(torch.zeros(2, 3, 8, 8))
    assert network.training and found.shape == (2, 1, 8, 8) and found.dtype == torch.int64


def test_maps_must_belong_to_the_pictures():
    with pytest.raises(ValueError, match="maps must be"):
        train_segmenter(torch.zeros(4, 1, 8, 8), torch.zeros(4, 8, 8), 2, steps=1)
