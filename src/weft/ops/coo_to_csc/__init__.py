"""Compression of an edge list, and its transpose."""

from .coo_to_csc import coo_to_csc as coo_to_csc
from .csr_to_csc import csr_to_csc as csr_to_csc
