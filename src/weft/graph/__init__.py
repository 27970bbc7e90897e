"""Structure and features of graphs.

`Adjacency` holds the edges of one type, `Graph` adds named features and types, `Block` is a sampled piece and `Batch`
what a training step gets. What makes a graph of something else, or something else of a graph, is a function.
"""

from . import _pytree as _pytree
from ._adjacency import Adjacency as Adjacency
from ._batch import Batch as Batch
from ._batching import batch as batch
from ._batching import unbatch as unbatch
from ._block import Block as Block
from .convert import from_edge_index as from_edge_index
from .convert import from_edge_list as from_edge_list
from .convert import from_networkx as from_networkx
from .convert import from_scipy as from_scipy
from .convert import to_edge_index as to_edge_index
from .convert import to_edge_list as to_edge_list
from .convert import to_networkx as to_networkx
from .convert import to_scipy as to_scipy
from ._feature_set import EdgeSet as EdgeSet
from ._feature_set import FeatureSet as FeatureSet
from ._feature_set import NodeSet as NodeSet
from ._graph import Graph as Graph
from ._naming import EdgeType as EdgeType
from ._readout import readout as readout
from ._resolve import adjacency_of as adjacency_of
