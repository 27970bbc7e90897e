"""Sums of outer products over typed edges on a GPU: the edges sorted by type are segments, of which `segment_outer` has a kernel.

Rows of both ends are read once for each block of the other's columns; nothing is written but ids in another order
(`typed_edges_triton.py`), the parts of types of many edges (`segment_outer_triton.py`) and the result.
"""

from collections.abc import Sequence

from torch import Tensor

from .._structure import Structure
from ..segment_matmul.segment_outer_triton import outer_of_segments
from .typed_edges_triton import edges_by_type


def launch(
    made: Sequence[Tensor | None], dims: Sequence[int], rows: Structure, x: Tensor, y: Tensor, edge_type: Tensor,
    edge_weight: Tensor | None, num_types: int,
) -> None:  # fmt: skip
    """Fill `out`."""
    name = "relational_outer"
    edges = edges_by_type(name, rows, edge_type, num_types=num_types, num_sources=x.shape[0])
    outer_of_segments(
        name, edges.indptr, x, y, made[0], left=edges.source, right=edges.target, edge=edges.edge, weight=edge_weight,
        covers=False,
    )  # fmt: skip
