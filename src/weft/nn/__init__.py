"""Layers of graph neural networks, and the aggregation that they are made of."""

from ._aggregate import aggregate as aggregate
from ._apply_edges import apply_edges as apply_edges
from ._formula import Formula as Formula
from ._formula import formula as formula
from ._plan import explain_plan as explain_plan
from .conv import DNAConv as DNAConv
from .conv import DotGatConv as DotGatConv
from .conv import EdgeGATConv as EdgeGATConv
from .conv import EGATConv as EGATConv
from .conv import FeaStConv as FeaStConv
from .conv import GATConv as GATConv
from .conv import GATv2Conv as GATv2Conv
from .conv import GeneralConv as GeneralConv
from .conv import GMMConv as GMMConv
from .conv import GraphConv as GraphConv
from .conv import HypergraphConv as HypergraphConv
from .conv import PANConv as PANConv
from .conv import SAGEConv as SAGEConv
from .conv import SuperGATConv as SuperGATConv
from .conv import TransformerConv as TransformerConv
from .states import load_peer_state as load_peer_state
