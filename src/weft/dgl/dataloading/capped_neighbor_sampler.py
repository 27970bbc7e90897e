"""The graph around nodes, with a limit for each hop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...sampling import CappedSampler
from .._draws import next_draws
from .._graph import DGLGraph
from ..sampling._prepared import WEIGHT, check_direction, fanouts_of, ids_by_type, prepared, weft_graph, weights_of
from ._induced import induced
from ._lazily import Names
from .base import Sampler


class CappedNeighborSampler(Sampler):
    """Draw neighbours hop after hop, keep so many new nodes in each, and give the graph of all edges between them.

    Args:
        fanouts, replace, prob: as for `NeighborSampler`.
        fixed_k: how many new nodes of all types together stay in a hop.
        upsample_rare_types: draw types of few nodes more often than their share.
        prefetch_node_feats, prefetch_edge_feats, output_device: as for `ShaDowKHopSampler`.

    >>> import weft.dgl as dgl
    >>> star = dgl.graph(([1, 2, 3, 4], [0, 0, 0, 0]))
    >>> CappedNeighborSampler([-1], 2, False).sample(star, [0])[2].num_nodes()
    3
    """

    def __init__(
        self, fanouts: Sequence[Any], fixed_k: int, upsample_rare_types: bool, replace: bool = False, prob: Any = None,
        prefetch_node_feats: Names = None, prefetch_edge_feats: Names = None, output_device: Any = None,
    ) -> None:  # fmt: skip
        self.fanouts, self.fixed_k, self.upsample_rare_types = list(fanouts), fixed_k, upsample_rare_types
        self.replace, self.prob, self.output_device = replace, prob, output_device
        self.prefetch_node_feats, self.prefetch_edge_feats = prefetch_node_feats, prefetch_edge_feats

    def sample(self, g: DGLGraph, indices: Any, exclude_eids: Any = None) -> Any:
        """Draw: all nodes, the seeds, and the graph.

        Raises:
            IdError: if there is no such node or edge.
        """
        where = "CappedNeighborSampler"
        check_direction(where, g, "in")
        weights = weights_of(where, g, self.prob)
        fanouts: list[Any] = [fanouts_of(where, g, fanout) for fanout in reversed(self.fanouts)]

        def make() -> CappedSampler:
            return CappedSampler(
                weft_graph(g, weights, "in"), fanouts, most_nodes=self.fixed_k, replace=self.replace,
                lifts_rare_types=self.upsample_rare_types, weight=WEIGHT if weights else None,
            )  # fmt: skip

        key = "capped", str(fanouts), self.fixed_k, self.replace, self.upsample_rare_types
        draws = next_draws()
        seeds = ids_by_type(where, g, indices)
        batch = prepared(g, key, weights, make).sample(dict(seeds), epoch=draws.epoch, batch=draws.batch)
        nodes: Any = {name: batch.node_ids[name].to(device=g.device, dtype=g.idtype) for name in g.ntypes}
        if len(g.ntypes) == 1:
            nodes = nodes[g.ntypes[0]]
        part = induced(
            g, nodes, node_feats=self.prefetch_node_feats, edge_feats=self.prefetch_edge_feats,
            output_device=self.output_device, exclude=exclude_eids,
        )  # fmt: skip
        return nodes, indices, part
