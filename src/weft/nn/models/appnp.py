"""APPNP: a network of each node, then personalised propagation of what it predicts."""

from itertools import pairwise
from typing import final

from torch import Tensor, nn
from torch.nn import functional

from ...errors import OptionError, check_probability, message
from .._arguments import Edges
from .._propagation import Norm
from .._reset import reset_inside
from .._square import resolve_square
from ..conv import APPNPConv


@final
class APPNP(nn.Module):
    """A network of each node's features, whose results are sent over the edges, each hop returning a share of them.

    With S[i, j] = sum over edges e = j -> i of edge_weight[e] / c(j, i), where c is sqrt(d_out(j) * d_in(i)) or what else
    `norm` says, as in `APPNPConv`:

        h_0     = W_n relu(... relu(W_1 x))
        h_(t+1) = (1 - alpha) * S h_t + alpha * h_0
        out     = h_num_hops

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, out_features)`; `edge_weight: (num_edges,)`

    Args:
        num_layers: linear maps of the network, n above; all but the last are `hidden_features` wide.
        alpha: share of h_0, the probability to return to the start.
        dropout: probability of dropping the input of every linear map, in training.
        edge_dropout: probability of dropping an edge in training, drawn for every hop.

    Raises:
        OptionError: in the constructor, if an option does not exist.
        ShapeError: in the call, if the graph is not square, or features or weights do not fit.

    *Source* Gasteiger, Bojchevski and Günnemann, 2019, Predict then Propagate: Graph Neural Networks meet Personalized
    PageRank, arXiv:1810.05997, equation 4. It has `dropout=0.5, edge_dropout=0.5`.

    *Differs from the source* neither softmax nor self loops: both are the caller's. Has edge weights, directed graphs and other
    norms.

    *Cost* num_hops x E x out_features reads. Nothing is kept for the gradient of the hops but that of edge weights.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> APPNP(4, 8, 2, dropout=0.5, edge_dropout=0.5)(graph, torch.randn(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: int,
        hidden_features: int,
        out_features: int,
        *,
        num_layers: int = 2,
        num_hops: int = 10,
        alpha: float = 0.1,
        dropout: float = 0.0,
        edge_dropout: float = 0.0,
        norm: Norm = "both",
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_probability("APPNP", "dropout", dropout)
        if num_layers < 1 or num_hops < 0:
            got = f"{num_layers} and {num_hops}"
            raise OptionError(message("APPNP", "`num_layers` of at least 1 and `num_hops` that is not negative", got))
        self.in_features, self.dropout = in_features, dropout
        widths = [in_features, *[hidden_features] * (num_layers - 1), out_features]
        self.layers = nn.ModuleList(nn.Linear(before, after, bias=bias) for before, after in pairwise(widths))
        self.hops = APPNPConv(num_hops, alpha, edge_dropout=edge_dropout, norm=norm)

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        reset_inside(*self.layers)

    def forward(self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the result of every node."""
        adjacency, h = resolve_square("APPNP", graph, x, self.in_features)
        for at, linear in enumerate(self.layers):
            h = linear(functional.dropout(h.relu() if at else h, self.dropout, self.training))
        found: Tensor = self.hops(adjacency, h, edge_weight)
        return found

    def extra_repr(self) -> str:
        """Options, as in the constructor."""
        return f"dropout={self.dropout}"
