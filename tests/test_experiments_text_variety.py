"""What the judge can read, one face with grit, other ways to draw, and whether D reads."""

from types import SimpleNamespace

import pytest
import torch

from gancourse.data import captions
from gancourse.experiments import runner, text_to_image, text_variety
from gancourse.experiments.text_variety import ARMS, EXPERIMENT, PLAIN, READS, SCORES, WAYS


def run_of(stage, arm, seed=1):
    game = stage.game(ARMS[arm], seed)[0]
    return SimpleNamespace(gan=game, generator=game.generator)


def test_the_arms_and_sizes_of_the_older_record_on_seeds_of_its_own():
    older = text_to_image.EXPERIMENT
    assert all(older.arms[name] == arm for name, arm in EXPERIMENT.arms.items())
    assert (EXPERIMENT.full, EXPERIMENT.ci, EXPERIMENT.fit) == (older.full, older.ci, older.fit)
    assert len(EXPERIMENT.seeds) == 5 and not set(EXPERIMENT.seeds) & set(older.seeds)


def test_one_face_counts_once_by_four_attributes_and_more_often_with_grit(stages):
    rows = {name: runner.scores(stages("text_variety"), sample) for name, sample in stages("text_variety").nulls().items()}
    assert rows["truth"]["four"] == rows["truth"]["fitting"] == 1 and rows["truth"]["edges"] == pytest.approx(1)
    for count in ("four", "fitting"):
        assert rows["one face"][count] < 0.5 and rows["one face"][count] <= rows["one face, noise 0.3"][count]
    assert rows["one face, noise 0.3"]["four"] < rows["one face, noise 0.3"]["fitting"]
    assert rows["one face, noise 0.3"]["edges"] > 1.2 > rows["one face"]["edges"]
    assert rows["other faces"]["agreement"] < 0.6 < rows["truth"]["agreement"]


def test_the_plain_way_is_what_the_older_record_scores(stages):
    stage, older = stages("text_variety"), stages("text_to_image")
    run = run_of(stage, "GAN-CLS + augmentation")
    new, old = stage.judged(stage.drawn(run, final=True)), older.judged(older.drawn(run))
    pairs = {"agreement": "agreement", "fitting": "fitting", "fitting_cloudless": "without_cloud"}
    assert {name: new[name] for name in pairs} == pytest.approx({name: old[of] for name, of in pairs.items()})


def test_each_way_changes_what_it_says_and_nothing_else(stages):
    stage = stages("text_variety")
    plain = run_of(stage, "GAN-CLS")
    assert stage.way(plain, **WAYS["cloudless"]) == stage.way(plain), "where there is no cloud none is taken away"
    assert stage.way(plain, z=2.0) != stage.way(plain) != stage.way(plain, noise=1.0)
    rough = stage.way(plain, **WAYS["grit3"])
    assert rough["edges"] > stage.way(plain, **WAYS["grit1"])["edges"] > stage.way(plain)["edges"]
    clouded = run_of(stage, "GAN-CLS + augmentation")
    assert stage.way(clouded, cloud=0) != stage.way(clouded)


def test_the_other_ways_are_asked_at_the_end_alone(stages):
    stage = stages("text_variety")
    run = run_of(stage, "GAN")
    early, late = (stage.judged(stage.drawn(run, final=final)) for final in (False, True))
    assert list(early) == list(SCORES) and set(PLAIN) | set(READS) <= set(early)
    assert all(early[name] == late[name] for name in (*PLAIN, *READS))
    others = [f"{name}_{way}" for way in WAYS for name in PLAIN]
    assert all(early[name] != early[name] for name in others) and all(late[name] == late[name] for name in others)


def test_who_reads_prefers_the_true_sentence_and_who_does_not_has_a_half(stages):
    stage = stages("text_variety")
    deaf = stage.reading(lambda x, e: x.mean((1, 2, 3)))
    assert set(deaf) == set(READS) and all(share == 0.5 for share in deaf.values())
    own = {tuple(row.tolist()) for row in stage.pairs["reads"][1]}
    hears = stage.reading(lambda x, e: torch.tensor([float(tuple(row.tolist()) in own) for row in e]))
    assert hears["reads"] == 0.5, "the other sentence is one of the others' own"


def test_one_word_is_changed(stages):
    faces = stages("text_variety").faces
    for name in text_variety.ATTRIBUTES:
        which, right, wrong = text_variety.one_changed(faces, name)
        assert len(which) > len(faces) / 2 and right.shape == wrong.shape
        assert ((right != wrong).sum(1) == 1).all(), f"{name}: one word and no other"
    which, right, wrong = text_variety.one_changed(faces, "smile")
    said = {captions.VOCABULARY[k - 1] for k in torch.cat([right, wrong])[:, 1].tolist()}
    assert said == {"smiling", "serious"}


def test_a_whole_description_names_all_six():
    values = {"hair": "red", "hair_length": "long", "skin": "tan", "smile": "yes", "glasses": "no", "background": "blue"}
    told = "a smiling person with long red hair and tan skin without glasses on a blue background"
    assert text_variety.described(values) == told and (captions.tokens(told) > 0).any()
