"""Layers of graph neural networks, and the aggregation that they are made of."""

from ._aggregate import aggregate as aggregate
from ._apply_edges import apply_edges as apply_edges
from ._formula import Formula as Formula
from ._formula import formula as formula
from ._plan import explain_plan as explain_plan
from .across_layers import JumpingKnowledge as JumpingKnowledge
from .containers import Sequential as Sequential
from .containers import lazy as lazy
from .conv import DynamicEdgeConv as DynamicEdgeConv
from .conv import GATConv as GATConv
from .conv import GPSConv as GPSConv
from .conv import GraphConv as GraphConv
from .conv import GravNetConv as GravNetConv
from .conv import MeshCNNConv as MeshCNNConv
from .conv import PointGNNConv as PointGNNConv
from .conv import PointNetConv as PointNetConv
from .conv import PointTransformerConv as PointTransformerConv
from .conv import PPFConv as PPFConv
from .conv import SAGEConv as SAGEConv
from .conv import SignedConv as SignedConv
from .conv import XConv as XConv
from .states import load_peer_state as load_peer_state
