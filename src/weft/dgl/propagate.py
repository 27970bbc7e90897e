"""Messages in several steps: along lists of nodes or edges, or in the order of a traversal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ._graph import DGLGraph
from ._messages import Message, Reduce
from ._sending import Apply
from .traversal import bfs_nodes_generator, dfs_labeled_edges_generator, topological_nodes_generator


def prop_nodes(
    graph: DGLGraph,
    nodes_generator: Iterable[Any],
    message_func: Message,
    reduce_func: Reduce,
    apply_node_func: Apply | None = None,
) -> None:
    """Pull, for one set of nodes after the other; see `DGLGraph.pull`."""
    graph.prop_nodes(nodes_generator, message_func, reduce_func, apply_node_func)


def prop_edges(
    graph: DGLGraph,
    edges_generator: Iterable[Any],
    message_func: Message,
    reduce_func: Reduce,
    apply_node_func: Apply | None = None,
) -> None:
    """Send and receive, for one set of edges after the other; see `DGLGraph.send_and_recv`."""
    graph.prop_edges(edges_generator, message_func, reduce_func, apply_node_func)


def prop_nodes_bfs(
    graph: DGLGraph,
    source: Any,
    message_func: Message,
    reduce_func: Reduce,
    reverse: bool = False,
    apply_node_func: Apply | None = None,
) -> None:
    """Pull in the order of a search in breadth.

    Args:
        reverse: search against the edges; messages still run along them.
    """
    steps = bfs_nodes_generator(graph, source, reverse)
    prop_nodes(graph, steps, message_func, reduce_func, apply_node_func)


def prop_nodes_topo(
    graph: DGLGraph,
    message_func: Message,
    reduce_func: Reduce,
    reverse: bool = False,
    apply_node_func: Apply | None = None,
) -> None:
    """Pull in topological order, so that every node has what its predecessors made of their messages.

    Args:
        reverse: take the order with edges turned round; messages still run along them.

    >>> import torch, weft.dgl as dgl
    >>> g = dgl.graph(([0, 1], [1, 2]))
    >>> g.ndata["h"] = torch.ones(3)
    >>> dgl.prop_nodes_topo(
    ...     g,
    ...     lambda edges: {"m": edges.src["h"]},
    ...     lambda nodes: {"h": nodes.mailbox["m"].sum(1) + nodes.data["h"]},
    ... )
    >>> g.ndata["h"]
    tensor([1., 2., 3.])
    """
    steps = topological_nodes_generator(graph, reverse)
    prop_nodes(graph, steps, message_func, reduce_func, apply_node_func)


def prop_edges_dfs(
    graph: DGLGraph,
    source: Any,
    message_func: Message,
    reduce_func: Reduce,
    reverse: bool = False,
    has_reverse_edge: bool = False,
    has_nontree_edge: bool = False,
    apply_node_func: Apply | None = None,
) -> None:
    """Send and receive edge by edge, in the order of a search in depth; see `dfs_labeled_edges_generator`."""
    steps = dfs_labeled_edges_generator(graph, source, reverse, has_reverse_edge, has_nontree_edge, return_labels=False)
    prop_edges(graph, steps, message_func, reduce_func, apply_node_func)
