"""Planted answers to homework 3."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment, linprog
from torch import Tensor

from gancourse.theory import transport as oracle
from tests.homework.planting import Garden

garden = Garden("hw3")
wrong, right = garden.plant_wrong, garden.plant_right


# 1. Moving earth

wrong("p overwritten", "in place", on_a_line=lambda p, q: p.sub_(q).cumsum(0).abs().sum())


def program(a=None, b=None, bounds=(0, None), returns=lambda x, work, n, m: (x.reshape(n, m), work)):
    def earth_mover(p, q, cost):
        n, m = cost.shape
        rows = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))]) if a is None else a(n, m)
        sums = torch.cat([p, q]) if b is None else b(p, q)
        answer = linprog(cost.flatten().numpy(), A_eq=rows, b_eq=sums.numpy(), bounds=bounds)
        return returns(torch.as_tensor(answer.x), answer.fun, n, m)

    return earth_mover


def turned_rows(n, m):
    return np.vstack([np.kron(np.ones(m), np.eye(n)), np.kron(np.eye(m), np.ones(n))])


wrong("[m, n]", "rows are heaps", earth_mover=program(returns=lambda x, work, n, m: (x.reshape(m, n), work)))
wrong("the plan left a vector", "reshape it", earth_mover=program(returns=lambda x, work, n, m: (x, work)))
wrong("numpy", "torch.as_tensor", earth_mover=program(returns=lambda x, w, n, m: (x.numpy().reshape(n, m), w)))
wrong("only the work returned", "return plan, work", earth_mover=program(returns=lambda x, work, n, m: work))
wrong("negative loads allowed", "T >= 0", earth_mover=program(bounds=(None, 1.0)))
wrong("A's rows in the wrong order", earth_mover=program(a=turned_rows))
wrong("b in the wrong order", "linprog found none", earth_mover=program(b=lambda p, q: torch.cat([q, p])))


def northwest(p, q, cost):
    """A plan, and no good one."""
    p, q, plan, i, j = p.clone(), q.clone(), torch.zeros_like(cost), 0, 0
    while i < len(p) and j < len(q):
        load = torch.minimum(p[i], q[j])
        plan[i, j] += load
        p[i], q[j] = p[i] - load, q[j] - load
        i, j = (i + 1, j) if p[i] <= q[j] else (i, j + 1)
    return plan, (plan * cost).sum().item()


wrong("the north-west corner", earth_mover=northwest)


def by_loops(p, q, cost):
    n, m = cost.shape
    rows = [[float(i == k) for i in range(n) for j in range(m)] for k in range(n)]
    columns = [[float(j == k) for i in range(n) for j in range(m)] for k in range(m)]
    answer = linprog(cost.reshape(-1).tolist(), A_eq=rows + columns, b_eq=torch.cat([p, q]).tolist())
    plan = torch.tensor(answer.x).view(n, m)
    return plan, (plan * cost).sum()


def turned(p, q, cost):
    n, m = cost.shape
    answer = linprog(cost.T.flatten().numpy(), A_eq=turned_rows(n, m), b_eq=np.concatenate([p, q]))
    return [torch.tensor(answer.x).reshape(m, n).T, float(answer.fun)]


def other_order(p, q, cost):
    """Rows of A for a plan that is read column by column, and a plan that is read row by row."""
    return program(a=turned_rows)(p, q, cost)


wrong("A's rows for a plan read column by column", "in two orders", earth_mover=other_order)
wrong("the work first, then the plan", "the other way round", earth_mover=lambda *a: by_loops(*a)[::-1])
right("constraints by loops", earth_mover=by_loops)
right("column by column", earth_mover=turned)
right("the line in numpy", on_a_line=lambda p, q: float(np.abs(np.cumsum(p.numpy()) - np.cumsum(q.numpy())).sum()))
right("the line by sums", on_a_line=lambda p, q: sum(abs(float(p[:k].sum() - q[:k].sum())) for k in range(1, len(p))))


# 2. What a critic proves


def by_nan_to_num(f, p, q, distance):
    k = ((f[:, None] - f) / distance).nan_to_num(0.0).max()
    return (p @ f - q @ f) / k if k else torch.zeros(())


right("the diagonal by nan_to_num", shown=by_nan_to_num)


def by_pairs(f, p, q, distance):
    k = max(abs(float(f[i] - f[j])) / float(distance[i, j]) for i in range(len(f)) for j in range(i))
    return float((p * f).sum() - (q * f).sum()) / k if k else 0


right("pair by pair", shown=by_pairs)
right("numbers of numpy", shown=lambda *given: np.float32(by_pairs(*given)) if np.ptp(given[0].numpy()) else np.int64(0))


def with_a_small_number(f, p, q, distance):
    k = ((f[:, None] - f).abs() / (distance + torch.eye(len(f)))).max()
    return (f @ p - f @ q) / (k + 1e-12)


def with_nan_to_num(f, p, q, distance):
    k = ((f[:, None] - f).abs() / distance).nan_to_num(0.0).max()
    return (((p - q) * f).sum() / k).nan_to_num(0.0)


wrong("nan_to_num where K is 0", "0/0: for a constant f", shown=with_nan_to_num)
wrong("a small number added to K", "a small number in place of K", shown=with_a_small_number)


def critic_by(pairs, sign=-1, bounds=(None, None)):
    """A critic by a linear program with these constraints."""

    def best_critic(p, q, distance):
        n = len(p)
        rows, most = [], []
        for i in range(n):
            for j in pairs(i, n):
                row = [0.0] * n
                row[i], row[j] = 1.0, -1.0
                rows.append(row), most.append(float(distance[i, j]))
        return torch.tensor(linprog((sign * (p - q)).tolist(), A_ub=rows, b_ub=most, bounds=bounds).x)

    return best_critic


right("a critic by loops", best_critic=critic_by(lambda i, n: [j for j in range(n) if j != i]))
right("a critic in single precision", best_critic=lambda *a: oracle.best_critic(*a)[1].float())
right("with the diagonal, f at least 0", best_critic=critic_by(lambda i, n: range(n), bounds=(0, None)))
wrong("one way round only", "both ways round", best_critic=critic_by(lambda i, n: range(i)))
wrong("the sign of the sum", "linprog minimises", best_critic=critic_by(lambda i, n: range(n), sign=1))
wrong(
    "a critic that is too steep",
    "for all pairs, both ways round",
    best_critic=lambda p, q, d: (p - q) * oracle.best_critic(p, q, d)[0] / (p - q).square().sum(),
)
wrong("its value with it", "a tensor of shape [9]", best_critic=lambda *a: oracle.best_critic(*a))


# 3. The clipped critic


def layer_by_layer(critic, c):
    for module in critic.modules():
        if isinstance(module, torch.nn.Linear):
            module.weight.data.clamp_(-c, c), module.bias.data.clamp_(-c, c)


wrong("only what is in a layer", "in no layer", clip=layer_by_layer)
wrong("the batches subtracted entry by entry", "two batches of different size", critic_loss=lambda r, f: (f - r).mean())


def renewed(critic, c):
    for module in critic.modules():
        for name, p in list(module.named_parameters(recurse=False)):
            setattr(module, name, torch.nn.Parameter(p.detach().clamp(-c, c)))


def with_gradient(critic, c):
    for p in critic.parameters():
        p.clamp_(-c, c)


wrong("clamp inside autograd", "leaf Variable", clip=with_gradient)
wrong("new parameters", "optimiser still holds the old ones", clip=renewed)


def step(detach=True, returned=lambda loss: -loss.item(), before=lambda g, f: None, after=lambda g, f: None):
    def critic_step(generator, critic, optimiser, real, z, c):
        before(generator, critic)
        fake = generator(z).detach() if detach else generator(z)
        loss = critic(fake).mean() - critic(real).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        for p in critic.parameters():
            p.data.clamp_(-c, c)
        after(generator, critic)
        return returned(loss)

    return critic_step


wrong("the fakes not detached", "detach the fakes", critic_step=step(detach=False))
wrong("the graph returned", ".item()", critic_step=step(returned=lambda loss: -loss))
wrong("G frozen for good", "or G will never learn", critic_step=step(before=lambda g, f: g.requires_grad_(False)))
wrong("both left in evaluation mode", "puts the mode back", critic_step=step(after=lambda g, f: (g.eval(), f.eval())))
wrong("the box made of new parameters", "still holds the old ones", critic_step=step(after=lambda g, f: renewed(f, 0.3)))
wrong(
    "clipped in evaluation mode", "not part of", clip=lambda critic, c: [p.data.clamp_(-c, c) for p in critic.eval().parameters()]
)
frozen = step(before=lambda g, f: g.requires_grad_(False), after=lambda g, f: g.requires_grad_(True))
right("G frozen during the critic's step", critic_step=frozen)
wrong("two steps", "one step of the optimiser", critic_step=lambda g, f, o, *a: (step()(g, f, o, *a), o.zero_grad(), o.step())[0])
wrong("G moves", "moved the generator", critic_step=lambda g, *a: (step()(g, *a), g.weight.data.add_(1))[0])
wrong("fakes out of thin air", "generator(z)", critic_step=lambda g, critic, o, real, z, c: 0.0)


def joined(generator, critic, optimiser, real, z, c):
    with torch.no_grad():
        fake = generator(z)
    values = critic(torch.cat([real, fake]))
    gap = values[: len(real)].mean() - values[len(real) :].mean()
    critic.zero_grad(set_to_none=True)
    gap.neg().backward()
    optimiser.step()
    with torch.no_grad():
        for p in critic.parameters():
            p.copy_(p.clamp(-c, c))
    return gap.item()


right("real and fake in one batch", critic_step=joined)
right("the box by .data", clip=lambda critic, c: [p.data.clamp_(-c, c) for p in critic.parameters()])
right("the losses by labels", critic_loss=lambda r, f: (-1 * r).mean() + (1 * f).mean())

# 4. Where the penalty looks


def column(x):
    return [len(x)] + [1] * (x.ndim - 1)


right("torch.lerp", between=lambda r, f: torch.lerp(f, r, torch.rand(column(r), dtype=r.dtype)))
right("torch.lerp in float32, as torch.rand comes", between=lambda r, f: torch.lerp(f, r, torch.rand(column(r))))
right("by the difference", between=lambda r, f: f + torch.rand(column(r)) * (r - f))
right("the roles of epsilon exchanged", between=lambda r, f: r + torch.rand(column(r)) * (f - r))
right("numpy, by pairs", between=lambda r, f: torch.stack([b + np.random.rand() * (a - b) for a, b in zip(r, f, strict=True)]))

# 5. The gradient penalty


def slopes(critic, x):
    x = x.detach().requires_grad_()
    return torch.autograd.grad(critic(x).sum(), x, create_graph=True)[0].flatten(1)


def terms(critic, x):
    return (slopes(critic, x).norm(dim=1) - 1).square()


wrong("not reduced", "take the mean", gradient_penalty=terms)
wrong("a float", "a scalar tensor", gradient_penalty=lambda critic, x: terms(critic, x).mean().item())


def by_backward(critic, x):
    x = x.detach().requires_grad_()
    critic(x).sum().backward(create_graph=True)
    return (x.grad.flatten(1).norm(dim=1) - 1).square().mean()


def attached(critic, x, ready=Tensor.requires_grad_):
    (g,) = torch.autograd.grad(critic(x if x.requires_grad else ready(x)).sum(), x, create_graph=True)
    return (g.flatten(1).norm(dim=1) - 1).square().mean()


wrong("backward() for the slopes", "writes into everybody's .grad", gradient_penalty=by_backward)
wrong("x left on the generator", "cuts it off", gradient_penalty=attached)
wrong("no requires_grad_()", gradient_penalty=lambda critic, x: attached(critic, x.detach(), ready=lambda x: x))


def by_vmap(critic, x):
    g = torch.func.vmap(torch.func.grad(lambda one: critic(one[None])[0]))(x.detach())
    return (torch.linalg.vector_norm(g, dim=tuple(range(1, g.ndim))) - 1).square().mean()


def by_vector_product(critic, x):
    x = x.detach().clone().requires_grad_(True)
    values = critic(x)
    g = torch.autograd.grad(values, x, grad_outputs=torch.ones_like(values), create_graph=True, retain_graph=True)[0]
    return F.mse_loss(g.reshape(len(g), -1).norm(2, dim=1), torch.ones(len(g), dtype=g.dtype))


def one_by_one(critic, x):
    terms = []
    for one in x.detach():
        one = one[None].clone().requires_grad_()
        (g,) = torch.autograd.grad(critic(one)[0], one, create_graph=True)
        terms.append((g.norm() - 1) ** 2)
    return sum(terms) / len(terms)


right("torch.func", gradient_penalty=by_vmap)
right("grad_outputs of ones, mse_loss", gradient_penalty=by_vector_product)
right("sample by sample", gradient_penalty=one_by_one)
rounded = {"gradient_penalty": lambda critic, x: ((slopes(critic, x).square().sum(1) + 1e-12).sqrt() - 1).square().mean()}
right("a root with a small number under it", **rounded)

wrong(
    "ten times the penalty",
    "a constant critic, points [N, 2]: 1\n         came      10\n         perhaps   the weight 10 is not part of this function",
    gradient_penalty=lambda critic, x: 10 * terms(critic, x).mean(),
)

# 6. Least squares


wrong("square of the mean", squares_g=lambda f, c: (f.mean() - c).square() / 2)


def towards(outputs, code):
    return F.mse_loss(outputs, torch.full_like(outputs, code)) / 2


right("mse_loss", squares_d=lambda r, f, a, b: towards(r, b) + towards(f, a), squares_g=towards)
right("best D from a to b", best_d=lambda p, q, a, b: a + (b - a) * p / (p + q))
right("squares multiplied out", squares_g=lambda f, c: (f * f - 2 * c * f + c * c).mean() / 2)

# 7. Would your test have found it?


def spheres(*rest, n=4000, dtype=torch.float64):
    """N points of length 1: between u and -u lengths are |2 epsilon - 1|."""
    u = torch.randn(n, *rest, dtype=dtype)
    return u / u.flatten(1).norm(dim=1).reshape(column(u))


def a_test(rest=(3, 2, 2), slope=True, where=True, traces=True, room=0.03, n=4000, dtype=torch.float64):
    def sound(penalty):
        u = spheres(*rest, n=n, dtype=dtype)
        made = (-u).requires_grad_()
        if slope and abs(penalty(lambda x: (u[0] * x).flatten(1).sum(1), u, made * 1.0).item()) > 1e-6:
            return False
        scales = [torch.ones((), dtype=dtype, requires_grad=True) for _ in range(2)]
        values = [penalty(lambda x, s=s: (s * x.square()).flatten(1).sum(1) / 2, u, made * 1.0) for s in scales]
        if where and any(abs(value.item() - 1 / 3) > room for value in values):
            return False
        if traces:
            values[0].backward()
            return scales[0].grad is not None and scales[1].grad is None and made.grad is None
        return True

    return sound


def against_mine(penalty):
    """The mean over many draws, against one's own, for a network; then who has a gradient."""
    net = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(12, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1), torch.nn.Flatten(0)
    )
    real, fake = 3 * torch.randn(2000, 3, 2, 2), torch.randn(2000, 3, 2, 2)
    source = fake.clone().requires_grad_()
    theirs = [penalty(net, real, source * 1) for _ in range(8)]
    clean = all(p.grad is None for p in net.parameters())
    theirs[0].backward()
    learns = any(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())
    mine = [terms(net, fake + torch.rand(column(real)) * (real - fake)).mean().item() for _ in range(8)]
    near = abs(np.mean([t.item() for t in theirs]) - np.mean(mine)) < 0.01
    return near and clean and learns and source.grad is None and a_test(traces=False)(penalty)


def seeded_like_mine(penalty):
    """One draw, which one's own penalty takes again."""
    real, fake = 3 * spheres(3, 2, 2), spheres(3, 2, 2)
    torch.manual_seed(0)
    theirs = penalty(lambda x: x.square().flatten(1).sum(1) / 2, real, fake)
    torch.manual_seed(0)
    mine = terms(lambda x: x.square().flatten(1).sum(1) / 2, fake + torch.rand(column(real)).to(real) * (real - fake)).mean()
    return abs(theirs.item() - mine.item()) < 1e-5


right("the same test with other points", sound=a_test())
right("in single precision", sound=a_test(n=9000, dtype=torch.float32))
right("a truth value of torch", sound=lambda penalty: torch.tensor(a_test()(penalty)))
right("against one's own", sound=against_mine)
wrong("everything passes", "always 7", sound=lambda penalty: True)
wrong("nothing passes", "for a right penalty", sound=lambda penalty: False)
wrong("a number", "True or False", sound=lambda penalty: 1.0)
wrong("no room for chance", "is it chance", sound=a_test(room=1e-5))
wrong("too little room for chance", "more points, or more room", sound=a_test(room=0.0035))
wrong("seeded like one's own", "epsilon may be counted from either end", sound=seeded_like_mine)
wrong("one slope everywhere", "whose slope tells where", sound=a_test(where=False))
wrong("points only", "along axis 1 of a picture", sound=a_test(rest=(2,)))
wrong("no look at what is left behind", "look who has a .grad", sound=a_test(traces=False))
wrong("who cannot be asked", "a result", sound=lambda penalty: penalty.epsilon == 1)

wrong("an array of numpy", "torch.as_tensor", best_d=lambda p, q, a, b: (b * p.numpy() + a * q.numpy()) / (p + q).numpy())

# Answers that do not answer

wrong("hard-coded: the linear critic's 0", gradient_penalty=lambda critic, x: 0 * critic(x).sum())
patched = "import gancourse.theory.transport as t\nt.earth_mover = lambda p, q, c: right['earth_mover'](p, q, c)"
wrong("the oracle replaced", "no longer what it was", code=patched, part="transport")
wrong("the right answer replaced", "no longer", code="hw3._lengths = lambda g: g", part="penalty")
patched = "kept = torch.autograd.grad\ntorch.autograd.grad = lambda *a, **k: kept(*a, **k)"
wrong("torch.autograd.grad replaced", "no longer", code=patched, part="penalty")
wrong("what the check asks replaced", "no longer", code="hw3._on_lines = lambda *a: None", part="places")


def pairings(p, q, cost):
    """Right for equal heaps and holes only."""
    rows, columns = linear_sum_assignment(cost.numpy())
    plan = torch.zeros_like(cost)
    plan[rows, columns] = 1 / len(cost)
    return plan, float((plan * cost).sum())


wrong("a pairing, which is right for equal heaps only", earth_mover=pairings)
