"""Convolutions with DGL's constructor arguments and forward signatures, on weft's layers."""

from ...._later import absent
from .appnpconv import APPNPConv as APPNPConv
from .chebconv import ChebConv as ChebConv
from .densechebconv import DenseChebConv as DenseChebConv
from .densegraphconv import DenseGraphConv as DenseGraphConv
from .densesageconv import DenseSAGEConv as DenseSAGEConv
from .edgeweightnorm import EdgeWeightNorm as EdgeWeightNorm
from .gatconv import GATConv as GATConv
from .ginconv import GINConv as GINConv
from .graphconv import GraphConv as GraphConv
from .sageconv import SAGEConv as SAGEConv
from .sgconv import SGConv as SGConv
from .tagconv import TAGConv as TAGConv
from .twirlsconv import TWIRLSConv as TWIRLSConv
from .twirlsconv import TWIRLSUnfoldingAndAttention as TWIRLSUnfoldingAndAttention

__getattr__ = absent("nn.pytorch.conv", globals())
