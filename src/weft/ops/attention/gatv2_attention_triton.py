"""gatv2_attention on a GPU: the kernel of _forward_triton.py for scores of this kind."""

from collections.abc import Sequence

from torch import Tensor

from .._structure import Structure
from ._forward_triton import attend
from ._softmax import Edges


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], rows: Structure, left: Tensor, right: Tensor, factor: Tensor,
    negative_slope: float, *edges: Tensor | float | None,
) -> None:  # fmt: skip
    """Fill `out`, and `lse` where it is kept."""
    attend("gatv2", made, dims, rows, left, right, factor, negative_slope, Edges(*edges))
