"""Convolutions with DGL's constructor arguments and forward signatures, on weft's layers."""

from ...._later import absent
from .agnnconv import AGNNConv as AGNNConv
from .dgnconv import DGNConv as DGNConv
from .gatconv import GATConv as GATConv
from .gcn2conv import GCN2Conv as GCN2Conv
from .graphconv import GraphConv as GraphConv
from .pnaconv import PNAConv as PNAConv
from .sageconv import SAGEConv as SAGEConv

__getattr__ = absent("nn.pytorch.conv", globals())
