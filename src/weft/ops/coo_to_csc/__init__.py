"""Compression of an edge list."""

from .coo_to_csc import coo_to_csc as coo_to_csc
