"""The largest connected parts of a graph."""

import torch

from ...errors import OptionError, message
from ...ops import connected_components
from .._graph import Graph
from .._homogeneous import joined_adjacency
from .._resolve import ends_of
from .._rows import Features
from .._subgraph import Subgraph
from ._nodes import induced


def largest_component(graph: Graph, *, count: int = 1, features: Features = "copy") -> Subgraph:
    """Take the largest weakly connected component, or several of them.

    Nodes are connected if edges of any type, either way, lead from one to the other. Nodes and edges keep their order;
    of components of one size the one with the lowest node comes first, types in the order of the graph.

    Args:
        count: how many components; all if there are fewer.
        features: those of the nodes and edges that stay come along: copied, copied at the first look, or left behind.

    Raises:
        OptionError: if `count` is below 1.

    *Cost* reads each edge once.

    >>> part = largest_component(Graph([0, 2, 3], [1, 3, 4], num_nodes=6))
    >>> part.node_ids["node"].tolist(), part.edge_ids["node", "edge", "node"].tolist()
    ([2, 3, 4], [1, 2])
    """
    if count < 1:
        raise OptionError(message("largest_component", "`count` of at least 1", str(count)))
    joined = joined_adjacency(graph)
    component = connected_components(*ends_of(joined), joined.num_sources)  # named by its lowest node
    sizes = torch.bincount(component, minlength=1)
    is_chosen = torch.zeros_like(sizes, dtype=torch.bool)
    is_chosen[sizes.sort(descending=True, stable=True).indices[:count]] = True
    masks = is_chosen[component].split([nodes.count for nodes in graph.node_sets.values()])
    nodes = {name: mask.nonzero().squeeze(1) for name, mask in zip(graph.node_sets, masks, strict=True)}
    return induced("largest_component", graph, nodes, features=features)
