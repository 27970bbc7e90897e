"""Aggregation over typed edges."""

from ._aggregate import relational_aggregate as relational_aggregate
from ._aggregate import relational_basis_matmul as relational_basis_matmul
from ._aggregate import relational_block_matmul as relational_block_matmul
from ._aggregate import transforms_first as transforms_first
from ._aggregate import typed_sources as typed_sources
from .relational_matmul import relational_matmul as relational_matmul
from .relational_outer import relational_outer as relational_outer
from .relational_sddmm import relational_sddmm as relational_sddmm
