"""The models that a table is trained with: a stack of graph layers, and the same stack without the graph."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..graph import Adjacency
from ..nn import GATConv, GraphConv, SAGEConv
from ._options import TrainOptions


class GraphClassifier(nn.Module):
    """A stack of layers of one kind, with a nonlinearity and dropout between them.

    *Shapes*: x: (num_nodes, in_features) -> (num_nodes, num_classes)

    Args:
        weighted: the graph comes with normalised edge weights, which gcn then does not normalise again.
    """

    def __init__(self, in_features: int, num_classes: int, *, options: TrainOptions, weighted: bool = False) -> None:
        super().__init__()
        self.layer = options.layer
        self.dropout = options.dropout
        widths = [in_features, *[options.hidden] * (options.layers - 1), num_classes]
        self.layers = nn.ModuleList(
            _layer(widths[i], widths[i + 1], options=options, weighted=weighted, last=i == options.layers - 1)
            for i in range(options.layers)
        )

    def forward(self, adjacency: Adjacency, x: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Compute the scores of the classes for every node."""
        for i, layer in enumerate(self.layers):
            if i:
                x = functional.elu(x) if self.layer == "gat" else torch.relu(x)
                x = functional.dropout(x, self.dropout, self.training)
            x = layer(adjacency, x, edge_weight=edge_weight)
        return x


class FeatureClassifier(nn.Module):
    """The stack of a `GraphClassifier` with a linear map in the place of every graph layer: it sees no edge.

    *Shapes*: x: (num_nodes, in_features) -> (num_nodes, num_classes)
    """

    def __init__(self, in_features: int, num_classes: int, *, options: TrainOptions) -> None:
        super().__init__()
        self.dropout = options.dropout
        widths = [in_features, *[options.hidden] * (options.layers - 1), num_classes]
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(widths))

    def forward(self, x: Tensor) -> Tensor:
        """Compute the scores of the classes for every node."""
        for i, layer in enumerate(self.layers):
            if i:
                x = functional.dropout(torch.relu(x), self.dropout, self.training)
            x = layer(x)
        return x


def _layer(in_features: int, out_features: int, *, options: TrainOptions, weighted: bool, last: bool) -> nn.Module:
    if options.layer == "gcn":
        return GraphConv(in_features, out_features, norm="none" if weighted else "both")
    if options.layer == "sage":
        return SAGEConv(in_features, out_features, "mean")
    heads = 1 if last else options.heads
    return GATConv(in_features, out_features // heads, heads)
