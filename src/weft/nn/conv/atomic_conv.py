"""Atomic convolution: radial filters of distances, summed by kind of neighbour."""

import math
from typing import Any, final

import torch
from torch import Tensor, nn

from ...errors import OptionError, ShapeError, message
from ...graph import adjacency_of
from .._aggregate import aggregate
from .._arguments import Edges, Features
from .._formula import formula


class RadialPooling(nn.Module):
    """Radial filters with a smooth cutoff.

    `out[k] = exp(-scaling[k] * (r - mean[k])^2) * (cos(pi r / cutoff[k]) + 1) / 2` where r < cutoff[k], and 0 elsewhere

    *Shapes* `distance: (count,) -> (count, num_filters)`

    >>> RadialPooling(torch.tensor([2.0]), torch.tensor([1.0]), torch.tensor([1.0]))(torch.tensor([1.0, 3.0]))
    tensor([[0.5000],
            [0.0000]], grad_fn=...)
    """

    def __init__(self, cutoffs: Tensor, means: Tensor, scalings: Tensor) -> None:
        super().__init__()
        self.interaction_cutoffs = nn.Parameter(cutoffs.detach().clone().reshape(-1))
        self.rbf_kernel_means = nn.Parameter(means.detach().clone().reshape(-1))
        self.rbf_kernel_scaling = nn.Parameter(scalings.detach().clone().reshape(-1))

    def forward(self, distance: Tensor) -> Tensor:
        """Apply all filters to every distance."""
        r = distance.unsqueeze(-1)
        kernel = torch.exp(-self.rbf_kernel_scaling * (r - self.rbf_kernel_means).square())
        window = 0.5 * (torch.cos(math.pi * r / self.interaction_cutoffs) + 1)
        return kernel * torch.where(r < self.interaction_cutoffs, window, 0)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        # DGL keeps them as (num_filters, 1, 1).
        for name, parameter in self._parameters.items():
            given = state_dict.get(prefix + name)
            if parameter is not None and given is not None and given.numel() == parameter.numel():
                state_dict[prefix + name] = given.reshape(parameter.shape)
        super()._load_from_state_dict(state_dict, prefix, *rest)


@final
class AtomicConv(nn.Module):
    """Radial filters of the distances to the neighbours, summed by the kind of neighbour.

    `out[i, t, k] = sum over edges e = j -> i of f[k](distance[e]) * (1 if x[j] = features_to_use[t] else 0)`, with

    `f[k](r) = exp(-scaling[k] * (r - mean[k])^2) * (cos(pi r / cutoff[k]) + 1) / 2` for r < cutoff[k], and 0 elsewhere

    Without `features_to_use` the neighbour counts as often as its features say: times x[j, t].

    *Shapes* `x: (num_sources, 1)`, such as atomic numbers, or `(num_sources, width)` without `features_to_use`; of a pair
    only the first is read; `distance: (num_edges,)` or `(num_edges, 1)` -> `(num_targets, num_kinds * num_filters)`, filters
    within kinds. Without an edge the sum is 0.

    Args:
        interaction_cutoffs, rbf_kernel_means, rbf_kernel_scaling: where the filters begin, `(num_filters,)` each; all are
            learned.
        features_to_use: the kinds, `(num_kinds,)`.

    Raises:
        OptionError: in the constructor, if the three are not of one length.
        ShapeError: in the call, if inputs do not fit the graph or the layer.

    *Source* Gomes, Ramsundar, Feinberg and Pande, 2017, Atomic Convolutional Networks for Predicting Protein-Ligand
    Binding Affinity, arXiv:1703.10603, section 2.

    *Differs from the source* the window multiplies the exponential, as in the authors' program, and does not stand in
    its exponent; neighbours are the edges of the graph.
    *Differs from DGL* without `features_to_use`, features may have any width. Parameters are DGL's: `radial_pooling.*`;
    `features_to_use` is a buffer.

    *Cost* filters on chunks of edges, forward and again in backward; nothing of size E.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1]), torch.tensor([2, 2]), num_nodes=3)
    >>> kinds, ones = torch.tensor([6.0, 8.0]), torch.ones(1)
    >>> layer = AtomicConv(2 * ones, ones, ones, features_to_use=kinds)
    >>> layer(graph, torch.tensor([[6.0], [6.0], [1.0]]), distance=torch.tensor([1.0, 1.0]))[2].detach().round(decimals=3)
    tensor([1., 0.])
    """

    features_to_use: Tensor | None

    def __init__(
        self,
        interaction_cutoffs: Tensor,
        rbf_kernel_means: Tensor,
        rbf_kernel_scaling: Tensor,
        *,
        features_to_use: Tensor | None = None,
    ) -> None:
        super().__init__()
        given = (interaction_cutoffs, rbf_kernel_means, rbf_kernel_scaling)
        if len({each.numel() for each in given}) > 1:
            got = ", ".join(str(each.numel()) for each in given)
            raise OptionError(message("AtomicConv", "as many cutoffs as means and scalings", got))
        self.radial_pooling = RadialPooling(*given)
        self.register_buffer("features_to_use", None if features_to_use is None else features_to_use.detach().clone())

    def forward(self, graph: Edges, x: Features, *, distance: Tensor) -> Tensor:
        """Compute the sums of all targets."""
        adjacency = adjacency_of(graph)
        x_source = x[0] if isinstance(x, tuple) else x
        width = None if self.features_to_use is None else 1
        count = adjacency.num_sources
        if x_source.dim() != 2 or x_source.shape[0] != count or (width and x_source.shape[1] != width):
            form = f"`x` of shape ({count}, {width or 'any'})"
            raise ShapeError(message("AtomicConv", form, str(tuple(x_source.shape))))
        if distance.shape not in (torch.Size([adjacency.num_edges]), torch.Size([adjacency.num_edges, 1])):
            form = f"`distance` of shape ({adjacency.num_edges},)"
            raise ShapeError(message("AtomicConv", form, str(tuple(distance.shape))))
        named: dict[str, Any] = {"source": {"x": x_source.to(distance.dtype)}, "edge": {"r": distance.reshape(-1)}}
        named["shared"] = {"filters": self.radial_pooling}
        if self.features_to_use is not None:
            named["shared"]["kinds"] = self.features_to_use.to(distance.dtype)
        made = _PLAIN if self.features_to_use is None else _BY_KIND
        # There is no product of matrices that lower precision would speed up.
        with torch.autocast(distance.device.type, enabled=False):
            out: Tensor = aggregate(adjacency, made, **named)
        return out.flatten(1)

    def extra_repr(self) -> str:
        """Number of filters and kinds."""
        kinds = None if self.features_to_use is None else self.features_to_use.tolist()
        return f"num_filters={self.radial_pooling.rbf_kernel_means.numel()}, features_to_use={kinds}"


def _plain(source: Any, target: Any, edge: Any, shared: Any) -> Tensor:
    return source["x"].unsqueeze(-1) * shared["filters"](edge["r"]).unsqueeze(1)  # type: ignore[no-any-return]


def _by_kind(source: Any, target: Any, edge: Any, shared: Any) -> Tensor:
    filters = shared["filters"](edge["r"]).unsqueeze(1)
    return (source["x"] == shared["kinds"]).to(filters.dtype).unsqueeze(-1) * filters  # type: ignore[no-any-return]


_PLAIN, _BY_KIND = formula(_plain, trace=False), formula(_by_kind, trace=False)
