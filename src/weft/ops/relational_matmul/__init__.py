"""Aggregation over typed edges."""

from .relational_matmul import relational_matmul as relational_matmul
from .relational_outer import relational_outer as relational_outer
from .relational_sddmm import relational_sddmm as relational_sddmm
