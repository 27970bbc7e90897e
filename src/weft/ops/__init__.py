"""Operators: tensors in, tensors out. None knows a graph class; `Structure` describes the edges."""

from ._backend import using as using
from ._compressed import Compressed as Compressed
from ._registry import REGISTRY as REGISTRY
from ._registry import absences as absences
from ._structure import Structure as Structure
from .coalesce import Coalesced as Coalesced
from .coalesce import coalesce as coalesce
from .coo_to_csc import coo_to_csc as coo_to_csc
from .degree import degree as degree
from .edge_softmax import edge_softmax as edge_softmax
from .gat_attention import gat_attention as gat_attention
from .gather_rows import gather_rows as gather_rows
from .pass_messages import pass_messages as pass_messages
from .sddmm import sddmm as sddmm
from .segment_reduce import segment_reduce as segment_reduce
from .sparse_product import masked_product as masked_product
from .sparse_product import sparse_product as sparse_product
from .sparse_select import gather_segments as gather_segments
from .sparse_select import select_columns as select_columns
from .sparse_select import select_rows as select_rows
from .sparse_select import transpose as transpose
from .sparse_sum import sparse_lookup as sparse_lookup
from .sparse_sum import sparse_multiply as sparse_multiply
from .sparse_sum import sparse_sum as sparse_sum
from .spmm import spmm as spmm
