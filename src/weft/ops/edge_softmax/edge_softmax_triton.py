"""edge_softmax and its gradient on a GPU, which share a module as their contracts do."""

from collections.abc import Sequence

from torch import Tensor

from .._structure import Structure
from ._normalise_triton import normalise


def launch(made: Sequence[Tensor], dims: Sequence[int], rows: Structure, *values: Tensor) -> None:
    """Fill `out`: one tensor is scores, two are probabilities and the gradient of them."""
    x, grad = values if len(values) == 2 else (values[0], None)
    normalise("edge_softmax" if grad is None else "edge_softmax_backward", rows, x, grad, made[0])
