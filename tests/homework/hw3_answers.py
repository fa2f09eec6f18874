"""Planted answers to homework 3."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment, linprog

from tests.homework.planting import Garden

garden = Garden("hw3")
wrong, right = garden.plant_wrong, garden.plant_right


# 1. Moving earth

wrong("cumsum forgotten", "transport", "does not know how far", on_a_line=lambda p, q: (p - q).abs().sum())
wrong("the absolute value outside the sum", "transport", "left and right", on_a_line=lambda p, q: (p - q).cumsum(0).sum().abs())
wrong("a mean over the gaps", "transport", "the work is their sum", on_a_line=lambda p, q: (p - q).cumsum(0).abs().mean())
wrong("the busiest gap", "transport", "busiest gap", on_a_line=lambda p, q: (p - q).cumsum(0).abs().max())
wrong("p overwritten", "transport", "in place", on_a_line=lambda p, q: p.sub_(q).cumsum(0).abs().sum())


def program(sign=1.0, swapped=False, order="rows", half=False, power=1, returns="both", holes_first=False, columns=True):
    def earth_mover(p, q, cost):
        n, m = cost.shape
        leaves = np.kron(np.eye(n), np.ones(m))
        arrives = np.kron(np.ones(n), np.eye(m))
        if swapped:
            leaves, arrives = np.kron(np.ones(m), np.eye(n)), np.kron(np.eye(m), np.ones(n))
        a, b = (np.vstack([leaves, arrives]), torch.cat([p, q]).numpy()) if columns else (leaves, p.numpy())
        b = np.concatenate([q, p]) if holes_first else b
        c = sign * cost.flatten().numpy() ** power
        bounds = (None, 1.0) if half else (0, None)
        answer = linprog(c, A_eq=a, b_eq=b, bounds=bounds)
        x = torch.as_tensor(answer.x)
        plan = x.reshape(n, m) if order == "rows" else x.reshape(m, n).T if order == "mixed" else x.reshape(m, n)
        return {"both": (plan, answer.fun), "work": answer.fun, "vector": (x, answer.fun)}[returns]

    return earth_mover


wrong("the rows of A for a transposed plan", "transport", "flatten() reads row by row", earth_mover=program(order="mixed"))
wrong("the plan of shape [m, n]", "transport", "rows are heaps", earth_mover=program(order="turned"))
wrong("the plan left a vector", "transport", "reshape it", earth_mover=program(returns="vector"))
wrong("only the work returned", "transport", "return plan, work", earth_mover=program(returns="work"))
wrong("the dearest plan", "transport", "linprog minimises", earth_mover=program(sign=-1.0))
wrong("squared costs", "transport", "squared", earth_mover=program(power=2))
wrong("negative loads allowed", "transport", "T >= 0", earth_mover=program(half=True))
wrong("the holes forgotten", "transport", "one for each hole", earth_mover=program(columns=False))
wrong("A's rows in the wrong order", "transport", "", earth_mover=program(swapped=True))
wrong("b in the wrong order", "transport", "linprog found none", earth_mover=program(holes_first=True))
wrong(
    "p times q",
    "transport",
    "p_i q_j",
    earth_mover=lambda p, q, cost: (p[:, None] * q, (p[:, None] * q * cost).sum()),
)


def northwest(p, q, cost):
    """A plan, and no good one."""
    p, q, plan, i, j = p.clone(), q.clone(), torch.zeros_like(cost), 0, 0
    while i < len(p) and j < len(q):
        load = torch.minimum(p[i], q[j])
        plan[i, j] += load
        p[i], q[j] = p[i] - load, q[j] - load
        i, j = (i + 1, j) if p[i] <= q[j] else (i, j + 1)
    return plan, (plan * cost).sum().item()


wrong("the north-west corner", "transport", "", earth_mover=northwest)


def by_loops(p, q, cost):
    n, m = cost.shape
    a, b = [], []
    for i in range(n):
        row = torch.zeros(n, m)
        row[i] = 1
        a.append(row.flatten().tolist())
        b.append(float(p[i]))
    for j in range(m):
        row = torch.zeros(n, m)
        row[:, j] = 1
        a.append(row.flatten().tolist())
        b.append(float(q[j]))
    answer = linprog(cost.reshape(-1).tolist(), A_eq=a, b_eq=b, method="highs")
    plan = torch.tensor(answer.x).view(n, m)
    return plan, (plan * cost).sum()


def turned(p, q, cost):
    n, m = cost.shape
    a = np.vstack([np.kron(np.ones(m), np.eye(n)), np.kron(np.eye(m), np.ones(n))])
    answer = linprog(cost.T.flatten().numpy(), A_eq=a, b_eq=np.concatenate([p, q]))
    return [torch.tensor(answer.x).reshape(m, n).T, float(answer.fun)]


right("constraints by loops", "transport", earth_mover=by_loops)
right("column by column", "transport", earth_mover=turned)
right(
    "the line in numpy",
    "transport",
    on_a_line=lambda p, q: float(np.abs(np.cumsum(p.numpy()) - np.cumsum(q.numpy())).sum()),
)
right(
    "the line by the area between step functions",
    "transport",
    on_a_line=lambda p, q: sum(abs(float(p[: k + 1].sum() - q[: k + 1].sum())) for k in range(len(p) - 1)),
)


# 2. What a critic proves


def shows(constant, sign=1, absolute=False):
    def shown(f, p, q, distance):
        apart = ~torch.eye(len(f), dtype=torch.bool)
        slopes = (f[:, None] - f).abs()[apart] / distance[apart]
        means = sign * ((p - q) * f).sum()
        if not slopes.any():
            return 0.0
        return (means.abs() if absolute else means) / constant(f, distance, slopes)

    return shown


wrong("not divided by K", "duality", "divide by its Lipschitz constant", shown=shows(lambda f, d, s: 1.0))
wrong("an absolute value", "duality", "keep the sign", shown=shows(lambda f, d, s: s.max(), absolute=True))
wrong("p and q exchanged", "duality", "p and q are exchanged", shown=shows(lambda f, d, s: s.max(), sign=-1))
wrong("the mean slope", "duality", "mean slope", shown=shows(lambda f, d, s: s.mean()))
wrong("neighbours only", "duality", "take all pairs", shown=shows(lambda f, d, s: (f.diff().abs() / d.diagonal(1)).max()))
wrong("K never below 1", "duality", "flatter than 1", shown=shows(lambda f, d, s: s.max().clamp(min=1)))
wrong("the spread of f for K", "duality", "K is a slope", shown=shows(lambda f, d, s: f.max() - f.min()))
wrong(
    "0/0 on the diagonal",
    "duality",
    "leave the diagonal out",
    shown=lambda f, p, q, d: ((p - q) * f).sum() / ((f[:, None] - f).abs() / d).max(),
)
wrong(
    "0/0 for a constant",
    "duality",
    "for a constant f",
    shown=lambda f, p, q, d: ((p - q) * f).sum() / ((f[:, None] - f).abs() / (d + torch.eye(len(f)))).max(),
)


def by_nan_to_num(f, p, q, distance):
    k = ((f[:, None] - f) / distance).nan_to_num(0.0).max()
    return (p @ f - q @ f) / k if k else torch.zeros(())


right("the diagonal by nan_to_num", "duality", shown=by_nan_to_num)


def by_pairs(f, p, q, distance):
    n = len(f)
    k = max(abs(float(f[i] - f[j])) / float(distance[i, j]) for i in range(n) for j in range(i))
    return float((p * f).sum() - (q * f).sum()) / k if k else 0


right("pair by pair", "duality", shown=by_pairs)


# 3. The clipped critic

wrong(
    "the hinge under Wasserstein's name (a public repository)",
    "clipping",
    "hinge loss, as in the annotated repository",
    critic_loss=lambda r, f: F.relu(1 - r).mean() + F.relu(1 + f).mean(),
)
wrong("the critic's sign", "clipping", "what the critic maximises", critic_loss=lambda r, f: r.mean() - f.mean())
wrong("an absolute difference", "clipping", "no absolute value", critic_loss=lambda r, f: -(r.mean() - f.mean()).abs())
wrong("a sigmoid left in", "clipping", "no sigmoid", critic_loss=lambda r, f: torch.sigmoid(f).mean() - torch.sigmoid(r).mean())
wrong("sums", "clipping", "sums over the batch", critic_loss=lambda r, f: f.sum() - r.sum())
wrong("the generator's sign", "clipping", "wants high values", generator_loss=lambda f: f.mean())
wrong("-log D for the generator", "clipping", "of homework 1", generator_loss=lambda f: F.softplus(-f).mean())


def each(change):
    def clip(critic, c):
        with torch.no_grad():
            for name, p in critic.named_parameters():
                change(name, p, c)

    return clip


def renewed(critic, c):
    for module in critic.modules():
        for name, p in list(module.named_parameters(recurse=False)):
            setattr(module, name, torch.nn.Parameter(p.detach().clamp(-c, c)))


def with_gradient(critic, c):
    for p in critic.parameters():
        p.clamp_(-c, c)


wrong("clamp without its underscore", "clipping", "clamp() makes a new tensor", clip=each(lambda n, p, c: p.clamp(-c, c)))
wrong("clamp inside autograd", "clipping", "leaf Variable", clip=with_gradient)
wrong("biases forgotten", "clipping", "biases are parameters", clip=each(lambda n, p, c: p.clamp_(-c, c) if "weight" in n else p))
wrong("one wall only", "clipping", "lower wall", clip=each(lambda n, p, c: p.clamp_(max=c)))
wrong("the norm in place of the box", "clipping", "cuts each number off", clip=each(lambda n, p, c: p.mul_(c / p.norm())))
wrong(
    "the gradients clipped",
    "clipping",
    "",
    clip=lambda critic, c: torch.nn.utils.clip_grad_value_(critic.parameters(), c),
)
wrong("new parameters", "clipping", "optimiser still holds the old ones", clip=renewed)


def step(box="after", detach=True, zero=True, returned=lambda loss: -loss.item(), sign=1):
    def critic_step(generator, critic, optimiser, real, z, c):
        def clip():
            for p in critic.parameters():
                p.data.clamp_(-c, c)

        if box == "before":
            clip()
        fake = generator(z).detach() if detach else generator(z)
        loss = critic(fake).mean() - critic(real).mean()
        if zero:
            optimiser.zero_grad()
        (sign * loss).backward()
        optimiser.step()
        if box == "after":
            clip()
        return returned(loss)

    return critic_step


def clipped_gradients(generator, critic, optimiser, real, z, c):
    loss = critic(generator(z).detach()).mean() - critic(real).mean()
    optimiser.zero_grad()
    loss.backward()
    for p in critic.parameters():
        p.grad.clamp_(-c, c)
    optimiser.step()
    with torch.no_grad():
        for p in critic.parameters():
            p.clamp_(-c, c)
    return -loss.item()


wrong("no box in the step", "clipping", "the box is missing", critic_step=step(box="never"))
wrong("the box before the step", "clipping", "clipped *before* the step", critic_step=step(box="before"))
wrong("the fakes not detached", "clipping", "detach the fakes", critic_step=step(detach=False))
wrong("zero_grad() forgotten", "clipping", "old gradients are added", critic_step=step(zero=False))
wrong("the critic goes down", "clipping", "makes its estimate smaller", critic_step=step(sign=-1))
wrong("the loss returned", "clipping", "the estimate is minus the loss", critic_step=step(returned=lambda loss: loss.item()))
wrong("the graph returned", "clipping", ".item()", critic_step=step(returned=lambda loss: -loss))
wrong("gradients clipped in the step", "clipping", "it is the weights", critic_step=clipped_gradients)


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
    return float(gap)


right("real and fake in one batch", "clipping", critic_step=joined)
right("the box by .data", "clipping", clip=lambda critic, c: [p.data.clamp_(-c, c) for p in critic.parameters()])
right(
    "the box by minimum and maximum",
    "clipping",
    clip=each(lambda n, p, c: p.copy_(p.minimum(torch.full_like(p, c)).maximum(torch.full_like(p, -c)))),
)
right("the losses by labels", "clipping", critic_loss=lambda r, f: (-1 * r).mean() + (1 * f).mean())

# 4. Where the penalty looks: each of the published mistakes


def mixed(epsilon):
    def between(real, fake):
        e = epsilon(real)
        return e * real + (1 - e) * fake

    return between


def column(x):
    return [len(x)] + [1] * (x.ndim - 1)


wrong("epsilon is 1 (a public implementation)", "places", "real samples only", between=mixed(lambda x: torch.ones(column(x))))
wrong("epsilon is 0", "places", "fake samples only", between=mixed(lambda x: torch.zeros(column(x))))
wrong("epsilon is 1/2", "places", "draw one for each pair", between=mixed(lambda x: torch.full(column(x), 0.5)))
wrong(
    "a normal epsilon (a textbook, keras.io)", "places", "a normal distribution", between=mixed(lambda x: torch.randn(column(x)))
)
wrong("one epsilon for the batch", "places", "one epsilon for the whole batch", between=mixed(lambda x: torch.rand(1)))
wrong("an epsilon for each entry (PyTorch-GAN, issue 5)", "places", "fill a box", between=mixed(torch.rand_like))
wrong(
    "an epsilon for each feature, shared by the pairs",
    "places",
    "the same in all pairs",
    between=mixed(lambda x: torch.rand(1, *x.shape[1:])),
)
wrong("a normal epsilon for each entry", "places", "noise around the samples", between=mixed(torch.randn_like))
wrong(
    "epsilon [N, 1] against pictures",
    "places",
    "wrong number of axes",
    between=mixed(lambda x: torch.rand(len(x), 1)),
)
wrong(
    "epsilon [N, 1, 1, 1] against points", "places", "wrong number of axes", between=mixed(lambda x: torch.rand(len(x), 1, 1, 1))
)
wrong(
    "epsilon [N] that lines up with the width",
    "places",
    "*last* axis",
    between=lambda real, fake: mixed(
        lambda x: torch.rand(len(x)) if x.ndim == 4 and x.shape[-1] == len(x) else torch.rand(column(x))
    )(real, fake),
)
wrong(
    "one epsilon a channel",
    "places",
    "for each channel",
    between=mixed(lambda x: torch.rand(*x.shape[:2], 1, 1) if x.ndim == 4 else torch.rand(column(x))),
)


def lost_plus(real, fake):
    e = torch.rand(column(real), dtype=torch.float64)
    return e * real * (1 - e) * fake


def two_draws(real, fake):
    return torch.rand(column(real), dtype=torch.float64) * real + torch.rand(column(real), dtype=torch.float64) * fake


def seeded(real, fake):
    e = torch.rand(column(real), generator=torch.Generator().manual_seed(0))
    return e * real + (1 - e) * fake


wrong("a deck's lost plus", "places", "a plus is lost", between=lost_plus)
wrong("two draws for one epsilon", "places", "do not sum to 1", between=two_draws)
wrong("a seed inside", "places", "draw anew", between=seeded)
wrong("epsilon from the upper half", "places", "evenly", between=mixed(lambda x: 0.5 + torch.rand(column(x)) / 2))
wrong("DRAGAN's noise", "places", "noise around", between=lambda real, fake: real + 0.5 * torch.randn_like(real))
right("torch.lerp", "places", between=lambda r, f: torch.lerp(f, r, torch.rand(column(r), dtype=r.dtype)))
right("by the difference", "places", between=lambda r, f: f + torch.rand(column(r)) * (r - f))
right("the roles of epsilon exchanged", "places", between=lambda r, f: r + torch.rand(column(r)) * (f - r))
right(
    "numpy, pair by pair",
    "places",
    between=lambda r, f: torch.stack([e * a + (1 - e) * b for e, a, b in zip(np.random.rand(len(r)), r, f, strict=True)]),
)

# 5. The gradient penalty


def slopes(critic, x, reduce="sum", create=True):
    x = x.detach().requires_grad_()
    values = critic(x)
    (g,) = torch.autograd.grad(values.sum() if reduce == "sum" else values.mean(), x, create_graph=create)
    return g


def lengths(critic, x):
    return slopes(critic, x).flatten(1).norm(dim=1)


def penalty(of):
    return lambda critic, x: (of(critic, x) - 1).square().mean()


wrong(
    "the norm over the channels (Zeleni9, issue 40)",
    "penalty",
    "dim=1 is the channels",
    gradient_penalty=penalty(lambda critic, x: slopes(critic, x).norm(dim=1)),
)
wrong(
    "one norm for the batch",
    "penalty",
    "all samples got one norm",
    gradient_penalty=lambda critic, x: (slopes(critic, x).norm() - 1).square(),
)
wrong(
    "the norm over the batch axis",
    "penalty",
    "it runs over the batch",
    gradient_penalty=penalty(lambda critic, x: slopes(critic, x).flatten(1).norm(dim=0)),
)
wrong(
    "create_graph forgotten",
    "penalty",
    "create_graph=True",
    gradient_penalty=penalty(lambda critic, x: slopes(critic, x, create=False).flatten(1).norm(dim=1)),
)
wrong(
    "create_graph forgotten, requires_grad put on afterwards",
    "penalty",
    "create_graph=True",
    gradient_penalty=penalty(lambda critic, x: slopes(critic, x, create=False).requires_grad_().flatten(1).norm(dim=1)),
)
wrong("the squared norm", "penalty", "a root is missing", gradient_penalty=penalty(lambda critic, x: lengths(critic, x).square()))
wrong("the 1 forgotten", "penalty", "the 1 is missing", gradient_penalty=lambda critic, x: lengths(critic, x).square().mean())
wrong(
    "one-sided",
    "penalty",
    "one-sided",
    gradient_penalty=lambda critic, x: F.relu(lengths(critic, x) - 1).square().mean(),
)
wrong(
    "the mean of the norms first",
    "penalty",
    "the mean comes last",
    gradient_penalty=lambda critic, x: (lengths(critic, x).mean() - 1).square(),
)
wrong(
    "the mean of the values differentiated",
    "penalty",
    "N times too short",
    gradient_penalty=penalty(lambda critic, x: slopes(critic, x, "mean").flatten(1).norm(dim=1)),
)
wrong(
    "the weight 10 inside",
    "penalty",
    "the weight 10",
    gradient_penalty=lambda critic, x: 10 * (lengths(critic, x) - 1).square().mean(),
)
wrong(
    "a root written out",
    "penalty",
    "infinite slope",
    gradient_penalty=penalty(lambda critic, x: slopes(critic, x).flatten(1).square().sum(1).sqrt()),
)
wrong(
    "a root mean square",
    "penalty",
    "root of their *sum*",
    gradient_penalty=penalty(lambda critic, x: (slopes(critic, x).flatten(1).square().mean(1) + 1e-14).sqrt()),
)
wrong("not reduced", "penalty", "take the mean", gradient_penalty=lambda critic, x: (lengths(critic, x) - 1).square())
wrong("a float", "penalty", "a scalar tensor", gradient_penalty=lambda critic, x: (lengths(critic, x) - 1).square().mean().item())


def by_backward(critic, x):
    x = x.detach().requires_grad_()
    critic(x).sum().backward(create_graph=True)
    return (x.grad.flatten(1).norm(dim=1) - 1).square().mean()


def attached(critic, x):
    x = x if x.requires_grad else x.requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (g.flatten(1).norm(dim=1) - 1).square().mean()


wrong("backward() for the slopes", "penalty", "writes into everybody's .grad", gradient_penalty=by_backward)
wrong("x left on the generator", "penalty", "cuts it off", gradient_penalty=attached)
wrong("requires_grad_() forgotten", "penalty", "", code="""
def gradient_penalty(critic, x):
    x = x.detach()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (g.flatten(1).norm(dim=1) - 1).square().mean()
""")  # fmt: skip


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


right("torch.func", "penalty", gradient_penalty=by_vmap)
right("grad_outputs of ones, mse_loss", "penalty", gradient_penalty=by_vector_product)
right("sample by sample", "penalty", gradient_penalty=one_by_one)
right(
    "a root with a small number under it",
    "penalty",
    gradient_penalty=penalty(lambda critic, x: (slopes(critic, x).flatten(1).square().sum(1) + 1e-12).sqrt()),
)

# 6. Least squares


def squares(r, f, a, b):
    return ((r - b) ** 2).mean() / 2 + ((f - a) ** 2).mean() / 2


wrong(
    "squares of a sigmoid (two public repositories)",
    "least_squares",
    "no sigmoid",
    squares_d=lambda r, f, a, b: squares(torch.sigmoid(r), torch.sigmoid(f), a, b),
)
wrong(
    "a deck's bracket",
    "least_squares",
    "a bracket is in the wrong place",
    squares_d=lambda r, f, a, b: ((r**2 - b).mean() + (f**2 - a).mean()) / 2,
)
wrong("codes exchanged", "least_squares", "codes are exchanged", squares_d=lambda r, f, a, b: squares(r, f, b, a))
wrong("halves forgotten", "least_squares", "halves are missing", squares_d=lambda r, f, a, b: 2 * squares(r, f, a, b))
wrong("codes taken for granted", "least_squares", "do not take 0 and 1", squares_d=lambda r, f, a, b: squares(r, f, 0, 1))
wrong("a sigmoid in G's loss", "least_squares", "flat parts", squares_g=lambda f, c: (torch.sigmoid(f) - c).square().mean() / 2)
wrong("square of the mean", "least_squares", "", squares_g=lambda f, c: (f.mean() - c).square() / 2)
wrong(
    "best D with its codes exchanged",
    "least_squares",
    "b goes with the data",
    best_d=lambda p, q, a, b: (a * p + b * q) / (p + q),
)
wrong("best D for 0 and 1 only", "least_squares", "0 and 1 only", best_d=lambda p, q, a, b: p / (p + q))
wrong("best D with a sign", "least_squares", "to zero", best_d=lambda p, q, a, b: (b * p - a * q) / (p + q))
right(
    "mse_loss",
    "least_squares",
    squares_d=lambda r, f, a, b: 0.5 * (F.mse_loss(r, torch.full_like(r, b)) + F.mse_loss(f, torch.full_like(f, a))),
    squares_g=lambda f, c: 0.5 * F.mse_loss(f, torch.full_like(f, c)),
)
right("best D from a to b", "least_squares", best_d=lambda p, q, a, b: a + (b - a) * p / (p + q))
right("squares multiplied out", "least_squares", squares_g=lambda f, c: (f * f - 2 * c * f + c * c).mean() / 2)

# 7. A thermostat


def clipped(move):
    return lambda k, r, f, gamma, rate: min(max(k + move(r, f, gamma, rate), 0.0), 1.0)


wrong(
    "k without its stops (a public collection)", "thermostat", "k left [0, 1]", next_k=lambda k, r, f, g, s: k + s * (g * r - f)
)
wrong("stopped at the top only", "thermostat", "k left [0, 1]", next_k=lambda k, r, f, g, s: min(k + s * (g * r - f), 1.0))
wrong(
    "the move clipped, not k",
    "thermostat",
    "",
    next_k=lambda k, r, f, g, s: k + min(max(s * (g * r - f), 0.0), 1.0),
)
wrong("the thermostat's sign", "thermostat", "must make k rise", next_k=clipped(lambda r, f, g, s: s * (f - g * r)))
wrong("gamma at the fakes", "thermostat", "gamma multiplies the real error", next_k=clipped(lambda r, f, g, s: s * (r - g * f)))
wrong("lambda forgotten", "thermostat", "the rate lambda is missing", next_k=clipped(lambda r, f, g, s: g * r - f))
wrong("the old k forgotten", "thermostat", "old k is missing", next_k=lambda k, r, f, g, s: min(max(s * (g * r - f), 0.0), 1.0))
wrong("squared errors", "thermostat", "these are squares", errors=lambda net, x: (x - net(x)).square().flatten(1).mean(1))
wrong("one error for the batch", "thermostat", "one number for each picture", errors=lambda net, x: (x - net(x)).abs().mean())
wrong("summed errors", "thermostat", "sum over the pixels", errors=lambda net, x: (x - net(x)).abs().flatten(1).sum(1))
wrong(
    "the drawing detached",
    "thermostat",
    "drawing is detached",
    errors=lambda net, x: (x - net(x).detach()).abs().flatten(1).mean(1),
)
wrong("a mean over the channels only", "thermostat", "flatten(1) the picture", errors=lambda net, x: (x - net(x)).abs().mean(1))
wrong(
    "D helps the fakes", "thermostat", "draw the fakes *badly*", began_losses=lambda r, f, k: (r.mean() + k * f.mean(), f.mean())
)
wrong("k in G's loss", "thermostat", "k is D's business", began_losses=lambda r, f, k: (r.mean() - k * f.mean(), k * f.mean()))
wrong("G wants bad drawings", "thermostat", "draws *well*", began_losses=lambda r, f, k: (r.mean() - k * f.mean(), -f.mean()))
wrong("one loss returned", "thermostat", "return both", began_losses=lambda r, f, k: r.mean() - k * f.mean())
right("numpy's clip", "thermostat", next_k=lambda k, r, f, g, s: np.clip(k + s * (g * r - f), 0, 1))
right("a tensor's clamp", "thermostat", next_k=lambda k, r, f, g, s: torch.tensor(k + s * (g * r - f)).double().clamp(0, 1))
right("l1_loss", "thermostat", errors=lambda net, x: F.l1_loss(net(x), x, reduction="none").mean(dim=tuple(range(1, x.ndim))))

# Answers that do not answer

wrong("not written", "penalty", "not written yet", code="def gradient_penalty(critic, x):\n    raise NotImplementedError()")
wrong("hard-coded: the linear critic's 0", "penalty", "", gradient_penalty=lambda critic, x: 0 * critic(x).sum())
wrong("exit() in the answer", "duality", "exit()", code="def shown(f, p, q, distance):\n    raise SystemExit(0)")
wrong(
    "the oracle replaced",
    "transport",
    "no longer what it was",
    code="import gancourse.theory.transport as t\nt.earth_mover = lambda p, q, c: right['earth_mover'](p, q, c)",
)
wrong(
    "the catalogue of slips replaced",
    "penalty",
    "no longer",
    code="hw3._penalties = lambda g: []",
)
wrong(
    "torch.autograd.grad replaced",
    "penalty",
    "no longer",
    code="kept = torch.autograd.grad\ntorch.autograd.grad = lambda *a, **k: kept(*a, **k)",
)
wrong("the check's close() replaced", "places", "no longer", code="hw3._on_lines = lambda *a: None")


def pairings(p, q, cost):
    """Right for equal heaps and holes only."""
    rows, columns = linear_sum_assignment(cost.numpy())
    plan = torch.zeros_like(cost)
    plan[rows, columns] = 1 / len(cost)
    return plan, float((plan * cost).sum())


wrong("a pairing, which is right for equal heaps only", "transport", "", earth_mover=pairings)
