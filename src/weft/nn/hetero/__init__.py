"""Layers on nodes and edges of many types."""

from .han_conv import HANConv as HANConv
from .hetero_embedding import HeteroEmbedding as HeteroEmbedding
from .hetero_graph_conv import HeteroGraphConv as HeteroGraphConv
from .hetero_linear import HeteroLinear as HeteroLinear
from .to_hetero import Heterogeneous as Heterogeneous
from .to_hetero import to_hetero as to_hetero
from .typed_linear import TypedLinear as TypedLinear
