"""DGL's interface over weft: `import weft.dgl as dgl`.

>>> import torch, weft.dgl as dgl
>>> g = dgl.graph(([0, 1], [1, 2]))
>>> g.ndata["h"] = torch.ones(3, 1)
>>> g.update_all(dgl.function.copy_u("h", "m"), dgl.function.sum("m", "h"))
>>> g.ndata["h"].flatten().tolist()
[0.0, 1.0, 1.0]
"""

from . import _pairs
from . import backend as backend
from . import base as base
from . import dataloading as dataloading
from . import frame as frame
from . import function as function
from . import global_config as global_config
from . import init as init
from . import mpops as mpops
from . import nn as nn
from . import ops as ops
from . import partition as partition
from . import random as random
from . import sampling as sampling
from . import storages as storages
from . import transforms as transforms
from . import udf as udf
from . import view as view
from ._graph import DGLBlock as DGLBlock
from ._graph import DGLGraph as DGLGraph
from ._install import install as install
from ._install import uninstall as uninstall
from ._later import absent
from ._later_rows import LazyFeature as LazyFeature
from ._pairs import apply_each as apply_each
from .backend import backend_name as backend_name
from .backend import load_backend as load_backend
from .base import ALL as ALL
from .base import EID as EID
from .base import ETYPE as ETYPE
from .base import NID as NID
from .base import NTYPE as NTYPE
from .base import DGLError as DGLError
from .base import DGLWarning as DGLWarning
from .batch import batch as batch
from .batch import slice_batch as slice_batch
from .batch import unbatch as unbatch
from .convert import bipartite_from_networkx as bipartite_from_networkx
from .convert import bipartite_from_scipy as bipartite_from_scipy
from .convert import block_to_graph as block_to_graph
from .convert import create_block as create_block
from .convert import from_cugraph as from_cugraph
from .convert import from_networkx as from_networkx
from .convert import from_scipy as from_scipy
from .convert import graph as graph
from .convert import hetero_from_shared_memory as hetero_from_shared_memory
from .convert import heterograph as heterograph
from .convert import to_cugraph as to_cugraph
from .convert import to_heterogeneous as to_heterogeneous
from .convert import to_homogeneous as to_homogeneous
from .convert import to_networkx as to_networkx
from .dataloading import set_dst_lazy_features as set_dst_lazy_features
from .dataloading import set_edge_lazy_features as set_edge_lazy_features
from .dataloading import set_node_lazy_features as set_node_lazy_features
from .dataloading import set_src_lazy_features as set_src_lazy_features
from .dataloading.base import get_edge_storage, get_node_storage, materialize_data
from .generators import rand_bipartite as rand_bipartite
from .generators import rand_graph as rand_graph
from .global_config import is_libxsmm_enabled as is_libxsmm_enabled
from .global_config import use_libxsmm as use_libxsmm
from .homophily import adjusted_homophily as adjusted_homophily
from .homophily import edge_homophily as edge_homophily
from .homophily import linkx_homophily as linkx_homophily
from .homophily import node_homophily as node_homophily
from .label_informativeness import edge_label_informativeness as edge_label_informativeness
from .label_informativeness import node_label_informativeness as node_label_informativeness
from .merge import merge as merge
from .mpops import *  # noqa: F403
from .propagate import prop_edges as prop_edges
from .propagate import prop_edges_dfs as prop_edges_dfs
from .propagate import prop_nodes as prop_nodes
from .propagate import prop_nodes_bfs as prop_nodes_bfs
from .propagate import prop_nodes_topo as prop_nodes_topo
from .random import seed as seed
from .readout import broadcast_edges as broadcast_edges
from .readout import broadcast_nodes as broadcast_nodes
from .readout import max_edges as max_edges
from .readout import max_nodes as max_nodes
from .readout import mean_edges as mean_edges
from .readout import mean_nodes as mean_nodes
from .readout import readout_edges as readout_edges
from .readout import readout_nodes as readout_nodes
from .readout import softmax_edges as softmax_edges
from .readout import softmax_nodes as softmax_nodes
from .readout import sum_edges as sum_edges
from .readout import sum_nodes as sum_nodes
from .readout import topk_edges as topk_edges
from .readout import topk_nodes as topk_nodes
from .subgraph import edge_subgraph as edge_subgraph
from .subgraph import edge_type_subgraph as edge_type_subgraph
from .subgraph import in_subgraph as in_subgraph
from .subgraph import khop_in_subgraph as khop_in_subgraph
from .subgraph import khop_out_subgraph as khop_out_subgraph
from .subgraph import node_subgraph as node_subgraph
from .subgraph import node_type_subgraph as node_type_subgraph
from .subgraph import out_subgraph as out_subgraph
from .transforms import *  # noqa: F403
from .transforms import add_self_loop, line_graph, remove_self_loop, reorder_graph, reverse, to_simple
from .traversal import bfs_edges_generator as bfs_edges_generator
from .traversal import bfs_nodes_generator as bfs_nodes_generator
from .traversal import dfs_edges_generator as dfs_edges_generator
from .traversal import dfs_labeled_edges_generator as dfs_labeled_edges_generator
from .traversal import topological_nodes_generator as topological_nodes_generator

DGLHeteroGraph = DGLGraph
__version__ = "2.1.0"
"""The version of DGL whose interface this is."""

utils = _pairs

for _method in (add_self_loop, line_graph, remove_self_loop, reorder_graph, reverse, to_simple):
    setattr(DGLGraph, _method.__name__, _method)
for _fetch in (get_edge_storage, get_node_storage, materialize_data):
    setattr(DGLGraph, _fetch.__name__, _fetch)
for _draw in (
    sampling.sample_neighbors, sampling.sample_etype_neighbors, sampling.sample_neighbors_fused,
    sampling.sample_neighbors_biased, sampling.select_topk, sampling.sample_labors,
    sampling.global_uniform_negative_sampling,
):  # fmt: skip
    setattr(DGLGraph, _draw.__name__, _draw)

__getattr__ = absent("", globals())
