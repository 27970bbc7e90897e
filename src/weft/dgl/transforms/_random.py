"""Transforms that add or drop nodes and edges at random; `torch.manual_seed` decides what they draw."""

from __future__ import annotations

import torch

from ...errors import check_probability
from .._graph import DGLGraph
from ._base import BaseTransform


class DropNode(BaseTransform):
    """Drop each node with probability p, with its edges.

    Raises:
        OptionError: if p is no probability.

    >>> from weft.dgl import graph
    >>> DropNode(1.0)(graph(([0], [1]))).num_nodes()
    0
    """

    def __init__(self, p: float = 0.5) -> None:
        check_probability("DropNode", "p", p)
        self.p = p

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Drop nodes in a copy."""
        made = g.clone()
        for ntype in g.ntypes:
            made.remove_nodes(torch.rand(g.num_nodes(ntype)).to(g.device) < self.p, ntype)
        return made


class DropEdge(BaseTransform):
    """Drop each edge with probability p.

    Raises:
        OptionError: if p is no probability.

    >>> from weft.dgl import graph
    >>> DropEdge(1.0)(graph(([0], [1])))
    Graph(num_nodes=2, num_edges=0,
          ndata_schemes={}
          edata_schemes={})
    """

    def __init__(self, p: float = 0.5) -> None:
        check_probability("DropEdge", "p", p)
        self.p = p

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Drop edges in a copy."""
        made = g.clone()
        for etype in g.canonical_etypes:
            made.remove_edges(torch.rand(g.num_edges(etype)).to(g.device) < self.p, etype)
        return made


class AddEdge(BaseTransform):
    """Add edges between random nodes, a share of those that each type has; their columns are 0.

    Args:
        ratio: how many edges are added for each that is there; rounded down for each type.

    >>> from weft.dgl import graph
    >>> AddEdge(0.5)(graph(([0, 1], [1, 2]))).num_edges()
    3
    """

    def __init__(self, ratio: float = 0.2) -> None:
        self.ratio = ratio

    def __call__(self, g: DGLGraph) -> DGLGraph:
        """Add edges in a copy."""
        made = g.clone()
        for etype in g.canonical_etypes:
            count = int(g.num_edges(etype) * self.ratio)
            if count:
                u, v = (torch.randint(g.num_nodes(end), (count,)) for end in (etype[0], etype[2]))
                made.add_edges(u, v, etype=etype)
        return made
