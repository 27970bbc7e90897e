"""Directional graph network: aggregates along the gradient of eigenvectors, beside those without a direction."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, ShapeError, check_choice, message
from ...graph import Adjacency
from ...ops import sddmm, spmm
from .._arguments import Edges, Features, resolve_ends
from ._towers import (
    AGGREGATORS,
    Messages,
    Scaler,
    Sizes,
    Tower,
    aggregates_of,
    check_edge_features,
    check_scalers,
    check_towers,
    directed_sums,
    messages_of,
    normed,
    scales_of,
    updated,
)

DIRECTIONS = ("dir1-av", "dir1-dx", "dir2-av", "dir2-dx", "dir3-av", "dir3-dx")


@final
class DGNConv(nn.Module):
    """Aggregates of learned messages, some of them along the gradient of an eigenvector, scaled by functions of the degree.

    As `PNAConv`, with two more kinds of aggregators. For the k-th eigenvector phi and the edges e = j -> i, messages m[e] and
    the features h[i] of a tower:

        F[e]     = phi[j] - phi[i]
        w[e]     = F[e] / sum of |F| over the edges that enter i
        "dirk-av" = sum over e of |w[e]| * m[e]
        "dirk-dx" = |sum over e of w[e] * m[e]  - h[i] * sum over e of w[e]|

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, out_features)`; `eigenvectors: (num_nodes, at least the highest k)`;
    `edge_features: (num_edges, edge_features)`. Of a bipartite graph x and eigenvectors are pairs `(of sources, of targets)`.
    Without an edge, or where an eigenvector is constant around a node, directional aggregates are 0 (w is 0).

    Args:
        delta: mean of log(d + 1) over the nodes of the training graphs.
        aggregators: those of PNAConv, and "dir1-av" to "dir3-dx".
        scalers: "identity", "amplification" or "attenuation".
        edge_features: width of the edge features, 0 for none.
        dropout: probability of dropping what a tower gives, in training.
        graph_norm: divides by the square root of num_targets before batch norm.
        residual: adds x[i], if both widths are the same.

    Raises:
        OptionError: in the constructor, if options do not exist, or towers do not divide the widths.
        ShapeError: in the call, if features do not fit the graph or the layer.

    *Source* Beaini, Passaro, Létourneau, Hamilton, Corso and Liò, 2020, Directional Graph Networks, arXiv:2010.02863.

    *Differs from the source* no small number stands beside the sum of |F|: a sum of 0 counts as 1.
    *Differs from DGL* it divides by the square root of the number of nodes, also of a batch of graphs: `graph_norm=True`.
    Parameters are DGL's: `towers.*.M`, `towers.*.U`, `towers.*.batchnorm`, `mixing_layer.0`.

    *Cost* one pass over the edges for all aggregators without direction and one for all with; two numbers for each edge and
    eigenvector. Edge features are computed in chunks of edges.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = DGNConv(4, 4, 1.0, aggregators=["dir1-av", "dir1-dx", "mean"])
    >>> layer(graph, torch.randn(3, 4), eigenvectors=torch.randn(3, 1)).shape
    torch.Size([3, 4])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        delta: float,
        *,
        aggregators: Sequence[str] = ("dir1-av", "dir1-dx", "mean"),
        scalers: Sequence[Scaler] = ("identity", "amplification", "attenuation"),
        num_towers: int = 1,
        edge_features: int = 0,
        dropout: float = 0.0,
        graph_norm: bool = False,
        residual: bool = True,
    ) -> None:
        super().__init__()
        for name in aggregators:
            check_choice("DGNConv", "aggregators", name, (*DIRECTIONS, *AGGREGATORS))
        check_towers("DGNConv", (in_features, out_features), num_towers, True, dropout)
        check_scalers("DGNConv", scalers, delta, 1.0)
        self.in_features, self.out_features, self.delta = in_features, out_features, delta
        self.aggregators, self.scalers = tuple(aggregators), tuple(scalers)
        self.directed = tuple(name for name in self.aggregators if name in DIRECTIONS)
        if not self.directed:
            raise OptionError(
                message("DGNConv", "an aggregator with a direction", str(self.aggregators), "see PNAConv")
            )
        self.edge_features, self.dropout, self.graph_norm = edge_features, dropout, graph_norm
        self.residual = residual and in_features == out_features
        parts = len(self.aggregators) * len(self.scalers)
        sizes = Sizes(in_features // num_towers, out_features // num_towers, edge_features, parts, 1, 1)
        self.towers = nn.ModuleList(Tower(sizes, True) for _ in range(num_towers))
        self.mixing_layer = nn.Sequential(nn.Linear(out_features, out_features), nn.LeakyReLU())

    def reset_parameters(self) -> None:
        """Draw all weights as `torch.nn.Linear` does, and forget the statistics of batch norm."""
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.BatchNorm1d)):
                module.reset_parameters()

    def forward(
        self, graph: Edges, x: Features, *, eigenvectors: Features, edge_features: Tensor | None = None
    ) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x_source, x_target = resolve_ends("DGNConv", graph, x, (self.in_features, self.in_features))
        width = (eigenvectors[0] if isinstance(eigenvectors, tuple) else eigenvectors).shape[-1]
        if width < self._num_vectors():
            raise ShapeError(message("DGNConv", f"{self._num_vectors()} columns of `eigenvectors`", str(width)))
        _, *vectors = resolve_ends("DGNConv", graph, eigenvectors, (width, width))
        check_edge_features("DGNConv", edge_features, adjacency, self.edge_features)
        towers: list[Tower] = list(self.towers)  # type: ignore[arg-type]
        at_source, at_target = (h.unflatten(-1, (len(towers), -1)) for h in (x_source, x_target))
        messages = messages_of(towers, at_source, at_target, edge_features)
        parts = self._aggregates(adjacency, messages, at_target, vectors)
        scales = scales_of(adjacency.in_degrees(), self.scalers, self.delta, 1.0, x_source.dtype)
        h = normed(towers, updated(towers, at_target, parts, scales), adjacency.num_targets, self.graph_norm)
        out: Tensor = self.mixing_layer(functional.dropout(h, self.dropout, self.training))
        return out + x_target.to(out.dtype) if self.residual else out

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.out_features}, {self.delta}, aggregators={self.aggregators}, "
            f"scalers={self.scalers}, num_towers={len(self.towers)}, edge_features={self.edge_features}, "
            f"dropout={self.dropout}, graph_norm={self.graph_norm}, residual={self.residual}"
        )

    def _num_vectors(self) -> int:
        return max(int(name[3]) for name in self.directed)

    def _aggregates(
        self, adjacency: Adjacency, messages: Messages, at_target: Tensor, vectors: Sequence[Tensor]
    ) -> list[Tensor]:
        """All aggregates, in the order of the aggregators."""
        rows, count = adjacency.by_target, self._num_vectors()
        at_source, at_end = (vector[:, :count] for vector in vectors)
        field = sddmm(rows, at_source, at_end, "sub", "source", "target")
        ones = field.new_ones(adjacency.num_sources, count)
        size, total = spmm(rows, ones, field.abs(), "sum"), spmm(rows, ones, field, "sum")
        size = torch.where(size == 0, 1, size)
        columns = [(int(name[3]) - 1, name.endswith("dx")) for name in self.directed]
        weights = torch.stack([field[:, k] if is_dx else field[:, k].abs() for k, is_dx in columns], -1)
        sums = directed_sums(adjacency, messages, weights.to(messages.source["u"].dtype))
        found: dict[str, Tensor] = {}
        for at, (name, (k, is_dx)) in enumerate(zip(self.directed, columns, strict=True)):
            divisor = size[:, k].reshape(-1, 1, 1).to(sums.dtype)
            part = sums[:, at] / divisor
            own = total[:, k].reshape(-1, 1, 1).to(sums.dtype) / divisor
            found[name] = (part - at_target.to(sums.dtype) * own).abs() if is_dx else part
        plain = [name for name in self.aggregators if name not in DIRECTIONS]
        found |= dict(zip(plain, aggregates_of(adjacency, messages, plain), strict=True))
        return [found[name] for name in self.aggregators]
