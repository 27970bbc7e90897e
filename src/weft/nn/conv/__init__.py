"""Convolutions: one layer, one file."""

from .dot_gat_conv import DotGatConv as DotGatConv
from .edge_gat_conv import EdgeGATConv as EdgeGATConv
from .egat_conv import EGATConv as EGATConv
from .gat_conv import GATConv as GATConv
from .gatv2_conv import GATv2Conv as GATv2Conv
from .graph_conv import GraphConv as GraphConv
from .sage_conv import SAGEConv as SAGEConv
from .supergat_conv import SuperGATConv as SuperGATConv
from .transformer_conv import TransformerConv as TransformerConv
