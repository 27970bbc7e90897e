"""Random graphs."""

from __future__ import annotations

from typing import Any

import torch

from ..graph.generators import erdos_renyi, random_bipartite
from ._create import graph, heterograph
from ._graph import DGLGraph


def rand_graph(num_nodes: int, num_edges: int, idtype: torch.dtype = torch.int64, device: Any = "cpu") -> DGLGraph:
    """Draw a graph of one type, whose edges are different pairs of nodes in random order; self loops are among them.

    Torch's global generator gives the seed.

    Raises:
        OptionError: if there are not so many pairs.

    >>> import weft.dgl as dgl
    >>> g = dgl.rand_graph(10, 30)
    >>> g.num_nodes(), g.num_edges(), g.is_multigraph
    (10, 30, False)
    """
    drawn = erdos_renyi(num_nodes, num_edges=num_edges, directed=True, loops=True, seed=_seed())
    order = torch.randperm(num_edges)
    ends = drawn.adjacency.source[order], drawn.adjacency.target[order]
    return graph(ends, num_nodes=num_nodes, idtype=idtype, device=device)


def rand_bipartite(
    utype: str,
    etype: str,
    vtype: str,
    num_src_nodes: int,
    num_dst_nodes: int,
    num_edges: int,
    idtype: torch.dtype = torch.int64,
    device: Any = "cpu",
) -> DGLGraph:
    """Draw a graph of one edge type, whose edges are different pairs of a source and a target in random order.

    Args:
        num_src_nodes, num_dst_nodes: how many nodes there are to draw from; if both types are one, it has as many nodes as
            the larger of them says.

    Raises:
        OptionError: if there are not so many pairs.
    """
    drawn = random_bipartite((num_src_nodes, num_dst_nodes), num_edges=num_edges, seed=_seed()).adjacency
    order = torch.randperm(num_edges)
    counts = {utype: num_src_nodes, vtype: num_dst_nodes}
    if utype == vtype:
        counts = {utype: max(num_src_nodes, num_dst_nodes)}
    ends = drawn.source[order], drawn.target[order]
    return heterograph({(utype, etype, vtype): ends}, counts, idtype=idtype, device=device)


def _seed() -> int:
    return int(torch.randint(2**62, ()))
