"""A graph of several types as one of one type, and back; a block as a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .. import graph as graphs
from ..errors import FeatureError, IdError, OptionError, ShapeError
from ..graph import EdgeType
from ._create import graph, heterograph
from ._frames import Frame
from ._graph import DGLGraph
from ._types import Types
from .base import EID, ETYPE, NID, NTYPE


def block_to_graph(block: DGLGraph) -> DGLGraph:
    """Make a graph of a block: source types are called `{name}_src`, target types `{name}_dst`; columns are copied over.

    Raises:
        OptionError: if it is no block.

    >>> import weft.dgl as dgl
    >>> dgl.block_to_graph(dgl.create_block(([0, 1, 2], [0, 0, 1]))).canonical_etypes
    [('_N_src', '_E', '_N_dst')]
    """
    if not block.is_block:
        raise OptionError("block_to_graph: expected a block, got a graph")
    old = block._types
    names = [f"{name}_src" for name in old.source] + [f"{name}_dst" for name in old.target]
    types = Types([(f"{first}_src", relation, f"{last}_dst") for first, relation, last in old.edges], names)
    frames = [frame.copied() for frame in block._nodes], [frame.copied() for frame in block._edges]
    return DGLGraph._made(types, block._adjacencies, *frames, block.idtype, block.device)


def to_homogeneous(
    G: DGLGraph,  # noqa: N803
    ndata: Sequence[str] | None = None,
    edata: Sequence[str] | None = None,
    store_type: bool = True,
    return_count: bool = False,
) -> Any:
    """Join nodes of all types, and edges of all types, to a graph of one type; both stand type after type.

    The columns `NID` and `EID` hold the ids that nodes and edges had among those of their type, `NTYPE` and `ETYPE` the
    position of the type.

    Args:
        ndata, edata: columns to join, which all types that have nodes, or edges, need to have.
        store_type: False leaves out `NTYPE` and `ETYPE`.
        return_count: give the numbers of nodes and edges of each type too, as two lists.

    Raises:
        FeatureError: if a type lacks a column.
        ShapeError: if columns of one name have other rows or dtypes.

    >>> import weft.dgl as dgl
    >>> joined = dgl.to_homogeneous(dgl.heterograph({("user", "rates", "item"): ([0, 1], [2, 0])}))
    >>> joined.edges(), joined.ndata[dgl.NTYPE], joined.ndata[dgl.NID]
    ((tensor([3, 4]), tensor([2, 0])), tensor([0, 0, 0, 1, 1]), tensor([0, 1, 2, 0, 1]))
    """
    if G.is_block:
        G = block_to_graph(G)  # noqa: N806
    found = graphs.to_homogeneous(G._bare())
    ends = found.graph.adjacency.source, found.graph.adjacency.target
    made = graph(ends, num_nodes=found.graph.num_nodes, idtype=G.idtype, device=G.device)
    _join(made._nodes[0], G._nodes, G.ntypes, ndata, (NID, NTYPE if store_type else None), G.idtype)
    _join(made._edges[0], G._edges, G.canonical_etypes, edata, (EID, ETYPE if store_type else None), G.idtype)
    if return_count:
        return made, [frame.count for frame in G._nodes], [frame.count for frame in G._edges]
    return made


def to_heterogeneous(
    G: DGLGraph,  # noqa: N803
    ntypes: Sequence[str],
    etypes: Sequence[str],
    ntype_field: str = NTYPE,
    etype_field: str = ETYPE,
    metagraph: Any = None,
) -> DGLGraph:
    """Take a graph of one type apart by columns that tell the types of nodes and of edges.

    There is an edge type for each relation and each pair of node types that its edges join. Nodes and edges keep their
    order; the columns `NID` and `EID` hold the ids that they had.

    Args:
        ntypes, etypes: names of node types, and relations, by the numbers in the columns.
        ntype_field, etype_field: names of the columns.
        metagraph: a directed multigraph of NetworkX, as `DGLGraph.metagraph` gives it: which edge types there shall be;
            edges of others are left out.

    Raises:
        FeatureError: if there is no such column.
        IdError: if a number has no name.
        OptionError: if the graph has several types, or there are no edges.

    >>> import torch, weft.dgl as dgl
    >>> g = dgl.graph(([0, 1], [2, 2]))
    >>> g.ndata[dgl.NTYPE], g.edata[dgl.ETYPE] = torch.tensor([0, 0, 1]), torch.tensor([0, 0])
    >>> dgl.to_heterogeneous(g, ["user", "item"], ["rates"]).canonical_etypes
    [('user', 'rates', 'item')]
    """
    if not G.is_homogeneous or G.is_block:
        raise OptionError("to_heterogeneous: expected a graph of one node type and one edge type")
    nodes, edges = G._nodes[0], G._edges[0]
    of_node = _numbers(nodes, ntype_field, ntypes, "node")
    of_edge = _numbers(edges, etype_field, etypes, "edge")
    node_ids = [(of_node == at).nonzero().flatten() for at in range(len(ntypes))]
    rank = torch.empty_like(of_node)
    for ids in node_ids:
        rank[ids] = torch.arange(ids.shape[0], device=G.device)
    source, target = (end.long() for end in (G._adjacencies[0].source, G._adjacencies[0].target))
    triples = torch.stack((of_node[source], of_edge, of_node[target]))
    if metagraph is None:
        wanted = [(ntypes[u], etypes[e], ntypes[v]) for u, e, v in triples.unique(dim=1).t().tolist()]
    else:
        wanted = [(first, relation, last) for first, last, relation in metagraph.edges(keys=True)]
    if not wanted:
        raise OptionError(
            "to_heterogeneous: expected edges, got none; hint: metagraph tells which edge types there are"
        )
    edge_ids = {name: _edges_of(triples, name, list(ntypes), list(etypes)) for name in wanted}
    ends = {name: (rank[source[ids]], rank[target[ids]]) for name, ids in edge_ids.items()}
    counts = {name: ids.shape[0] for name, ids in zip(ntypes, node_ids, strict=True)}
    made = heterograph(ends, counts, idtype=G.idtype, device=G.device)
    for name, ids in zip(ntypes, node_ids, strict=True):
        _take(made._nodes[made.get_ntype_id(name)], nodes, ids, NID, ntype_field)
    for edge_type, ids in edge_ids.items():
        _take(made._edges[made.get_etype_id(edge_type)], edges, ids, EID, etype_field)
    return made


def _join(
    made: Frame,
    frames: Sequence[Frame],
    keys: Sequence[Any],
    names: Sequence[str] | None,
    columns: tuple[str, str | None],
    idtype: torch.dtype,
) -> None:
    """Set ids and types, and join columns of the types that have rows."""
    ids, types = columns
    made[ids] = torch.cat([torch.arange(frame.count, dtype=idtype, device=made.device) for frame in frames])
    if types is not None:
        counts = torch.tensor([frame.count for frame in frames], device=made.device)
        made[types] = torch.repeat_interleave(counts)
    there = [(key, frame) for key, frame in zip(keys, frames, strict=True) if frame.count]
    for name in (names,) if isinstance(names, str) else names or ():
        for key, frame in there:
            if name not in frame:
                raise FeatureError(f'to_homogeneous: expected the column "{name}" in all types, "{key}" has none')
            like = there[0][1][name]
            if (frame[name].dtype, frame[name].shape[1:]) != (like.dtype, like.shape[1:]):
                expected, got = (f"{column.dtype} rows {tuple(column.shape[1:])}" for column in (like, frame[name]))
                raise ShapeError(
                    f'to_homogeneous: expected {expected} of the column "{name}" in all types, got {got} in "{key}"'
                )
        if there:
            made[name] = torch.cat([frame[name] for _, frame in there])


def _numbers(frame: Frame, field: str, names: Sequence[str], what: str) -> Tensor:
    """The type of each node or edge, as a number that has a name."""
    if field not in frame:
        raise FeatureError(f'to_heterogeneous: expected a column "{field}" with the type of each {what}, there is none')
    found = frame[field].long()
    wrong = found[(found < 0) | (found >= len(names))]
    if wrong.shape[0]:
        raise IdError(
            f'to_heterogeneous: "{field}" holds {int(wrong[0])}, there are names for {len(names)} {what} types'
        )
    return found


def _edges_of(triples: Tensor, name: EdgeType, ntypes: list[str], etypes: list[str]) -> Tensor:
    """The edges of a type."""
    first, relation, last = name
    if first not in ntypes or last not in ntypes or relation not in etypes:
        raise FeatureError(f"to_heterogeneous: the metagraph has {name}, known are {ntypes} and {etypes}")
    numbers = triples.new_tensor([ntypes.index(first), etypes.index(relation), ntypes.index(last)])
    return (triples == numbers.unsqueeze(1)).all(0).nonzero().flatten()


def _take(made: Frame, whole: Frame, ids: Tensor, column: str, field: str) -> None:
    made.update({name: rows[ids] for name, rows in whole.items() if name != field})
    made[column] = ids
