"""Layers of graph neural networks, and the aggregation that they are made of."""

from ._aggregate import aggregate as aggregate
from ._apply_edges import apply_edges as apply_edges
from ._formula import Formula as Formula
from ._formula import formula as formula
from ._plan import explain_plan as explain_plan
from .conv import APPNPConv as APPNPConv
from .conv import ChebConv as ChebConv
from .conv import GATConv as GATConv
from .conv import GINConv as GINConv
from .conv import GraphConv as GraphConv
from .conv import LGConv as LGConv
from .conv import SAGEConv as SAGEConv
from .conv import SGConv as SGConv
from .conv import SimpleConv as SimpleConv
from .conv import SSGConv as SSGConv
from .conv import TAGConv as TAGConv
from .conv import TWIRLSConv as TWIRLSConv
from .conv import TWIRLSUnfoldingAndAttention as TWIRLSUnfoldingAndAttention
from .dense import DenseChebConv as DenseChebConv
from .dense import DenseGraphConv as DenseGraphConv
from .dense import DenseSAGEConv as DenseSAGEConv
from .edge_weight_norm import EdgeWeightNorm as EdgeWeightNorm
from .states import load_peer_state as load_peer_state
