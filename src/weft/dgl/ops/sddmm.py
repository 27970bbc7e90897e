"""Features combined on edges: `gsddmm`, and `u_add_v`, `copy_e` and 31 more by name."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

from torch import Tensor

from ...errors import check_choice
from .._algebra import Binary, combine, copy_to_edges
from .._graph import DGLGraph
from ..function import OPS
from ._typed import Columns, edge_types, end_of


def gsddmm(g: DGLGraph, op: str, lhs_data: Any, rhs_data: Any, lhs_target: str = "u", rhs_target: str = "v") -> Any:
    """Combine two features on every edge.

    `out[e] = op(lhs_data at e, rhs_data at e)`

    *Shapes* `lhs_data, rhs_data: (rows of their end, *F)`, F broadcasting as in NumPy -> `(num_edges, *F)`; "dot" sums over the
    last dimension and keeps it with length 1. On a graph of several edge types tuples of them: by node type for sources and
    targets, by edge type for edges and the result.

    Args:
        op: "add", "sub", "mul", "div" or "dot"; "copy_lhs" or "copy_rhs", of which the other data is not read.
        lhs_target, rhs_target: which end the data is of: "u" the sources, "v" the targets, "e" the edges.

    Raises:
        OptionError, ShapeError: if an option does not exist, or data does not fit the graph.

    *Cost* reads E x F, writes what it returns.

    >>> import torch, weft.dgl as dgl
    >>> g = dgl.graph(([0, 1], [2, 2]))
    >>> gsddmm(g, "add", torch.tensor([1.0, 2.0, 3.0]), torch.tensor([10.0, 100.0]), "v", "e")
    tensor([ 13., 103.])
    """
    check_choice("gsddmm", "op", op, (*OPS, "copy_lhs", "copy_rhs"))
    left_end, right_end = end_of("gsddmm", lhs_target), end_of("gsddmm", rhs_target)
    left = None if op == "copy_rhs" else Columns("gsddmm", g, left_end, lhs_data)
    right = None if op == "copy_lhs" else Columns("gsddmm", g, right_end, rhs_data)
    found: list[Tensor] = []
    for at, adjacency in edge_types(g):
        if left is None or right is None:
            end, x = (left_end, left) if left is not None else (right_end, right)
            assert x is not None, "an operator reads one side at least"
            found.append(copy_to_edges(adjacency, end, x[at]))
        else:
            found.append(combine(adjacency, Binary(left_end, op, right_end), left[at], right[at]))
    return found[0] if len(found) == 1 else tuple(found)


def copy_u(g: DGLGraph, x: Any) -> Any:
    """Give every edge the features of its source; see `gsddmm`.

    >>> import torch, weft.dgl as dgl
    >>> copy_u(dgl.graph(([1, 0], [2, 2])), torch.tensor([1.0, 2.0, 3.0]))
    tensor([2., 1.])
    """
    return gsddmm(g, "copy_lhs", x, None, "u")


def copy_v(g: DGLGraph, x: Any) -> Any:
    """Give every edge the features of its target; see `gsddmm`."""
    return gsddmm(g, "copy_lhs", x, None, "v")


def copy_e(g: DGLGraph, x: Any) -> Any:
    """Give every edge its own features; see `gsddmm`."""
    return gsddmm(g, "copy_lhs", x, None, "e")


def _binary(left: str, op: str, right: str) -> Callable[[DGLGraph, Any, Any], Any]:
    def combined(g: DGLGraph, x: Any, y: Any) -> Any:
        return gsddmm(g, op, x, y, left, right)

    combined.__name__ = combined.__qualname__ = f"{left}_{op}_{right}"
    combined.__doc__ = f"Combine {left} {op} {right} on every edge; see `gsddmm`."
    return combined


BY_NAME: dict[str, Callable[..., Any]] = {
    f"{left}_{op}_{right}": _binary(left, op, right) for left, right in permutations("uve", 2) for op in OPS
}
