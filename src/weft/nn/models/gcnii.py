"""GCNII: many graph convolutions that never forget what the first features were."""

from collections.abc import Sequence
from typing import final

from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, check_probability, message
from ...graph import Block, adjacency_of
from .._arguments import Edges, first_rows, resolve_sources
from .._reset import reset_inside
from ..conv import GCN2Conv
from ..conv.gcn2_conv import Norm
from ._for_each_layer import for_each_layer


@final
class GCNII(nn.Module):
    """Graph convolutions with an initial residual and weights near the identity, between two linear maps of each node.

    With c(j, i) = 1 / sqrt(d_out(j) * d_in(i)), or 1 for the norm "none", and beta_l = log(theta / l + 1):

        h_0    = relu(W_in x + b_in)
        p_l[i] = sum over edges e = j -> i of c(j, i) * edge_weight[e] * h_(l-1)[j]
        h_l[i] = relu(((1 - alpha) * p_l[i] + alpha * h_0[i]) ((1 - beta_l) I + beta_l * W_l))
        out[i] = W_out h_num_layers[i] + b_out

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, out_features)`; `edge_weight: (num_edges,)`. A list of blocks, one for
    each layer, and of as many tensors of edge weights, gives a row for each target of the last.

    Args:
        num_layers: how many convolutions, each `hidden_features` wide.
        alpha: share of h_0.
        theta: how far the matrices are from the identity.
        shared_weights: one matrix in each layer for both parts; two are the variant GCNII* of the source.
        dropout: probability of dropping the input of every layer and of both linear maps, in training.
        bias: of the linear maps.

    Raises:
        OptionError: in the constructor, if an option does not exist.
        ShapeError: in the call, if there are not as many blocks as layers, or features or weights do not fit.

    *Source* Chen, Wei, Huang, Ding and Li, 2020, Simple and Deep Graph Convolutional Networks, arXiv:2007.02133, equation 5.
    Its `dropout` is 0.6 on Cora, for which the defaults are.

    *Differs from the source* self loops, which it adds to every node, are the caller's. Edge weights multiply the messages and
    never change the degrees.

    *Cost* num_layers x E x hidden_features reads and as many products of N x hidden_features x hidden_features; keeps a few
    tensors of N x hidden_features for each layer.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> GCNII(4, 8, 2, num_layers=16, dropout=0.6)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: int,
        hidden_features: int,
        out_features: int,
        *,
        num_layers: int = 64,
        alpha: float = 0.1,
        theta: float = 0.5,
        shared_weights: bool = True,
        dropout: float = 0.0,
        norm: Norm = "both",
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_probability("GCNII", "alpha", alpha)
        check_probability("GCNII", "dropout", dropout)
        if num_layers < 1:
            raise OptionError(message("GCNII", "`num_layers` of at least 1", str(num_layers)))
        self.num_layers, self.dropout = num_layers, dropout
        self.first = nn.Linear(in_features, hidden_features, bias=bias)
        self.layers = nn.ModuleList(
            GCN2Conv(
                hidden_features, at, alpha=alpha, theta=theta, shared_weights=shared_weights, norm=norm, bias=False
            )
            for at in range(1, num_layers + 1)
        )
        self.out = nn.Linear(hidden_features, out_features, bias=bias)

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        reset_inside(*self.children())

    def forward(
        self,
        graph: Edges | Sequence[Block],
        x: Tensor,
        edge_weight: Tensor | Sequence[Tensor] | None = None,
    ) -> Tensor:
        """Compute the result of every node, or of the targets of the last block."""
        graphs: Sequence[Edges] = for_each_layer("GCNII", "blocks", graph, self.num_layers)
        weights = for_each_layer("GCNII", "tensors of `edge_weight`", edge_weight, self.num_layers)
        resolve_sources("GCNII", graphs[0], x, self.first.in_features)
        initial = h = self.first(self._dropped(x)).relu()
        for layer, edges, weight in zip(self.layers, graphs, weights, strict=True):
            # The targets of a block are the first of its sources, and so of all blocks before it.
            own = first_rows(initial, adjacency_of(edges).num_targets)
            h = layer(edges, self._dropped(h), weight, x_initial=own).relu()
        found: Tensor = self.out(self._dropped(h))
        return found

    def extra_repr(self) -> str:
        """Options, as in the constructor."""
        return f"num_layers={self.num_layers}, dropout={self.dropout}"

    def _dropped(self, h: Tensor) -> Tensor:
        return functional.dropout(h, self.dropout, self.training)
