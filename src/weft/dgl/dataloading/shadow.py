"""The graph around nodes, whatever the depth of the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._graph import DGLGraph
from ._induced import induced
from ._lazily import Names
from .base import Sampler
from .neighbor_sampler import NeighborSampler


class ShaDowKHopSampler(Sampler):
    """Draw neighbours hop after hop, and give the graph of all edges between the nodes that were met, the seeds first.

    Args:
        fanouts, replace, prob: as for `NeighborSampler`.
        prefetch_node_feats, prefetch_edge_feats: columns of the graph that come along.
        output_device: where it goes, if not where the graph is.

    *Source* Zeng and others (2021), Decoupling the Depth and Scope of Graph Neural Networks, arXiv 2201.07858.

    >>> import weft.dgl as dgl
    >>> input_nodes, output_nodes, part = ShaDowKHopSampler([5]).sample(dgl.graph(([0, 1, 2], [1, 2, 3])), [3])
    >>> input_nodes, part.num_edges()
    (tensor([3, 2]), 1)
    """

    def __init__(
        self, fanouts: Sequence[Any], replace: bool = False, prob: Any = None, prefetch_node_feats: Names = None,
        prefetch_edge_feats: Names = None, output_device: Any = None,
    ) -> None:  # fmt: skip
        self.fanouts, self.replace, self.prob, self.output_device = list(fanouts), replace, prob, output_device
        self.prefetch_node_feats, self.prefetch_edge_feats = prefetch_node_feats, prefetch_edge_feats
        self._nodes = NeighborSampler(fanouts, prob=prob, replace=replace)

    def sample(self, g: DGLGraph, seed_nodes: Any, exclude_eids: Any = None) -> Any:
        """Draw: all nodes, the seeds, and the graph.

        Raises:
            IdError: if there is no such node or edge.
            OptionError: if a node is named twice.
        """
        nodes, _, _ = self._nodes.sample_blocks(g, seed_nodes, exclude_eids)
        part = induced(
            g, nodes, node_feats=self.prefetch_node_feats, edge_feats=self.prefetch_edge_feats,
            output_device=self.output_device, exclude=exclude_eids,
        )  # fmt: skip
        return nodes, seed_nodes, part
