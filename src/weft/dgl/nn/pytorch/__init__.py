"""Layers with DGL's constructor arguments and forward signatures, on weft's."""

from torch.nn import Identity as Identity

from ..._later import absent
from . import conv as conv
from . import hetero as hetero
from . import linear as linear
from . import softmax as softmax
from .conv import AGNNConv as AGNNConv
from .conv import APPNPConv as APPNPConv
from .conv import AtomicConv as AtomicConv
from .conv import CFConv as CFConv
from .conv import ChebConv as ChebConv
from .conv import DenseChebConv as DenseChebConv
from .conv import DenseGraphConv as DenseGraphConv
from .conv import DenseSAGEConv as DenseSAGEConv
from .conv import DGNConv as DGNConv
from .conv import DotGatConv as DotGatConv
from .conv import EdgeConv as EdgeConv
from .conv import EdgeGATConv as EdgeGATConv
from .conv import EdgeWeightNorm as EdgeWeightNorm
from .conv import EGATConv as EGATConv
from .conv import EGNNConv as EGNNConv
from .conv import GATConv as GATConv
from .conv import GatedGCNConv as GatedGCNConv
from .conv import GatedGraphConv as GatedGraphConv
from .conv import GATv2Conv as GATv2Conv
from .conv import GCN2Conv as GCN2Conv
from .conv import GINConv as GINConv
from .conv import GINEConv as GINEConv
from .conv import GMMConv as GMMConv
from .conv import GraphConv as GraphConv
from .conv import GroupRevRes as GroupRevRes
from .conv import HGTConv as HGTConv
from .conv import NNConv as NNConv
from .conv import PNAConv as PNAConv
from .conv import RelGraphConv as RelGraphConv
from .conv import SAGEConv as SAGEConv
from .conv import SGConv as SGConv
from .conv import TAGConv as TAGConv
from .conv import TWIRLSConv as TWIRLSConv
from .conv import TWIRLSUnfoldingAndAttention as TWIRLSUnfoldingAndAttention
from .hetero import HeteroEmbedding as HeteroEmbedding
from .hetero import HeteroGraphConv as HeteroGraphConv
from .hetero import HeteroLinear as HeteroLinear
from .jumping_knowledge import JumpingKnowledge as JumpingKnowledge
from .label_propagation import LabelPropagation as LabelPropagation
from .linear import TypedLinear as TypedLinear
from .sequential import Sequential as Sequential
from .softmax import edge_softmax as edge_softmax
from .weight_basis import WeightBasis as WeightBasis

__getattr__ = absent("nn.pytorch", globals())
