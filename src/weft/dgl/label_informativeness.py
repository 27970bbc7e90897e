"""Label informativeness: how much the class of a neighbour tells about that of a node."""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import ShapeError, message
from ._graph import DGLGraph
from .transforms.functional import to_bidirected

__all__ = ["edge_label_informativeness", "node_label_informativeness"]


def edge_label_informativeness(graph: DGLGraph, y: Tensor, eps: float = 1e-8) -> float:
    """Tell how much one end of a random edge tells about the class of the other: 1 for all, 0 for nothing.

    `-sum over c, d of p(c, d) log(p(c, d) / (q(c) q(d))) / sum over c of q(c) log q(c)`, where p are shares of edges and q
    of their ends. Edges are read as undirected, each once: see `to_bidirected`.

    Args:
        y: the class of each node.
        eps: accepted, of no effect: what does not occur adds nothing, so that no logarithm needs it.

    Raises:
        ShapeError: if there is not a class for each node.

    *Source* Platonov, Kuznedelev, Babenko and Prokhorenkova, 2022, arXiv:2209.06177, LI_edge.

    >>> import torch
    >>> from weft.dgl import graph
    >>> edge_label_informativeness(graph(([0, 2], [1, 3])), torch.tensor([0, 1, 0, 1]))
    1.0
    """
    source, target, y = _ends(graph, y)
    pairs = _counts(source, target, torch.ones_like(source, dtype=torch.float64), y)
    joint = pairs / pairs.sum()
    ends = joint.sum(1)
    return _informativeness(joint, ends, ends)


def node_label_informativeness(graph: DGLGraph, y: Tensor, eps: float = 1e-8) -> float:
    """Tell how much a random neighbour tells about the class of a random node: 1 for all, 0 for nothing.

    As `edge_label_informativeness`, but a node counts as much as another, whatever its degree: each of its n edges has
    the weight 1 / n, and q(c) is the share of the nodes, with edges or without.

    Args:
        y: the class of each node.
        eps: accepted, of no effect.

    Raises:
        ShapeError: if there is not a class for each node.

    *Source* Platonov, Kuznedelev, Babenko and Prokhorenkova, 2022, arXiv:2209.06177, LI_node.

    >>> import torch
    >>> from weft.dgl import graph
    >>> node_label_informativeness(graph(([0, 2], [1, 3])), torch.tensor([0, 1, 0, 1]))
    1.0
    """
    source, target, y = _ends(graph, y)
    degrees = torch.bincount(source, minlength=y.shape[0])
    even = _counts(source, target, 1 / degrees[source].double(), y)
    joint = even / even.sum()
    pairs = _counts(source, target, torch.ones_like(source, dtype=torch.float64), y)
    of_nodes = torch.bincount(y, minlength=joint.shape[0]).double() / y.shape[0]
    return _informativeness(joint, of_nodes, pairs.sum(0) / pairs.sum())


def _ends(graph: DGLGraph, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Both ends of the edges, undirected, and the classes."""
    if y.shape != (graph.num_nodes(),):
        got = str(tuple(y.shape))
        raise ShapeError(message("label_informativeness", f"a class for each of {graph.num_nodes()} nodes", got))
    adjacency = to_bidirected(graph)._adjacency(None)
    return adjacency.source.long(), adjacency.target.long(), y.to(graph.device).long()


def _counts(source: Tensor, target: Tensor, weight: Tensor, y: Tensor) -> Tensor:
    """The weight of the edges from each class to each class."""
    count = int(y.max()) + 1 if y.shape[0] else 0
    return torch.bincount(y[source] * count + y[target], weight, minlength=count * count).reshape(count, count)


def _informativeness(joint: Tensor, of_nodes: Tensor, of_neighbors: Tensor) -> float:
    ratio = joint / (of_nodes[:, None] * of_neighbors)
    shared = (joint * ratio.where(joint > 0, 1).log()).sum()
    entropy = -(of_nodes * of_nodes.where(of_nodes > 0, 1).log()).sum()
    return float(shared / entropy)
