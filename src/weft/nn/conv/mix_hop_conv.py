"""Neighbourhoods of several distances, each with its own weight, side by side."""

from collections.abc import Sequence
from typing import Literal, final

import torch
from torch import Tensor, nn

from ...errors import OptionError, check_choice, message
from ...ops import spmm
from .._arguments import Edges, check_edge_weight
from .._propagation import symmetric_factors
from .._square import resolve_square

Norm = Literal["both", "none"]
NORMS = ("both", "none")


@final
class MixHopConv(nn.Module):
    """Powers of the normalised adjacency times features, each with a weight, side by side.

    With P[i, j] the sum over edges e = j -> i of edge_weight[e] / sqrt(d_out(j) * d_in(i)), or of edge_weight[e] alone for the
    norm "none":

    `out = [P^p x lins[p] for p in powers] + bias`

    *Shapes* `x: (num_nodes, *, in_features) -> (num_nodes, *, len(powers) * out_features)`; `edge_weight: (num_edges,)`. The
    graph is square. Of powers from 1 a node that no edge enters gets the bias.

    Args:
        out_features: width of one power.
        powers: distances; 0 is the node itself.

    Raises:
        OptionError: in the constructor, if the norm does not exist, or powers are none, negative or repeat.
        ShapeError: in the call, if features or edge weights do not fit, or the graph is bipartite.

    *Source* Abu-El-Haija, Perozzi, Kapoor, Alipourfard, Lerman, Harutyunyan, Ver Steeg and Galstyan, 2019, MixHop:
    Higher-Order Graph Convolutional Architectures via Sparsified Neighborhood Mixing, arXiv:1905.00067, equation 2.

    *Differs from the source* no activation and no self loops: both are the caller's. A bias and edge weights are added;
    these multiply the messages and never change the degrees.
    *Differs from PyG* it adds self loops unless told otherwise, and edge weights change its norm. Parameters `lins.*.weight`
    and `bias` are PyG's.

    *Cost* as many passes over the edges as the highest power. They carry either x, or the products that are still to be
    propagated, whichever is narrower over all passes.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = MixHopConv(4, 2)
    >>> layer(graph, torch.randn(3, 4)).shape
    torch.Size([3, 6])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        powers: Sequence[int] = (0, 1, 2),
        *,
        norm: Norm = "both",
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_choice("MixHopConv", "norm", norm, NORMS)
        self.in_features, self.out_features, self.powers, self.norm = in_features, out_features, tuple(powers), norm
        if not self.powers or min(self.powers) < 0 or len(set(self.powers)) < len(self.powers):
            raise OptionError(message("MixHopConv", "`powers` from 0, each once", str(self.powers)))
        self.lins = nn.ModuleDict({str(p): nn.Linear(in_features, out_features, bias=False) for p in self.powers})
        self.bias = nn.Parameter(torch.empty(len(self.powers) * out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from Glorot's uniform distribution and set the bias to 0."""
        for linear in self.lins.values():
            nn.init.xavier_uniform_(linear.weight)  # type: ignore[arg-type]
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all nodes."""
        adjacency, x = resolve_square("MixHopConv", graph, x, self.in_features)
        check_edge_weight("MixHopConv", edge_weight, adjacency)
        factors = symmetric_factors(adjacency, x.dtype) if self.norm == "both" else (None, None)

        def propagated(h: Tensor) -> Tensor:
            by_source, by_target = (None if each is None else each.to(h.dtype) for each in factors)
            return spmm(adjacency.by_target, h, edge_weight, "sum", by_source, by_target)

        highest = max(self.powers)
        results: dict[int, Tensor] = {}
        if highest * self.in_features <= sum(self.powers) * self.out_features:
            for power in range(highest + 1):
                x = propagated(x) if power else x
                if power in self.powers:
                    results[power] = self.lins[str(power)](x)
        else:
            # Products of the higher powers stand first: those that have travelled far enough are cut off at the end.
            order = sorted(self.powers, reverse=True)
            h = torch.cat([self.lins[str(power)](x) for power in order], -1)
            for power in range(highest + 1):
                h = propagated(h) if power else h
                if power in self.powers:
                    results[power] = h[..., h.shape[-1] - self.out_features :]
                    h = h[..., : h.shape[-1] - self.out_features]
        out = torch.cat([results[power] for power in self.powers], -1)
        return out if self.bias is None else out + self.bias.to(out.dtype)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.out_features}, {self.powers}, norm={self.norm!r}, bias={self.bias is not None}"
        )
