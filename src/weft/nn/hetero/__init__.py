"""Layers on nodes and edges of many types."""

from .hetero_embedding import HeteroEmbedding as HeteroEmbedding
from .hetero_graph_conv import HeteroGraphConv as HeteroGraphConv
from .hetero_linear import HeteroLinear as HeteroLinear
from .typed_linear import TypedLinear as TypedLinear
