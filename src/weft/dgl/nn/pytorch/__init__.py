"""Layers with DGL's constructor arguments and forward signatures, on weft's."""

from ..._later import absent
from . import conv as conv
from . import hetero as hetero
from . import linear as linear
from . import softmax as softmax
from .conv import GATConv as GATConv
from .conv import GraphConv as GraphConv
from .conv import HGTConv as HGTConv
from .conv import RelGraphConv as RelGraphConv
from .conv import SAGEConv as SAGEConv
from .hetero import HeteroEmbedding as HeteroEmbedding
from .hetero import HeteroGraphConv as HeteroGraphConv
from .hetero import HeteroLinear as HeteroLinear
from .linear import TypedLinear as TypedLinear
from .softmax import edge_softmax as edge_softmax

__getattr__ = absent("nn.pytorch", globals())
