"""Operators: tensors in, tensors out. None knows a graph class; `Structure` describes the edges."""

from ._backend import using as using
from ._registry import REGISTRY as REGISTRY
from ._registry import absences as absences
from ._structure import Structure as Structure
from .coo_to_csc import coo_to_csc as coo_to_csc
from .degree import degree as degree
from .edge_softmax import edge_softmax as edge_softmax
from .farthest_points import farthest_points as farthest_points
from .gat_attention import gat_attention as gat_attention
from .gather_rows import gather_rows as gather_rows
from .knn import Neighbors as Neighbors
from .knn import knn as knn
from .pass_messages import pass_messages as pass_messages
from .radius import radius as radius
from .sddmm import sddmm as sddmm
from .segment_reduce import segment_reduce as segment_reduce
from .spmm import spmm as spmm
from .voxel_groups import voxel_groups as voxel_groups
