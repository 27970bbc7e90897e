"""Products of segments of rows with a matrix of each type."""

from .segment_matmul import segment_matmul as segment_matmul
from .segment_outer import segment_outer as segment_outer
