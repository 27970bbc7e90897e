"""Convolutions: one layer, one file."""

from .atomic_conv import AtomicConv as AtomicConv
from .cf_conv import CFConv as CFConv
from .cg_conv import CGConv as CGConv
from .edge_conv import EdgeConv as EdgeConv
from .egnn_conv import EGNNConv as EGNNConv
from .film_conv import FiLMConv as FiLMConv
from .gat_conv import GATConv as GATConv
from .gated_gcn_conv import GatedGCNConv as GatedGCNConv
from .gated_graph_conv import GatedGraphConv as GatedGraphConv
from .gen_conv import GENConv as GENConv
from .gine_conv import GINEConv as GINEConv
from .graph_conv import GraphConv as GraphConv
from .group_rev_res import GroupRevRes as GroupRevRes
from .nn_conv import NNConv as NNConv
from .res_gated_graph_conv import ResGatedGraphConv as ResGatedGraphConv
from .sage_conv import SAGEConv as SAGEConv
from .spline_conv import SplineConv as SplineConv
