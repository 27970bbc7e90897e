"""Aggregation: every target reduces what its sources send."""

from torch import Tensor

from ..errors import ShapeError, message
from ..graph import adjacency_of
from ..ops import spmm
from ._arguments import Edges, Reduce


def aggregate(graph: Edges, x: Tensor, weight: Tensor | None = None, *, reduce: Reduce = "sum") -> Tensor:
    """Reduce the features of the sources of every target, multiplied by edge weights if there are any.

    `out[i] = reduce over edges e = j -> i of weight[e] * x[j]`

    *Shapes* `x: (num_sources, *F)`; `weight: (num_edges,)` or `(num_edges, *W)` by edge id, where W broadcasts with the
    first dimensions of F (heads) -> `(num_targets, *F)`. A target without edges gets 0.

    Args:
        graph: a graph of one node type and one edge type, an adjacency or a block.
        reduce: "sum", "mean", "max" or "min". Mean divides by the number of edges, whatever their weights. Of equal
            values, max and min pass the gradient to the edge of lowest id.

    Raises:
        ShapeError: if `x` has no row for each source, or `weight` none for each edge.
        DtypeError, DeviceError, OptionError: if arguments do not fit each other.

    *Cost* reads E x F, writes N x F; no E x F tensor in either direction.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 2]), num_nodes=3)
    >>> aggregate(graph, torch.tensor([[1.0], [10.0], [100.0]]), reduce="mean")
    tensor([[ 0.],
            [ 1.],
            [55.]])
    """
    adjacency = adjacency_of(graph)
    if x.dim() == 0 or x.shape[0] != adjacency.num_sources:
        raise ShapeError(
            message("aggregate", f"`x` with a row for each of {adjacency.num_sources} sources", str(tuple(x.shape)))
        )
    return spmm(adjacency.by_target, x, weight, reduce)
