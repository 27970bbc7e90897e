"""R-GCN on one-hot ids: the first layer's matrices are looked up, never multiplied."""

from __future__ import annotations

import torch
from torch import Tensor, nn

import weft


class OneHotRGCN(nn.Module):
    """Two relational graph convolutions whose input is the identity.

    The matrix of a type in the first layer has a row for each node, and only the rows of nodes from which an edge of the type
    leaves are ever read. They stand in one table, a row for each pair of a type and a source, and the layer is a weighted sum of
    its rows over a bipartite graph from pairs to targets:

        h[i] = relu(own[i] + sum over edges e = j -> i of table[type(e), j] / c(e))

    with c(e) the number of edges of the type of e that enter i.

    *Source* Schlichtkrull et al., 2017, Modeling Relational Data with Graph Convolutional Networks, arXiv:1703.06103,
    equation 2, and section 5.1 for its options.
    """

    def __init__(self, num_nodes: int, hidden: int, num_classes: int, *, edges: tuple[weft.Graph, Tensor, int]) -> None:
        super().__init__()
        self.graph, self.edge_type, num_types = edges
        adjacency = self.graph.adjacency
        source, target = adjacency.source.long(), adjacency.target.long()
        pairs, pair = torch.unique(self.edge_type * num_nodes + source, return_inverse=True)
        self.lookup = weft.Adjacency(pair, target, num_sources=len(pairs), num_targets=num_nodes)
        _, entered, count = torch.unique(self.edge_type * num_nodes + target, return_inverse=True, return_counts=True)
        self.share = 1.0 / count[entered]
        bound = (6 / (num_nodes + hidden)) ** 0.5  # Glorot's, of the whole matrix of a type
        self.table = nn.Parameter(torch.empty(len(pairs), hidden).uniform_(-bound, bound))
        self.own = nn.Parameter(torch.empty(num_nodes, hidden).uniform_(-bound, bound))
        self.second = weft.nn.RelGraphConv(hidden, num_classes, num_types, aggregator="mean", bias=False)
        nn.init.xavier_uniform_(self.second.loop_weight)
        for matrix in self.second.linear_r.W:
            nn.init.xavier_uniform_(matrix)

    def forward(self) -> Tensor:
        """Compute the logits: (num_nodes, num_classes)."""
        h = (self.own + weft.nn.aggregate(self.lookup, self.table, self.share)).relu()
        return self.second(self.graph, h, edge_type=self.edge_type)
