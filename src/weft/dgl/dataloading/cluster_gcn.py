"""Parts of a graph as batches."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ...errors import OptionError, message
from ...graph import algorithms
from .._graph import DGLGraph
from ..transforms._made import only_adjacency
from ._induced import induced
from ._lazily import Names
from .base import Sampler


class ClusterGCNSampler(Sampler):
    """Cut a graph into parts with few edges between them, and give graphs of some of them.

    Args:
        g: the graph, of one type.
        k: how many parts.
        cache_path: accepted and not needed: weft cuts by itself, with no file of what it was.
        balance_ntypes, balance_edges: what differs from the defaults is not there.
        mode: accepted; weft cuts in one way.
        prefetch_ndata, prefetch_edata, output_device: as for `ShaDowKHopSampler`.

    Raises:
        OptionError: if the graph has several types, or an option is not there.

    *Source* Chiang and others (2019), Cluster-GCN, arXiv 1905.07953.

    >>> import weft.dgl as dgl
    >>> g = dgl.graph(([0, 1, 2, 3], [1, 0, 3, 2]))
    >>> ClusterGCNSampler(g, 2).sample(g, [0, 1]).num_nodes()
    4
    """

    def __init__(
        self, g: DGLGraph, k: int, cache_path: Any = None, balance_ntypes: Any = None, balance_edges: bool = False,
        mode: str = "k-way", prefetch_ndata: Names = None, prefetch_edata: Names = None, output_device: Any = None,
    ) -> None:  # fmt: skip
        only_adjacency("ClusterGCNSampler", g)
        if balance_ntypes is not None or balance_edges:
            hint = "weft.graph.algorithms.partition keeps numbers of nodes and edges even"
            raise OptionError(message("ClusterGCNSampler", "no `balance_ntypes` and no `balance_edges`", "one", hint))
        part = algorithms.partition(g._bare(), k)
        counts = part.bincount(minlength=k)
        self.partition_offset = torch.cat((counts.new_zeros(1), counts.cumsum(0))).to(g.idtype)
        self.partition_node_ids = part.argsort(stable=True).to(g.idtype)
        self.prefetch_ndata, self.prefetch_edata, self.output_device = prefetch_ndata, prefetch_edata, output_device

    def sample(self, g: DGLGraph, partition_ids: Any) -> DGLGraph:
        """The graph of all edges between the nodes of some parts.

        Raises:
            IdError: if there is no such part.
        """
        ends = self.partition_offset.tolist()
        numbers = g._known_ids(partition_ids, len(ends) - 1, "parts").tolist()
        lists: list[Tensor] = [self.partition_node_ids[ends[at] : ends[at + 1]] for at in numbers]
        nodes = torch.cat([self.partition_node_ids[:0], *lists])
        return induced(
            g, nodes, node_feats=self.prefetch_ndata, edge_feats=self.prefetch_edata, output_device=self.output_device
        )
