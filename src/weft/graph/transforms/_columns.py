"""A batch looked at graph by graph: unit columns for operators over edges, and dense matrices for linear algebra."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from ... import settings
from .._adjacency import Adjacency
from .._batching import graph_ids, graph_offsets
from .._feature_set import NodeSet


class Places(NamedTuple):
    """Where nodes stand in the graphs of a batch.

    *Shapes* `offsets: (num_graphs + 1,)`, where each graph begins; `graph, local: (num_nodes,)`, the graph of each node,
    and how far behind its beginning the node stands; all int64.
    """

    offsets: Tensor
    graph: Tensor
    local: Tensor

    @property
    def begin(self) -> Tensor:
        """Where the graph of each node begins: (num_nodes,)."""
        return self.offsets[self.graph]

    @property
    def widest(self) -> int:
        """Number of nodes of the largest graph."""
        return int(self.offsets.diff().max()) if self.offsets.shape[0] > 1 else 0


def places_of(nodes: NodeSet) -> Places:
    """Where nodes stand; a graph that is no batch is one."""
    offsets = graph_offsets(nodes)
    graph = graph_ids(nodes)
    return Places(offsets, graph, torch.arange(nodes.count, device=nodes.device) - offsets[graph])


def unit_columns(places: Places) -> Iterator[tuple[Tensor, Tensor, Tensor, int]]:
    """The columns of the identity of each graph, as many at once as memory allows.

    Those of all graphs stand in the same columns, since no edge leads from one graph to another.

    *Shapes* `x: (num_nodes, columns)`, float64; `rows, columns: (ones,)`, the places of its ones; and the local number
    of the node that the first column belongs to.
    """
    count, width = places.local.shape[0], places.widest
    step = max(1, settings.chunk_bytes // (8 * max(count, 1)))
    for low in range(0, width, step):
        rows = ((places.local >= low) & (places.local < low + step)).nonzero().squeeze(1)
        columns = places.local[rows] - low
        x = torch.zeros((count, min(step, width - low)), dtype=torch.float64, device=rows.device)
        x[rows, columns] = 1.0
        yield x, rows, columns, low


class DenseMatrices(NamedTuple):
    """Dense matrices of some graphs of like size.

    *Shapes* `rows: (graphs, num_rows)`, `columns: (graphs, num_columns)`, int64: ids in the batch, -1 behind the last
    of a graph; `matrix: (graphs, num_rows, num_columns)`.
    """

    rows: Tensor
    columns: Tensor
    matrix: Tensor


def dense_matrices(
    rows: Places, columns: Places, adjacency: Adjacency, weight: Tensor, among: Tensor | None = None
) -> Iterator[DenseMatrices]:
    """The matrices of the graphs, as many at once as memory allows.

    The sum of the weights of the edges j -> i stands at (i, j): rows are targets, columns sources. Graphs without
    either are left out, and those where `among` is False.
    """
    sizes = rows.offsets.diff(), columns.offsets.diff()
    is_there = (sizes[0] > 0) & (sizes[1] > 0)
    if among is not None:
        is_there = is_there & among
    padded = torch.stack([_padded(size.where(is_there, 0)) for size in sizes], 1)
    for height, width in padded[is_there].unique(dim=0).tolist():
        members = (is_there & (padded[:, 0] == height) & (padded[:, 1] == width)).nonzero().squeeze(1)
        for some in members.split(max(1, settings.chunk_bytes // (weight.element_size() * height * width))):
            number = torch.full_like(sizes[0], -1).index_copy(0, some, torch.arange(some.shape[0], device=some.device))
            block = number[rows.graph[adjacency.target]]
            edges = (block >= 0).nonzero().squeeze(1)
            row, column = rows.local[adjacency.target[edges]], columns.local[adjacency.source[edges]]
            matrix = torch.zeros(some.shape[0] * height * width, dtype=weight.dtype, device=weight.device)
            matrix.index_add_(0, (block[edges] * height + row) * width + column, weight[edges])
            yield DenseMatrices(_ids(rows, some, height), _ids(columns, some, width), matrix.reshape(-1, height, width))


def _padded(sizes: Tensor) -> Tensor:
    """The next power of two, but nothing above the largest."""
    return torch.minimum((2.0 ** sizes.clamp(min=4).double().log2().ceil()).long(), sizes.max())


def _ids(places: Places, some: Tensor, size: int) -> Tensor:
    inside = torch.arange(size, device=some.device)
    begin, end = places.offsets[some, None], places.offsets[some + 1, None]
    return (begin + inside).where(begin + inside < end, -1)
