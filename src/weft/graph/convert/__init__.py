"""Graphs from and to what other packages call a graph.

Edges keep their order wherever the other side has one. What the other side cannot carry stands in the docstrings; all
else comes back as it was. Packages are imported when a function needs them.
"""

from ._edge_list import from_edge_index as from_edge_index
from ._edge_list import from_edge_list as from_edge_list
from ._edge_list import to_edge_index as to_edge_index
from ._edge_list import to_edge_list as to_edge_list
from ._igraph import from_igraph as from_igraph
from ._igraph import to_igraph as to_igraph
from ._networkx import NamedGraph as NamedGraph
from ._networkx import from_networkx as from_networkx
from ._networkx import from_networkx_with_names as from_networkx_with_names
from ._networkx import to_networkx as to_networkx
from ._pyg import from_pyg as from_pyg
from ._pyg import to_pyg as to_pyg
from ._scipy import from_scipy as from_scipy
from ._scipy import to_scipy as to_scipy
from ._tensors import from_tensors as from_tensors
from ._tensors import to_tensors as to_tensors
from ._torch_sparse import from_torch_sparse as from_torch_sparse
from ._torch_sparse import to_torch_sparse as to_torch_sparse
