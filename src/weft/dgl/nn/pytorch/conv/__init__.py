"""Convolutions with DGL's constructor arguments and forward signatures, on weft's layers."""

from ...._later import absent
from .dotgatconv import DotGatConv as DotGatConv
from .edgegatconv import EdgeGATConv as EdgeGATConv
from .egatconv import EGATConv as EGATConv
from .gatconv import GATConv as GATConv
from .gatv2conv import GATv2Conv as GATv2Conv
from .gmmconv import GMMConv as GMMConv
from .graphconv import GraphConv as GraphConv
from .sageconv import SAGEConv as SAGEConv

__getattr__ = absent("nn.pytorch.conv", globals())
