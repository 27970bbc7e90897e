"""Layers of graph neural networks, and the aggregation that they are made of."""

from ._aggregate import aggregate as aggregate
from ._apply_edges import apply_edges as apply_edges
from ._formula import Formula as Formula
from ._formula import formula as formula
from ._plan import explain_plan as explain_plan
from .conv import AGNNConv as AGNNConv
from .conv import AntiSymmetricConv as AntiSymmetricConv
from .conv import ARMAConv as ARMAConv
from .conv import ClusterGCNConv as ClusterGCNConv
from .conv import DGNConv as DGNConv
from .conv import DirGNNConv as DirGNNConv
from .conv import EGConv as EGConv
from .conv import FAConv as FAConv
from .conv import GATConv as GATConv
from .conv import GCN2Conv as GCN2Conv
from .conv import GraphConv as GraphConv
from .conv import LEConv as LEConv
from .conv import MFConv as MFConv
from .conv import MixHopConv as MixHopConv
from .conv import PDNConv as PDNConv
from .conv import PNAConv as PNAConv
from .conv import SAGEConv as SAGEConv
from .conv import WLConvContinuous as WLConvContinuous
from .states import load_peer_state as load_peer_state
