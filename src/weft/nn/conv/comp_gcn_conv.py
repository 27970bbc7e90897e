"""Composition-based graph convolution: neighbours composed with learned features of relations, which are updated too."""

from typing import Literal, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import ShapeError, check_choice, message
from ...graph import Adjacency
from ...ops import gather_rows, spmm
from .._aggregate import aggregate
from .._arguments import Edges, check_edge_weight, resolve_sources
from .._formula import formula
from .._reset import draw_glorot
from .._types import check_types

Composition = Literal["sub", "mult", "corr"]
COMPOSITIONS = ("sub", "mult", "corr")


@final
class CompGCNConv(nn.Module):
    """Sum over edges, in both directions, of what neighbours and relations make together, beside the node's own.

        out[i] = (W_S c(x[i], loop) + W_O sum over edges e = j -> i of edge_weight[e] * c(x[j], z[edge_type[e]])
                  + W_I sum over edges e = i -> j of edge_weight[e] * c(x[j], z[num_types + edge_type[e]])) / 3 + b
        relations = W_R z

    where c composes a neighbour with a relation

        composition   c(x, z)
        "sub"         x - z
        "mult"        x * z
        "corr"        circular correlation, c[k] = sum over i of x[i] * z[(i + k) mod in_features]

    *Shapes* `x: (num_nodes, in_features)`, `z = relation_features: (2 * num_types, in_features)`, of which the second half is
    for edges against their direction; `edge_type, edge_weight: (num_edges,)` -> `(num_nodes, out_features)`. The new
    features of relations, `(2 * num_types, out_features)`, come from `relations(z)`.

    Args:
        num_types: how many types of edges there are.

    Raises:
        OptionError: in the constructor, if the composition does not exist.
        ShapeError, DtypeError, IdError: in the call, if arguments do not fit the graph or a type is not there.

    *Source* Vashishth, Sanyal, Nitin and Talukdar, 2020, Composition-based Multi-Relational Graph Convolutional Networks,
    arXiv:1911.03082, equations 2 to 4.

    *Differs from the source* no activation, batch normalisation or dropout; the mean over the three directions is of the
    authors' code, and so is `loop`, the features of the relation to oneself; they also weight edges by degrees.
    Features of relations from bases are the caller's.
    *Differs from DGL* it has an example and no layer. *Differs from PyG* it has none.

    *Cost* "sub" reads E x in_features in each direction; "mult" and "corr" run on chunks of edges that take about
    `weft.settings.chunk_bytes`. Three products of N x in_features x out_features.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> layer, z = CompGCNConv(4, 2, num_types=2, composition="corr"), torch.randn(4, 4)
    >>> layer(graph, torch.randn(3, 4), edge_type=torch.tensor([0, 1, 1]), relation_features=z).shape, layer.relations(z).shape
    (torch.Size([3, 2]), torch.Size([4, 2]))
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        num_types: int,
        *,
        composition: Composition = "mult",
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_choice("CompGCNConv", "composition", composition, COMPOSITIONS)
        self.in_features, self.out_features, self.num_types = in_features, out_features, num_types
        self.composition = composition
        self.W_O, self.W_I, self.W_S, self.W_R = (nn.Linear(in_features, out_features, bias=False) for _ in range(4))
        self.loop = nn.Parameter(torch.empty(1, in_features))
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights from Glorot's normal distribution; the bias is 0."""
        draw_glorot(self.named_parameters(), nn.init.xavier_normal_)

    def forward(
        self,
        graph: Edges,
        x: Tensor,
        edge_weight: Tensor | None = None,
        *,
        edge_type: Tensor,
        relation_features: Tensor,
    ) -> Tensor:
        """Compute the new features of all nodes."""
        adjacency, x = resolve_sources("CompGCNConv", graph, x, self.in_features)
        if adjacency.num_sources != adjacency.num_targets:
            got = f"{adjacency.num_sources} sources and {adjacency.num_targets} targets"
            hint = "it also goes against the edges, so that sources and targets are the same nodes"
            raise ShapeError(message("CompGCNConv", "a square graph", got, hint))
        check_edge_weight("CompGCNConv", edge_weight, adjacency)
        check_types("CompGCNConv", "edge_type", edge_type, adjacency.num_edges)
        if relation_features.shape != (2 * self.num_types, self.in_features):
            form = f"`relation_features` of shape ({2 * self.num_types}, {self.in_features})"
            raise ShapeError(message("CompGCNConv", form, str(tuple(relation_features.shape))))
        there, back = relation_features.split(self.num_types)
        out: Tensor = self.W_S(self._own(x)) + self.W_O(self._composed(adjacency, x, there, edge_type, edge_weight))
        out = (out + self.W_I(self._composed(adjacency.reversed(), x, back, edge_type, edge_weight))) / 3
        return out if self.bias is None else out + self.bias.to(out.dtype)

    def relations(self, relation_features: Tensor) -> Tensor:
        """Compute the new features of the relations, for the next layer.

        *Shapes* `(*, in_features) -> (*, out_features)`

        >>> CompGCNConv(4, 2, num_types=3).relations(torch.ones(6, 4)).shape
        torch.Size([6, 2])
        """
        found: Tensor = self.W_R(relation_features)
        return found

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        options = f"composition={self.composition!r}, bias={self.bias is not None}"
        return f"{self.in_features}, {self.out_features}, {self.num_types}, {options}"

    def _own(self, x: Tensor) -> Tensor:
        if self.composition == "corr":
            return _from_waves(_correlated(_as_waves(x), _as_waves(self.loop)), x)
        return x - self.loop if self.composition == "sub" else x * self.loop

    def _composed(
        self, adjacency: Adjacency, x: Tensor, z: Tensor, edge_type: Tensor, edge_weight: Tensor | None
    ) -> Tensor:
        """The sum over the edges that enter each target: (num_targets, in_features)."""
        if self.composition == "sub":
            kinds = Adjacency._trusted(edge_type, adjacency.target, self.num_types, adjacency.num_targets)
            return spmm(adjacency.by_target, x, edge_weight) - spmm(kinds.by_target, z, edge_weight)
        edge = {"type": edge_type}
        if edge_weight is not None:
            edge["weight"] = edge_weight.to(x.dtype)
        if self.composition == "mult":
            how = _MULT if edge_weight is None else _WEIGHTED_MULT
            return aggregate(adjacency, how, source={"x": x}, edge=edge, shared={"z": z})
        how = _CORR if edge_weight is None else _WEIGHTED_CORR
        waves = aggregate(adjacency, how, source={"x": _as_waves(x)}, edge=edge, shared={"z": _as_waves(z)})
        return _from_waves(waves, x)


def _as_waves(x: Tensor) -> Tensor:
    """Fourier transform of the last dimension, real and imaginary parts in a dimension behind it."""
    # One row more, because there is no transform of none.
    padded = functional.pad(x.to(torch.promote_types(x.dtype, torch.float32)), (0, 0, 0, 1))
    return torch.view_as_real(torch.fft.rfft(padded)[:-1])


def _from_waves(waves: Tensor, like: Tensor) -> Tensor:
    padded = torch.view_as_complex(functional.pad(waves, (0, 0, 0, 0, 0, 1)))
    found: Tensor = torch.fft.irfft(padded, n=like.shape[-1])[:-1]
    return found.to(like.dtype)


def _correlated(x: Tensor, z: Tensor) -> Tensor:
    """A correlation is the product of the conjugate of one transform and the other."""
    real = x[..., 0] * z[..., 0] + x[..., 1] * z[..., 1]
    return torch.stack((real, x[..., 0] * z[..., 1] - x[..., 1] * z[..., 0]), -1)


_MULT = formula(lambda source, target, edge, shared: source["x"] * gather_rows(shared["z"], edge["type"]))
_WEIGHTED_MULT = formula(
    lambda source, target, edge, shared: (
        source["x"] * gather_rows(shared["z"], edge["type"]) * edge["weight"].unsqueeze(-1)
    )
)
_CORR = formula(lambda source, target, edge, shared: _correlated(source["x"], gather_rows(shared["z"], edge["type"])))
_WEIGHTED_CORR = formula(
    lambda source, target, edge, shared: (
        _correlated(source["x"], gather_rows(shared["z"], edge["type"])) * edge["weight"].reshape(-1, 1, 1)
    )
)
