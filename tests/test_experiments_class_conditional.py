import json

import pytest
import torch

from gancourse import data, experiments, zoo
from gancourse.experiments import FAMILIES, class_conditional
from gancourse.losses import penalties
from gancourse.metrics import attribute_classifier
from gancourse.models import biggan


def toy_set(n=24):
    names = {"hair": ("black", "red"), "smile": ("no", "yes"), "skin": ("light", "tan", "dark")}
    rows = torch.cartesian_prod(torch.arange(2), torch.arange(2), torch.arange(3)).repeat(n // 12, 1)
    return data.ImageSet(torch.zeros(n, 3, 8, 8, dtype=torch.uint8), attributes=rows, attribute_names=names)


def test_one_label_for_each_combination():
    labelled, names = class_conditional.label(toy_set())
    assert names == tuple(f"{hair} hair, {skin} skin" for hair in ("black", "red") for skin in ("light", "tan", "dark"))
    for label, row in zip(labelled.labels.tolist(), labelled.attributes.tolist(), strict=True):
        assert names[label].split(" hair")[0] == ("black", "red")[row[0]]
        assert names[label].endswith(f", {('light', 'tan', 'dark')[row[2]]} skin")
    assert labelled.labels.unique(return_counts=True)[1].tolist() == [4] * 6
    with pytest.raises(ValueError, match="did you mean 'smile'"):
        class_conditional.label(toy_set(), ["smiel"])
    with pytest.raises(ValueError, match="no attributes"):
        class_conditional.label(data.ImageSet(torch.zeros(2, 3, 8, 8, dtype=torch.uint8)))


def test_the_game_is_biggans():
    before = torch.get_rng_state()
    gan = class_conditional.game(seed=1)
    assert torch.equal(before, torch.get_rng_state())
    generator = gan.generator
    assert isinstance(generator, biggan.Generator) and generator.hierarchical and generator.shared is not None
    assert gan.objective.name == "hinge" and gan.penalty is None
    expected = penalties.orthogonal(generator, class_conditional.BETA, skip=lambda name: name == "shared.table.weight")
    assert torch.equal(gan.generator_penalty(generator), expected)
    assert class_conditional.game(beta=0.0).generator_penalty is None
    assert FAMILIES["biggan_faces32"] == "class_conditional" and json.dumps(class_conditional.GENERATOR)


def test_right_class_counts_hair_skin_and_both():
    faces, names = class_conditional.label(data.faces(32, 60, progress=False))
    judge = attribute_classifier("faces", 32)
    right = class_conditional.right_class(judge, faces.images, faces.labels)
    assert min(right.values()) > 0.9 and len(names) == 24
    n_skins = len(faces.attribute_names["skin"])
    other_skin = faces.labels - faces.labels % n_skins + (faces.labels + 1) % n_skins
    wrong = class_conditional.right_class(judge, faces.images, other_skin)
    assert wrong["hair"] == right["hair"] and wrong["skin"] < 0.1 and wrong["both"] <= wrong["skin"]


@pytest.mark.filterwarnings("ignore::gancourse.metrics.frechet.FewSamplesWarning")
def test_a_short_training_gives_a_network_and_a_card_that_can_be_saved(monkeypatch, tmp_path):
    small = {"N": 200, "BATCH_SIZE": 8, "STEPS": 2, "CURVE_POINTS": 1, "CURVE_SAMPLES": 30}
    for name, value in small.items():
        monkeypatch.setattr(class_conditional, name, value)
    monkeypatch.setattr(class_conditional, "GENERATOR", {**class_conditional.GENERATOR, "width": 4})
    monkeypatch.setattr(class_conditional, "DISCRIMINATOR", {**class_conditional.DISCRIMINATOR, "width": 4})
    run, card = experiments.train("biggan_faces32", seed=3, progress=False)
    assert run.step == 2 and "generator_penalty" in run.history
    assert [images for images, _ in card["curve"]] == [0, 16]
    assert len(card["classes"]) == 24 and "both" in card["metric"]["protocol"]
    shipped = zoo.load(zoo.save(tmp_path / "small.safetensors", run.generator, card, dtype=None))
    trained = run.generator.state_dict()
    assert all(torch.equal(value, trained[name]) for name, value in shipped.model.state_dict().items())


def test_the_shipped_network_is_sampled_by_label():
    shipped = zoo.load("biggan_faces32")
    one, other = (shipped.sample(3, seed=1, labels=torch.full((3,), label)) for label in (0, 20))
    assert one.shape == (3, 3, 32, 32) and not torch.allclose(one, other)
    with pytest.raises(ValueError, match="labels are missing"):
        shipped.sample(3)
    with pytest.raises(ValueError, match="3 samples need 3 labels, not 2"):
        shipped.sample(3, labels=torch.tensor([0, 1]))
