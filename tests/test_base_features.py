"""The name of the network that made some features."""

import pytest
import torch
from torch import nn

from gancourse.base.features import Named, digest, extractor_of, mark
from gancourse.metrics import frechet_distance
from gancourse.models import classifier, video


def test_a_mark_stays_on_the_tensor_and_not_on_what_is_made_of_it():
    x = torch.rand(3, 2)
    assert extractor_of(x) is None
    assert mark(x, "probe 1") is x and extractor_of(x) == "probe 1"
    assert extractor_of(x[:2]) is None and extractor_of(x + 1) is None


def test_a_second_mark_replaces_the_first():
    assert extractor_of(mark(mark(torch.zeros(1, 1), "one"), "two")) == "two"


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_the_digest_changes_with_any_weight(kind):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).to(kind)
    first = digest(network)
    assert digest(network) == first and len(first) == 8
    network[1].running_mean[2] = 1e-6
    assert digest(network) != first


def test_a_network_without_a_name_is_named_by_its_weights():
    network = Named()
    assert network.extractor_id == f"network {digest(network)}"
    network.extractor_id = "probe"
    assert network.extractor_id == "probe" == Named("probe").extractor_id


EXTRACTORS = {
    "classifier": (lambda: classifier.AttributeClassifier({"a": ("no", "yes")}, width=2, dim=2), (9, 3, 16, 16)),
    "reader": (lambda: video.Reader({"order": 2}, 8, 2, dim=2), (9, 3, 4, 8, 8)),
}


@pytest.mark.parametrize("name", EXTRACTORS)
def test_features_of_differently_trained_networks_are_never_compared(name):
    make, shape = EXTRACTORS[name]
    torch.manual_seed(0)
    one, other = make(), make()
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1)).clamp(-1, 1)
    assert frechet_distance(one.features(x), one.features(x)) == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match="different spaces"):
        frechet_distance(one.features(x), other.features(x))
