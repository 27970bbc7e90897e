"""Ready models: one model, one file."""

from .arma import ARMA as ARMA
from .correct_and_smooth import CorrectAndSmooth as CorrectAndSmooth
from .dagnn import DAGNN as DAGNN
from .edge_cnn import EdgeCNN as EdgeCNN
from .gat import GAT as GAT
from .gatv2 import GATv2 as GATv2
from .gcn import GCN as GCN
from .gin import GIN as GIN
from .graph_sage import GraphSAGE as GraphSAGE
from .graph_transformer import GraphTransformer as GraphTransformer
from .headed_stack import HeadedStack as HeadedStack
from .layer_stack import LayerStack as LayerStack
from .pna import PNA as PNA
from .rgcn import RGCN as RGCN
from .sign import SIGN as SIGN
