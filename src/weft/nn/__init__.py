"""Layers of graph neural networks, and the aggregation that they are made of."""

from ._aggregate import aggregate as aggregate
from ._apply_edges import apply_edges as apply_edges
from ._formula import Formula as Formula
from ._formula import formula as formula
from ._plan import explain_plan as explain_plan
from .conv import CompGCNConv as CompGCNConv
from .conv import GATConv as GATConv
from .conv import GraphConv as GraphConv
from .conv import HEATConv as HEATConv
from .conv import HGTConv as HGTConv
from .conv import RelGraphConv as RelGraphConv
from .conv import RGATConv as RGATConv
from .conv import SAGEConv as SAGEConv
from .hetero import HANConv as HANConv
from .hetero import HeteroEmbedding as HeteroEmbedding
from .hetero import Heterogeneous as Heterogeneous
from .hetero import HeteroGraphConv as HeteroGraphConv
from .hetero import HeteroLinear as HeteroLinear
from .hetero import TypedLinear as TypedLinear
from .hetero import to_hetero as to_hetero
from .states import load_peer_state as load_peer_state
