"""Batches that weft's samplers draw from a graph of DGL's interface, and graphs and blocks of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ...errors import OptionError, message
from ...graph import Batch, Block, EdgeType
from ...ops import Draws
from ...sampling import LaborSampler, NeighborSampler
from .._draws import next_draws
from .._frames import Frame
from .._graph import DGLBlock, DGLGraph
from .._types import Types
from ..base import EID, NID
from ..subgraph import _built
from ._prepared import WEIGHT, Weights, prepared, turned, weft_graph

Fanouts = Mapping[EdgeType, int]


def draw_hops(
    g: DGLGraph,
    seeds: Mapping[str, Tensor],
    fanouts: Sequence[Fanouts],
    *,
    weights: Weights,
    direction: str = "in",
    replace: bool = False,
    shared: str | None = None,
    exclude: Mapping[EdgeType, Tensor] | None = None,
    draws: Draws | None = None,
) -> Batch:
    """Blocks of what nodes draw in each hop, from the seeds outward.

    Args:
        shared: "hop" or "batch" for LABOR, which shares draws of a source within a hop, or within the batch.
    """
    options = tuple(tuple(of_hop.values()) for of_hop in fanouts), direction, replace, shared

    def make() -> NeighborSampler | LaborSampler:
        graph = weft_graph(g, weights, direction)
        named: list[Any] = [{turned(name, direction): number for name, number in of_hop.items()} for of_hop in fanouts]
        weight = WEIGHT if weights else None
        if shared is None:
            return NeighborSampler(graph, named, weight=weight, replace=replace)
        return LaborSampler(graph, named, weight=weight, shares_layers=shared == "batch")

    sampler = prepared(g, options, weights, make)
    draws = draws or next_draws()
    out = None if exclude is None else {turned(name, direction): ids for name, ids in exclude.items()}
    return sampler.sample(dict(seeds), epoch=draws.epoch, batch=draws.batch, exclude=out)


Found = tuple[Tensor, Tensor, Tensor]
"""Sources, targets and ids of edges."""


def edges_of(g: DGLGraph, batch: Batch, direction: str) -> list[Found]:
    """What was drawn in one hop, by edge type, with the ids that nodes have in the graph."""
    (block,) = batch.blocks
    found = []
    for name in g._types.edges:
        key = turned(name, direction)
        adjacency = block.adjacencies[key]
        drawn = block.node_ids[key[0]][adjacency.source.long()]
        draws = block.node_ids[key[2]][adjacency.target.long()]
        ends = (drawn, draws) if direction == "in" else (draws, drawn)
        found.append((ends[0], ends[1], block.edge_ids[key]))
    return found


def frontier_of(
    g: DGLGraph, found: Sequence[Found], *, copy_ndata: bool, copy_edata: bool, output_device: Any
) -> DGLGraph:
    """A graph of all nodes and of the edges that were drawn."""
    moved = [tuple(part.to(g.device) for part in edges) for edges in found]
    made = _built(g, None, moved, copy_edata, None)  # type: ignore[arg-type]
    for frames, is_copied in ((made._nodes, copy_ndata), (made._edges, copy_edata)):
        for frame in () if is_copied else frames:
            frame.clear()
    return made if output_device is None else made.to(output_device)


def block_of(g: DGLGraph, block: Block, *, copy_ndata: bool = True, copy_edata: bool = True) -> DGLBlock:
    """A block of DGL's interface of one of weft, whose edges entered the nodes that drew them."""
    types, place = g._types, g.device
    sources: list[Frame] = []
    targets: list[Frame] = []
    for name, frame in zip(types.nodes, g._nodes, strict=True):
        ids = block.node_ids[name].to(place)
        for list_of, part in ((sources, ids), (targets, ids[: block.num_targets[name]])):
            list_of.append(_rows(frame, part, NID, g.idtype, copy_ndata))
    adjacencies = [block.adjacencies[name].to(place) for name in types.edges]
    edges = [
        _rows(frame, block.edge_ids[name].to(place), EID, g.idtype, copy_edata)
        for name, frame in zip(types.edges, g._edges, strict=True)
    ]
    made = DGLGraph._made(
        Types(types.edges, types.source, types.source), adjacencies, sources + targets, edges, g.idtype, place
    )
    assert isinstance(made, DGLBlock), "types with targets of their own are those of a block"
    return made


def _rows(frame: Frame, ids: Tensor, name: str, idtype: torch.dtype, is_copied: bool) -> Frame:
    if not is_copied:
        return frame.copied(ids.shape[0])
    made = frame.taken(ids)
    made[name] = ids.to(idtype)
    return made


def refuse_repeats(where: str, seeds: Mapping[str, Tensor], batch: Batch) -> None:
    """Refuse seeds of which some come several times, where each is one target of a block.

    Raises:
        OptionError: if it is so.
    """
    for name, ids in seeds.items():
        count = batch.hop_sizes[name][0]
        if count != ids.shape[0]:
            got = f"{ids.shape[0] - count} of {name!r} repeated"
            raise OptionError(message(where, "each seed once", got, "pass ids.unique()"))
