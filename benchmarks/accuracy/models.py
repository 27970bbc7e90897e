"""The two models of the tables, made of weft's layers."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

import weft

from .datasets import SparseRows


class Features:
    """Sparse node features, ready to be multiplied by a weight.

    The matrix is a bipartite graph from features to nodes whose edge weights are its values, so that the
    product with a weight is one weighted sum. Dropout acts on the stored values; that is dropout of the
    dense matrix, whose other entries are zero anyway.
    """

    def __init__(self, rows: SparseRows) -> None:
        self.num_features, self.value = rows.num_columns, rows.value
        self.adjacency = weft.Adjacency(rows.column, rows.row, num_sources=rows.num_columns, num_targets=rows.num_rows)

    def matmul(self, weight: Tensor, *, dropout: float = 0.0) -> Tensor:
        """Multiply: (num_features, width) -> (num_nodes, width)."""
        return weft.nn.aggregate(self.adjacency, weight, functional.dropout(self.value, dropout, dropout > 0))


class Gcn(nn.Module):
    """Two graph convolutions with dropout before each and a ReLU between.

    Source: Kipf and Welling, 2017, Semi-Supervised Classification with Graph Convolutional Networks,
    arXiv 1609.02907, equation 9.
    """

    def __init__(self, num_features: int, num_classes: int, *, hidden: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_features, hidden)))
        self.first = weft.nn.GraphConv(hidden, hidden, weight=False)
        self.second = weft.nn.GraphConv(hidden, num_classes)

    def forward(self, graph: weft.Graph, features: Features) -> Tensor:
        """Compute the logits: (num_nodes, num_classes)."""
        dropout = self.dropout if self.training else 0.0
        h = functional.relu(self.first(graph, features.matmul(self.weight, dropout=dropout)))
        return self.second(graph, functional.dropout(h, dropout))

    def decayed(self) -> list[nn.Parameter]:
        """List what weight decay acts on: the first layer's weight, as in the source's code."""
        return [self.weight]


class Gat(nn.Module):
    """Two attention layers, 8 heads of 8 and one head, with dropout on inputs and attention and an ELU between.

    The first projection stands before its layer, because its input is sparse; the one inside stays the identity.

    Source: Velickovic et al., 2018, Graph Attention Networks, arXiv 1710.10903, section 3.3.
    """

    def __init__(self, num_features: int, num_classes: int, *, hidden: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        width = hidden * num_heads
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_features, width)))
        self.first = weft.nn.GATConv(width, hidden, num_heads, attention_dropout=dropout)
        self.first.fc.weight = nn.Parameter(torch.eye(width), requires_grad=False)
        self.second = weft.nn.GATConv(width, num_classes, 1, attention_dropout=dropout)

    def forward(self, graph: weft.Graph, features: Features) -> Tensor:
        """Compute the logits: (num_nodes, num_classes)."""
        dropout = self.dropout if self.training else 0.0
        h = functional.elu(self.first(graph, features.matmul(self.weight, dropout=dropout)))
        return self.second(graph, functional.dropout(h, dropout))

    def decayed(self) -> list[nn.Parameter]:
        """List what weight decay acts on: everything but biases, as in the source's code."""
        weights = [parameter for name, parameter in self.named_parameters() if not name.endswith("bias")]
        return [weight for weight in weights if weight.requires_grad]
