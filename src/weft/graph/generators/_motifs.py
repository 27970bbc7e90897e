"""Small graphs by name, and copies of one attached to another graph."""

import torch

from ...errors import OptionError, message
from .._graph import Graph
from .._refill import refilled
from ..change import add_edges, add_nodes
from ._drawing import check_at_least, generator_of, graph_of
from ._pair_table import PairTable, distinct_places


def star(num_leaves: int) -> Graph:
    """Make a star: node 0 is joined to nodes 1 to `num_leaves`, in both directions.

    Raises:
        OptionError: if the number is negative.

    >>> star(3)
    Graph(4 nodes, 6 edges, on cpu)
    """
    check_at_least("star", 0, num_leaves=num_leaves)
    leaves = torch.arange(1, num_leaves + 1)
    return graph_of(torch.zeros_like(leaves), leaves, num_leaves + 1, directed=False)


def path(num_nodes: int) -> Graph:
    """Make a path: each node is joined to the next, in both directions.

    Raises:
        OptionError: if the number is negative.

    >>> path(4)
    Graph(4 nodes, 6 edges, on cpu)
    """
    check_at_least("path", 0, num_nodes=num_nodes)
    nodes = torch.arange(num_nodes)
    return graph_of(nodes[:-1], nodes[1:], num_nodes, directed=False)


def cycle(num_nodes: int) -> Graph:
    """Make a cycle: a path whose last node is joined to the first, in both directions.

    Raises:
        OptionError: if there are fewer than three nodes.

    >>> cycle(4)
    Graph(4 nodes, 8 edges, on cpu)
    """
    check_at_least("cycle", 3, num_nodes=num_nodes)
    nodes = torch.arange(num_nodes)
    return graph_of(nodes, nodes.roll(-1), num_nodes, directed=False)


def complete(num_nodes: int) -> Graph:
    """Make a clique: all pairs of nodes are joined, in both directions.

    Raises:
        OptionError: if the number is negative.

    >>> complete(4)
    Graph(4 nodes, 12 edges, on cpu)
    """
    check_at_least("complete", 0, num_nodes=num_nodes)
    table = PairTable(num_nodes, num_nodes, directed=False, loops=False)
    return graph_of(*table.edges(torch.arange(table.size)), num_nodes, directed=False)


def house() -> Graph:
    """Make a house of explanation benchmarks: the floor is nodes 0 and 1, the walls end at 2 and 3, the roof at 4.

    >>> house()
    Graph(5 nodes, 12 edges, on cpu)
    """
    return graph_of(torch.tensor([0, 0, 1, 2, 2, 3]), torch.tensor([1, 2, 3, 3, 4, 4]), 5, directed=False)


def attach_motifs(graph: Graph, motif: Graph, count: int, *, at: int = 0, seed: int) -> Graph:
    """Attach copies of a small graph to nodes of another, drawn at random, each by one edge in both directions.

    Nodes of the copies follow those of the graph, copy after copy; so do their edges, and the edges to the graph come
    last. The features of the graph stay, with 0 for what is new; those of the motif are left behind. What explanations
    are measured by is told by three more, all int64: `motif` of nodes and of edges is the number of the copy, -1
    outside of all, and `place` of nodes is the node of the motif, -1 outside. A second call counts the copies on.

    Args:
        graph: of one type, and no batch.
        motif: of one type.
        count: how many copies, for as many nodes of the graph.
        at: the node of the motif that is joined to the graph.

    Raises:
        OptionError: if there are more copies than nodes, no such node in the motif, or the graph is a batch.
        FeatureError: if one of the graphs has several types.

    *Source* Ying, Bourgeois, You, Zitnik and Leskovec, 2019, GNNExplainer: generating explanations for graph neural
    networks.

    >>> from weft.graph import generators
    >>> graph = generators.attach_motifs(generators.barabasi_albert(300, 5, seed=0), generators.house(), 80, seed=1)
    >>> graph.num_nodes, int((graph.edges["motif"] >= 0).sum())
    (700, 960)
    """
    where, nodes, size = "attach_motifs", graph.nodes, motif.nodes.count
    if nodes.offsets is not None:
        hint = "unbatch() it, and batch() again"
        raise OptionError(message(where, "a graph that is no batch", f"one of {graph.num_graphs} graphs", hint))
    if not 0 <= count <= nodes.count:
        raise OptionError(message(where, f"`count` from 0 to {nodes.count}, the number of nodes", str(count)))
    if not 0 <= at < size:
        raise OptionError(message(where, f"`at` as a node of the motif, from 0 to {size - 1}", str(at)))
    labelled = refilled(graph)
    for found, name in ((labelled.nodes, "motif"), (labelled.nodes, "place"), (labelled.edges, "motif")):
        found[name] = found[name] if name in found else torch.full((found.count,), -1, device=graph.device)
    copies = torch.arange(count, device=graph.device)
    if nodes.count:
        copies += 1 + int(labelled.nodes["motif"].max())
    place = torch.arange(size, device=graph.device).repeat(count)
    features = {"motif": copies.repeat_interleave(size), "place": place}
    larger = add_nodes(labelled, size * count, features=features)
    begins = nodes.count + size * torch.arange(count, device=graph.device)
    inside = ((begins[:, None] + ids.to(begins)).flatten() for ids in (motif.adjacency.source, motif.adjacency.target))
    chosen = distinct_places(nodes.count, count, generator_of(seed)).to(graph.device)
    joins = torch.cat((chosen, begins + at)), torch.cat((begins + at, chosen))
    source, target = (torch.cat(parts) for parts in zip(inside, joins, strict=True))
    of_edges = torch.cat((copies.repeat_interleave(motif.edges.count), torch.full_like(joins[0], -1)))
    return add_edges(larger, source, target, features={"motif": of_edges})
