"""Efficient graph convolution: aggregates of a few bases, combined by weights of each target."""

from collections.abc import Sequence
from typing import Any, Literal, final

import torch
from torch import Tensor, nn

from ...errors import OptionError, check_choice, message
from ...ops import spmm
from .._aggregate import aggregate
from .._arguments import Edges, Features, Sizes, as_pair, resolve_ends
from .._formula import formula
from .._propagation import symmetric_factors

Aggregator = Literal["sum", "mean", "max", "min", "std", "var", "symnorm"]
AGGREGATORS = ("sum", "mean", "max", "min", "std", "var", "symnorm")


def _message(source: Any) -> Any:
    return source["h"]


MESSAGE = formula(_message)


@final
class EGConv(nn.Module):
    """Aggregates of a few projections of the neighbours, combined for each head by weights that the target computes.

    With bases h_b = W_b x, of width out_features / num_heads, and w(i) = comb_lin x[i]:

    `out[i] = [sum over aggregators a and bases b of w(i)[head, a, b] * a(h_b[j] of edges j -> i) for each head] + bias`

    The aggregator "symnorm" is the sum of h_b[j] / sqrt(d_out(j) * d_in(i)).

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, out_features)`, or a pair `(x_source: (num_sources, in_source),
    x_target: (num_targets, in_target)) -> (num_targets, out_features)`. Without an edge all aggregates are 0.

    Args:
        in_features: one width, or (in_source, in_target) for a bipartite graph.
        out_features: width of all heads together.
        aggregators: of "sum", "mean", "max", "min", "std", "var", "symnorm".
        num_bases: number of projections; as many as heads or fewer.

    Raises:
        OptionError: in the constructor, if an aggregator does not exist, or heads do not divide the width.
        ShapeError: in the call, if features do not fit the graph or the layer.

    *Source* Tailor, Opolka, Liò and Lane, 2021, Adaptive Filters and Aggregator Fusion for Efficient Graph Convolutions,
    arXiv:2104.01481.

    *Differs from the source* adds no self loops: they are edges like others, for the caller to add. Bipartite graphs are added.
    The gradient of std is 0 where it is 0.
    *Differs from PyG* it adds self loops unless told otherwise, and adds 1e-5 below the root of std. Parameters
    `bases_lin.weight`, `comb_lin.*` and `bias` are PyG's.

    *Cost* one pass over the edges for all aggregators but "symnorm", and one for that; E x num_bases * out_features / num_heads
    reads.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = EGConv(4, 6, 2, aggregators=["mean", "max"], num_bases=2)
    >>> layer(graph, torch.randn(3, 4)).shape
    torch.Size([3, 6])
    """

    def __init__(
        self,
        in_features: Sizes,
        out_features: int,
        num_heads: int = 8,
        *,
        aggregators: Sequence[Aggregator] = ("symnorm",),
        num_bases: int = 4,
        bias: bool = True,
    ) -> None:
        super().__init__()
        for name in aggregators:
            check_choice("EGConv", "aggregators", name, AGGREGATORS)
        if not aggregators or num_heads < 1 or out_features % num_heads or num_bases < 1:
            got = f"{len(aggregators)}, {num_bases}, and {num_heads} for {out_features}"
            form = "an aggregator, a basis, and `num_heads` that divides `out_features`"
            raise OptionError(message("EGConv", form, got))
        self.in_features, self.out_features, self.num_heads = in_features, out_features, num_heads
        self.aggregators, self.num_bases = tuple(aggregators), num_bases
        in_source, in_target = as_pair(in_features)
        self.bases_lin = nn.Linear(in_source, num_bases * (out_features // num_heads), bias=False)
        self.comb_lin = nn.Linear(in_target, num_heads * len(self.aggregators) * num_bases)
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's uniform distribution and set biases to 0."""
        nn.init.xavier_uniform_(self.bases_lin.weight)
        nn.init.xavier_uniform_(self.comb_lin.weight)
        nn.init.zeros_(self.comb_lin.bias)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, graph: Edges, x: Features) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = resolve_ends("EGConv", graph, x, as_pair(self.in_features))
        h = self.bases_lin(x_source)
        together = tuple(name for name in self.aggregators if name != "symnorm")
        found: dict[str, Tensor] = {}
        if together:
            found = dict(zip(together, aggregate(adjacency, MESSAGE, reduce=together, source={"h": h}), strict=True))
        if len(together) < len(self.aggregators):
            factors = symmetric_factors(adjacency, h.dtype)
            found["symnorm"] = spmm(adjacency.by_target, h, None, "sum", *factors)
        # (N, aggregators * bases, width) under (N, heads, aggregators * bases).
        aggregates = torch.cat([found[name] for name in self.aggregators], -1)
        width = self.out_features // self.num_heads
        aggregates = aggregates.unflatten(-1, (len(self.aggregators) * self.num_bases, width))
        combined: Tensor = self.comb_lin(x_target).unflatten(-1, (self.num_heads, aggregates.shape[-2])) @ aggregates
        out = combined.flatten(-2)
        return out if self.bias is None else out + self.bias.to(out.dtype)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.out_features}, {self.num_heads}, aggregators={self.aggregators}, "
            f"num_bases={self.num_bases}, bias={self.bias is not None}"
        )
