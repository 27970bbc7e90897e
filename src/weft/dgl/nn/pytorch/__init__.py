"""Layers with DGL's constructor arguments and forward signatures, on weft's."""

from ..._later import absent
from . import conv as conv
from . import softmax as softmax
from .conv import AGNNConv as AGNNConv
from .conv import DGNConv as DGNConv
from .conv import GATConv as GATConv
from .conv import GCN2Conv as GCN2Conv
from .conv import GraphConv as GraphConv
from .conv import PNAConv as PNAConv
from .conv import SAGEConv as SAGEConv
from .softmax import edge_softmax as edge_softmax

__getattr__ = absent("nn.pytorch", globals())
