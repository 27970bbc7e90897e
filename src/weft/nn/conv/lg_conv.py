"""Light graph convolution: a normalised sum over neighbours, and nothing else."""

from typing import final

from torch import Tensor, nn

from ...errors import check_choice
from .._arguments import Edges, Features, check_edge_weight, resolve_sources, width_of
from .._propagation import NORMS, Norm, propagation


@final
class LGConv(nn.Module):
    """Sum of the neighbours' features, normalised by degrees, without parameters.

    `out[i] = sum over edges e = j -> i of edge_weight[e] / c(j, i) * x[j]`

    where d_out and d_in are sums of edge weights (without them, numbers of edges) that leave and enter a node, and one that
    is not positive counts as 1:

        norm      c(j, i)
        "both"    sqrt(d_out(j) * d_in(i))
        "in"      sqrt(d_in(j) * d_in(i)), on square graphs
        "left"    d_out(j)
        "right"   d_in(i)
        "none"    1

    *Shapes* `x: (num_nodes, *F)` -> the same; `edge_weight: (num_edges,)`. On a bipartite graph x has a row for each
    source and the result one for each target; of a pair `(x_source, x_target)` only the first is read.

    Raises:
        OptionError: in the constructor, if the norm does not exist.
        ShapeError: in the call, if features or edge weights do not fit, or the graph is bipartite and the norm "in".

    *Source* He, Deng, Wang, Li, Zhang and Wang, 2020, LightGCN: Simplifying and Powering Graph Convolution Network for
    Recommendation, arXiv:2002.02126, equation 3.

    *Differs from the source* other norms, and weights, which count in the degrees. The sum over layers is the model's.
    *Differs from PyG* PyG is `norm="in"`, or with `normalize=False` `norm="none"`; on graphs whose edges go both ways, as
    those of users and items do, "both" is the same.

    *Cost* E x F reads, one tensor of N x F; the norm is numbers of nodes.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 0]), num_nodes=3)
    >>> LGConv()(graph, torch.ones(3, 1))
    tensor([[1.2071],
            [0.7071],
            [1.0000]])
    """

    def __init__(self, *, norm: Norm = "both") -> None:
        super().__init__()
        check_choice("LGConv", "norm", norm, NORMS)
        self.norm = norm

    def forward(self, graph: Edges, x: Features, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the new features of all targets."""
        adjacency, x = resolve_sources("LGConv", graph, x, width_of(x))
        check_edge_weight("LGConv", edge_weight, adjacency)
        return propagation(adjacency, x, edge_weight, self.norm)(x)

    def extra_repr(self) -> str:
        """The norm."""
        return f"norm={self.norm!r}"
