"""SGC: one linear map of features that were sent over the edges."""

from typing import final

from torch import Tensor, nn

from ...errors import OptionError, message
from .._arguments import Edges
from .._propagation import Norm
from ..conv import SGConv


@final
class SGC(nn.Module):
    """A linear map of features that were sent num_hops times over normalised edges: logistic regression, behind a softmax.

    `out = S^num_hops x W^T + b`, with `S[i, j] = sum over edges e = j -> i of edge_weight[e] / c(j, i)`

    where c is sqrt(d_out(j) * d_in(i)) or what else `norm` says, as in `SGConv`.

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, out_features)`; `edge_weight: (num_edges,)`

    Raises:
        OptionError: in the constructor, if the norm does not exist or `num_hops` is negative.
        ShapeError: in the call, if the graph is not square, or features or weights do not fit.

    *Source* Wu, Souza, Zhang, Fifty, Yu and Weinberger, 2019, Simplifying Graph Convolutional Networks, arXiv:1902.07153,
    equation 8.

    *Differs from the source* neither softmax nor self loops: both are the caller's. Has a bias, other norms, weights and directed
    graphs.

    *Cost* num_hops x E x F reads, F the smaller of both widths. Hops that are sent once, before training, cost nothing in it:
    `layer.propagate` sends them, and what is trained is `layer.fc`.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]), num_nodes=3)
    >>> model, x = SGC(4, 2), torch.randn(3, 4)
    >>> sent = model.layer.propagate(graph, x)
    >>> torch.allclose(model.layer.fc(sent), model(graph, x), atol=1e-6)
    True
    """

    def __init__(
        self, in_features: int, out_features: int, *, num_hops: int = 2, norm: Norm = "both", bias: bool = True
    ) -> None:
        super().__init__()
        if num_hops < 0:
            raise OptionError(message("SGC", "`num_hops` that is not negative", str(num_hops)))
        self.layer = SGConv(in_features, out_features, num_hops, norm=norm, bias=bias)

    def reset_parameters(self) -> None:
        """Draw the linear map anew."""
        self.layer.reset_parameters()

    def forward(self, graph: Edges, x: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the result of every node."""
        found: Tensor = self.layer(graph, x, edge_weight)
        return found
