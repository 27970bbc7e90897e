"""Random parts of a graph as batches."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ...errors import check_choice
from ...ops import draw_rows, list_sums
from .._draws import generator, next_draws
from .._graph import DGLGraph
from ..sampling._prepared import prepared
from ..sampling.randomwalks import random_walk
from ..transforms._made import only_adjacency
from ._induced import induced
from ._lazily import Names
from .base import Sampler


class SAINTSampler(Sampler):
    """Draw nodes, edges or walks, and give the graph of all edges between the nodes that were met.

    Args:
        mode: "node", by the number of edges that enter a node; "edge", by `1 / in-degree of the target + 1 / out-degree of the
            source`; or "walk".
        budget: how many nodes or edges are drawn, some of them several times; for walks how many, and how many steps.
        cache: accepted; what is drawn by is kept in any case.
        prefetch_ndata, prefetch_edata, output_device: as for `ShaDowKHopSampler`.

    Raises:
        OptionError: if `mode` is none of these.

    *Source* Zeng and others (2020), GraphSAINT, arXiv 1907.04931.

    >>> import weft.dgl as dgl
    >>> SAINTSampler("walk", (1, 2)).sample(dgl.graph(([0, 1, 2], [1, 2, 0])), 0).num_nodes()
    3
    """

    def __init__(
        self, mode: str, budget: Any, cache: bool = True, prefetch_ndata: Names = None, prefetch_edata: Names = None,
        output_device: Any = "cpu",
    ) -> None:  # fmt: skip
        check_choice("SAINTSampler", "mode", mode, ("node", "edge", "walk"))
        self.mode, self.budget, self.cache = mode, budget, cache
        self.prefetch_ndata, self.prefetch_edata, self.output_device = prefetch_ndata, prefetch_edata, output_device

    def node_sampler(self, g: DGLGraph) -> Tensor:
        """Nodes by the number of edges that enter them, each once."""
        sums = prepared(g, "saint nodes", {}, lambda: list_sums(g._adjacencies[0].in_degrees().clamp(min=1).cpu()))
        return _distinct(g, draw_rows(g.num_nodes(), self.budget, sums=sums, replace=True, draws=next_draws()))

    def edge_sampler(self, g: DGLGraph) -> Tensor:
        """The ends of edges between nodes of few edges, each once."""
        adjacency = g._adjacencies[0].to("cpu")
        source, target = adjacency.source.long(), adjacency.target.long()

        def make() -> Tensor:
            shares = adjacency.in_degrees().double().reciprocal(), adjacency.out_degrees().double().reciprocal()
            return list_sums(shares[0][target] + shares[1][source])

        sums = prepared(g, "saint edges", {}, make)
        edges = draw_rows(adjacency.num_edges, self.budget, sums=sums, replace=True, draws=next_draws())
        return _distinct(g, torch.cat((source[edges], target[edges])))

    def walk_sampler(self, g: DGLGraph) -> Tensor:
        """The nodes that walks met, each once."""
        num_walks, length = self.budget
        starts = torch.randint(g.num_nodes(), (num_walks,), generator=generator(), device="cpu")
        traces, _ = random_walk(g, starts, length=length)
        return _distinct(g, traces[traces >= 0])

    def sample(self, g: DGLGraph, indices: Any) -> DGLGraph:
        """Draw a part of the graph, whatever the items.

        Raises:
            OptionError: if the graph has several types.
        """
        only_adjacency("SAINTSampler", g)
        nodes = {"node": self.node_sampler, "edge": self.edge_sampler, "walk": self.walk_sampler}[self.mode](g)
        return induced(
            g, nodes, node_feats=self.prefetch_ndata, edge_feats=self.prefetch_edata, output_device=self.output_device
        )


def _distinct(g: DGLGraph, nodes: Tensor) -> Tensor:
    found: Tensor = nodes.unique()
    return found.to(device=g.device, dtype=g.idtype)
