"""Blocks of neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import OptionError, message
from .._graph import DGLGraph
from ..base import EID, NID
from ..sampling._drawn import block_of, draw_hops, refuse_repeats
from ..sampling._prepared import check_direction, edges_by_type, fanouts_of, ids_by_type, weights_of
from ..sampling.neighbor import sample_neighbors
from ..transforms import to_block
from ._lazily import Names
from .base import BlockSampler


class NeighborSampler(BlockSampler):
    """Draw some neighbours of each node, some of each of those, and so on, and give a block for each step.

    Args:
        fanouts: for each layer, the first one first, how many edges of each type a node draws, -1 for all; a number, or a
            mapping from edge types.
        edge_dir: "in": blocks have the edges that enter their targets.
        prob: the column of edges that they are drawn by.
        mask: in place of `prob`, the column of bools that says which edges there are.
        replace: put back what was drawn.
        prefetch_node_feats, prefetch_labels, prefetch_edge_feats, output_device: as for `BlockSampler`.
        fused: accepted and not needed: all layers are one call.

    Raises:
        OptionError: if both `prob` and `mask` are given.

    >>> import weft.dgl as dgl
    >>> g = dgl.graph(([0, 1, 2], [1, 2, 3]))
    >>> input_nodes, output_nodes, blocks = NeighborSampler([5, 5]).sample(g, [3])
    >>> input_nodes, blocks[-1]
    (tensor([3, 2, 1]), Block(num_src_nodes=2, num_dst_nodes=1, num_edges=1))
    """

    def __init__(
        self, fanouts: Sequence[Any], edge_dir: str = "in", prob: Any = None, mask: Any = None, replace: bool = False,
        prefetch_node_feats: Names = None, prefetch_labels: Names = None, prefetch_edge_feats: Names = None,
        output_device: Any = None, fused: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(prefetch_node_feats, prefetch_labels, prefetch_edge_feats, output_device)
        if prob is not None and mask is not None:
            hint = "multiply one by the other"
            raise OptionError(message("NeighborSampler", "`prob` or `mask`", "both", hint))
        self.fanouts, self.edge_dir, self.replace, self.fused = list(fanouts), edge_dir, replace, fused
        self.prob = prob if mask is None else mask

    def sample_blocks(self, g: DGLGraph, seed_nodes: Any, exclude_eids: Any = None) -> Any:
        """Draw blocks.

        Raises:
            IdError: if there is no such node or edge.
            OptionError: if a node is named twice, or edges do not enter the seeds.
        """
        where = "NeighborSampler"
        check_direction(where, g, self.edge_dir)
        if self.edge_dir == "out":
            return self._of_frontiers(g, seed_nodes, exclude_eids)
        seeds = ids_by_type(where, g, seed_nodes)
        fanouts = [fanouts_of(where, g, fanout) for fanout in reversed(self.fanouts)]
        exclude = None if exclude_eids is None else edges_by_type(g, exclude_eids)
        batch = draw_hops(
            g, seeds, fanouts, weights=weights_of(where, g, self.prob), replace=self.replace, exclude=exclude
        )
        refuse_repeats(where, seeds, batch)
        blocks = [block_of(g, block) for block in batch.blocks]
        return finished(blocks, seed_nodes, self.output_device)

    def _of_frontiers(self, g: DGLGraph, seed_nodes: Any, exclude_eids: Any) -> Any:
        """Hop after hop, with whatever a frontier has."""
        blocks: list[Any] = []
        nodes = seed_nodes
        for fanout in reversed(self.fanouts):
            frontier = sample_neighbors(
                g,
                nodes,
                fanout,
                edge_dir=self.edge_dir,
                prob=self.prob,
                replace=self.replace,
                exclude_edges=exclude_eids,
            )
            eids = [frame[EID] for frame in frontier._edges]
            block = to_block(frontier, nodes)
            for frame, ids in zip(block._edges, eids, strict=True):
                frame[EID] = ids[frame[EID]]
            nodes = block.srcdata[NID]
            blocks.insert(0, block)
        return finished(blocks, seed_nodes, self.output_device)


MultiLayerNeighborSampler = NeighborSampler


class MultiLayerFullNeighborSampler(NeighborSampler):
    """Take all neighbours, layer after layer.

    Args:
        num_layers: how many.
        kwargs: options of `NeighborSampler`.

    >>> MultiLayerFullNeighborSampler(2).fanouts
    [-1, -1]
    """

    def __init__(self, num_layers: int, **kwargs: Any) -> None:
        super().__init__([-1] * num_layers, **kwargs)


def finished(blocks: list[Any], seed_nodes: Any, output_device: Any) -> tuple[Any, Any, list[Any]]:
    """The nodes whose features are wanted, the seeds, and the blocks, on a device."""
    if output_device is not None:
        blocks = [block.to(output_device) for block in blocks]
    return (blocks[0].srcdata[NID] if blocks else seed_nodes), seed_nodes, blocks
