"""One row for each graph of a batch, and rows that know of their graph."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

from ..errors import IdError, OptionError, ShapeError, check_choice
from ..ops import gather_rows, pointers_of, segment_reduce, segment_softmax, segment_topk
from ._graph import DGLGraph

Op = Literal["sum", "mean", "max", "min"]
_OPS = ("sum", "mean", "max", "min")


def readout_nodes(
    graph: DGLGraph, feat: str, weight: str | None = None, *, op: Op = "sum", ntype: str | None = None
) -> Tensor:
    """Reduce a node column to one row for each graph of a batch; 0 for a graph without nodes.

    *Shapes* column `(num_nodes, *F)` -> `(batch_size, *F)`.

    Args:
        feat: name of the column.
        weight: name of a column that it is multiplied by first, of numbers that fit it as NumPy's do.
        op: "sum", "mean", "max" or "min".

    Raises:
        KeyError: if there is no such column.
        OptionError, ShapeError, FeatureError: if there is no such op or type, or the weights do not fit.

    >>> import torch, weft.dgl as dgl
    >>> both = dgl.batch([dgl.graph(([0], [1])), dgl.graph(([0], [0]))])
    >>> both.ndata["h"] = torch.tensor([1.0, 2.0, 5.0])
    >>> dgl.readout_nodes(both, "h", op="mean")
    tensor([1.5000, 5.0000])
    """
    return _reduced(_of_nodes(graph, ntype), feat, weight, op)


def readout_edges(
    graph: DGLGraph, feat: str, weight: str | None = None, *, op: Op = "sum", etype: Any = None
) -> Tensor:
    """Reduce an edge column to one row for each graph of a batch, as `readout_nodes` does for nodes."""
    return _reduced(_of_edges(graph, etype), feat, weight, op)


def sum_nodes(graph: DGLGraph, feat: str, weight: str | None = None, *, ntype: str | None = None) -> Tensor:
    """Add up a node column in each graph of a batch, see `readout_nodes`."""
    return readout_nodes(graph, feat, weight, op="sum", ntype=ntype)


def sum_edges(graph: DGLGraph, feat: str, weight: str | None = None, *, etype: Any = None) -> Tensor:
    """Add up an edge column in each graph of a batch, see `readout_nodes`."""
    return readout_edges(graph, feat, weight, op="sum", etype=etype)


def mean_nodes(graph: DGLGraph, feat: str, weight: str | None = None, *, ntype: str | None = None) -> Tensor:
    """Average a node column, weighted or not, in each graph of a batch: divided by the number of nodes either way."""
    return readout_nodes(graph, feat, weight, op="mean", ntype=ntype)


def mean_edges(graph: DGLGraph, feat: str, weight: str | None = None, *, etype: Any = None) -> Tensor:
    """Average an edge column, weighted or not, in each graph of a batch: divided by the number of edges either way."""
    return readout_edges(graph, feat, weight, op="mean", etype=etype)


def max_nodes(graph: DGLGraph, feat: str, weight: str | None = None, *, ntype: str | None = None) -> Tensor:
    """Take the largest of a node column in each graph of a batch, see `readout_nodes`."""
    return readout_nodes(graph, feat, weight, op="max", ntype=ntype)


def max_edges(graph: DGLGraph, feat: str, weight: str | None = None, *, etype: Any = None) -> Tensor:
    """Take the largest of an edge column in each graph of a batch, see `readout_nodes`."""
    return readout_edges(graph, feat, weight, op="max", etype=etype)


def softmax_nodes(graph: DGLGraph, feat: str, *, ntype: str | None = None) -> Tensor:
    """Take the softmax of a node column over the nodes of each graph of a batch, number by number.

    *Shapes* `(num_nodes, *F)` -> the same.
    """
    frame, counts = _of_nodes(graph, ntype)
    return segment_softmax(pointers_of(counts), frame[feat])


def softmax_edges(graph: DGLGraph, feat: str, *, etype: Any = None) -> Tensor:
    """Take the softmax of an edge column over the edges of each graph of a batch, number by number."""
    frame, counts = _of_edges(graph, etype)
    return segment_softmax(pointers_of(counts), frame[feat])


def broadcast_nodes(graph: DGLGraph, graph_feat: Tensor, *, ntype: str | None = None) -> Tensor:
    """Give each node the row of its graph.

    *Shapes* `graph_feat: (batch_size, *F)`, of a single graph also `(*F,)` -> `(num_nodes, *F)`.

    Raises:
        ShapeError: if there is not a row for each graph.
    """
    return _broadcast(_of_nodes(graph, ntype)[1], graph_feat)


def broadcast_edges(graph: DGLGraph, graph_feat: Tensor, *, etype: Any = None) -> Tensor:
    """Give each edge the row of its graph, see `broadcast_nodes`."""
    return _broadcast(_of_edges(graph, etype)[1], graph_feat)


def topk_nodes(
    graph: DGLGraph,
    feat: str,
    k: int,
    *,
    descending: bool = True,
    sortby: int | None = None,
    ntype: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Take the k highest of a node column from each graph of a batch.

    *Shapes* column `(num_nodes, D)` -> values `(batch_size, k, D)` and the nodes, numbered within their graph, that they
    are of: `(batch_size, k)`, or `(batch_size, k, D)` without `sortby`; int64. Where a graph has fewer nodes, values are 0
    and nodes continue the count. A column `(num_nodes,)` gives both as `(batch_size, k)`.

    Args:
        descending: False for the lowest.
        sortby: rank whole rows by this number of theirs; without it, each number is ranked for itself. Of equal ones the
            first comes first.

    Raises:
        OptionError: if the column has more dimensions, or k is negative.
        IdError: if rows have no such number.
    """
    frame, counts = _of_nodes(graph, ntype)
    return _topk("nodes", feat, frame[feat], counts, k, descending, sortby)


def topk_edges(
    graph: DGLGraph, feat: str, k: int, *, descending: bool = True, sortby: int | None = None, etype: Any = None
) -> tuple[Tensor, Tensor]:
    """Take the k highest of an edge column from each graph of a batch, see `topk_nodes`."""
    frame, counts = _of_edges(graph, etype)
    return _topk("edges", feat, frame[feat], counts, k, descending, sortby)


def _of_nodes(graph: DGLGraph, ntype: str | None) -> tuple[Any, Tensor]:
    """The columns of a node type, and how many rows each graph has."""
    return graph._nodes[graph._types.node_frame(ntype)], graph.batch_num_nodes(ntype)


def _of_edges(graph: DGLGraph, etype: Any) -> tuple[Any, Tensor]:
    return graph._edges[graph._types.edge(etype)], graph.batch_num_edges(etype)


def _reduced(of: tuple[Any, Tensor], feat: str, weight: str | None, op: Op) -> Tensor:
    check_choice("readout", "op", op, _OPS)
    frame, counts = of
    x = frame[feat]
    if weight is not None:
        by = frame[weight]
        try:
            x = x * by
        except RuntimeError as error:
            raise ShapeError(
                f'readout: expected weights that fit "{feat}" of shape {tuple(x.shape)}, got "{weight}" of shape '
                f"{tuple(by.shape)}; hint: of one weight a row make ({x.shape[0]}{', 1' * (x.dim() - 1)})"
            ) from error
    return segment_reduce(pointers_of(counts), x, None, op)


def _broadcast(counts: Tensor, graph_feat: Tensor) -> Tensor:
    num_graphs = counts.shape[0]
    if num_graphs == 1 and (graph_feat.dim() == 0 or graph_feat.shape[0] != 1):
        graph_feat = graph_feat.unsqueeze(0)
    if graph_feat.dim() == 0 or graph_feat.shape[0] != num_graphs:
        raise ShapeError(
            f"broadcast: expected a row for each of {num_graphs} graphs, got shape {tuple(graph_feat.shape)}"
        )
    return gather_rows(graph_feat, torch.repeat_interleave(counts))


def _topk(
    what: str, feat: str, x: Tensor, counts: Tensor, k: int, descending: bool, sortby: int | None
) -> tuple[Tensor, Tensor]:
    if x.dim() > 2:
        raise OptionError(f'topk: expected at most two dimensions of the column "{feat}" of {what}s')
    if k < 0:
        raise OptionError(f"topk: expected `k` of at least 0, got {k}")
    pointers = pointers_of(counts)
    rank = torch.arange(k, device=x.device)
    if sortby is None:
        values, ids = segment_topk(pointers, x, k, None, descending)
        shape = 1, k, *(1,) * (ids.dim() - 2)
        begins = pointers[:-1].reshape(-1, *(1,) * (ids.dim() - 1))
        ids = ids - begins
        short = (counts < k).nonzero().flatten()  # few, if any: the others need no second pass
        part = ids[short]
        ids[short] = torch.where(part < 0, rank.reshape(shape), part)
        return values, ids
    if x.dim() != 2 or not -x.shape[1] <= sortby < x.shape[1]:
        raise IdError(f'topk: expected `sortby` to be a column of "{feat}" of shape {tuple(x.shape)}, got {sortby}')
    _, ids = segment_topk(pointers, x[:, sortby].detach(), k, None, descending)
    is_there = ids >= 0
    if x.shape[0]:
        rows = gather_rows(x, ids.flatten().clamp(min=0)).reshape(*ids.shape, x.shape[1])
        values = rows.where(is_there.unsqueeze(2), torch.zeros_like(rows))
    else:
        values = x.new_zeros((*ids.shape, x.shape[1]))
    return values, torch.where(is_there, ids - pointers[:-1].unsqueeze(1), rank)
