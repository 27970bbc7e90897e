"""Sparse-dense product."""

from .spmm import spmm as spmm
