"""Layers with DGL's constructor arguments and forward signatures, on weft's."""

from ..._later import absent
from . import conv as conv
from . import softmax as softmax
from .conv import GATConv as GATConv
from .conv import GraphConv as GraphConv
from .conv import SAGEConv as SAGEConv
from .jumping_knowledge import JumpingKnowledge as JumpingKnowledge
from .sequential import Sequential as Sequential
from .softmax import edge_softmax as edge_softmax

__getattr__ = absent("nn.pytorch", globals())
