"""One row for each graph of a batch."""

from typing import Literal

import torch
from torch import Tensor

from ..errors import FeatureError, ShapeError, message
from ..ops import segment_reduce
from ._feature_set import EdgeSet, NodeSet
from ._graph import Graph
from ._naming import EdgeType, listed, quoted


def readout(
    graph: Graph,
    x: Tensor,
    reduce: Literal["sum", "mean", "max", "min", "mul", "var", "std"] = "sum",
    *,
    over: str | EdgeType | None = None,
) -> Tensor:
    """Reduce the rows of nodes, or of edges, to one row for each graph of a batch.

    `out[g] = reduce over the nodes i of graph g of x[i]`

    *Shapes* `x: (num_nodes, *F)` -> `(num_graphs, *F)`; a graph without nodes gets 0; one that is no batch gives a row.

    Args:
        over: the node type or edge type whose rows `x` holds; the nodes, if there is one node type.
        reduce: of equal values max and min pass the gradient to the first; var and std divide by the count; NaN
            propagates.

    Raises:
        FeatureError: if there is no such type, or `over` is needed to choose one.
        ShapeError, DtypeError, DeviceError, OptionError: if `x` does not fit the graph, or `reduce` has no such value.

    *Cost* reads each row once.

    >>> from weft.graph import batch
    >>> readout(batch([Graph([0], [1]), Graph([0], [0])]), torch.tensor([[1.0], [2.0], [5.0]]))
    tensor([[3.],
            [5.]])
    """
    found = _set_of(graph, over)
    if x.dim() == 0 or x.shape[0] != found.count:
        raise ShapeError(message("readout", f"one row for each of {found._say()}", str(tuple(x.shape))))
    offsets = found.offsets
    if offsets is None:
        offsets = torch.tensor([0, found.count], dtype=torch.int64, device=x.device)
    return segment_reduce(offsets, x, None, reduce)


def _set_of(graph: Graph, over: str | EdgeType | None) -> NodeSet | EdgeSet:
    if over is not None:
        return graph[over]
    if len(graph.node_types) != 1:
        hint = f"choose one, as in readout(graph, x, over={quoted(graph.node_types[0])})" if graph.node_types else ""
        raise FeatureError(
            message("readout", "`over` for a graph of several node types", listed(graph.node_types), hint)
        )
    return graph.nodes
