"""Layers of graph neural networks, and the aggregation that they are made of."""

from ._aggregate import aggregate as aggregate
from .conv import GATConv as GATConv
from .conv import GraphConv as GraphConv
from .conv import SAGEConv as SAGEConv
