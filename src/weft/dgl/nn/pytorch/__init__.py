"""Layers with DGL's constructor arguments and forward signatures, on weft's."""

from ..._later import absent
from . import conv as conv
from . import softmax as softmax
from .conv import APPNPConv as APPNPConv
from .conv import ChebConv as ChebConv
from .conv import DenseChebConv as DenseChebConv
from .conv import DenseGraphConv as DenseGraphConv
from .conv import DenseSAGEConv as DenseSAGEConv
from .conv import EdgeWeightNorm as EdgeWeightNorm
from .conv import GATConv as GATConv
from .conv import GINConv as GINConv
from .conv import GraphConv as GraphConv
from .conv import SAGEConv as SAGEConv
from .conv import SGConv as SGConv
from .conv import TAGConv as TAGConv
from .conv import TWIRLSConv as TWIRLSConv
from .conv import TWIRLSUnfoldingAndAttention as TWIRLSUnfoldingAndAttention
from .softmax import edge_softmax as edge_softmax

__getattr__ = absent("nn.pytorch", globals())
