"""Operators of DGL's interface: messages reduced in one go, features combined on edges, segments, softmax over edges.

`{left}_{op}_{right}` combines on edges (30 of them); `u_{op}_e_{reduce}`, `copy_u_{reduce}` and `copy_e_{reduce}` reduce as well.

>>> import torch, weft.dgl as dgl
>>> g = dgl.graph(([0, 1], [2, 2]))
>>> dgl.ops.copy_u_sum(g, torch.tensor([1.0, 2.0, 3.0]))
tensor([0., 0., 3.])
"""

from .._later import absent
from . import sddmm as sddmm
from . import segment as segment
from . import spmm as spmm
from .edge_softmax import edge_softmax as edge_softmax
from .gather_mm import gather_mm as gather_mm
from .sddmm import copy_e as copy_e
from .sddmm import copy_u as copy_u
from .sddmm import copy_v as copy_v
from .sddmm import gsddmm as gsddmm
from .segment import segment_mm as segment_mm
from .segment import segment_reduce as segment_reduce
from .segment import segment_softmax as segment_softmax
from .spmm import gspmm as gspmm

globals().update(sddmm.BY_NAME)
globals().update(spmm.BY_NAME)

__getattr__ = absent("ops", globals())
