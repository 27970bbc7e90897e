"""Convolutions: one layer, one file."""

from .agnn_conv import AGNNConv as AGNNConv
from .anti_symmetric_conv import AntiSymmetricConv as AntiSymmetricConv
from .arma_conv import ARMAConv as ARMAConv
from .cluster_gcn_conv import ClusterGCNConv as ClusterGCNConv
from .dgn_conv import DGNConv as DGNConv
from .dir_gnn_conv import DirGNNConv as DirGNNConv
from .eg_conv import EGConv as EGConv
from .fa_conv import FAConv as FAConv
from .gat_conv import GATConv as GATConv
from .gcn2_conv import GCN2Conv as GCN2Conv
from .graph_conv import GraphConv as GraphConv
from .le_conv import LEConv as LEConv
from .mf_conv import MFConv as MFConv
from .mix_hop_conv import MixHopConv as MixHopConv
from .pdn_conv import PDNConv as PDNConv
from .pna_conv import PNAConv as PNAConv
from .sage_conv import SAGEConv as SAGEConv
from .wl_conv_continuous import WLConvContinuous as WLConvContinuous
