"""Convolutions: one layer, one file."""

from .gat_conv import GATConv as GATConv
from .graph_conv import GraphConv as GraphConv
from .rel_graph_conv import RelGraphConv as RelGraphConv
from .sage_conv import SAGEConv as SAGEConv
