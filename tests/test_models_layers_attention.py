import pytest
import torch
import torch.nn.functional as F

from gancourse.models.layers.attention import SelfAttention, WordAttention, WordMemory


def layer(gamma=0.7):
    torch.manual_seed(0)
    attention = SelfAttention(16).double()
    torch.nn.init.constant_(attention.gamma, gamma)
    return attention, torch.randn(2, 16, 6, 6, dtype=torch.float64)


def test_place_by_place():
    """The equations written out for each place, in loops."""
    attention, x = layer()
    theta = F.conv2d(x, attention.theta.weight)
    phi, g = (F.max_pool2d(F.conv2d(x, conv.weight), 2).flatten(2) for conv in (attention.phi, attention.g))
    for i, j in ((0, 0), (2, 5), (5, 3)):
        for n in range(2):
            beta = torch.softmax(torch.stack([theta[n, :, i, j] @ phi[n, :, k] for k in range(9)]), 0)
            o = sum(beta[k] * g[n, :, k] for k in range(9))
            expected = x[n, :, i, j] + 0.7 * attention.o.weight[:, :, 0, 0] @ o
            assert torch.allclose(attention(x)[n, :, i, j], expected)


def test_begins_as_the_identity_and_can_leave_it():
    attention, x = layer(gamma=0.0)
    assert torch.equal(attention(x), x)
    attention(x).square().sum().backward()
    assert attention.gamma.grad.abs() > 0


def test_weights_are_a_distribution_over_a_quarter_of_the_places():
    attention, x = layer()
    weights = attention.weights(x)
    assert weights.shape == (2, 36, 9)
    assert torch.allclose(weights.sum(-1), torch.ones(2, 36, dtype=torch.float64))


def test_every_place_sees_every_other():
    attention, x = layer()
    x.requires_grad_(True)
    (gradient,) = torch.autograd.grad(attention(x)[0, :, 0, 0].sum(), x)
    reached = gradient[0].abs().sum(0)  # [6, 6]: max pooling passes at least one place of each 2x2 window
    assert (F.max_pool2d(reached[None], 2) > 0).all()
    assert (gradient[1] == 0).all()


def test_second_derivatives_exist():
    attention, x = layer()
    assert torch.autograd.gradgradcheck(lambda x: attention(x)[:, :2, :2], x[:1, :, :4, :4].clone().requires_grad_(True))


def test_too_few_channels():
    with pytest.raises(ValueError, match="8 channels or more.*, not 4"):
        SelfAttention(4)


def words():
    torch.manual_seed(1)
    attention = WordAttention(5, 4)
    maps, vectors = torch.randn(2, 5, 3, 3), torch.randn(2, 6, 4)
    mask = torch.arange(6) < torch.tensor([[6], [2]])
    return attention, maps, vectors, mask


def test_each_place_takes_a_mean_of_its_own_sentences_words():
    attention, maps, vectors, mask = words()
    out = attention(maps, vectors, mask)
    for n, i, j, length in ((0, 0, 2, 6), (1, 2, 1, 2)):
        u = vectors[n, :length] @ attention.u.weight.T  # [L, C]
        expected = torch.softmax(u @ maps[n, :, i, j], 0) @ u
        assert torch.allclose(out[n, :, i, j], expected, atol=1e-6)


def test_no_place_looks_at_what_fills_a_sentence_up():
    attention, maps, vectors, mask = words()
    beta = attention.weights(maps, vectors, mask)
    assert beta.shape == (2, 9, 6) and torch.allclose(beta.sum(-1), torch.ones(2, 9))
    assert not beta[1, :, 2:].any() and (beta[0] > 0).all()


def memory():
    torch.manual_seed(2)
    cell = WordMemory(5, 4)
    for linear in (cell.m, cell.key, cell.value):
        torch.nn.init.normal_(linear.weight)
    return cell, *words()[1:]


def test_a_memory_word_by_word_and_place_by_place():
    """The equations of the two gates written out in loops."""
    cell, maps, vectors, mask = memory()
    out = cell(maps, vectors, mask)
    for n, i, j, length in ((0, 0, 2, 6), (1, 2, 1, 2)):
        mean, place, rows = maps[n].mean((1, 2)), maps[n, :, i, j], []
        for word in vectors[n, :length]:
            g = torch.sigmoid(cell.write_word.weight[0] @ word + cell.write_map.weight[0] @ mean)
            rows.append(g * (cell.u.weight @ word) + (1 - g) * (cell.m.weight @ mean))
        beta = torch.softmax(torch.stack([place @ (cell.key.weight @ m) for m in rows]), 0)
        read = sum(b * (cell.value.weight @ m) for b, m in zip(beta, rows, strict=True))
        r = torch.sigmoid(cell.respond.weight[0] @ torch.cat([read, place]) + cell.respond.bias[0])
        assert torch.allclose(out[n, :, i, j], r * read + (1 - r) * place, atol=1e-5)
        assert torch.allclose(cell.weights(maps, vectors, mask)[n, 3 * i + j, :length], beta, atol=1e-5)


def test_with_its_gates_open_a_fresh_memory_is_attention():
    attention, maps, vectors, mask = words()
    cell = WordMemory(5, 4)
    cell.u = attention.u
    with torch.no_grad():
        cell.respond.bias.fill_(1e4)
        for linear in (cell.write_word, cell.write_map, cell.respond):
            linear.weight.zero_()
        half = cell(maps, vectors, mask)
        cell.write_word.weight.fill_(1e4)
        positive = vectors.abs()  # words that open every writing gate
        assert torch.allclose(cell(maps, positive, mask), attention(maps, positive, mask), atol=1e-5)
        cell.respond.bias.fill_(-1e4)
        assert torch.allclose(cell(maps, vectors, mask), maps), "a closed response keeps the map"
    assert not torch.allclose(half, attention(maps, vectors, mask), atol=1e-2)


def test_both_gates_of_a_memory_learn():
    cell, maps, vectors, mask = memory()
    cell(maps, vectors, mask).square().sum().backward()
    assert all((p.grad != 0).any() for p in cell.parameters())
