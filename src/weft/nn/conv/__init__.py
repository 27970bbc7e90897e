"""Convolutions: one layer, one file."""

from .appnp_conv import APPNPConv as APPNPConv
from .cheb_conv import ChebConv as ChebConv
from .gat_conv import GATConv as GATConv
from .gin_conv import GINConv as GINConv
from .graph_conv import GraphConv as GraphConv
from .lg_conv import LGConv as LGConv
from .sage_conv import SAGEConv as SAGEConv
from .sg_conv import SGConv as SGConv
from .simple_conv import SimpleConv as SimpleConv
from .ssg_conv import SSGConv as SSGConv
from .tag_conv import TAGConv as TAGConv
from .twirls_conv import TWIRLSConv as TWIRLSConv
from .twirls_unfolding import TWIRLSUnfoldingAndAttention as TWIRLSUnfoldingAndAttention
