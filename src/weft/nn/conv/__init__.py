"""Convolutions: one layer, one file."""

from .dynamic_edge_conv import DynamicEdgeConv as DynamicEdgeConv
from .gat_conv import GATConv as GATConv
from .gps_conv import GPSConv as GPSConv
from .graph_conv import GraphConv as GraphConv
from .grav_net_conv import GravNetConv as GravNetConv
from .mesh_cnn_conv import MeshCNNConv as MeshCNNConv
from .point_gnn_conv import PointGNNConv as PointGNNConv
from .point_net_conv import PointNetConv as PointNetConv
from .point_transformer_conv import PointTransformerConv as PointTransformerConv
from .ppf_conv import PPFConv as PPFConv
from .sage_conv import SAGEConv as SAGEConv
from .signed_conv import SignedConv as SignedConv
from .x_conv import XConv as XConv
