"""The gradient of max and min on a GPU: every source adds up, in the order of its edges, what those of them won."""

from collections.abc import Sequence

from torch import Tensor

from .._structure import Structure
from .spmm_triton import reduce_rows


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], rows: Structure, winner: Tensor, grad: Tensor, num_sources: int
) -> None:
    """Fill `out`. It reads all edges where the native kernel reads the winners, and needs no additions in any order."""
    won = winner if rows.edge is None or not rows.num_edges else rows.edge[winner.clamp(min=0)].where(winner >= 0, -1)
    reduce_rows("scatter_winners", rows.reversed(), grad, made[0], won=won)
