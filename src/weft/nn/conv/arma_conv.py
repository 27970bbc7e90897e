"""Convolution by recursive filters: parallel stacks of layers, each of which sees the input again."""

from collections.abc import Callable
from typing import Literal, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, check_choice, check_probability, message
from ...ops import spmm
from .._arguments import Edges, check_edge_weight, name_of
from .._propagation import symmetric_factors
from .._square import resolve_square

Norm = Literal["both", "none"]
NORMS = ("both", "none")


@final
class ARMAConv(nn.Module):
    """Mean over stacks of graph convolutions of several layers, each of which adds a linear map of the input.

    For each stack k, from h_0 = x, with c(j, i) = 1 / sqrt(d_out(j) * d_in(i)), or 1 for the norm "none":

        p_t[i] = sum over edges e = j -> i of c(j, i) * edge_weight[e] * h_t[j]
        h_t+1  = activation(p_t W_t,k + dropout(x) V_t,k + b_t,k)
        out    = mean of the last h over the stacks

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, out_features)`; `edge_weight: (num_edges,)`. The graph is square.

    Args:
        shared_weights: the same W, V and b in all layers of a stack (of W in all but the first).
        dropout: probability of dropping x where it is added, in training: one draw for each layer.
        activation: sigma of the source, behind every layer.

    Raises:
        OptionError: in the constructor, if options do not exist, or there is no stack or no layer.
        ShapeError: in the call, if features or edge weights do not fit, or the graph is bipartite.

    *Source* Bianchi, Grattarola, Livi and Alippi, 2019, Graph Neural Networks with Convolutional ARMA Filters,
    arXiv:1901.01343.

    *Differs from the source* a bias is added. Edge weights multiply the messages and never change the degrees.
    *Differs from PyG* edge weights do not change the norm, which takes out-degrees of sources. Parameters are PyG's:
    `init_weight`, `weight`, `root_weight`, `bias`; a layer alone has no `weight`, and shared weights have one V for all.

    *Cost* num_layers passes over the edges, of num_stacks * out_features columns, the first one of in_features if that is
    less.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> layer = ARMAConv(4, 2, num_stacks=3, num_layers=2)
    >>> layer(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        num_stacks: int = 1,
        num_layers: int = 1,
        shared_weights: bool = False,
        dropout: float = 0.0,
        norm: Norm = "both",
        activation: Callable[[Tensor], Tensor] = torch.relu,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_probability("ARMAConv", "dropout", dropout)
        check_choice("ARMAConv", "norm", norm, NORMS)
        if num_stacks < 1 or num_layers < 1:
            raise OptionError(message("ARMAConv", "at least one stack and one layer", f"{num_stacks} and {num_layers}"))
        self.in_features, self.out_features, self.num_stacks, self.num_layers = (
            in_features,
            out_features,
            num_stacks,
            num_layers,
        )
        self.shared_weights, self.dropout, self.norm, self.activation = shared_weights, dropout, norm, activation
        times = 1 if shared_weights else num_layers
        self.init_weight = nn.Parameter(torch.empty(num_stacks, in_features, out_features))
        self.weight = None
        if num_layers > 1:
            self.weight = nn.Parameter(torch.empty(max(times - 1, 1), num_stacks, out_features, out_features))
        self.root_weight = nn.Parameter(torch.empty(times, num_stacks, in_features, out_features))
        self.bias = nn.Parameter(torch.empty(times, num_stacks, 1, out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw every matrix from Glorot's uniform distribution and set biases to 0."""
        for weight in (self.init_weight, self.weight, self.root_weight):
            if weight is not None:
                bound = (6 / (weight.shape[-2] + weight.shape[-1])) ** 0.5
                nn.init.uniform_(weight, -bound, bound)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all nodes."""
        adjacency, x = resolve_square("ARMAConv", graph, x, self.in_features)
        check_edge_weight("ARMAConv", edge_weight, adjacency)
        factors = symmetric_factors(adjacency, x.dtype) if self.norm == "both" else (None, None)

        def propagated(h: Tensor) -> Tensor:
            by_source, by_target = (None if each is None else each.to(h.dtype) for each in factors)
            return spmm(adjacency.by_target, h, edge_weight, "sum", by_source, by_target)

        first = self.init_weight.movedim(1, 0).flatten(1)
        h = propagated(x @ first) if self.in_features > first.shape[1] else propagated(x) @ first
        for at in range(self.num_layers):
            if at:
                assert self.weight is not None, "several layers have weights"
                weight = self.weight[0 if self.shared_weights else at - 1]
                by_stack = h.unflatten(-1, (self.num_stacks, self.out_features))
                h = propagated(torch.einsum("nkf,kfg->nkg", by_stack, weight).flatten(1))
            own = 0 if self.shared_weights else at
            dropped = functional.dropout(x, self.dropout, self.training)
            h = h + dropped @ self.root_weight[own].movedim(1, 0).flatten(1)
            if self.bias is not None:
                h = h + self.bias[own].flatten().to(h.dtype)
            h = self.activation(h)
        return h if self.num_stacks == 1 else h.unflatten(-1, (self.num_stacks, self.out_features)).mean(1)

    def extra_repr(self) -> str:
        """Sizes and options, as in the constructor."""
        return (
            f"{self.in_features}, {self.out_features}, num_stacks={self.num_stacks}, num_layers={self.num_layers}, "
            f"shared_weights={self.shared_weights}, dropout={self.dropout}, norm={self.norm!r}, "
            f"activation={name_of(self.activation)}, bias={self.bias is not None}"
        )
