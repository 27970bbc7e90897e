"""Convolutions on a dense matrix of adjacency: one layer, one file."""

from .dense_cheb_conv import DenseChebConv as DenseChebConv
from .dense_graph_conv import DenseGraphConv as DenseGraphConv
from .dense_sage_conv import DenseSAGEConv as DenseSAGEConv
