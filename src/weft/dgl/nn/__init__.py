"""Layers of DGL's interface: the names of `weft.dgl.nn.pytorch`, and `functional`.

>>> import torch, weft.dgl as dgl
>>> dgl.nn.SAGEConv(4, 2, "pool")(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4)).shape
torch.Size([2, 2])
"""

from .._later import absent
from . import functional as functional
from . import pytorch as pytorch
from .pytorch import AGNNConv as AGNNConv
from .pytorch import APPNPConv as APPNPConv
from .pytorch import AtomicConv as AtomicConv
from .pytorch import CFConv as CFConv
from .pytorch import ChebConv as ChebConv
from .pytorch import DenseChebConv as DenseChebConv
from .pytorch import DenseGraphConv as DenseGraphConv
from .pytorch import DenseSAGEConv as DenseSAGEConv
from .pytorch import DGNConv as DGNConv
from .pytorch import DotGatConv as DotGatConv
from .pytorch import EdgeConv as EdgeConv
from .pytorch import EdgeGATConv as EdgeGATConv
from .pytorch import EdgeWeightNorm as EdgeWeightNorm
from .pytorch import EGATConv as EGATConv
from .pytorch import EGNNConv as EGNNConv
from .pytorch import GATConv as GATConv
from .pytorch import GatedGCNConv as GatedGCNConv
from .pytorch import GatedGraphConv as GatedGraphConv
from .pytorch import GATv2Conv as GATv2Conv
from .pytorch import GCN2Conv as GCN2Conv
from .pytorch import GINConv as GINConv
from .pytorch import GINEConv as GINEConv
from .pytorch import GMMConv as GMMConv
from .pytorch import GraphConv as GraphConv
from .pytorch import GroupRevRes as GroupRevRes
from .pytorch import HeteroEmbedding as HeteroEmbedding
from .pytorch import HeteroGraphConv as HeteroGraphConv
from .pytorch import HeteroLinear as HeteroLinear
from .pytorch import HGTConv as HGTConv
from .pytorch import JumpingKnowledge as JumpingKnowledge
from .pytorch import LabelPropagation as LabelPropagation
from .pytorch import NNConv as NNConv
from .pytorch import PNAConv as PNAConv
from .pytorch import RelGraphConv as RelGraphConv
from .pytorch import SAGEConv as SAGEConv
from .pytorch import Sequential as Sequential
from .pytorch import SGConv as SGConv
from .pytorch import TAGConv as TAGConv
from .pytorch import TWIRLSConv as TWIRLSConv
from .pytorch import TWIRLSUnfoldingAndAttention as TWIRLSUnfoldingAndAttention
from .pytorch import TypedLinear as TypedLinear
from .pytorch import WeightBasis as WeightBasis
from .pytorch import conv as conv
from .pytorch import edge_softmax as edge_softmax
from .pytorch import hetero as hetero
from .pytorch import linear as linear
from .pytorch import softmax as softmax

__getattr__ = absent("nn", globals())
