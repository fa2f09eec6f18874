import dataclasses

import pytest
import torch

from gancourse import experiments, zoo
from gancourse.data import ImageSet
from gancourse.experiments import style
from gancourse.training.settings import SCHEDULES

TINY = {"size": 8, "channel_base": 64, "channel_max": 8}


@pytest.fixture
def tiny(monkeypatch):
    """The recipe of the faces with tiny networks, on noise instead of faces, with a judge that is quick."""
    chosen = dataclasses.replace(
        style.RECIPES["stylegan2_faces32"],
        size=8,
        generator={**TINY, "latent_dim": 4, "w_dim": 6, "mapping_layers": 2},
        discriminator=TINY,
    )
    noise = torch.randint(0, 256, (64, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    monkeypatch.setitem(style.RECIPES, "stylegan2_faces32", chosen)
    monkeypatch.setattr(style.data, "load", lambda *_, **__: ImageSet(noise, name="faces", licence="CC0", author="nobody"))
    monkeypatch.setattr(style, "CURVE_SAMPLES", 16)
    monkeypatch.setattr(style, "measure", lambda *_: {"name": "nothing", "value": 0.0, "protocol": "none"})
    return noise


def test_the_family_is_listed():
    assert set(style.NAMES) <= set(experiments.names())
    assert all(experiments.FAMILIES[name] == "style" for name in style.NAMES)


def test_players_depend_on_the_seed_alone():
    name = "stylegan2_anime32"
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    one, again, other = (style.players(name, seed)[0].synthesis.blocks[0].const for seed in (0, 0, 1))
    assert torch.equal(one, again) and not torch.equal(one, other)
    assert torch.equal(torch.random.get_rng_state(), before)
    with pytest.raises(ValueError, match="stylegan2_faces32"):
        style.players("stylegan2_faces23")


def test_the_game_is_lazy_and_mixes():
    gan = style.game("stylegan2_anime32")
    assert gan.objective.paired and gan.mixing == 0.3
    assert gan.penalty.every == gan.path.every == style.R1_EVERY and gan.path.weight == 0.5


def test_at_64_px_more_pixels_weigh_as_much_and_noise_comes_early():
    small, large = (style.RECIPES[f"stylegan2_faces{side}"] for side in (32, 64))
    assert large.r1_gamma > small.r1_gamma  # R1 sums over the pixels
    gan = style.game("stylegan2_faces64", steps=300)
    assert gan.generator.size == gan.discriminator.size == 64
    assert gan.noise_from == 60 and gan.path is None  # the lecture compares paths in Z and W: nothing may act on W alone


def test_rates_that_go_down_at_each_end_of_the_training():
    schedule, once = style.RECIPES["stylegan2_faces64"].schedule, SCHEDULES["flat_linear"]
    assert [schedule(step / 20_000) for step in (0, 6_999, 11_000)] == [1, 1, 1]
    for step, end in ((8_500, 10_000), (13_600, 16_000), (17_000, 20_000)):
        assert schedule(step / 20_000) == pytest.approx(once(step / end)) == pytest.approx(0.5)
    assert str(schedule) == "flat_linear over 0.5, then over 0.8 of the steps, then over all of them"


@pytest.mark.filterwarnings("ignore::gancourse.metrics.frechet.FewSamplesWarning")
def test_a_run_ends_with_its_own_mean_of_w_and_a_card_that_can_ship(tiny, tmp_path):
    run, card = experiments.train("stylegan2_faces32", steps=6, progress=False)
    kept = run.generator.mapping.average.clone()
    z = torch.randn(20_000, 4, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        fresh = run.generator.mapping(z).mean(0)
    assert torch.allclose(kept, fresh, atol=0.03)
    assert not torch.allclose(kept, run.gan.generator.mapping.average, atol=0.03)  # what training noted, of other weights
    assert [seen for seen, _ in card["curve"]] == [32 * step for step in range(1, 7)]
    zoo.save(tmp_path / "tiny.safetensors", run.generator, card)
    again = zoo.load(tmp_path / "tiny.safetensors")
    assert again.card["curve"] == card["curve"]
    assert torch.allclose(again.sample(3, seed=2), run.sample(3, seed=2).cpu(), atol=0.01)  # float16 in the file
    assert again.sample(3).abs().max() <= 1
