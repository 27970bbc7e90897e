"""One row for each graph of a batch, rows by score, and what graphs tell their rows."""

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from ..errors import ShapeError, message
from ..ops import gather_rows, segment_reduce, segment_softmax, segment_topk
from ._batching import graph_ids, graph_offsets
from ._by_type import set_of
from ._graph import Graph
from ._naming import EdgeType

Reducer = Literal["sum", "mean", "max", "min", "mul", "var", "std"]


def readout(
    graph: Graph,
    x: Tensor,
    reduce: Reducer | Callable[[Tensor, Tensor], Tensor] = "sum",
    *,
    over: str | EdgeType | None = None,
) -> Tensor:
    """Reduce the rows of nodes, or of edges, to one row for each graph of a batch.

    `out[g] = reduce over the nodes i of graph g of x[i]`

    *Shapes* `x: (num_nodes, *F)` -> `(num_graphs, *F)`; a graph without nodes gets 0; one that is no batch gives a row.

    Args:
        over: the node type or edge type whose rows `x` holds; the nodes, if there is one node type.
        reduce: of equal values max and min pass the gradient to the first; var and std divide by the count; NaN
            propagates. Or a function that is given pointers, (num_graphs + 1,), int64, and `x`: the rows of graph g are
            `x[pointers[g]:pointers[g + 1]]`; what it returns has a row for each graph.

    Raises:
        FeatureError: if there is no such type, or `over` is needed to choose one.
        ShapeError, DtypeError, DeviceError, OptionError: if `x` does not fit the graph, or `reduce` has no such value.

    *Cost* reads each row once.

    >>> from weft.graph import batch
    >>> both = batch([Graph([0], [1]), Graph([0], [0])])
    >>> readout(both, torch.tensor([[1.0], [2.0], [5.0]]))
    tensor([[3.],
            [5.]])
    >>> readout(both, torch.ones(3), lambda pointers, x: x[pointers[1:] - 1] * pointers.diff())
    tensor([2., 1.])
    """
    offsets = _offsets("readout", graph, x, over)
    if not callable(reduce):
        return segment_reduce(offsets, x, None, reduce)
    out = reduce(offsets, x)
    if not isinstance(out, Tensor) or out.shape[:1] != (offsets.shape[0] - 1,):
        got = str(tuple(out.shape)) if isinstance(out, Tensor) else type(out).__name__
        expected = f"a tensor with a row for each of {offsets.shape[0] - 1} graphs from `reduce`"
        raise ShapeError(message("readout", expected, got))
    return out


def softmax_in_graphs(graph: Graph, scores: Tensor, *, over: str | EdgeType | None = None) -> Tensor:
    """Take the softmax of scores over the nodes, or the edges, of each graph of a batch.

    `out[i] = exp(scores[i]) / sum over the nodes j of the graph of i of exp(scores[j])`

    *Shapes* `scores: (num_nodes, *F)` -> the same.

    Args:
        over: as for `readout`.

    Raises:
        FeatureError, ShapeError, DtypeError, DeviceError: as `readout`.

    *Cost* reads the scores twice.

    >>> softmax_in_graphs(Graph([0], [1]), torch.zeros(2))
    tensor([0.5000, 0.5000])
    """
    return segment_softmax(_offsets("softmax_in_graphs", graph, scores, over), scores)


def readout_softmax(graph: Graph, x: Tensor, scores: Tensor, *, over: str | EdgeType | None = None) -> Tensor:
    """Sum the rows of each graph with weights that are the softmax of scores.

    `out[g] = sum over the nodes i of graph g of softmax(scores)[i] * x[i]`

    *Shapes* `x: (num_nodes, *F)`; `scores: (num_nodes,)`, or one for each of the first features, `(num_nodes, *first of
    F)` -> `(num_graphs, *F)`; a graph without nodes gets 0.

    Args:
        over: as for `readout`.

    Raises:
        FeatureError, ShapeError, DtypeError, DeviceError: as `readout`, and if the scores do not fit `x`.

    *Source* Li, Tarlow, Brockschmidt and Zemel, 2016, Gated graph sequence neural networks, arXiv:1511.05493, equation 7.

    >>> readout_softmax(Graph([0], [1]), torch.tensor([[1.0], [3.0]]), torch.zeros(2))
    tensor([[2.]])
    """
    if scores.shape != x.shape[: scores.dim()]:
        expected = f"`scores` of shape {tuple(x.shape[:1])}, or with the first features of `x`, {tuple(x.shape)}"
        raise ShapeError(message("readout_softmax", expected, str(tuple(scores.shape))))
    offsets = _offsets("readout_softmax", graph, x, over)
    weight = segment_softmax(offsets, scores)
    return segment_reduce(offsets, x * weight.reshape(*scores.shape, *[1] * (x.dim() - scores.dim())))


class TopRows(NamedTuple):
    """The rows of highest score of each graph, best first.

    *Shapes* `values: (num_graphs, k, *F)`, `ids: (num_graphs, k)`, int64: the nodes or edges that the rows are of. A
    graph of fewer rows has 0 and -1 for the rest.
    """

    values: Tensor
    ids: Tensor


def readout_topk(
    graph: Graph, x: Tensor, score: Tensor, *, k: int, largest: bool = True, over: str | EdgeType | None = None
) -> TopRows:
    """Take the k rows of highest score from each graph of a batch.

    `values[g, r] = x[ids[g, r]]`, where ids[g, r] is the r-th best node of graph g

    *Shapes* `x: (num_nodes, *F)`; `score: (num_nodes,)`, such as a feature, `x[:, 3]` -> `values: (num_graphs, k, *F)`
    and `ids: (num_graphs, k)`, 0 and -1 where a graph has fewer rows.

    Args:
        k: how many.
        largest: the highest scores; False for the lowest. Of equal ones the first node comes first; NaN is above all.
        over: as for `readout`.

    Raises:
        FeatureError, ShapeError, DtypeError, DeviceError, OptionError: as `readout`, if there is not one score for each
            row, or `k` is negative.

    *Source* Zhang, Cui, Neumann and Chen, 2018, An end-to-end deep learning architecture for graph classification.

    *Cost* reads the scores once, and k rows of each graph. Gradients go to `x` alone.

    >>> from weft.graph import batch
    >>> x = torch.tensor([[1.0], [2.0], [5.0]])
    >>> values, ids = readout_topk(batch([Graph([0], [1]), Graph([0], [0])]), x, x[:, 0], k=2)
    >>> values.squeeze(2).tolist(), ids.tolist()
    ([[2.0, 1.0], [5.0, 0.0]], [[1, 0], [2, -1]])
    """
    if score.shape != x.shape[:1]:
        raise ShapeError(message("readout_topk", f"`score` of shape {tuple(x.shape[:1])}", str(tuple(score.shape))))
    _, ids = segment_topk(_offsets("readout_topk", graph, x, over), score.detach(), k, None, largest)
    shape = *ids.shape, *x.shape[1:]
    if x.shape[0] == 0:
        return TopRows(x.new_zeros(shape), ids)
    rows = gather_rows(x, ids.flatten().clamp(min=0)).reshape(shape)
    is_there = (ids >= 0).reshape(*ids.shape, *[1] * (x.dim() - 1))
    return TopRows(rows.where(is_there, torch.zeros_like(rows)), ids)


def broadcast_readout(graph: Graph, rows: Tensor, *, over: str | EdgeType | None = None) -> Tensor:
    """Give each node, or each edge, the row of its graph.

    `out[i] = rows[g]`, where g is the graph of node i

    *Shapes* `rows: (num_graphs, *F)` -> `(num_nodes, *F)`.

    Args:
        over: as for `readout`.

    Raises:
        FeatureError: if there is no such type, or `over` is needed to choose one.
        ShapeError: if there is not one row for each graph.

    *Cost* writes each row once; backward sums the gradients of each graph.

    >>> from weft.graph import batch
    >>> broadcast_readout(batch([Graph([0], [1]), Graph([0], [0])]), torch.tensor([7.0, 8.0]))
    tensor([7., 7., 8.])
    """
    found = set_of("broadcast_readout", "over", graph, over)
    num_graphs = graph_offsets(found).shape[0] - 1
    if rows.dim() == 0 or rows.shape[0] != num_graphs:
        raise ShapeError(message("broadcast_readout", f"a row for each of {num_graphs} graphs", str(tuple(rows.shape))))
    return gather_rows(rows, graph_ids(found))


def _offsets(where: str, graph: Graph, x: Tensor, over: str | EdgeType | None) -> Tensor:
    """Where each graph begins among the rows of `x`."""
    found = set_of(where, "over", graph, over)
    if x.dim() == 0 or x.shape[0] != found.count:
        raise ShapeError(message(where, f"one row for each of {found._say()}", str(tuple(x.shape))))
    return graph_offsets(found)
