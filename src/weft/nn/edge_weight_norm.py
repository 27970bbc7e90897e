"""Edge weights divided by sums of weights at their ends."""

from typing import final

from torch import Tensor, nn

from ..errors import check_choice
from ..graph import adjacency_of
from ._arguments import Edges, check_edge_weight
from ._propagation import NORMS, Norm, normalised_weight


@final
class EdgeWeightNorm(nn.Module):
    """Weights of edges, divided by sums of the weights of the edges at their ends.

    `out[e] = edge_weight[e] / c(j, i)` for the edge e = j -> i

    where d_out and d_in are eps plus the sums of the weights of edges that leave and enter a node, and one that is not
    positive counts as 1:

        norm      c(j, i)
        "both"    sqrt(d_out(j) * d_in(i))
        "in"      sqrt(d_in(j) * d_in(i)), on square graphs
        "left"    d_out(j)
        "right"   d_in(i)
        "none"    1

    *Shapes* `edge_weight: (num_edges,) -> (num_edges,)`, by edge id

    Raises:
        OptionError: in the constructor, if the norm does not exist.
        ShapeError: in the call, if there is not one weight for each edge, or the graph is bipartite and the norm "in".

    *Source* Kipf and Welling, 2017, Semi-Supervised Classification with Graph Convolutional Networks, arXiv:1609.02907,
    equation 2, with weights for the entries of the adjacency matrix.

    *Differs from the source* adds no self loops; directed and bipartite graphs.
    *Differs from DGL* "in" and "left" are new. Weights that are not positive are no error; DGL refuses them for "both".

    *Cost* E reads twice, a weight for each edge. Layers that take a `norm` do without these: SGConv, TAGConv, APPNPConv.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([2, 2, 0]), num_nodes=3)
    >>> EdgeWeightNorm("right")(graph, torch.tensor([1.0, 3.0, 5.0]))
    tensor([0.2500, 0.7500, 1.0000])
    """

    def __init__(self, norm: Norm = "both", *, eps: float = 0.0) -> None:
        super().__init__()
        check_choice("EdgeWeightNorm", "norm", norm, NORMS)
        self.norm, self.eps = norm, eps

    def forward(self, graph: Edges, edge_weight: Tensor) -> Tensor:
        """Compute the new weights of all edges."""
        adjacency = adjacency_of(graph)
        check_edge_weight("EdgeWeightNorm", edge_weight, adjacency)
        return normalised_weight(adjacency, edge_weight, self.norm, self.eps)

    def extra_repr(self) -> str:
        """The options, as in the constructor."""
        return f"{self.norm!r}, eps={self.eps}"
