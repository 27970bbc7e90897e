"""Convolutions with DGL's constructor arguments and forward signatures, on weft's layers."""

from ...._later import absent
from .gatconv import GATConv as GATConv
from .graphconv import GraphConv as GraphConv
from .hgtconv import HGTConv as HGTConv
from .relgraphconv import RelGraphConv as RelGraphConv
from .sageconv import SAGEConv as SAGEConv

__getattr__ = absent("nn.pytorch.conv", globals())
