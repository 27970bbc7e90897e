"""Neighbours of nodes: some of them, or those with the highest weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ...errors import FeatureError, OptionError, message
from ...graph import in_edges, out_edges
from ...ops import top_rows
from .._graph import DGLBlock, DGLGraph
from ._biased import tag_weights
from ._drawn import Found, block_of, draw_hops, edges_of, frontier_of, refuse_repeats
from ._prepared import Weights, check_direction, edges_by_type, fanouts_of, ids_by_type, weights_of
from ._relations import draw_by_relation


def sample_neighbors(
    g: DGLGraph,
    nodes: Any,
    fanout: Any,
    edge_dir: str = "in",
    prob: Any = None,
    replace: bool = False,
    copy_ndata: bool = True,
    copy_edata: bool = True,
    _dist_training: bool = False,
    exclude_edges: Any = None,
    output_device: Any = None,
) -> DGLGraph:
    """Draw edges at some nodes, and give the graph of all nodes and of these edges.

    Args:
        nodes: ids, or for several types a mapping from node types. A node that is named twice draws twice.
        fanout: how many edges of each type a node draws, -1 for all; a number, or one for each edge type.
        edge_dir: "in" for edges that enter the nodes, "out" for those that leave them.
        prob: what edges are drawn by: a column of numbers from 0 up or of bools; or such a tensor, or tensors by edge type.
        replace: put back what was drawn, so that an edge may come several times.
        copy_ndata, copy_edata: keep columns; the ids that edges had, the column `EID`, go with those of edges.
        exclude_edges: ids of edges that are never drawn, for several types by edge type.
        output_device: where the result goes, if not where the graph is.

    Raises:
        IdError: if there is no such node or edge.
        OptionError, FeatureError, ShapeError, DtypeError: if arguments are of another kind or do not fit the graph.

    >>> import weft.dgl as dgl
    >>> g = dgl.graph(([0, 1, 2, 3], [1, 2, 1, 1]))
    >>> part = dgl.sampling.sample_neighbors(g, [1], 2)
    >>> part.num_nodes(), part.in_degrees(1), bool((part.edata[dgl.EID] != 1).all())
    (4, 2, True)
    """
    where = "sample_neighbors"
    check_direction(where, g, edge_dir)
    weights = weights_of(where, g, prob)
    exclude = None if exclude_edges is None else edges_by_type(g, exclude_edges)
    seeds, number = ids_by_type(where, g, nodes), fanouts_of(where, g, fanout)
    parts: list[tuple[dict[str, Tensor], list[Found]]] = []
    for once in _rounds(seeds):
        drawn = draw_hops(g, once, [number], weights=weights, direction=edge_dir, replace=replace, exclude=exclude)
        parts.append((once, edges_of(g, drawn, edge_dir)))
    found = parts[0][1] if len(parts) == 1 else [
        tuple(torch.cat(each) for each in zip(*(of_round[at] for _, of_round in parts), strict=True))
        for at in range(len(g._types.edges))
    ]  # fmt: skip
    return frontier_of(g, found, copy_ndata=copy_ndata, copy_edata=copy_edata, output_device=output_device)  # type: ignore[arg-type]


def _rounds(seeds: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    """Seeds in rounds, in each of which a node comes once."""
    rounds: list[dict[str, Tensor]] = []
    for name, ids in seeds.items():
        order = ids.argsort(stable=True)
        _, counts = ids[order].unique_consecutive(return_counts=True)
        most = int(counts.max()) if counts.numel() else 1
        while len(rounds) < most:
            rounds.append({})
        if most == 1:
            rounds[0][name] = ids
            continue
        begin = (counts.cumsum(0) - counts).repeat_interleave(counts)
        turn = torch.empty_like(ids).index_copy_(0, order, torch.arange(ids.shape[0], device="cpu") - begin)
        for at in range(most):
            rounds[at][name] = ids[turn == at]
    return rounds or [{}]


def sample_neighbors_fused(
    g: DGLGraph,
    nodes: Any,
    fanout: Any,
    edge_dir: str = "in",
    prob: Any = None,
    replace: bool = False,
    copy_ndata: bool = True,
    copy_edata: bool = True,
    exclude_edges: Any = None,
    mapping: Any = None,
) -> DGLBlock:
    """Draw edges that enter some nodes, and give the block of them: `to_block` of `sample_neighbors`, in one call.

    Args:
        nodes, fanout, prob, replace, copy_ndata, copy_edata, exclude_edges: as for `sample_neighbors`.
        edge_dir: "in": a block has the edges that enter its targets.
        mapping: accepted and not needed.

    Raises:
        IdError, OptionError, FeatureError, ShapeError, DtypeError: as `sample_neighbors` does, and if a node is named twice.

    >>> import weft.dgl as dgl
    >>> dgl.sampling.sample_neighbors_fused(dgl.graph(([0, 1, 2, 3], [1, 2, 1, 1])), [1], -1)
    Block(num_src_nodes=4, num_dst_nodes=1, num_edges=3)
    """
    where = "sample_neighbors_fused"
    check_direction(where, g, edge_dir)
    if edge_dir != "in":
        raise OptionError(
            message(where, '`edge_dir` "in", since a block has the edges that enter its targets', '"out"')
        )
    seeds = ids_by_type(where, g, nodes)
    exclude = None if exclude_edges is None else edges_by_type(g, exclude_edges)
    weights, number = weights_of(where, g, prob), fanouts_of(where, g, fanout)
    batch = draw_hops(g, seeds, [number], weights=weights, replace=replace, exclude=exclude)
    refuse_repeats(where, seeds, batch)
    return block_of(g, batch.blocks[0], copy_ndata=copy_ndata, copy_edata=copy_edata)


def sample_etype_neighbors(
    g: DGLGraph,
    nodes: Any,
    etype_offset: Sequence[int] | Tensor,
    fanout: Sequence[int] | Tensor,
    edge_dir: str = "in",
    prob: Any = None,
    replace: bool = False,
    copy_ndata: bool = True,
    copy_edata: bool = True,
    etype_sorted: bool = False,
    _dist_training: bool = False,
    output_device: Any = None,
) -> DGLGraph:
    """Draw edges of each type at some nodes of a graph in which all types are one, as `to_homogeneous` makes it.

    Args:
        nodes, edge_dir, prob, replace, copy_ndata, copy_edata, output_device: as for `sample_neighbors`.
        etype_offset: the first edge of each type, and behind them the number of edges.
        fanout: how many edges of each type a node draws.
        etype_sorted: accepted and not needed.

    Raises:
        IdError, OptionError, FeatureError, ShapeError, DtypeError: as `sample_neighbors` does.

    >>> import torch, weft.dgl as dgl
    >>> g = dgl.graph(([0, 1, 2, 3], [4, 4, 4, 4]))
    >>> part = dgl.sampling.sample_etype_neighbors(g, [4], [0, 2, 4], torch.tensor([0, -1]))
    >>> part.edata[dgl.EID]
    tensor([2, 3])
    """
    where = "sample_etype_neighbors"
    check_direction(where, g, edge_dir)
    weights = weights_of(where, g, prob)
    seeds = ids_by_type(where, g, nodes)
    found = draw_by_relation(g, seeds, etype_offset, fanout, direction=edge_dir, weights=weights, replace=replace)
    return frontier_of(g, [found], copy_ndata=copy_ndata, copy_edata=copy_edata, output_device=output_device)


def sample_neighbors_biased(
    g: DGLGraph,
    nodes: Any,
    fanout: int,
    bias: Sequence[float] | Tensor,
    edge_dir: str = "in",
    tag_offset_name: str = "_TAG_OFFSET",
    replace: bool = False,
    copy_ndata: bool = True,
    copy_edata: bool = True,
    output_device: Any = None,
) -> DGLGraph:
    """Draw edges at some nodes by the tags of the nodes at their other ends.

    Args:
        nodes, fanout, edge_dir, replace, copy_ndata, copy_edata, output_device: as for `sample_neighbors`.
        bias: for each tag a number from 0 up; an edge is drawn in proportion to that of its neighbour.
        tag_offset_name: the column that `sort_csc_by_tag` (for "in") or `sort_csr_by_tag` left.

    Raises:
        FeatureError: if there is no such column.
        IdError, OptionError, ShapeError, DtypeError: as `sample_neighbors` does, or if there is not one bias for each tag.

    >>> import torch, weft.dgl as dgl
    >>> g = dgl.sort_csc_by_tag(dgl.graph(([0, 1, 2], [3, 3, 3])), torch.tensor([0, 1, 0, 0]))
    >>> dgl.sampling.sample_neighbors_biased(g, [3], 3, [0.0, 1.0]).edges()
    (tensor([1]), tensor([3]))
    """
    check_direction("sample_neighbors_biased", g, edge_dir)
    weight = tag_weights(g, bias, edge_dir, tag_offset_name)
    return sample_neighbors(
        g, nodes, fanout, edge_dir, weight, replace, copy_ndata, copy_edata, output_device=output_device
    )


def select_topk(
    g: DGLGraph,
    k: Any,
    weight: str,
    nodes: Any = None,
    edge_dir: str = "in",
    ascending: bool = False,
    copy_ndata: bool = True,
    copy_edata: bool = True,
    output_device: Any = None,
) -> DGLGraph:
    """Take for each node the edges with the highest weights; of equal ones those with the lowest ids.

    Args:
        k: how many edges of each type, -1 for all; a number, or one for each edge type.
        weight: a column of edges, one number each.
        nodes: ids, or for several types a mapping; all nodes if None.
        edge_dir, copy_ndata, copy_edata, output_device: as for `sample_neighbors`.
        ascending: take those with the lowest weights.

    Raises:
        FeatureError: if a type has no such column.
        IdError, OptionError: as `sample_neighbors` does.

    >>> import torch, weft.dgl as dgl
    >>> g = dgl.graph(([0, 1, 2], [3, 3, 3]))
    >>> g.edata["w"] = torch.tensor([0.2, 0.9, 0.5])
    >>> dgl.sampling.select_topk(g, 2, "w").edges()
    (tensor([1, 2]), tensor([3, 3]))
    """
    where = "select_topk"
    check_direction(where, g, edge_dir)
    seeds = {name: torch.arange(frame.count) for name, frame in zip(g._types.nodes, g._nodes, strict=True)}
    if nodes is not None:
        seeds = ids_by_type(where, g, nodes)
    numbers = fanouts_of(where, g, k)
    if min(numbers.values(), default=0) < -1:
        raise OptionError(message(where, "`k` from -1, which takes all edges", str(min(numbers.values()))))
    return frontier_of(
        g, _highest(g, seeds, numbers, weight, edge_dir, ascending),
        copy_ndata=copy_ndata, copy_edata=copy_edata, output_device=output_device,
    )  # fmt: skip


def _highest(
    g: DGLGraph, seeds: Mapping[str, Tensor], numbers: Weights | Mapping[Any, int], weight: str, direction: str,
    ascending: bool,
) -> list[Found]:  # fmt: skip
    find, end = (in_edges, 2) if direction == "in" else (out_edges, 0)
    found: list[Found] = []
    for name, adjacency, frame in zip(g._types.edges, g._adjacencies, g._edges, strict=True):
        ids = seeds.get(name[end], torch.empty(0, dtype=torch.int64)).to(g.device)
        indptr, source, target, edge_ids = find(adjacency, ids)
        if weight not in frame and adjacency.num_edges:
            raise FeatureError(message("select_topk", f"a column of the edges {name}", f'"{weight}"'))
        number = int(numbers[name])
        score = frame[weight][edge_ids] if weight in frame else torch.empty(0)
        if number != 0 and score.numel():
            score = score.double()
            most = int(indptr.diff().max()) if number < 0 else number
            _, best = top_rows(indptr, -score if ascending else score, most)
        else:
            best = torch.empty(0, dtype=torch.int64, device=g.device)
        found.append((source[best], target[best], edge_ids[best]))
    return found
