"""Relational graph convolution: a matrix for each type of edges."""

from typing import Literal, final

import torch
from torch import Tensor, nn

from ...errors import check_choice
from ...graph import Adjacency
from ...ops import relational_basis_matmul, relational_block_matmul, relational_matmul
from .._arguments import Edges, Features, Sizes, as_pair, check_edge_weight, resolve_ends
from .._types import check_types, typed_degrees, types_of
from ..hetero.typed_linear import Regularizer, TypedLinear

Aggregator = Literal["sum", "mean"]
AGGREGATORS = ("sum", "mean")


@final
class RelGraphConv(nn.Module):
    """Sum of the neighbours' features, each times the matrix of the edge's type, beside the node's own.

    `out[i] = x[i] @ loop_weight + b + sum over edges e = j -> i of c(e) * edge_weight[e] * x[j] @ W[edge_type[e]]`

    where c is 1 for "sum", and for "mean" 1 over the number of edges of the type of e that enter i. The matrices share
    parameters by "basis" or "bdd", as in `TypedLinear`.

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, out_features)`, or a pair `(x_source: (num_sources, in_source),
    x_target: (num_targets, in_target)) -> (num_targets, out_features)`; `edge_type, edge_weight: (num_edges,)`.

    Args:
        in_features: one width, or (in_source, in_target) for a bipartite graph.
        num_types: how many types of edges there are.
        aggregator: "mean" is the paper's 1 / c; other normalisers are edge weights.
        num_bases: how many bases or blocks; by default num_types.
        self_loop: adds x[i] @ loop_weight.
        layer_norm: normalises the sum, before bias and self-loop.

    Raises:
        OptionError: in the constructor, if options do not exist or widths are no multiples of the number of blocks.
        ShapeError, DtypeError, IdError: in the call, if arguments do not fit the graph or a type is not there.

    *Source* Schlichtkrull, Kipf, Bloem, van den Berg, Titov and Welling, 2017, Modeling Relational Data with Graph
    Convolutional Networks, arXiv:1703.06103, equations 2 to 4.

    *Differs from the source* no activation. Has a bias, layer normalisation, edge weights and bipartite graphs; a reverse
    edge of a type of its own is the caller's to add.
    *Differs from DGL* no activation and no dropout of the result; types need no order; "mean" is new. Parameters are
    DGL's: `linear_r.W`, `linear_r.coeff`, `loop_weight`, `h_bias`, `layer_norm_weight.*`.
    *Differs from PyG* its RGCNConv and FastRGCNConv are `aggregator="mean"`; types of nodes without features are rows
    of an identity matrix or an embedding; there is no "max".

    *Cost* reads E x in_features, and in_features x out_features multiplications for every pair of a target and a type that has
    edges, forward and twice backward; "mean" counts num_targets x num_types. No tensor of edges x features.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = RelGraphConv(4, 2, num_types=3, regularizer="basis", num_bases=2)
    >>> layer(graph, torch.randn(3, 4), edge_type=torch.tensor([0, 2, 1, 1])).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        num_types: int,
        *,
        aggregator: Aggregator = "sum",
        regularizer: Regularizer = None,
        num_bases: int | None = None,
        self_loop: bool = True,
        layer_norm: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_choice("RelGraphConv", "aggregator", aggregator, AGGREGATORS)
        self.in_features, self.out_features, self.num_types = in_features, out_features, num_types
        self.aggregator, self.regularizer = aggregator, regularizer
        in_source, in_target = as_pair(in_features)
        self.linear_r = TypedLinear(in_source, out_features, num_types, regularizer=regularizer, num_bases=num_bases)
        self.h_bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.loop_weight = nn.Parameter(torch.empty(in_target, out_features)) if self_loop else None
        self.layer_norm_weight = nn.LayerNorm(out_features) if layer_norm else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw matrices of types uniformly and that of the self-loop from Glorot's distribution; the bias is 0."""
        self.linear_r.reset_parameters()
        if self.h_bias is not None:
            nn.init.zeros_(self.h_bias)
        if self.loop_weight is not None:
            nn.init.xavier_uniform_(self.loop_weight, gain=nn.init.calculate_gain("relu"))
        if self.layer_norm_weight is not None:
            self.layer_norm_weight.reset_parameters()

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None, *, edge_type: Tensor) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = resolve_ends("RelGraphConv", graph, x, as_pair(self.in_features))
        check_edge_weight("RelGraphConv", edge_weight, adjacency)
        check_types("RelGraphConv", "edge_type", edge_type, adjacency.num_edges)
        if self.aggregator == "mean":
            share = typed_degrees(adjacency, edge_type, self.num_types).to(x_source.dtype).reciprocal_()
            edge_weight = share if edge_weight is None else edge_weight * share
        out = self._neighbours(adjacency, x_source, types_of(adjacency, edge_type), edge_weight)
        if self.layer_norm_weight is not None:
            out = self.layer_norm_weight(out).to(out.dtype)
        # In place: a fresh N x F costs more than the addition, and no gradient reads what stood there.
        if self.h_bias is not None:
            out.add_(self.h_bias)
        return out if self.loop_weight is None else out.add_(x_target @ self.loop_weight)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        has = f"layer_norm={self.layer_norm_weight is not None}, bias={self.h_bias is not None}"
        return (
            f"{self.in_features}, {self.out_features}, {self.num_types}, aggregator={self.aggregator!r}, "
            f"regularizer={self.regularizer!r}, self_loop={self.loop_weight is not None}, {has}"
        )

    def _neighbours(self, adjacency: Adjacency, h: Tensor, edge_type: Tensor, edge_weight: Tensor | None) -> Tensor:
        rows, typed = adjacency.by_target, self.linear_r
        weight = None if edge_weight is None else edge_weight.to(h.dtype)
        if self.regularizer == "basis":
            coeff = typed.coeff
            return relational_basis_matmul(
                rows, h, typed.W, coefficients=coeff, edge_type=edge_type, edge_weight=weight
            )
        if self.regularizer == "bdd":
            return relational_block_matmul(rows, h, typed.blocks(), edge_type=edge_type, edge_weight=weight)
        return relational_matmul(rows, h, typed.W, edge_type, weight)
