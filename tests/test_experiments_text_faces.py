import torch
from torch.utils.flop_counter import FlopCounterMode

from gancourse import data, experiments, zoo
from gancourse.data import captions
from gancourse.data.captions import VOCABULARY
from gancourse.experiments import text_faces
from gancourse.models import text
from gancourse.training import fit


def test_the_recipe_is_listed():
    assert all(experiments.FAMILIES[name] == "text_faces" for name in text_faces.NAMES)
    assert text_faces.NETWORK["words"] == len(VOCABULARY)


def test_players_read_with_an_encoder_that_stays_as_it_is(monkeypatch):
    monkeypatch.setitem(text_faces.NETWORK, "width", 4)
    faces = data.faces(32, 480, progress=False)
    before = torch.get_rng_state()
    game, batches = text_faces.players(faces, encoder_steps=3)
    assert torch.equal(before, torch.get_rng_state())
    kept = {name: value.clone() for name, value in game.generator.text.state_dict().items()}
    run = fit(game, batches, 2, seed=0, progress=False, precision="float32", **text_faces.SETTINGS)
    assert all(torch.equal(value, kept[name]) for name, value in run.generator.text.state_dict().items())
    metric = text_faces.measure(run, faces)
    assert metric["value"] > 2 * metric["floor"] and "wordings never read" in metric["protocol"]


def test_the_second_stage_is_trained_over_the_shipped_first():
    faces = data.faces(64, 24, progress=False)
    before = torch.get_rng_state()
    game, batches = text_faces.refining(faces)
    assert torch.equal(before, torch.get_rng_state())
    shipped = zoo.load("faces32_text").model
    run = fit(game, batches, 2, seed=0, progress=False, precision="float32", **text_faces.LARGE_SETTINGS)
    kept = dict(shipped.draw.named_parameters())
    assert all(torch.equal(value, kept[name]) for name, value in run.generator.draw.first.named_parameters())
    assert run.gan.sample(2, 0, run.generator).shape == (2, 3, 64, 64)


def test_eight_larger_faces_cost_a_few_times_eight_smaller_ones():
    """The small network draws three sentences in a second and a half on any machine; the large one does its work a few times."""
    price = []
    for network in (text_faces.NETWORK, text_faces.REFINED):
        model = text.TextToImage(**network).eval()
        with FlopCounterMode(display=False) as counted:
            model(torch.zeros(8, model.latent_dim), captions.tokens(["red hair and a smile"]).expand(8, -1))
        price.append(counted.get_total_flops())
    assert 1 < price[1] / price[0] < 5
