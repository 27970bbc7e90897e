"""Messages reduced in one go: `gspmm`, and `u_mul_e_sum`, `copy_u_mean` and 22 more by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from ...errors import OptionError, check_choice, message
from .._algebra import Binary, combine_and_reduce, copy_to_targets, cross
from .._graph import DGLGraph
from ._typed import Columns, edge_types

BINARY = ("add", "sub", "mul", "div")
REDUCERS = ("sum", "max", "min", "mean")
COPIES = {"copy_lhs": "u", "copy_rhs": "e"}


def gspmm(g: DGLGraph, op: str, reduce_op: str, lhs_data: Any, rhs_data: Any) -> Any:
    """Combine features of sources and edges, and reduce for every target what its edges bring.

    `out[i] = reduce over edges e = j -> i of op(lhs_data[j], rhs_data[e])`

    *Shapes* `lhs_data: (num_sources, *F)`; `rhs_data: (num_edges, *F)`, F broadcasting as in NumPy -> `(num_targets, *F)`; 0
    for a target without edges. On a graph of several edge types tuples of them: sources by node type, edges by edge type,
    and the result by node type, added up (or compared) over the edge types that reach it; empty where none does.

    Args:
        op: "add", "sub", "mul" or "div"; "copy_lhs" or "copy_rhs", of which the other data is not read.
        reduce_op: "sum", "max", "min" or, for one edge type, "mean".

    Raises:
        OptionError, ShapeError: if an option does not exist, or data does not fit the graph.

    *Cost* reads E x F, writes N x F; no E x F tensor.

    >>> import torch, weft.dgl as dgl
    >>> g = dgl.graph(([0, 1], [2, 2]))
    >>> gspmm(g, "mul", "sum", torch.tensor([1.0, 2.0, 3.0]), torch.tensor([10.0, 100.0]))
    tensor([  0.,   0., 210.])
    """
    check_choice("gspmm", "op", op, (*BINARY, *COPIES))
    check_choice("gspmm", "reduce_op", reduce_op, REDUCERS)
    left = None if op == "copy_rhs" else Columns("gspmm", g, "u", lhs_data)
    right = None if op == "copy_lhs" else Columns("gspmm", g, "e", rhs_data)

    def along(at: int) -> Tensor:
        adjacency = g._adjacencies[at]
        if left is None or right is None:
            x = left if left is not None else right
            assert x is not None, "an operator reads one side at least"
            return copy_to_targets(adjacency, COPIES[op], x[at], reduce_op)
        return combine_and_reduce(adjacency, Binary("u", op, "e"), left[at], right[at], reduce_op)

    return along(0) if len(g._adjacencies) == 1 else _by_target(g, reduce_op, along)


def _by_target(g: DGLGraph, reduce: str, along: Callable[[int], Tensor]) -> tuple[Tensor, ...]:
    """What each node type gets along all edge types."""
    if reduce == "mean":
        hint = "use multi_update_all, which says how to reduce across types"
        raise OptionError(message("gspmm", "sum, max or min for several edge types", "mean", hint))
    shift = len(g._types.source) if g.is_block else 0
    found: list[list[int]] = [[] for _ in g._types.target]
    for at, _ in edge_types(g):
        found[g._types.target_at[at] - shift].append(at)
    columns = {at: along(at) for at, _ in edge_types(g)}
    like = next(iter(columns.values()))
    return tuple(
        cross([columns[at] for at in types], [g._adjacencies[at].in_degrees() for at in types], reduce)
        if types
        else like.new_empty(0)
        for types in found
    )


def _copy(op: str, reduce: str) -> Callable[..., Any]:
    def copied(g: DGLGraph, x: Any) -> Any:
        return gspmm(g, op, reduce, x, None) if op == "copy_lhs" else gspmm(g, op, reduce, None, x)

    end = COPIES[op]
    return _called(
        copied, f"copy_{end}_{reduce}", f"Reduce by {reduce} what the {end} of every edge hold; see `gspmm`."
    )


def _binary(op: str, reduce: str) -> Callable[..., Any]:
    def combined(g: DGLGraph, x: Any, y: Any) -> Any:
        return gspmm(g, op, reduce, x, y)

    return _called(combined, f"u_{op}_e_{reduce}", f"Reduce by {reduce} the messages u {op} e; see `gspmm`.")


def _called(function: Callable[..., Any], name: str, text: str) -> Callable[..., Any]:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    return function


BY_NAME: dict[str, Callable[..., Any]] = {
    **{f"u_{op}_e_{reduce}": _binary(op, reduce) for op in BINARY for reduce in REDUCERS},
    **{f"copy_{COPIES[op]}_{reduce}": _copy(op, reduce) for op in COPIES for reduce in REDUCERS},
}
