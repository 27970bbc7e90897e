"""Gated graph convolution: several rounds of messages by edge type, each followed by a gated recurrent unit."""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, ShapeError, message
from ...graph import Adjacency
from ...ops import relational_aggregate, spmm
from .._arguments import Edges, check_edge_weight, resolve_sources
from .._types import as_edge_type


@final
class GatedGraphConv(nn.Module):
    """Node states that a gated recurrent unit updates by the sum of the neighbours' states, times a matrix by edge type.

    With h of round 0 = [x, 0], for num_layers rounds:

        a[i] = sum over edges e = j -> i of edge_weight[e] * (W[edge_type[e]] h[j] + b[edge_type[e]])
        h[i] = GRU(a[i], h[i])

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, out_features)`; `edge_weight: (num_edges,)`; `edge_type:
    (num_edges,)`, integers below num_types, needed if there are several. The graph has the same sources and targets.

    Args:
        out_features: width of the states; at least in_features.
        num_layers: number of rounds.
        separate_layers: W of each round instead of one for all, then without b.
        bias: biases of the recurrent unit; b is always there unless `separate_layers`.

    Raises:
        OptionError: in the constructor, if out_features is smaller than in_features, or there is no round or no type.
        ShapeError: in the call, if the graph is bipartite, or the inputs do not fit it or the layer.
        IdError: in the call, if a type is not below num_types.

    *Source* Li, Tarlow, Brockschmidt and Zemel, 2016, Gated Graph Sequence Neural Networks, arXiv:1511.05493,
    equations 1 to 6.

    *Differs from the source* edges backwards have matrices of their own only if they are edges of a type of their own. Edge
    weights are added.
    *Differs from DGL* parameters are DGL's: `linears.T.*`, `gru.*`.
    *Differs from PyG* that is `separate_layers=True` with one type: `weight` (num_layers, num_types, out_features,
    out_features), in its orientation, and `gru.*` for `rnn.*`; only sums.

    *Cost* num_layers times E x out_features reads and N x out_features^2 products; of several types those of
    `weft.ops.relational_aggregate`. No tensor is larger than N x the larger of 3 * out_features and num_types.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> layer = GatedGraphConv(2, 4, num_layers=3, num_types=2)
    >>> layer(graph, torch.randn(3, 2), edge_type=torch.tensor([0, 1, 1])).shape
    torch.Size([3, 4])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        num_layers: int,
        *,
        num_types: int = 1,
        separate_layers: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        for option, value in (("num_layers", num_layers), ("num_types", num_types)):
            if value < 1:
                raise OptionError(message("GatedGraphConv", f"`{option}` of at least 1", str(value)))
        if in_features > out_features:
            form = f"`out_features` of at least {in_features}, the width of what comes in"
            raise OptionError(message("GatedGraphConv", form, str(out_features)))
        self.in_features, self.out_features, self.num_layers = in_features, out_features, num_layers
        self.num_types, self.separate_layers = num_types, separate_layers
        if separate_layers:
            self.weight = nn.Parameter(torch.empty(num_layers, num_types, out_features, out_features))
        else:
            self.linears = nn.ModuleList([nn.Linear(out_features, out_features) for _ in range(num_types)])
        self.gru = nn.GRUCell(out_features, out_features, bias=bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw matrices from Glorot's normal distribution, set b to 0, and let the recurrent unit draw its own."""
        self.gru.reset_parameters()
        gain = nn.init.calculate_gain("relu")
        for name, parameter in self.named_parameters():
            if name.startswith("linears") and name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif not name.startswith("gru"):
                for matrix in parameter.data.reshape(-1, self.out_features, self.out_features):
                    nn.init.xavier_normal_(matrix, gain=gain)

    def forward(
        self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None, *, edge_type: Tensor | None = None
    ) -> Tensor:
        """Compute the states of all nodes after the last round."""
        adjacency, h = resolve_sources("GatedGraphConv", graph, x, self.in_features)
        if adjacency.num_sources != adjacency.num_targets or isinstance(x, tuple) or h.dim() != 2:
            got = f"{adjacency.num_sources} sources, {adjacency.num_targets} targets and {h.dim()} dimensions"
            form = "as many sources as targets, and features of two dimensions"
            raise ShapeError(message("GatedGraphConv", form, got, "every round begins where the last one ended"))
        check_edge_weight("GatedGraphConv", edge_weight, adjacency)
        if edge_type is not None:
            edge_type = as_edge_type("GatedGraphConv", edge_type, adjacency)
        elif self.num_types > 1:
            raise ShapeError(message("GatedGraphConv", f"`edge_type` for {self.num_types} types", "none"))
        if self.in_features < self.out_features:
            h = functional.pad(h, (0, self.out_features - self.in_features))
        add = self._by_type(adjacency, edge_weight, edge_type) if self.num_types > 1 else None
        for at in range(self.num_layers):
            if self.num_types == 1 or edge_type is None:
                sums = spmm(adjacency.by_target, self._projected(h, at), edge_weight)
            else:
                weight = self._matrices(at).to(h.dtype)
                sums = relational_aggregate(
                    adjacency.by_target, h, weight, edge_type=edge_type, edge_weight=_as(h, edge_weight)
                )
                sums = sums if add is None else sums + add
            h = self._gated(sums, h)
        return h

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        options = f"num_types={self.num_types}, separate_layers={self.separate_layers}, bias={self.gru.bias}"
        return f"{self.in_features}, {self.out_features}, {self.num_layers}, {options}"

    def _gated(self, sums: Tensor, h: Tensor) -> Tensor:
        """The recurrent unit, written out: torch's has no rule for vmap and mixes no dtypes."""
        gru, both = self.gru, 2 * self.out_features
        bias = (gru.bias_ih + gru.bias_hh)[:both] if gru.bias else None
        of_sums, of_state = (None, None) if bias is None else (gru.bias_ih[both:], gru.bias_hh[both:])
        gates = functional.linear(h, gru.weight_hh[:both], bias)
        reset, update = torch.addmm(gates, sums, gru.weight_ih[:both].T).sigmoid_().chunk(2, -1)
        sent = functional.linear(sums, gru.weight_ih[both:], of_sums)
        kept = functional.linear(h, gru.weight_hh[both:], of_state)
        new = torch.addcmul(sent, reset, kept).tanh_()
        return torch.lerp(new, h.to(new.dtype), update)

    def _projected(self, h: Tensor, at: int) -> Tensor:
        """W h + b of the only type."""
        return h @ self.weight[at, 0] if self.separate_layers else self.linears[0](h)

    def _matrices(self, at: int) -> Tensor:
        """The matrices of a round, by type, for rows from the left."""
        if self.separate_layers:
            return self.weight[at]
        return torch.stack([weight.T for weight in self._of_linears("weight")])

    def _of_linears(self, name: str) -> list[Tensor]:
        return [getattr(linear, name) for linear in self.linears]

    def _by_type(self, adjacency: Adjacency, edge_weight: Tensor | None, edge_type: Tensor | None) -> Tensor | None:
        """What b adds to the sum of each target, the same in every round."""
        if self.separate_layers or edge_type is None:
            return None
        biases = torch.stack(self._of_linears("bias"))
        place = adjacency.target.long() * self.num_types + edge_type.long()
        weight = torch.ones_like(place, dtype=biases.dtype) if edge_weight is None else edge_weight.to(biases.dtype)
        counts = biases.new_zeros(adjacency.num_targets * self.num_types).index_add(0, place, weight)
        return counts.reshape(-1, self.num_types) @ biases


def _as(like: Tensor, weight: Tensor | None) -> Tensor | None:
    return None if weight is None else weight.to(like.dtype)
