"""DAGNN: a network of each node, then hops of many lengths, weighed for each node."""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, check_probability, message
from .._arguments import Edges, check_edge_weight
from .._propagation import propagation
from .._square import resolve_square


@final
class DAGNN(nn.Module):
    """A network of each node's features, spread over 0 to `num_hops` steps, which each node weighs.

    With z = W_2 relu(W_1 x), and A normalised by 1 / sqrt(d_out(j) * d_in(i)):

        h_k = A^k z
        out[i] = sum over k = 0 .. num_hops of sigmoid(s . h_k[i]) * h_k[i]

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, out_features)`; `edge_weight: (num_edges,)`

    Args:
        dropout: probability of dropping the inputs of both linear maps, in training.

    Raises:
        OptionError: in the constructor, if an option does not exist.
        ShapeError: in the call, if the graph is not square, or features or weights do not fit.

    *Source* Liu, Gao and Ji, 2020, Towards Deeper Graph Neural Networks, arXiv:2007.09296, equation 8.

    *Differs from the source* neither softmax nor self loops: both are the caller's. Edge weights count in the degrees, too.

    *Cost* num_hops x E x out_features reads; keeps num_hops tensors of N x out_features for the gradient.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> DAGNN(4, 8, 2, num_hops=5)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: int,
        hidden_features: int,
        out_features: int,
        *,
        num_hops: int = 10,
        dropout: float = 0.0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_probability("DAGNN", "dropout", dropout)
        if num_hops < 0:
            raise OptionError(message("DAGNN", "`num_hops` that is not negative", str(num_hops)))
        self.num_hops, self.dropout = num_hops, dropout
        self.first = nn.Linear(in_features, hidden_features, bias=bias)
        self.second = nn.Linear(hidden_features, out_features, bias=bias)
        self.score = nn.Linear(out_features, 1, bias=False)

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        for linear in (self.first, self.second, self.score):
            linear.reset_parameters()

    def forward(self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the result of every node."""
        adjacency, x = resolve_square("DAGNN", graph, x, self.first.in_features)
        check_edge_weight("DAGNN", edge_weight, adjacency)
        z = self.first(functional.dropout(x, self.dropout, self.training)).relu()
        h = self.second(functional.dropout(z, self.dropout, self.training))
        step = propagation(adjacency, h, edge_weight, "both")
        out = torch.sigmoid(self.score(h)) * h
        for _ in range(self.num_hops):
            h = step(h)
            out = torch.addcmul(out, torch.sigmoid(self.score(h)), h)
        found: Tensor = out
        return found

    def extra_repr(self) -> str:
        """Options, as in the constructor."""
        return f"num_hops={self.num_hops}, dropout={self.dropout}"
