"""Other orders: edges sorted by tags within each node's, nodes and edges numbered anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from ... import graph as graphs
from ...errors import OptionError, ShapeError, check_choice, message
from ...graph import Adjacency, algorithms
from ...ops import Structure, segment_sort
from .._graph import DGLGraph
from ..base import EID, NID
from ._made import checked_ids, edge_frames, made_like, node_frames, only_adjacency


def sort_csr_by_tag(g: DGLGraph, tag: Tensor, tag_offset_name: str = "_TAG_OFFSET", tag_type: str = "node") -> DGLGraph:
    """Sort the edges that leave each node by tags, and write where each tag begins.

    Ids of edges stay. What changes is the order in which `adj_tensors("csr")` and `out_edges` list them.

    *Shapes* `tag`: an integer for each target (`tag_type="node"`) or edge ("edge"); the column `tag_offset_name` of
    sources is `(num_nodes, num_tags + 1)`: the edges of tag t are those between entry t and entry t + 1.

    Raises:
        OptionError: if the graph has several edge types, or `tag_type` is another word.
        ShapeError: if there is not a tag for each node or edge, or tags are no integers from 0 on.

    >>> from weft.dgl import graph
    >>> g = sort_csr_by_tag(graph(([0, 0, 0], [0, 1, 2])), torch.tensor([1, 0, 1]))
    >>> g.adj_tensors("csr")[1], g.ndata["_TAG_OFFSET"][0]
    (tensor([1, 0, 2]), tensor([0, 1, 3]))
    """
    adjacency = _single("sort_csr_by_tag", g)
    rows, offsets = _sorted_rows(
        "sort_csr_by_tag", adjacency, adjacency.by_source, adjacency.num_targets, tag, tag_type
    )
    return _with_rows(g, (adjacency.by_target, rows), g._types.source_at[0], tag_offset_name, offsets)


def sort_csc_by_tag(g: DGLGraph, tag: Tensor, tag_offset_name: str = "_TAG_OFFSET", tag_type: str = "node") -> DGLGraph:
    """Sort the edges that enter each node by tags, and write where each tag begins: see `sort_csr_by_tag`.

    *Shapes* `tag`: an integer for each source or edge; the column is one of targets.

    Raises:
        OptionError, ShapeError: as `sort_csr_by_tag`.

    >>> from weft.dgl import graph
    >>> g = sort_csc_by_tag(graph(([0, 1, 2], [0, 0, 0])), torch.tensor([1, 0, 1]))
    >>> g.adj_tensors("csc")[1]
    tensor([1, 0, 2])
    """
    adjacency = _single("sort_csc_by_tag", g)
    rows, offsets = _sorted_rows(
        "sort_csc_by_tag", adjacency, adjacency.by_target, adjacency.num_sources, tag, tag_type
    )
    return _with_rows(g, (rows, adjacency.by_source), g._types.target_at[0], tag_offset_name, offsets)


def _single(where: str, g: DGLGraph) -> Adjacency:
    if len(g._types.edges) != 1:
        raise OptionError(message(where, "a homogeneous or bipartite graph", str(g.canonical_etypes)))
    return g._adjacencies[0]


def _sorted_rows(
    where: str, adjacency: Adjacency, rows: Structure, num_others: int, tag: Any, tag_type: str
) -> tuple[Structure, Tensor]:
    """Rows whose edges are sorted by tags, and where the tags of each begin."""
    check_choice(where, "tag_type", tag_type, ("node", "edge"))
    count = num_others if tag_type == "node" else adjacency.num_edges
    tags = torch.as_tensor(tag, device=adjacency.device)
    if tags.shape != (count,) or tags.is_floating_point() or (count and int(tags.min()) < 0):
        got = f"{tags.dtype} of shape {tuple(tags.shape)}"
        raise ShapeError(message(where, f"`tag` as integers from 0 on, of shape ({count},)", got))
    edge = torch.arange(adjacency.num_edges, device=tags.device) if rows.edge is None else rows.edge
    of_edge = tags.long()[rows.source if tag_type == "node" else edge]
    num_tags = int(of_edge.max()) + 1 if of_edge.shape[0] else 0
    values, index = segment_sort(rows.indptr, of_edge)
    num_rows = rows.indptr.shape[0] - 1
    counts = torch.bincount(rows.targets().long() * num_tags + values, minlength=num_rows * num_tags)
    offsets = torch.zeros(num_rows, num_tags + 1, dtype=torch.int64, device=tags.device)
    torch.cumsum(counts.reshape(num_rows, num_tags), 1, out=offsets[:, 1:])
    return Structure(rows.indptr, rows.source[index], edge[index].to(rows.source.dtype)), offsets


def _with_rows(
    g: DGLGraph, compressed: tuple[Structure, Structure], frame_at: int, name: str, offsets: Tensor
) -> DGLGraph:
    """The graph with its edges in these orders, by target and by source, and a column."""
    old = g._adjacencies[0]
    made = Adjacency._trusted(old.source, old.target, old.num_sources, old.num_targets)
    object.__setattr__(made, "_given", compressed)
    nodes = node_frames(g)
    nodes[frame_at][name] = offsets.to(g.idtype)
    found = made_like(g, [made], nodes=nodes, edges=edge_frames(g))
    found._batch_nodes, found._batch_edges = g._batch_nodes, g._batch_edges
    return found


def reorder_graph(
    g: DGLGraph,
    node_permute_algo: str | None = None,
    edge_permute_algo: str | None = "src",
    store_ids: bool = True,
    permute_config: Mapping[str, Any] | None = None,
) -> DGLGraph:
    """Number nodes and edges anew, so that what is read together lies together.

    Args:
        node_permute_algo: "rcmk" is the reverse Cuthill-McKee order; "metis" puts the nodes of each of
            `permute_config["k"]` parts together; "custom" takes the nodes in the order `permute_config["nodes_perm"]`.
        edge_permute_algo: sort edges by "src" or "dst", equal ones in their order; "custom" takes them in the order
            `permute_config["edges_perm"]`.
        store_ids: keep the ids that nodes and edges had in the columns `NID` and `EID`.

    Raises:
        OptionError: if an option has no such value, what it needs is missing, or an order does not name each node or edge
            once; if the graph has several types.
        MissingExtraError: if SciPy ("rcmk") or pymetis ("metis") is not installed.

    >>> from weft.dgl import graph
    >>> g = reorder_graph(graph(([2, 0], [0, 1])), "custom", permute_config={"nodes_perm": [2, 0, 1]})
    >>> g.edges(), g.ndata["_ID"]
    ((tensor([0, 1]), tensor([1, 2])), tensor([2, 0, 1]))
    """
    where, config = "reorder_graph", permute_config or {}
    only_adjacency(where, g)
    check_choice(where, "node_permute_algo", node_permute_algo or "rcmk", ("rcmk", "metis", "custom"))
    check_choice(where, "edge_permute_algo", edge_permute_algo, ("src", "dst", "custom"))
    node_ids, adjacency = _renumbered(g, node_permute_algo, config)
    if edge_permute_algo == "custom":
        edge_ids = _permutation(where, g, "edges_perm", config, adjacency.num_edges)
    else:
        end: Literal["source", "target"] = "source" if edge_permute_algo == "src" else "target"
        edge_ids = _stable_order(getattr(adjacency, end))
    ends = (adjacency.source[edge_ids], adjacency.target[edge_ids])
    made = Adjacency(*ends, num_sources=adjacency.num_sources, num_targets=adjacency.num_targets)
    nodes, edges = g._nodes[0].taken(node_ids), g._edges[0].taken(edge_ids)
    if store_ids:
        nodes[NID], edges[EID] = node_ids.to(g.idtype), edge_ids.to(g.idtype)
    return made_like(g, [made], nodes=[nodes], edges=[edges])


def _renumbered(g: DGLGraph, algo: str | None, config: Mapping[str, Any]) -> tuple[Tensor, Adjacency]:
    """Which node each is, and the edges, in their order, between the new ones."""
    whole, count = g._bare(), g._nodes[0].count
    if algo is None or count == 0:
        return torch.arange(count, device=g.device), g._adjacencies[0]
    if algo == "rcmk":
        found = graphs.reorder(whole, "rcm")
    elif algo == "metis":
        if "k" not in config:
            raise OptionError(
                "reorder_graph: expected `permute_config` to hold 'k', the number of parts, for \"metis\""
            )
        found = graphs.reorder(whole, parts=algorithms.partition(whole, config["k"], method="metis"))
    else:
        found = graphs.reorder(whole, _permutation("reorder_graph", g, "nodes_perm", config, count))
    return found.node_ids[g._types.nodes[0]], found.graph.adjacency


def _permutation(where: str, g: DGLGraph, name: str, config: Mapping[str, Any], count: int) -> Tensor:
    if config.get(name) is None:
        raise OptionError(f"reorder_graph: expected `permute_config` to hold {name!r} for an order of your own")
    ids = checked_ids(where, g, config[name], count)
    if ids.shape[0] != count or ids.unique().shape[0] != count:
        raise OptionError(message(where, f"'{name}' to name each of {count} once", f"{ids.shape[0]} ids"))
    return ids


def _stable_order(ids: Tensor) -> Tensor:
    return torch.argsort(ids, stable=True)
