"""Convolutions: one layer, one file."""

from .gat_conv import GATConv as GATConv
from .gin_conv import GINConv as GINConv
from .graph_conv import GraphConv as GraphConv
from .sage_conv import SAGEConv as SAGEConv
