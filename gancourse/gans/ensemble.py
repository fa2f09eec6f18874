"""K small GANs trained at once as batched matrix products: what one seed costs, five seeds cost a little more.

A small network wastes a processor: much of a step of a 2 x 128 perceptron is overhead.  An ensemble stacks the weights of K
networks of one shape, so that layer l of all members is one batched product X W with X [K, N, in] and W [K, in, out].  The
members never meet: the loss is the *sum* of theirs, so each weight gets the gradient of its own member's loss, and an
optimiser that works on each number by itself (Adam, SGD, RMSprop) does with each member what it would do with it alone.
Member k of

>>> networks = [new_players(seed) for seed in seeds]
>>> game = EnsembleGAN(stack([g for g, _ in networks]), stack([d for _, d in networks]), seeds)
>>> run = fit(game, EnsembleBatches(distribution, 128, seeds), steps)

is, up to the order in which sums are rounded, the network that ``fit(GAN(*networks[k]), Batches(distribution, 128,
seed=seeds[k]), steps, seed=seeds[k])`` trains; a test compares them.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.networks import evaluating
from gancourse.data.batches import Batches
from gancourse.gans.gan import GAN
from gancourse.models.layers.minibatch import MinibatchDiscrimination, MinibatchSpread

ELEMENTWISE = (nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.Sigmoid, nn.Softplus, nn.Identity)


class StackedLinear(nn.Module):
    """K linear layers: x [K, N, in] -> [K, N, out], one batched product."""

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.stack([layer.weight.detach().T for layer in layers]).contiguous())  # [K, in, out]
        self.bias = nn.Parameter(torch.stack([layer.bias.detach()[None] for layer in layers]))  # [K, 1, out]

    def forward(self, x: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, x, self.weight)

    @torch.no_grad()
    def unstack(self, k: int, layer: nn.Linear) -> None:
        """Write member k's weights into ``layer``."""
        layer.weight.copy_(self.weight[k].T)
        layer.bias.copy_(self.bias[k, 0])


class StackedBatchNorm(nn.Module):
    """K batch normalisations: each member's features by the statistics of its own batch.  x [K, N, F] -> [K, N, F]."""

    def __init__(self, layers: Sequence[nn.BatchNorm1d]) -> None:
        super().__init__()
        first = layers[0]
        self.norm = nn.BatchNorm1d(len(layers) * first.num_features, eps=first.eps, momentum=first.momentum)
        self.norm.to(first.weight)
        state = [layer.state_dict() for layer in layers]
        count = state[0]["num_batches_tracked"]
        joined = {name: torch.cat([s[name] for s in state]) for name in state[0] if name != "num_batches_tracked"}
        self.norm.load_state_dict(joined | {"num_batches_tracked": count})

    def forward(self, x: Tensor) -> Tensor:
        members, _, features = x.shape
        beside = x.transpose(0, 1).flatten(1)  # [N, K F]: members are further features
        out: Tensor = self.norm(beside).unflatten(1, (members, features)).transpose(0, 1)
        return out

    @torch.no_grad()
    def unstack(self, k: int, layer: nn.BatchNorm1d) -> None:
        """Write member k's weights and statistics into ``layer``."""
        part = slice(k * layer.num_features, (k + 1) * layer.num_features)
        for name in ("weight", "bias", "running_mean", "running_var"):
            getattr(layer, name).copy_(getattr(self.norm, name)[part])
        layer.get_buffer("num_batches_tracked").copy_(self.norm.get_buffer("num_batches_tracked"))


class StackedMinibatchDiscrimination(MinibatchDiscrimination):
    """K minibatch discriminations: the projection has one more dimension, [K, F, B, C]; batches do not mix."""

    def __init__(self, layers: Sequence[MinibatchDiscrimination]) -> None:
        nn.Module.__init__(self)
        self.projection = nn.Parameter(torch.stack([layer.projection.detach() for layer in layers]))

    @torch.no_grad()
    def unstack(self, k: int, layer: MinibatchDiscrimination) -> None:
        """Write member k's projection into ``layer``."""
        layer.projection.copy_(self.projection[k])


STACKED: dict[type[nn.Module], type[nn.Module]] = {
    nn.Linear: StackedLinear,
    nn.BatchNorm1d: StackedBatchNorm,
    MinibatchDiscrimination: StackedMinibatchDiscrimination,
}


class Ensemble(nn.Module):
    """K networks of one architecture as one: see :func:`stack`."""

    batch_dim = 1  # x is [K, N, ...]; layers that look across a batch (packing) must know where it is

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = len(networks)
        self._template = [copy.deepcopy(networks[0])]  # in a list: no submodule, so no parameters of its own
        rows = zip(*[_layers(network) for network in networks], strict=True)
        self.layers = nn.Sequential(*[_stacked(row) for row in rows])
        self.out_shape = getattr(networks[0], "out_shape", None)  # None: a discriminator, one logit for each sample
        for told in ("latent_dim", "encoder_layers"):
            if hasattr(networks[0], told):
                setattr(self, told, getattr(networks[0], told))

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim < 3 or len(x) != self.members:
            k = self.members
            raise ValueError(f"an ensemble of {k} takes [{k}, N, ...], not {list(x.shape)}: one batch for each member")
        out: Tensor = self.layers(x.flatten(2))  # [K, N, features]
        return out.squeeze(2) if self.out_shape is None else out.unflatten(2, self.out_shape)

    def member(self, k: int) -> nn.Module:
        """Network k by itself, a copy with the weights as they now are."""
        network = copy.deepcopy(self._template[0]).to(next(self.parameters()).device)
        for stacked, single in zip(self.layers, _layers(network), strict=True):
            if hasattr(stacked, "unstack"):
                cast(Any, stacked).unstack(k, single)
        return network.train(self.training)


def stack(networks: Sequence[nn.Module]) -> Ensemble:
    """K perceptrons of one architecture as an :class:`Ensemble`: [K, N, ...] -> [K, N, ...]; the weights are copied.

    The networks must keep their layers in ``.layers``, as those of :mod:`gancourse.models.mlp` and
    :mod:`gancourse.models.layers.minibatch` do.  Each begins with its own weights, so member k is "the network of seed k".
    """
    networks = list(networks)
    if not networks:
        raise ValueError("an ensemble needs at least one network: stack([network, ...])")
    if not all(isinstance(getattr(network, "layers", None), nn.Sequential) for network in networks):
        raise ValueError("only networks that keep their layers in .layers can be stacked: take gancourse.models.mlp")
    made = [_architecture(network) for network in networks]
    if any(each != made[0] for each in made):
        raise ValueError(
            "the members of an ensemble must have one architecture: same layers, same sizes and settings, other weights"
        )
    return Ensemble(networks)


def _architecture(network: nn.Module) -> list[Any]:
    """Each layer's class and settings, and the shapes of all weights."""
    for layer in _layers(network):
        if isinstance(layer, nn.Linear | nn.BatchNorm1d) and layer.bias is None:
            raise ValueError(f"{layer} has no bias and cannot be stacked: make it with one, which may be zero")
        if isinstance(layer, nn.BatchNorm1d) and not layer.track_running_stats:
            raise ValueError(f"{layer} keeps no running statistics and cannot be stacked: make it with track_running_stats=True")
    layers: list[Any] = [(type(layer), layer.extra_repr()) for layer in _layers(network)]
    return [*layers, *(tuple(p.shape) for p in network.parameters())]


def _layers(network: nn.Module) -> nn.Sequential:
    return cast(nn.Sequential, network.layers)


def _stacked(layers: Sequence[nn.Module]) -> nn.Module:
    kind = type(layers[0])
    if kind in STACKED:
        return STACKED[kind](layers)
    if kind in ELEMENTWISE or kind is MinibatchSpread:  # these look at the last two dimensions at most: members do not mix
        return copy.deepcopy(layers[0])
    raise ValueError(f"a layer of type {kind.__name__} cannot be stacked: use {', '.join(t.__name__ for t in STACKED)}")


class EnsembleBatches:
    """One stream of batches for each member, seeded by its seed: an endless iterator of [K, N, ...].

    ``source`` is what :class:`gancourse.data.Batches` takes, or a list of such, one for each member.
    """

    def __init__(self, source: Any, batch_size: int, seeds: Sequence[int], device: torch.device | str | None = None) -> None:
        sources = source if isinstance(source, list | tuple) else [source] * len(seeds)
        if len(sources) != len(seeds):
            raise ValueError(f"give one source, or one for each of the {len(seeds)} seeds, not {len(sources)}")
        pairs = zip(sources, seeds, strict=True)
        self.streams = [Batches(part, batch_size, seed=seed, device=device) for part, seed in pairs]

    def __iter__(self) -> Iterator[Tensor]:
        return self

    def __next__(self) -> Tensor:
        return torch.stack([next(stream) for stream in self.streams])

    def state_dict(self) -> dict[str, Any]:
        """Where each stream is."""
        return {str(k): stream.state_dict() for k, stream in enumerate(self.streams)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go to where the streams were that gave ``state``."""
        for k, stream in enumerate(self.streams):
            stream.load_state_dict(state[str(k)])


class EnsembleGAN(GAN):
    """K games at once, for ``fit``: generator and discriminator are ensembles, real samples [K, N, ...].

    Each loss is the sum over members of theirs, so no member's gradient is divided by K.  Member k draws its latents from
    ``seeds[k]``, as ``fit(..., seed=seeds[k])`` would draw them for it alone; fit's own seed is not used.
    """

    def __init__(self, generator: Ensemble, discriminator: nn.Module, seeds: Sequence[int], *args: Any, **options: Any) -> None:
        super().__init__(generator, discriminator, *args, **options)
        if len(seeds) != generator.members:
            raise ValueError(f"an ensemble of {generator.members} needs as many seeds, not {len(seeds)}")
        self.seeds = [check.seed(seed) for seed in seeds]
        self.sources = [torch.Generator().manual_seed(seed) for seed in self.seeds]

    def latents(self, n: int, source: torch.Generator | None = None) -> Tensor:
        """z ~ N(0, I), [K, n, latent_dim], each member from its own source; ``source`` is not used."""
        return self.taken(torch.stack([torch.randn(n, self.latent_dim, generator=each) for each in self.sources]))

    @torch.no_grad()
    def refresh_statistics(self, generator: nn.Module, rounds: int = 8, n: int = 64, seed: int = 0) -> None:
        """As in :class:`GAN`; the members' own sources stay where they are, so that looking on changes no training."""
        kept, self.sources = self.sources, [torch.Generator().manual_seed(seed) for _ in self.sources]
        try:
            super().refresh_statistics(generator, rounds, n, seed)
        finally:
            self.sources = kept

    def state_dict(self) -> dict[str, Any]:
        return {"sources": [source.get_state() for source in self.sources]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for source, kept in zip(self.sources, state["sources"], strict=True):
            source.set_state(kept)

    def sample(self, n: int, seed: int = 0, generator: nn.Module | None = None) -> Tensor:
        """n samples of each member in evaluation mode, from the same n latents: [K, n, ...]."""
        player = generator if generator is not None else self.generator
        z = self.taken(torch.randn(n, self.latent_dim, generator=torch.Generator().manual_seed(seed)))
        with evaluating(player):
            return torch.cat([player(part.expand(len(self.seeds), -1, -1)) for part in z.split(1024)], dim=1).float()
