import pytest
import torch
import torch.nn.functional as F

from gancourse.metrics import text


def test_agreement_counts_what_is_mentioned_alone():
    read = torch.tensor([[1, 0, 2], [1, 0, 2], [0, 1, 1]])
    asked = torch.tensor([[1, -1, 2], [-1, 1, -1], [0, 0, 1]])
    assert text.agreement(read, asked).tolist() == pytest.approx([1.0, 0.0, 2 / 3])
    with pytest.raises(ValueError, match="asks for nothing"):
        text.agreement(read, torch.full_like(asked, -1))
    with pytest.raises(ValueError, match=r"both be \[N, A\]"):
        text.agreement(read, asked[:2])


def test_different_faces_fit_and_differ_in_the_attributes_that_count():
    asked = torch.tensor([[1, -1, -1], [-1, 0, -1]])
    read = torch.tensor([[1, 0, 0], [1, 0, 1], [0, 1, 1], [2, 0, 0], [2, 0, 0], [2, 0, 0]])
    assert text.different(read, asked, 3).tolist() == [2, 1]
    assert text.different(read, asked, 3, [0, 1]).tolist() == [1, 1], "the third attribute makes no other face"
    assert text.different(read, asked, 3, [2]).tolist() == [2, 1], "and where it alone counts every face fits"
    with pytest.raises(ValueError, match="3 for each of 2 sentences"):
        text.different(read[:5], asked, 3)
    with pytest.raises(ValueError, match="numbers of attributes"):
        text.different(read, asked, 3, [3])


def test_who_does_not_read_prefers_nothing():
    right = torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert text.preferred(right, right - 1) == 1 and text.preferred(right, right + 1) == 0
    assert text.preferred(right, right + 1e-6) == 0.5, "rounding is no preference"
    assert text.preferred(right, torch.tensor([0.0, 3.0, 3.0, 0.0])) == 0.625
    with pytest.raises(ValueError, match="a score for each pair"):
        text.preferred(right, right[:3])


def unit(n, d, seed):
    return F.normalize(torch.randn(n, d, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_r_precision_is_one_for_the_right_pairs_and_chance_for_strangers():
    own = unit(300, 16, 0)
    assert text.r_precision(own, own) == 1.0
    found = [text.r_precision(unit(300, 16, k), own, wrong=4) for k in range(1, 6)]
    assert sum(found) / 5 == pytest.approx(1 / 5, abs=0.05)
    assert text.r_precision(own.roll(1, 0), own) < 0.1


def test_r_precision_by_hand():
    pictures, texts = torch.eye(3), torch.tensor([[0.9, 0.1, 0.0], [0.2, 0.1, 0.0], [0.0, 0.3, 0.5]])
    # own products 0.9, 0.1, 0.5; those with the two others 0.2 and 0, 0.1 and 0.3, 0 and 0
    assert text.r_precision(pictures, texts, wrong=2) == pytest.approx(2 / 3)


def test_r_precision_needs_more_pairs_than_wrong_sentences():
    with pytest.raises(ValueError, match="99 wrong sentences need more"):
        text.r_precision(torch.eye(50), torch.eye(50))


def coloured(n=64):
    """Pictures of four colours, and sentences that name them by the words 1 to 4."""
    colour = torch.arange(n) % 4
    table = torch.tensor([[-1.0, -1, -1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    pictures = table[colour][:, :, None, None].expand(-1, -1, 8, 8).contiguous()
    return pictures, (colour + 1)[:, None, None].expand(-1, 2, 3).contiguous(), colour


@pytest.mark.parametrize("recurrent", [True, False])
def test_a_matcher_learns_which_sentence_fits(recurrent):
    pictures, sentences, colour = coloured()
    before = torch.get_rng_state()
    matcher = text.train_matcher(pictures, sentences, 4, 60, batch_size=16, width=4, recurrent=recurrent)
    assert torch.equal(before, torch.get_rng_state()) and not matcher.training
    seen, read = text.vectors(matcher, pictures, sentences[:, 0], chunk=10)
    assert torch.equal(read, text.sentence_vectors(matcher.text, sentences[:, 0]))
    assert ((seen @ read.T).argmax(1) % 4 == colour).float().mean() > 0.9


def test_training_asks_for_sentences_of_each_picture():
    pictures, sentences, _ = coloured(8)
    with pytest.raises(ValueError, match=r"\[8, K, L\]"):
        text.train_matcher(pictures, sentences[:4], 4, 1)
