"""Typed linear maps of rows in any order."""

from ._decompositions import basis_matmul as basis_matmul
from ._decompositions import block_matmul as block_matmul
from .gather_matmul import gather_matmul as gather_matmul
from .gather_matmul import type_order as type_order
