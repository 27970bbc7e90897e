"""Questions about edges: whether they are there, which they are, what is next to a node. All in batches."""

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from ..errors import ShapeError, message
from ..ops import Structure, coalesce, gather_rows, pointers_of, segment_search
from ._adjacency import Adjacency, Ids
from ._block import Block
from ._by_type import chosen_ids
from ._graph import Graph
from ._incident import IncidentEdges, ranges, rows_of
from ._naming import EdgeType
from ._resolve import edges_of


class IdLists(NamedTuple):
    """A list of ids for each question: list i is `ids[indptr[i] : indptr[i + 1]]`.

    *Shapes* `indptr: (num_lists + 1,)`, `ids: (indptr[-1],)`, int64. The ids of a list ascend.

    >>> found = IdLists(torch.tensor([0, 2, 2]), torch.tensor([4, 7]))
    >>> found.counts().tolist(), found.lowest().tolist()
    ([2, 0], [4, -1])
    """

    indptr: Tensor
    ids: Tensor

    def counts(self) -> Tensor:
        """Length of each list: (num_lists,), int64."""
        return self.indptr.diff()

    def lowest(self) -> Tensor:
        """The lowest id of each list, -1 for an empty one: (num_lists,), int64."""
        first, has_one = self.indptr[:-1], self.counts() > 0
        found = torch.full_like(first, -1)
        found[has_one] = self.ids[first[has_one]]
        return found


def has_edges(
    graph: Graph | Adjacency | Block, source: Ids, target: Ids, *, edge_type: str | EdgeType | None = None
) -> Tensor:
    """Tell for each pair whether there is an edge from `source[i]` to `target[i]`.

    *Shapes* `source, target: (num_pairs,)` -> `(num_pairs,)`, bool.

    Args:
        edge_type: the edge type or relation of a graph of several.

    Raises:
        IdError: if an id is negative or not below its count.
        FeatureError: if there is no such edge type, or several and none is named.
        ShapeError, DtypeError, DeviceError, OptionError: if arguments are of another kind or do not fit each other.

    *Cost* a binary search a pair in a structure that is sorted at the first question and kept: 8 bytes an edge, or nothing
    if edges came sorted.

    >>> has_edges(Graph([0, 1, 1], [1, 2, 2]), [0, 1, 2], [1, 2, 1])
    tensor([ True,  True, False])
    """
    first, last, _ = _search("has_edges", graph, source, target, edge_type)
    return first < last


def edge_ids_between(
    graph: Graph | Adjacency | Block, source: Ids, target: Ids, *, edge_type: str | EdgeType | None = None
) -> IdLists:
    """List for each pair all edges from `source[i]` to `target[i]`; `lowest()` of the result is one for each.

    *Shapes* `source, target: (num_pairs,)` -> a list of edge ids for each pair, empty where there is no edge.

    Args, Raises and *Cost* are those of `has_edges`.

    >>> found = edge_ids_between(Graph([0, 1, 1], [1, 2, 2]), [1, 2], [2, 1])
    >>> found.indptr.tolist(), found.ids.tolist(), found.lowest().tolist()
    ([0, 2, 2], [1, 2], [1, -1])
    """
    first, last, rows = _search("edge_ids_between", graph, source, target, edge_type)
    indptr = pointers_of(last - first)
    position = ranges(first, indptr)
    return IdLists(indptr, position if rows.edge is None else gather_rows(rows.edge, position).long())


def find_edges(
    graph: Graph | Adjacency | Block, edges: Ids, *, edge_type: str | EdgeType | None = None
) -> tuple[Tensor, Tensor]:
    """Look up the ends of edges: `source[edges], target[edges]`.

    *Shapes* `edges: (count,)`, ids in any order or a mask `(num_edges,)` -> two tensors `(count,)`, in the dtype of the ids.

    Raises:
        IdError: if there is no such edge.
        FeatureError: if there is no such edge type, or several and none is named.
        ShapeError, DtypeError, DeviceError, OptionError: if arguments are of another kind.

    >>> find_edges(Graph([0, 1, 1], [1, 2, 2]), [2, 0])
    (tensor([1, 0]), tensor([2, 1]))
    """
    adjacency = edges_of("find_edges", graph, edge_type)
    ids = chosen_ids("find_edges", "edges", edges, count=adjacency.num_edges, device=adjacency.device)
    return gather_rows(adjacency.source, ids), gather_rows(adjacency.target, ids)


def in_edges(graph: Graph | Adjacency | Block, nodes: Ids, *, edge_type: str | EdgeType | None = None) -> IncidentEdges:
    """List the edges that enter each of several nodes, in their order.

    *Shapes* `nodes: (count,)`, ids in any order, several times if wanted, or a mask `(num_targets,)`.

    Raises:
        IdError: if there is no such node.
        FeatureError: if there is no such edge type, or several and none is named.
        ShapeError, DtypeError, DeviceError, OptionError: if arguments are of another kind.

    *Cost* in proportion to the result, once `by_target` is built.

    >>> found = in_edges(Graph([0, 1, 2], [1, 2, 1]), [1])
    >>> found.source.tolist(), found.edge_ids.tolist()
    ([0, 2], [0, 2])
    """
    ids, (indptr, source, edges) = _rows("in_edges", graph, nodes, edge_type, "in")
    target = torch.repeat_interleave(ids, indptr.diff(), output_size=edges.shape[0])
    return IncidentEdges(indptr, source, target, edges)


def out_edges(
    graph: Graph | Adjacency | Block, nodes: Ids, *, edge_type: str | EdgeType | None = None
) -> IncidentEdges:
    """List the edges that leave each of several nodes, in their order.

    Arguments, errors and cost are those of `in_edges`, with `by_source` in place of `by_target`.

    >>> found = out_edges(Graph([0, 1, 2], [1, 2, 1]), [1, 0])
    >>> found.indptr.tolist(), found.target.tolist()
    ([0, 1, 2], [2, 1])
    """
    ids, (indptr, target, edges) = _rows("out_edges", graph, nodes, edge_type, "out")
    source = torch.repeat_interleave(ids, indptr.diff(), output_size=edges.shape[0])
    return IncidentEdges(indptr, source, target, edges)


def predecessors(graph: Graph | Adjacency | Block, nodes: Ids, *, edge_type: str | EdgeType | None = None) -> IdLists:
    """List the nodes from which edges enter each of several nodes, each once, ascending.

    *Shapes* `nodes: (count,)`, ids in any order, several times if wanted, or a mask `(num_targets,)`.

    Raises:
        IdError: if there is no such node.
        FeatureError: if there is no such edge type, or several and none is named.
        ShapeError, DtypeError, DeviceError, OptionError: if arguments are of another kind.

    *Cost* sorts the edges at these nodes.

    >>> found = predecessors(Graph([2, 0, 2, 1], [1, 1, 1, 0]), [1, 2, 0])
    >>> found.indptr.tolist(), found.ids.tolist()
    ([0, 2, 2, 3], [0, 2, 1])
    """
    return _distinct(*_rows("predecessors", graph, nodes, edge_type, "in")[1])


def successors(graph: Graph | Adjacency | Block, nodes: Ids, *, edge_type: str | EdgeType | None = None) -> IdLists:
    """List the nodes to which edges lead from each of several nodes, each once, ascending.

    Arguments, errors and cost are those of `predecessors`.

    >>> found = successors(Graph([2, 0, 2, 1], [1, 1, 1, 0]), [2, 0])
    >>> found.indptr.tolist(), found.ids.tolist()
    ([0, 1, 2], [1, 1])
    """
    return _distinct(*_rows("successors", graph, nodes, edge_type, "out")[1])


def _search(
    where: str, graph: Graph | Adjacency | Block, source: Ids, target: Ids, edge_type: str | EdgeType | None
) -> tuple[Tensor, Tensor, Structure]:
    """Where the edges of each pair begin and end in rows that ascend, and these rows."""
    adjacency = edges_of(where, graph, edge_type)
    sources = chosen_ids(where, "source", source, count=adjacency.num_sources, device=adjacency.device)
    targets = chosen_ids(where, "target", target, count=adjacency.num_targets, device=adjacency.device)
    if sources.shape != targets.shape:
        got = f"{sources.shape[0]} and {targets.shape[0]}"
        raise ShapeError(message(where, "as many sources as targets, one of each for every pair", got))
    rows = adjacency.by_target_and_source
    first, last = segment_search(rows.indptr, rows.source, targets, sources.to(rows.source.dtype))
    return first, last, rows


def _rows(
    where: str,
    graph: Graph | Adjacency | Block,
    nodes: Ids,
    edge_type: str | EdgeType | None,
    way: Literal["in", "out"],
) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
    """Ids of the nodes; pointers, other ends and edge ids of their edges, int64."""
    adjacency = edges_of(where, graph, edge_type)
    rows = adjacency.by_target if way == "in" else adjacency.by_source
    ids = chosen_ids(where, "nodes", nodes, count=rows.num_targets, device=adjacency.device)
    indptr, others, edges = rows_of(rows, ids)
    return ids, (indptr, others.long(), edges.long())


def _distinct(indptr: Tensor, others: Tensor, edges: Tensor) -> IdLists:
    """Each end of a row once, ascending."""
    row = torch.repeat_interleave(indptr.diff(), output_size=edges.shape[0])
    num_columns = int(others.max()) + 1 if others.shape[0] else 0
    matrix = coalesce(row, others, num_rows=indptr.shape[0] - 1, num_columns=num_columns).matrix
    return IdLists(matrix.indptr, matrix.column)
