"""Layers of graph neural networks, and the aggregation that they are made of."""

from ._aggregate import aggregate as aggregate
from ._apply_edges import apply_edges as apply_edges
from ._formula import Formula as Formula
from ._formula import formula as formula
from ._plan import explain_plan as explain_plan
from .conv import AtomicConv as AtomicConv
from .conv import CFConv as CFConv
from .conv import CGConv as CGConv
from .conv import EdgeConv as EdgeConv
from .conv import EGNNConv as EGNNConv
from .conv import FiLMConv as FiLMConv
from .conv import GATConv as GATConv
from .conv import GatedGCNConv as GatedGCNConv
from .conv import GatedGraphConv as GatedGraphConv
from .conv import GENConv as GENConv
from .conv import GINEConv as GINEConv
from .conv import GraphConv as GraphConv
from .conv import GroupRevRes as GroupRevRes
from .conv import NNConv as NNConv
from .conv import ResGatedGraphConv as ResGatedGraphConv
from .conv import SAGEConv as SAGEConv
from .conv import SplineConv as SplineConv
from .states import load_peer_state as load_peer_state
