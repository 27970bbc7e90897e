"""Convolutions: one layer, one file."""

from .dna_conv import DNAConv as DNAConv
from .dot_gat_conv import DotGatConv as DotGatConv
from .edge_gat_conv import EdgeGATConv as EdgeGATConv
from .egat_conv import EGATConv as EGATConv
from .feast_conv import FeaStConv as FeaStConv
from .gat_conv import GATConv as GATConv
from .gatv2_conv import GATv2Conv as GATv2Conv
from .general_conv import GeneralConv as GeneralConv
from .gmm_conv import GMMConv as GMMConv
from .graph_conv import GraphConv as GraphConv
from .hypergraph_conv import HypergraphConv as HypergraphConv
from .pan_conv import PANConv as PANConv
from .sage_conv import SAGEConv as SAGEConv
from .supergat_conv import SuperGATConv as SuperGATConv
from .transformer_conv import TransformerConv as TransformerConv
