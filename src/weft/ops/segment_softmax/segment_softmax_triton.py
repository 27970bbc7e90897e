"""Softmax over segments on a GPU: rows are edges that enter their segment."""

from collections.abc import Sequence

from torch import Tensor

from .._segments import as_structure
from ..edge_softmax._normalise_triton import normalise


def launch(made: Sequence[Tensor], dims: Sequence[int], indptr: Tensor, x: Tensor, order: Tensor | None) -> None:
    """Fill `out`."""
    normalise("segment_softmax", as_structure(indptr, x.shape[0], order), x, None, made[0])
