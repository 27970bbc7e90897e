"""Product of sparse matrices, whole or at given places."""

from .sparse_contract import masked_product as masked_product
from .sparse_contract import sparse_contract as sparse_contract
from .sparse_product import sparse_product as sparse_product
from .sparse_product import sparse_product_entries as sparse_product_entries
from .sparse_product import sparse_product_indptr as sparse_product_indptr
