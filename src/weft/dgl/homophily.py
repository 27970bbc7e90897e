"""Homophily: how far edges join nodes of one class."""

from __future__ import annotations

from typing import Any, Literal

from torch import Tensor

from ..graph.algorithms import homophily
from ._graph import DGLGraph
from .transforms.functional import to_bidirected

__all__ = ["adjusted_homophily", "edge_homophily", "linkx_homophily", "node_homophily"]


def node_homophily(graph: DGLGraph, y: Tensor) -> float:
    """Average over all nodes the share of their in-neighbours that are of their class; 0 for nodes without any.

    Args:
        y: the class of each node.

    *Source* Pei, Wei, Chang, Lei and Yang, 2020, Geom-GCN, arXiv:2002.05287.

    >>> import torch
    >>> from weft.dgl import graph
    >>> node_homophily(graph(([1, 2, 0, 4], [0, 1, 2, 3])), torch.tensor([0, 0, 0, 0, 1]))
    0.6
    """
    entered = graph._adjacency(None).in_degrees() > 0
    if not bool(entered.any()):
        return 0.0
    return _measured(graph, y, "node") * int(entered.sum()) / entered.shape[0]


def edge_homophily(graph: DGLGraph, y: Tensor) -> float:
    """Tell the share of the edges whose ends are of one class; NaN without edges.

    Args:
        y: the class of each node.

    *Source* Zhu, Yan, Zhao, Heimann, Akoglu and Koutra, 2020, arXiv:2006.11468.

    >>> import torch
    >>> from weft.dgl import graph
    >>> edge_homophily(graph(([1, 2, 0, 4], [0, 1, 2, 3])), torch.tensor([0, 0, 0, 0, 1]))
    0.75
    """
    return _measured(graph, y, "edge")


def linkx_homophily(graph: DGLGraph, y: Tensor) -> float:
    """Tell how far edges join nodes of one class beyond what the sizes of classes let expect.

    Args:
        y: the class of each node; classes without nodes do not count. NaN for one class, or without edges.

    *Source* Lim, Hohne, Li, Huang, Gupta, Bhalerao and Lim, 2021, arXiv:2110.14446.

    >>> import torch
    >>> from weft.dgl import graph
    >>> round(linkx_homophily(graph(([0, 1, 2, 3], [1, 0, 3, 2])), torch.tensor([0, 0, 1, 1])), 6)
    1.0
    """
    return _measured(graph, y, "class_insensitive")


def adjusted_homophily(graph: DGLGraph, y: Tensor) -> float:
    """Tell how far edges join nodes of one class beyond what the degrees of classes let expect.

    Edges are read as undirected, each once: see `to_bidirected`.

    Args:
        y: the class of each node. NaN for one class, or without edges.

    *Source* Platonov, Kuznedelev, Babenko and Prokhorenkova, 2022, arXiv:2209.06177.

    >>> import torch
    >>> from weft.dgl import graph
    >>> adjusted_homophily(graph(([0, 2], [1, 3])), torch.tensor([0, 0, 1, 1]))
    1.0
    """
    return _measured(to_bidirected(graph), y, "adjusted")


def _measured(graph: DGLGraph, y: Tensor, measure: Literal["edge", "node", "class_insensitive", "adjusted"]) -> float:
    labels: Any = y.to(graph.device)
    return float(homophily(graph._adjacency(None), labels, measure=measure))
