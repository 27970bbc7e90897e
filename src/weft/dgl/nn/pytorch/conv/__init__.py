"""Convolutions with DGL's constructor arguments and forward signatures, on weft's layers."""

from ...._later import absent
from .gatconv import GATConv as GATConv
from .gcn2conv import GCN2Conv as GCN2Conv
from .ginconv import GINConv as GINConv
from .graphconv import GraphConv as GraphConv
from .relgraphconv import RelGraphConv as RelGraphConv
from .pnaconv import PNAConv as PNAConv
from .sageconv import SAGEConv as SAGEConv

__getattr__ = absent("nn.pytorch.conv", globals())
