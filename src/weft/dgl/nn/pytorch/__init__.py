"""Layers with DGL's constructor arguments and forward signatures, on weft's."""

from ..._later import absent
from . import conv as conv
from . import softmax as softmax
from .conv import DotGatConv as DotGatConv
from .conv import EdgeGATConv as EdgeGATConv
from .conv import EGATConv as EGATConv
from .conv import GATConv as GATConv
from .conv import GATv2Conv as GATv2Conv
from .conv import GMMConv as GMMConv
from .conv import GraphConv as GraphConv
from .conv import SAGEConv as SAGEConv
from .softmax import edge_softmax as edge_softmax

__getattr__ = absent("nn.pytorch", globals())
