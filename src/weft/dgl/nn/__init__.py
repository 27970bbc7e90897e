"""Layers of DGL's interface: the names of `weft.dgl.nn.pytorch`, and `functional`.

>>> import torch, weft.dgl as dgl
>>> dgl.nn.SAGEConv(4, 2, "pool")(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4)).shape
torch.Size([2, 2])
"""

from .._later import absent
from . import functional as functional
from . import pytorch as pytorch
from .pytorch import AtomicConv as AtomicConv
from .pytorch import CFConv as CFConv
from .pytorch import EdgeConv as EdgeConv
from .pytorch import EGNNConv as EGNNConv
from .pytorch import GATConv as GATConv
from .pytorch import GatedGCNConv as GatedGCNConv
from .pytorch import GatedGraphConv as GatedGraphConv
from .pytorch import GINEConv as GINEConv
from .pytorch import GraphConv as GraphConv
from .pytorch import GroupRevRes as GroupRevRes
from .pytorch import NNConv as NNConv
from .pytorch import SAGEConv as SAGEConv
from .pytorch import conv as conv
from .pytorch import edge_softmax as edge_softmax
from .pytorch import softmax as softmax

__getattr__ = absent("nn", globals())
