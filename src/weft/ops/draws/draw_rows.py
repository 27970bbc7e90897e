"""Rows drawn from one list, by weight."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .._structure import Structure
from .candidates import Candidates
from .draw_neighbors import draw_neighbors
from .request import Drawing, Draws


def split_by_list(rows: Tensor, sizes: Sequence[int]) -> list[Tensor]:
    """Tell rows of several lists, one behind the other, apart: those of each list, numbered within it, in their order.

    *Shapes* `rows: (count,)`, int64, below the sum of `sizes`.

    >>> split_by_list(torch.tensor([4, 0, 2]), [3, 2])
    [tensor([0, 2]), tensor([1])]
    """
    found, begin = [], 0
    for size in sizes:
        found.append(rows[(rows >= begin) & (rows < begin + size)] - begin)
        begin += size
    return found


def draw_rows(
    num_rows: int, count: int, *, sums: Tensor | None = None, replace: bool = False, draws: Draws | None = None
) -> Tensor:
    """Draw some of the numbers below `num_rows`, one after the other.

    *Shapes* `sums: (num_rows + 1,)`, int64, see `weight_sums` -> `(count,)`, int64; fewer if there are fewer of a weight above 0.

    Args:
        sums: what they are drawn by; without it all are alike.
        replace: put back what was drawn.
        draws: see `Draws`; the key is that of `draw_neighbors`, for node 0 in hop 0.

    Raises:
        OptionError, DtypeError: as `draw_neighbors` does.

    *Cost* without `replace` a draw is compared with those before it: counts of ten thousands take their square.

    >>> draw_rows(5, 5).sort().values
    tensor([0, 1, 2, 3, 4])
    """
    pointers = torch.tensor([0, num_rows], device="cpu")
    listed = torch.arange(num_rows, device="cpu")
    seeds = [torch.empty(0, dtype=torch.int64, device="cpu"), torch.zeros(1, dtype=torch.int64, device="cpu")]
    drawn = draw_neighbors(
        [Candidates(Structure(pointers, listed), 0, 1, sums)], seeds, [[count]], num_nodes=[num_rows, 1],
        draws=draws, how=Drawing(replace=replace),
    )  # fmt: skip
    edges = drawn.edges[0][0].edge_ids
    assert edges is not None, "edges are kept"
    return edges
