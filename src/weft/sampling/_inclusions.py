"""How often nodes and edges come in batches, and the weights that undo it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import OptionError, message
from ..graph import Batch, EdgeType, Graph


class Inclusions(NamedTuple):
    """In how many batches each node and each edge was.

    *Shapes* `nodes`: for each node type `(num_nodes,)`, `edges`: for each edge type `(num_edges,)`, int64.

    >>> Inclusions({"node": torch.tensor([4, 1, 0])}, {}, {}, 4).node_weight("node")
    tensor([1., 4., 0.])
    """

    nodes: Mapping[str, Tensor]
    edges: Mapping[EdgeType, Tensor]
    targets: Mapping[EdgeType, Tensor]
    num_batches: int

    def node_weight(self, node_type: str) -> Tensor:
        """Batches for each time that a node came, `(num_nodes,)`: by it a loss summed over batches is that over all nodes.

        A node that never came has 0.
        """
        return _share(self.num_batches, self.nodes[node_type])

    def edge_weight(self, edge_type: EdgeType) -> Tensor:
        """Times that the target came for each time that the edge did, `(num_edges,)`: by it sums over neighbours are unbiased.

        An edge that never came has 0.
        """
        return _share(self.targets[edge_type], self.edges[edge_type])


def count_inclusions(graph: Graph, batches: Iterable[Batch]) -> Inclusions:
    """Count in how many batches each node and each edge of a graph is, for the weights of GraphSAINT.

    Put them into the graph, `graph.edges["saint"] = found.edge_weight(name)`, and let a `Loader` bring them along.

    Args:
        batches: as many as a count needs, of the form "induced" or "graph", with original ids of edges: an epoch of a `Loader`.

    Raises:
        OptionError: if a batch has blocks, or there is none.

    *Source* Zeng and others (2020), GraphSAINT: Graph Sampling Based Inductive Learning Method, arXiv 1907.04931, section 3.2:
    `1 / lambda` and `1 / alpha`.

    >>> import weft
    >>> ring = weft.Graph([0, 1, 2, 3], [1, 2, 3, 0])
    >>> sampler = weft.sampling.NeighborSampler(ring, [], form="induced")
    >>> found = count_inclusions(ring, [sampler.sample([0, 1]), sampler.sample([1, 2])])
    >>> found.node_weight("node"), found.edge_weight(("node", "edge", "node"))
    (tensor([2., 1., 2., 0.]), tensor([2., 1., 0., 0.]))
    """
    nodes = {kind: torch.zeros(of.count, dtype=torch.int64, device="cpu") for kind, of in graph.node_sets.items()}
    edges = {name: torch.zeros(of.count, dtype=torch.int64, device="cpu") for name, of in graph.edge_sets.items()}
    num_batches = 0
    for batch in batches:
        if batch.graph is None:
            raise OptionError(message("count_inclusions", "batches of one graph", "blocks", 'form="induced"'))
        num_batches += 1
        for kind, ids in batch.node_ids.items():
            nodes[kind][ids.unique()] += 1
        for name, ids in batch.edge_ids.items():
            edges[name][ids.unique()] += 1
    if num_batches == 0:
        raise OptionError(message("count_inclusions", "at least one batch", "none"))
    targets = {name: nodes[name[2]][of.adjacency.target.long()] for name, of in graph.edge_sets.items()}
    return Inclusions(nodes, edges, targets, num_batches)


def _share(times: Tensor | int, counts: Tensor) -> Tensor:
    return torch.where(counts > 0, times / counts.clamp(min=1), 0.0)
