"""Operators: tensors in, tensors out. None knows a graph class; `Structure` describes the edges."""

from ._backend import using as using
from ._registry import REGISTRY as REGISTRY
from ._registry import absences as absences
from ._structure import Structure as Structure
from .coo_to_csc import coo_to_csc as coo_to_csc
from .degree import degree as degree
from .edge_softmax import edge_softmax as edge_softmax
from .gat_attention import gat_attention as gat_attention
from .gather_rows import gather_rows as gather_rows
from .pass_messages import pass_messages as pass_messages
from .sddmm import sddmm as sddmm
from .segment_argreduce import segment_argmax as segment_argmax
from .segment_argreduce import segment_argmin as segment_argmin
from .segment_argreduce import segment_argreduce as segment_argreduce
from .segment_cumsum import segment_cumsum as segment_cumsum
from .segment_reduce import segment_reduce as segment_reduce
from .segment_softmax import segment_softmax as segment_softmax
from .segment_sort import segment_sort as segment_sort
from .segment_topk import segment_topk as segment_topk
from .segment_topk import top_rows as top_rows
from .segments_of import segments_of as segments_of
from .segments_of import sorted_pointers as sorted_pointers
from .spmm import spmm as spmm
