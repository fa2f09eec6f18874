"""Words that are seldom said, and the arms that differ in what the generator looks at."""

from types import SimpleNamespace

import pytest
import torch

from gancourse.data import captions
from gancourse.experiments import runner, text_words


def test_four_values_are_seldom_said_and_the_rest_as_often_as_ever(stages):
    stage = stages("text_words")
    usual = text_words.seldom_said(stage.faces, 12, 0, captions.MENTIONED)
    seldom = text_words.seldom_said(stage.faces, 12, 0)

    def share(said, *words):
        return sum(any(word in each.split() for word in words) for each in said) / len(said)

    for words in (("red", "ginger"), ("pink", "rosy"), ("green",), ("peach",)):
        assert share(seldom, *words) < 0.12 * share(usual, *words)
    for words in (("blonde", "blond", "golden"), ("cream",), ("long", "flowing"), ("glasses", "spectacles")):
        assert share(seldom, *words) == pytest.approx(share(usual, *words), rel=0.12)
    assert all(len(captions.tokens(each)) for each in seldom[:50])


def test_every_caption_is_true_and_mentions_two(stages):
    stage = stages("text_words")
    said = text_words.seldom_said(stage.faces, 1, 3)
    names, rows = list(stage.faces.attribute_names), stage.faces.attributes.tolist()
    for each, row in zip(said[:60], rows[:60], strict=True):
        hair = stage.faces.attribute_names["hair"][row[names.index("hair")]]
        others = {word for value, words in captions.SYNONYMS["hair"].items() if value != hair for word in words}
        mentioned = [w for a, b in zip(each.split(), each.split()[1:], strict=False) if b == "hair" for w in (a,)]
        assert not others & set(mentioned)
        assert len(each.split()) >= 3


def test_rare_and_frequent_are_apart_and_are_hair_and_background(stages):
    stage = stages("text_words")
    assert not (stage.few & stage.many).any()
    columns = (stage.few | stage.many).any(0).nonzero().flatten().tolist()
    assert [list(stage.test.attribute_names)[k] for k in columns] == ["hair", "background"]
    assert 0.2 < stage.few.sum() / (stage.few | stage.many).sum() < 0.55


def test_the_judge_reads_the_truth_and_what_is_worthless_scores_like_guessing(stages):
    stage = stages("text_words")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    for score in ("rare", "frequent"):
        assert rows["truth"][score] > 0.9
        assert max(row[score] for name, row in rows.items() if name != "truth") < 0.6


def test_the_words_of_another_sentence_change_what_reads_words(stages):
    stage = stages("text_words")
    for name, reads in (("words", True), ("sentence", False), ("memory", True)):
        game = stage.game(text_words.ARMS[name], 1)[0]
        drawn = stage.drawn(SimpleNamespace(gan=game, generator=game.generator), final=True)
        own, shuffled = drawn.split(len(stage.asked))
        assert torch.allclose(own, shuffled, atol=1e-6) is not reads
        assert {"rare_shuffled", "frequent_shuffled"} <= set(runner.scores(stage, drawn))


def test_arms_have_one_size_one_discriminator_and_one_encoder(stages):
    stage = stages("text_words")
    games = {name: stage.game(arm, 1)[0] for name, arm in text_words.ARMS.items()}
    first = games["words"]
    for game in games.values():
        pairs = zip(first.discriminator.parameters(), game.discriminator.parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)
        weights = game.generator.state_dict()
        assert all(torch.equal(value, weights[key]) for key, value in first.generator.state_dict().items())
        assert torch.equal(game.generator.reader.last.weight, first.generator.reader.last.weight)
    sizes = {name: sum(p.numel() for p in game.generator.parameters()) for name, game in games.items()}
    assert sizes["words"] == sizes["sentence"] < sizes["memory"]
    assert not any(p.requires_grad for p in first.generator.reader.parameters())
    other = stage.game(text_words.ARMS["words"], 2)[0]
    assert not torch.equal(other.generator.reader.last.weight, first.generator.reader.last.weight), (
        "another seed, another encoder"
    )
