"""Sum and elementwise product of sparse matrices, and values of one at the places of another."""

from .sparse_lookup import sparse_lookup as sparse_lookup
from .sparse_sum import sparse_multiply as sparse_multiply
from .sparse_sum import sparse_sum as sparse_sum
from .sparse_sum import sparse_union_entries as sparse_union_entries
from .sparse_sum import sparse_union_indptr as sparse_union_indptr
