"""Features of neighbours, computed before a training rather than in it."""

from ...errors import OptionError, message
from ...ops import spmm
from .._graph import Graph
from .._naming import EdgeType
from ._normalise_edges import Norm, transition_edges
from ._with_features import floats_of, inner_edge_type, with_features


def propagate_features(
    graph: Graph,
    hops: int,
    name: str = "x",
    *,
    norm: Norm = "both",
    weight: str | None = None,
    self_loops: bool = True,
    edge_type: str | EdgeType | None = None,
) -> Graph:
    """Write what SIGN reads: a feature times powers of the normalised adjacency.

    `x_k = T^k x` for k = 1 .. hops, as features `name_1` .. `name_hops`, where T[i, j] is the sum of the weights of the
    edges j -> i, normalised as `normalise_edges` does

    *Shapes* `x: (num_nodes, *F)` -> the same for each. Edges stay as they are: self loops are for T alone.

    Args:
        weight: the edge feature that holds weights; 1 for every edge if None.
        self_loops: T has a self loop of weight 1 at each node that has none.
        edge_type: an edge type within one node type, along which the features of that type go.

    Raises:
        FeatureError: if there is no such edge type or feature, or several edge types and no name.
        OptionError: if the edge type joins two node types, or `hops` is negative.

    *Source* Frasca, Rossi, Eynard, Chamberlain, Bronstein and Monti, 2020, SIGN: Scalable Inception Graph Neural
    Networks, arXiv:2004.11198. For its powers of PPR, take `diffuse` first, and norm "none" without self loops here.

    *Cost* hops x E x F.

    >>> import torch
    >>> graph = Graph([0, 1], [1, 0])
    >>> graph.nodes["x"] = torch.tensor([[1.0], [0.0]])
    >>> propagate_features(graph, 2, norm="right", self_loops=False).nodes["x_2"].tolist()
    [[1.0], [0.0]]
    """
    where = "propagate_features"
    chosen = inner_edge_type(where, graph, edge_type)
    if hops < 0:
        raise OptionError(message(where, "`hops` of at least 0", str(hops)))
    nodes = graph.node_sets[chosen[0]]
    x = floats_of(where, nodes, name)
    adjacency, w = transition_edges(where, graph, chosen, norm, weight, self_loops=self_loops, dtype=x.dtype)
    made = {}
    for hop in range(1, hops + 1):
        x = made[f"{name}_{hop}"] = spmm(adjacency.by_target, x, w)
    return with_features(graph, {chosen[0]: made})
