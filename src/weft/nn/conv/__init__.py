"""Convolutions: one layer, one file."""

from .edge_conv import EdgeConv as EdgeConv
from .gat_conv import GATConv as GATConv
from .gated_graph_conv import GatedGraphConv as GatedGraphConv
from .gine_conv import GINEConv as GINEConv
from .graph_conv import GraphConv as GraphConv
from .nn_conv import NNConv as NNConv
from .sage_conv import SAGEConv as SAGEConv
