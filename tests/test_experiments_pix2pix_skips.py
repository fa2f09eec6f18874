"""Skip connections for longer: what the two judges are shown, which maps are asked, and that the arms differ in the skips."""

import pytest
import torch

from gancourse.base import networks
from gancourse.data.pairs import FACE_CLASSES, load_pairs
from gancourse.experiments import pix2pix_skips, runner
from gancourse.models.segmenter import train_segmenter
from gancourse.training import fit


@pytest.fixture(scope="module")
def pairs():
    return load_pairs("segments", 32, 80, progress=False)[:20]


def test_flat_colours_are_one_for_each_class_and_its_mean(pairs):
    colours = pix2pix_skips.class_colours(pairs)
    picture = pix2pix_skips.flat(pairs, colours)
    assert colours.shape == (len(FACE_CLASSES), 3) and picture.shape == pairs.targets().shape
    for k in range(len(FACE_CLASSES)):
        of_class = (pairs.a == k).expand_as(picture)
        assert torch.allclose(pairs.targets()[of_class].mean(), colours[k].mean(), atol=1e-4)
        assert torch.allclose(picture.movedim(1, -1)[pairs.a[:, 0] == k], colours[k], atol=1e-5)


def test_recoloured_pictures_are_true_flat_blurred_and_noisy_ones_of_the_same_maps(pairs):
    true, painted, blurred, noisy = pix2pix_skips.recoloured(pairs).chunk(4)
    assert torch.equal(true, pairs.targets())
    for one, maps in zip(painted, pairs.a[:, 0].long(), strict=True):
        for k in maps.unique():
            colours = one[:, maps == k]
            assert torch.allclose(colours, colours[:, :1], atol=1e-5)  # one colour for each class
    assert (painted - pix2pix_skips.flat(pairs, pix2pix_skips.class_colours(pairs))).abs().mean() > 0.05  # of another picture
    assert torch.allclose(blurred.mean(), true.mean(), atol=1e-3) and not torch.allclose(blurred, true)
    assert (noisy - true).std() == pytest.approx(pix2pix_skips.NOISE, rel=0.25)
    assert noisy.abs().max() <= 1
    assert torch.equal(pix2pix_skips.recoloured(pairs, 0), pix2pix_skips.recoloured(pairs, 0))
    assert not torch.equal(pix2pix_skips.recoloured(pairs, 1), pix2pix_skips.recoloured(pairs, 0))


def test_a_judge_that_was_shown_recoloured_pictures_reads_a_right_layout_in_flat_colours():
    pairs = load_pairs("segments", 32, 240, progress=False)
    taught, new = pairs[:200], pairs[200:]
    shown = [pix2pix_skips.flat(new, pix2pix_skips.class_colours(taught)), new.targets().roll(1, 0)]
    found = []
    for pictures, times in ((taught.targets(), 1), (pix2pix_skips.recoloured(taught), 4)):
        maps = taught.a.repeat(times, 1, 1, 1)
        judge = train_segmenter(pictures, maps, len(FACE_CLASSES), 150, batch_size=8)
        found.append([(judge.predict(x) == new.a).float().mean().item() for x in shown])
    assert found[1][0] > max(0.87, found[0][0] + 0.04)
    assert found[1][1] < 0.8  # other faces are no right layout


def test_the_arms_differ_in_the_skips_and_the_network_without_has_no_fewer_weights(stages):
    games = {name: stages("pix2pix_skips").game(arm, 0) for name, arm in pix2pix_skips.ARMS.items()}
    weights = {name: sum(p.numel() for p in game.generator.parameters()) for name, (game, _) in games.items()}
    assert weights["U-Net"] <= weights["no skips"] < 1.1 * weights["U-Net"]
    assert [game.generator.skips for game, _ in games.values()] == [True, False]
    assert all(game.adversarial == 0 for game, _ in games.values())
    (a, b), (c, d) = (next(iter(batches)) for _, batches in games.values())
    assert torch.equal(a, c) and torch.equal(b, d)


def test_unseen_maps_come_first_and_seen_ones_are_of_the_training_set(stages):
    stage = stages("pix2pix_skips")
    assert torch.equal(stage.seen.a, stage.pairs.a[: len(stage.unseen)])
    together = torch.cat([stage.pairs.a, stage.unseen.a])
    assert torch.equal(together, load_pairs("segments", 32, stage.size["n"], progress=False).a)
    with networks.seeded(0):
        game, batches = stage.game(pix2pix_skips.ARMS["U-Net"], 0)
    run = fit(game, batches, 2, progress=False)
    drawn = stage.drawn(run)
    assert len(drawn) == 2 * len(stage.unseen)
    assert torch.allclose(drawn[len(stage.unseen) :], game.translate(stage.seen.inputs()), atol=1e-6)
    assert stage.pictures(run).shape == (len(pix2pix_skips.SHOWN), 3, 32, 32)


def test_the_truth_has_no_distance_and_noise_reads_back_worst(stages):
    stage = stages("pix2pix_skips")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    assert rows["truth"]["l1"] == rows["truth"]["seen_l1"] == 0
    assert all(row["l1"] > 0 and row["seen_l1"] > 0 for name, row in rows.items() if name != "truth")
    assert set(rows) > {"right layout, flat colours", "untrained, U-Net", "untrained, no skips"}
