"""Ready models: one model, one file."""

from .correct_and_smooth import CorrectAndSmooth as CorrectAndSmooth
from .dagnn import DAGNN as DAGNN
from .gat import GAT as GAT
from .gcn import GCN as GCN
from .graph_sage import GraphSAGE as GraphSAGE
from .headed_stack import HeadedStack as HeadedStack
from .layer_stack import LayerStack as LayerStack
from .sign import SIGN as SIGN
