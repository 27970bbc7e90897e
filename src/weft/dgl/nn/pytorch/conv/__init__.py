"""Convolutions with DGL's constructor arguments and forward signatures, on weft's layers."""

from ...._later import absent
from .atomicconv import AtomicConv as AtomicConv
from .cfconv import CFConv as CFConv
from .edgeconv import EdgeConv as EdgeConv
from .egnnconv import EGNNConv as EGNNConv
from .gatconv import GATConv as GATConv
from .gatedgcnconv import GatedGCNConv as GatedGCNConv
from .gatedgraphconv import GatedGraphConv as GatedGraphConv
from .gineconv import GINEConv as GINEConv
from .graphconv import GraphConv as GraphConv
from .grouprevres import GroupRevRes as GroupRevRes
from .nnconv import NNConv as NNConv
from .sageconv import SAGEConv as SAGEConv

__getattr__ = absent("nn.pytorch.conv", globals())
