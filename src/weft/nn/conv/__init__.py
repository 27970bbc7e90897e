"""Convolutions: one layer, one file."""

from .gat_conv import GATConv as GATConv
from .gcn2_conv import GCN2Conv as GCN2Conv
from .gin_conv import GINConv as GINConv
from .graph_conv import GraphConv as GraphConv
from .point_gnn_conv import PointGNNConv as PointGNNConv
from .point_net_conv import PointNetConv as PointNetConv
from .rel_graph_conv import RelGraphConv as RelGraphConv
from .point_transformer_conv import PointTransformerConv as PointTransformerConv
from .ppf_conv import PPFConv as PPFConv
from .sage_conv import SAGEConv as SAGEConv
