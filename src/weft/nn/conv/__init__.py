"""Convolutions: one layer, one file."""

from .comp_gcn_conv import CompGCNConv as CompGCNConv
from .gat_conv import GATConv as GATConv
from .graph_conv import GraphConv as GraphConv
from .heat_conv import HEATConv as HEATConv
from .hgt_conv import HGTConv as HGTConv
from .rel_graph_conv import RelGraphConv as RelGraphConv
from .rgat_conv import RGATConv as RGATConv
from .sage_conv import SAGEConv as SAGEConv
