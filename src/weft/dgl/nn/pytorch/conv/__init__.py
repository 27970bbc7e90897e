"""Convolutions with DGL's constructor arguments and forward signatures, on weft's layers."""

from ...._later import absent
from .agnnconv import AGNNConv as AGNNConv
from .appnpconv import APPNPConv as APPNPConv
from .atomicconv import AtomicConv as AtomicConv
from .cfconv import CFConv as CFConv
from .chebconv import ChebConv as ChebConv
from .densechebconv import DenseChebConv as DenseChebConv
from .densegraphconv import DenseGraphConv as DenseGraphConv
from .densesageconv import DenseSAGEConv as DenseSAGEConv
from .dgnconv import DGNConv as DGNConv
from .dotgatconv import DotGatConv as DotGatConv
from .edgeconv import EdgeConv as EdgeConv
from .edgegatconv import EdgeGATConv as EdgeGATConv
from .edgeweightnorm import EdgeWeightNorm as EdgeWeightNorm
from .egatconv import EGATConv as EGATConv
from .egnnconv import EGNNConv as EGNNConv
from .gatconv import GATConv as GATConv
from .gatedgcnconv import GatedGCNConv as GatedGCNConv
from .gatedgraphconv import GatedGraphConv as GatedGraphConv
from .gatv2conv import GATv2Conv as GATv2Conv
from .gcn2conv import GCN2Conv as GCN2Conv
from .ginconv import GINConv as GINConv
from .gineconv import GINEConv as GINEConv
from .gmmconv import GMMConv as GMMConv
from .graphconv import GraphConv as GraphConv
from .grouprevres import GroupRevRes as GroupRevRes
from .hgtconv import HGTConv as HGTConv
from .nnconv import NNConv as NNConv
from .pnaconv import PNAConv as PNAConv
from .relgraphconv import RelGraphConv as RelGraphConv
from .sageconv import SAGEConv as SAGEConv
from .sgconv import SGConv as SGConv
from .tagconv import TAGConv as TAGConv
from .twirlsconv import TWIRLSConv as TWIRLSConv
from .twirlsconv import TWIRLSUnfoldingAndAttention as TWIRLSUnfoldingAndAttention

__getattr__ = absent("nn.pytorch.conv", globals())
