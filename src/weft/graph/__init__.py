"""Structure and features of graphs.

`Adjacency` holds the edges of one type, `Graph` adds named features and types, `Block` is a sampled piece and `Batch`
what a training step gets. What makes a graph of something else, or something else of a graph, is a function.
"""

from . import _pytree as _pytree
from . import algorithms as algorithms
from . import generators as generators
from . import transforms as transforms
from ._adjacency import Adjacency as Adjacency
from ._batch import Batch as Batch
from ._batching import batch as batch
from ._batching import slice_batch as slice_batch
from ._batching import unbatch as unbatch
from ._block import Block as Block
from ._feature_set import EdgeSet as EdgeSet
from ._feature_set import FeatureSet as FeatureSet
from ._feature_set import NodeSet as NodeSet
from ._graph import Graph as Graph
from ._naming import EdgeType as EdgeType
from ._padding import Padded as Padded
from ._padding import pad as pad
from ._readout import TopRows as TopRows
from ._readout import broadcast_readout as broadcast_readout
from ._readout import readout as readout
from ._readout import readout_softmax as readout_softmax
from ._readout import readout_topk as readout_topk
from ._readout import softmax_in_graphs as softmax_in_graphs
from ._resolve import adjacency_of as adjacency_of
from .change import Reversible as Reversible
from .change import Simplified as Simplified
from .change import Walks as Walks
from .change import add_edges as add_edges
from .change import add_nodes as add_nodes
from .change import add_reverse_edges as add_reverse_edges
from .change import add_self_loops as add_self_loops
from .change import compact as compact
from .change import compact_together as compact_together
from .change import khop_graph as khop_graph
from .change import levi_graph as levi_graph
from .change import line_graph as line_graph
from .change import metapath_graph as metapath_graph
from .change import remove_edges as remove_edges
from .change import remove_nodes as remove_nodes
from .change import remove_self_loops as remove_self_loops
from .change import reorder as reorder
from .change import reverse as reverse
from .change import simplify as simplify
from .change import to_bidirected as to_bidirected
from .convert import NamedGraph as NamedGraph
from .convert import from_edge_index as from_edge_index
from .convert import from_edge_list as from_edge_list
from .convert import from_igraph as from_igraph
from .convert import from_networkx as from_networkx
from .convert import from_networkx_with_names as from_networkx_with_names
from .convert import from_pyg as from_pyg
from .convert import from_scipy as from_scipy
from .convert import from_tensors as from_tensors
from .convert import from_torch_sparse as from_torch_sparse
from .convert import to_edge_index as to_edge_index
from .convert import to_edge_list as to_edge_list
from .convert import to_igraph as to_igraph
from .convert import to_networkx as to_networkx
from .convert import to_pyg as to_pyg
from .convert import to_scipy as to_scipy
from .convert import to_tensors as to_tensors
from .convert import to_torch_sparse as to_torch_sparse
