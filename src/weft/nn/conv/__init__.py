"""Convolutions: one layer, one file."""

from .appnp_conv import APPNPConv as APPNPConv
from .cheb_conv import ChebConv as ChebConv
from .gat_conv import GATConv as GATConv
from .gcn2_conv import GCN2Conv as GCN2Conv
from .gin_conv import GINConv as GINConv
from .dot_gat_conv import DotGatConv as DotGatConv
from .edge_gat_conv import EdgeGATConv as EdgeGATConv
from .egat_conv import EGATConv as EGATConv
from .gat_conv import GATConv as GATConv
from .gatv2_conv import GATv2Conv as GATv2Conv
from .graph_conv import GraphConv as GraphConv
from .point_gnn_conv import PointGNNConv as PointGNNConv
from .point_net_conv import PointNetConv as PointNetConv
from .rel_graph_conv import RelGraphConv as RelGraphConv
from .point_transformer_conv import PointTransformerConv as PointTransformerConv
from .ppf_conv import PPFConv as PPFConv
from .lg_conv import LGConv as LGConv
from .pna_conv import PNAConv as PNAConv
from .sage_conv import SAGEConv as SAGEConv
from .sg_conv import SGConv as SGConv
from .simple_conv import SimpleConv as SimpleConv
from .ssg_conv import SSGConv as SSGConv
from .tag_conv import TAGConv as TAGConv
from .supergat_conv import SuperGATConv as SuperGATConv
from .transformer_conv import TransformerConv as TransformerConv
