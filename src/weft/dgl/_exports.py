"""What methods of a graph make for other libraries: graphs of NetworkX."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import FeatureError, OptionError
from ..settings import require
from ._frames import Frame

if TYPE_CHECKING:
    from ._graph import DGLGraph


def to_networkx(
    g: DGLGraph,
    node_attrs: Sequence[str] | None = None,
    edge_attrs: Sequence[str] | None = None,
    ntype_attr: str = "ntype",
    etype_attr: str = "etype",
    eid_attr: str = "id",
) -> Any:
    """Make a directed multigraph of NetworkX; nodes of all types are numbered one after the other.

    Args:
        node_attrs: columns whose rows become attributes of nodes; of several types, for those that have them.
        edge_attrs: likewise for edges.
        ntype_attr: of several types, the attribute for the type of a node.
        etype_attr: of several types, the attribute for the full name of the type of an edge.
        eid_attr: the attribute for the ids of edges, where those of all types are numbered one after the other.

    Raises:
        FeatureError: if no type has such a column.
        OptionError: if the graph is a block.
        MissingExtraError: if NetworkX is not installed.

    >>> import weft.dgl as dgl
    >>> dgl.to_networkx(dgl.graph(([0, 0], [1, 2]))).edges(data=True)
    OutMultiEdgeDataView([(0, 1, {'id': 0}), (0, 2, {'id': 1})])
    """
    if g.is_block:
        raise OptionError("to_networkx: expected a graph, got a block; hint: block_to_graph makes a graph of it")
    nx = require("networkx", "convert")
    types, is_typed = g._types, not g.is_homogeneous
    _check_columns(node_attrs, g._nodes, "nodes")
    _check_columns(edge_attrs, g._edges, "edges")
    begins = list(accumulate((frame.count for frame in g._nodes), initial=0))
    made = nx.MultiDiGraph()
    for name, frame, begin in zip(types.nodes, g._nodes, begins, strict=False):
        columns = _columns(node_attrs, frame)
        for at in range(frame.count):
            attributes: dict[str, Any] = {ntype_attr: name} if is_typed else {}
            made.add_node(begin + at, **attributes, **{key: column[at] for key, column in columns.items()})
    edge = 0
    for at, edge_type in enumerate(types.edges):
        first, last = begins[types.source_at[at]], begins[types.target_at[at]]
        adjacency, columns = g._adjacencies[at], _columns(edge_attrs, g._edges[at])
        for row, (u, v) in enumerate(zip(adjacency.source.tolist(), adjacency.target.tolist(), strict=True)):
            attributes = {eid_attr: edge, **({etype_attr: edge_type} if is_typed else {})}
            made.add_edge(first + u, last + v, **attributes, **{key: column[row] for key, column in columns.items()})
            edge += 1
    return made


def metagraph(g: DGLGraph) -> Any:
    """Make a directed multigraph of NetworkX whose nodes are node types, and whose edges are edge types, by relation.

    Raises:
        MissingExtraError: if NetworkX is not installed.
    """
    nx = require("networkx", "convert")
    made = nx.MultiDiGraph()
    for first, relation, last in g.canonical_etypes:
        made.add_edge(first, last, key=relation)
    return made


def to_cugraph(g: DGLGraph) -> NoReturn:
    """Refuse to make a graph of cuGraph.

    Raises:
        OptionError: always; it says what to call.
    """
    hint = 'g.adj_tensors("coo") gives the ends of edges for it; weft.graph.algorithms has algorithms of its own'
    raise OptionError(f"to_cugraph: cuGraph is not supported; hint: {hint}")


def _check_columns(names: Sequence[str] | None, frames: Sequence[Frame], what: str) -> None:
    for name in names or ():
        if not any(name in frame for frame in frames):
            raise FeatureError(f'to_networkx: expected a column "{name}" of {what}, there is none')


def _columns(names: Sequence[str] | None, frame: Frame) -> dict[str, Any]:
    return {name: frame[name].unbind() for name in names or () if name in frame}
