"""Features, edges or nodes dropped at random."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

from ...errors import check_choice, check_probability
from .._by_type import by_edge_type, by_node_type, set_of
from .._graph import Graph
from .._naming import EdgeType
from ..change import remove_edges, remove_nodes
from ..change._merge import pair_groups
from ._with_features import floats_of, inner_edge_type, with_features


def drop_features(
    graph: Graph,
    p: float,
    name: str = "x",
    *,
    each: Literal["value", "row", "column"] = "value",
    rescale: bool = False,
    of: str | EdgeType | None = None,
    seed: int,
) -> Graph:
    """Set values, rows or columns of a feature to 0, each with probability p.

    *Shapes* `x: (count, *F) -> (count, *F)`. Integers and bools become torch's default float.

    Args:
        each: what is dropped as one: a value, the row of a node or edge, or a column of all of them.
        rescale: divide what stays by 1 - p, so that the expectation stays as well.
        of: the node type or edge type whose feature it is; the nodes, if there is one node type.
        seed: draws one number for each value, row or column.

    Raises:
        FeatureError: if there is no such feature, or `of` is needed.
        OptionError: if p is no probability, or `each` is another word.
        DtypeError: if the feature is complex.

    >>> graph = Graph([0], [2])
    >>> graph.nodes["x"] = torch.ones(3, 4)
    >>> drop_features(graph, 0.5, each="column", seed=1).nodes["x"].sum(0).tolist()
    [3.0, 0.0, 0.0, 3.0]
    """
    check_probability("drop_features", "p", p)
    found = set_of("drop_features", "of", graph, of)
    x = floats_of("drop_features", found, name)
    ones = (1,) * (x.dim() - 1)
    shapes = {"value": x.shape, "row": (x.shape[0], *ones), "column": (1, *x.shape[1:])}
    check_choice("drop_features", "each", each, list(shapes))
    stays = (torch.rand(shapes[each], generator=torch.Generator().manual_seed(seed)) >= p).to(x.device)
    kept = torch.where(stays, x / (1 - p) if rescale and p < 1 else x, 0)
    return with_features(graph, {found.type: {name: kept}})


def drop_edges(graph: Graph, p: float | Mapping[str | EdgeType, float], *, both_ways: bool = False, seed: int) -> Graph:
    """Drop each edge with probability p.

    The others keep their order and their features. To know them later, keep ids in a feature.

    Args:
        p: the probability; for a graph of several edge types a mapping from those that lose edges.
        both_ways: all edges between two nodes, in either direction, go or stay together, so that a symmetric graph
            stays one; only for edge types within one node type.
        seed: draws one number for each edge, or for each pair of nodes that edges join.

    Raises:
        OptionError: if p is no probability, or one for several edge types, or `both_ways` is asked for between two node
            types.
        FeatureError: if there is no such edge type.

    *Cost* some passes over the ids, one over the features that stay; both ways, a sort of the edges.

    >>> graph = Graph(torch.arange(99), torch.arange(1, 100))
    >>> drop_edges(graph, 0.5, seed=0)
    Graph(100 nodes, 50 edges, on cpu)
    """
    generator = torch.Generator().manual_seed(seed)
    falls: dict[str | EdgeType, Tensor] = {}
    for edge_type, share in by_edge_type("drop_edges", "p", graph, given=p).items():
        check_probability("drop_edges", "p", share)
        adjacency = graph.edge_sets[edge_type].adjacency
        if both_ways:
            inner_edge_type("drop_edges", graph, edge_type)
            pairs = pair_groups(adjacency)
            falls_by_pair = torch.rand(pairs.matrix.num_entries, generator=generator).to(graph.device) < share
            falls[edge_type] = falls_by_pair[pairs.slots().long()]
        else:
            falls[edge_type] = torch.rand(adjacency.num_edges, generator=generator).to(graph.device) < share
    return remove_edges(graph, falls).graph


def drop_nodes(graph: Graph, p: float | Mapping[str, float], *, seed: int) -> Graph:
    """Drop each node with probability p, with its edges.

    Nodes and edges that stay keep their order and their features; nodes are numbered anew. To know them later, keep ids
    in a feature. A graph of a batch may lose all its nodes and stays one of the batch.

    Args:
        p: the probability; for a graph of several node types a mapping from those that lose nodes.
        seed: draws one number for each node.

    Raises:
        OptionError: if p is no probability, or one for several node types.
        FeatureError: if there is no such node type.

    *Cost* some passes over the ids, one over the features that stay.

    >>> drop_nodes(Graph(torch.arange(99), torch.arange(1, 100)), 0.2, seed=0)
    Graph(78 nodes, 63 edges, on cpu)
    """
    generator = torch.Generator().manual_seed(seed)
    falls: dict[str, Tensor] = {}
    for node_type, share in by_node_type("drop_nodes", "p", graph, given=p).items():
        draws = torch.rand(graph.node_sets[node_type].count, generator=generator).to(graph.device)
        check_probability("drop_nodes", "p", share)
        falls[node_type] = draws < share
    return remove_nodes(graph, falls).graph
