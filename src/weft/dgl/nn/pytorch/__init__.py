"""Layers with DGL's constructor arguments and forward signatures, on weft's."""

from ..._later import absent
from . import conv as conv
from . import softmax as softmax
from .conv import AtomicConv as AtomicConv
from .conv import CFConv as CFConv
from .conv import EdgeConv as EdgeConv
from .conv import EGNNConv as EGNNConv
from .conv import GATConv as GATConv
from .conv import GatedGCNConv as GatedGCNConv
from .conv import GatedGraphConv as GatedGraphConv
from .conv import GINEConv as GINEConv
from .conv import GraphConv as GraphConv
from .conv import GroupRevRes as GroupRevRes
from .conv import NNConv as NNConv
from .conv import SAGEConv as SAGEConv
from .softmax import edge_softmax as edge_softmax

__getattr__ = absent("nn.pytorch", globals())
