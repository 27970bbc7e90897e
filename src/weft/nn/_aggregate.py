"""Aggregation: every target reduces what its sources send."""

from collections.abc import Callable
from typing import Any, overload

from torch import Tensor

from ..errors import OptionError, ShapeError, message
from ..graph import adjacency_of
from ..ops import spmm
from ._arguments import Edges, Reduce
from ._formula import Formula
from ._given import Named, Shared
from ._plan import named_values, plan, results_of


@overload
def aggregate(graph: Edges, x: Tensor, weight: Tensor | None = None, *, reduce: Reduce = "sum") -> Tensor: ...
@overload
def aggregate(
    graph: Edges, x: Formula, *, reduce: str | Callable[..., Any] = "sum", source: Named | None = None,
    target: Named | None = None, edge: Named | None = None, shared: Shared | None = None,
) -> Tensor: ...  # fmt: skip
@overload
def aggregate(
    graph: Edges, x: Formula, *, reduce: tuple[str, ...], source: Named | None = None, target: Named | None = None,
    edge: Named | None = None, shared: Shared | None = None,
) -> tuple[Tensor, ...]: ...  # fmt: skip
def aggregate(
    graph: Edges,
    x: Tensor | Formula,
    weight: Tensor | None = None,
    *,
    reduce: str | tuple[str, ...] | Callable[..., Any] = "sum",
    source: Named | None = None,
    target: Named | None = None,
    edge: Named | None = None,
    shared: Shared | None = None,
) -> Tensor | tuple[Tensor, ...]:
    """Reduce what every target gets from its sources: their features, weighted if there are weights, or a formula.

    `out[i] = reduce over edges e = j -> i of weight[e] * x[j]`, or of the formula at e

    *Shapes* `x: (num_sources, *F)`; `weight: (num_edges,)` or `(num_edges, *W)` by edge id, where W broadcasts with the
    first dimensions of F (heads) -> `(num_targets, *F)`. Named tensors have a row for each source, target or edge, but
    `shared` ones have none; the result has the shape of a message. A target without an edge gets 0.

    Args:
        graph: a graph of one node type and one edge type, an adjacency or a block.
        x: features of the sources, or a `weft.formula`.
        reduce: "sum", "mean", "max" or "min"; for a formula also "mul", "var", "std" (both divided by the degree) and "softmax"
            (of a formula that returns message and score), or a tuple of them, which gives a tuple in one pass. Mean
            divides by the number of edges, whatever their weights. Of equal values, max and min pass the gradient to the
            edge of lowest id; the gradient of std is 0 where it is 0. Or a function of the messages of targets of one
            degree, `(num_rows, degree, *F)` in the order of edge ids, and, if it takes two arguments, of the shared values,
            that returns `(num_rows, *G)`.
        source, target, edge, shared: the tensors that a formula names; `shared` may hold modules, which it calls.

    Raises:
        ShapeError: if `x` has no row for each source, or `weight` none for each edge.
        FormulaError: if the formula names a tensor that is not given, or its values do not broadcast.
        DtypeError, DeviceError, OptionError: if arguments do not fit each other.

    *Cost* reads E x F, writes N x F; no E x F tensor in either direction. A formula runs again in backward. One that is no
    program runs on chunks of edges that take about `weft.settings.chunk_bytes`, which also decides what random numbers it
    draws; while compiling or exporting, under transforms of torch.func and for second derivatives it takes all edges at once.

    >>> import torch
    >>> from weft.graph import Graph
    >>> graph = Graph(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 2]), num_nodes=3)
    >>> aggregate(graph, torch.tensor([[1.0], [10.0], [100.0]]), reduce="mean")
    tensor([[ 0.],
            [ 1.],
            [55.]])
    """
    adjacency = adjacency_of(graph)
    if isinstance(x, Formula):
        if weight is not None:
            raise OptionError(message("aggregate", "a formula or `weight`", "both", 'multiply by edge["weight"] in it'))
        results = results_of(reduce, plan(adjacency, x, named_values(source, target, edge, shared), reduce).run())
        return results if isinstance(reduce, tuple) else results[0]
    if x.dim() == 0 or x.shape[0] != adjacency.num_sources:
        raise ShapeError(
            message("aggregate", f"`x` with a row for each of {adjacency.num_sources} sources", str(tuple(x.shape)))
        )
    return spmm(adjacency.by_target, x, weight, reduce)  # type: ignore[arg-type]
