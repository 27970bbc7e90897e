"""Blocks of neighbours that nodes share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import OptionError, message
from .._graph import DGLGraph
from ..base import NID
from ..sampling._drawn import block_of, draw_hops, refuse_repeats
from ..sampling._importance import importances
from ..sampling._prepared import check_direction, edges_by_type, fanouts_of, ids_by_type, weights_of
from ..sampling.labor import draws_of, refuse_iterations
from ._lazily import Names
from .base import BlockSampler
from .neighbor_sampler import finished


class LaborSampler(BlockSampler):
    """Draw neighbours so that nodes share them, which meets fewer nodes than `NeighborSampler`.

    With `prob`, blocks have a column "edge_weights": sums weighted by it estimate those over all edges.

    Args:
        fanouts, edge_dir, prob, prefetch_node_feats, prefetch_labels, prefetch_edge_feats, output_device: as for
            `NeighborSampler`.
        importance_sampling: 0; weft draws LABOR-0.
        layer_dependency: let a node have the same draw in all layers.
        batch_dependency: 1; batches share no draws.

    Raises:
        OptionError: if it asks for what is not there.

    *Source* Balin, Çatalyürek (2023), Layer-Neighbor Sampling, arXiv 2210.13339.

    >>> import weft.dgl as dgl
    >>> LaborSampler([5]).sample(dgl.graph(([0, 1, 2], [1, 2, 3])), [3])[0]
    tensor([3, 2])
    """

    def __init__(
        self, fanouts: Sequence[Any], edge_dir: str = "in", prob: Any = None, importance_sampling: int = 0,
        layer_dependency: bool = False, batch_dependency: int = 1, prefetch_node_feats: Names = None,
        prefetch_labels: Names = None, prefetch_edge_feats: Names = None, output_device: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(prefetch_node_feats, prefetch_labels, prefetch_edge_feats, output_device)
        refuse_iterations("LaborSampler", importance_sampling)
        if batch_dependency != 1:
            raise OptionError(message("LaborSampler", "`batch_dependency` 1", str(batch_dependency), "set_seed"))
        if edge_dir != "in":
            expected = '`edge_dir` "in", since a block has the edges that enter its targets'
            raise OptionError(message("LaborSampler", expected, repr(edge_dir)))
        self.fanouts, self.edge_dir, self.prob = list(fanouts), edge_dir, prob
        self.importance_sampling, self.layer_dependency = importance_sampling, layer_dependency
        self.random_seed: Any = None

    def set_seed(self, random_seed: Any = None) -> None:
        """Let all batches from now on have the draws of this seed; None for draws of their own."""
        self.random_seed = random_seed

    def sample_blocks(self, g: DGLGraph, seed_nodes: Any, exclude_eids: Any = None) -> Any:
        """Draw blocks.

        Raises:
            IdError: if there is no such node or edge.
            OptionError: if a node is named twice.
        """
        where = "LaborSampler"
        check_direction(where, g, self.edge_dir)
        seeds = ids_by_type(where, g, seed_nodes)
        fanouts = [fanouts_of(where, g, fanout) for fanout in reversed(self.fanouts)]
        weights = weights_of(where, g, self.prob)
        exclude = None if exclude_eids is None else edges_by_type(g, exclude_eids)
        shared = "batch" if self.layer_dependency else "hop"
        batch = draw_hops(
            g, seeds, fanouts, weights=weights, shared=shared, exclude=exclude, draws=draws_of(self.random_seed)
        )
        refuse_repeats(where, seeds, batch)
        blocks = [block_of(g, block) for block in batch.blocks]
        for block, drawn, fanout in zip(blocks, batch.blocks, reversed(fanouts), strict=True):
            for name, weight in weights.items():
                target = block.dstnodes[name[2]].data[NID][block.edges(etype=name)[1].long()]
                kept = drawn.edge_ids[name], target
                block.edges[name].data["edge_weights"] = importances(g, name, weight, kept, fanout[name], "in")
        return finished(blocks, seed_nodes, self.output_device)
