"""Values of edges made of those of their sources and targets."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from .._graph import DGLGraph
from ..ops import gsddmm

__all__ = ["copy_u", "copy_v", "u_add_v", "u_div_v", "u_dot_v", "u_mul_v", "u_sub_v"]


def copy_u(g: DGLGraph, x_node: Tensor, etype: Any = None) -> Tensor:
    """Give each edge the row of its source: (num_sources, *F) -> (num_edges, *F).

    Raises:
        ShapeError: if there is not a row for each source.
        OptionError: if there are several edge types, and none is named.

    >>> import torch
    >>> from weft.dgl import graph
    >>> copy_u(graph(([0, 0], [1, 2])), torch.tensor([5.0, 6.0, 7.0]))
    tensor([5., 5.])
    """
    return gsddmm(_only(g, etype), "copy_lhs", x_node, None, "u")  # type: ignore[no-any-return]


def copy_v(g: DGLGraph, x_node: Tensor, etype: Any = None) -> Tensor:
    """Give each edge the row of its target: (num_targets, *F) -> (num_edges, *F).

    Raises:
        ShapeError, OptionError: as `copy_u`.

    >>> import torch
    >>> from weft.dgl import graph
    >>> copy_v(graph(([0, 0], [1, 2])), torch.tensor([5.0, 6.0, 7.0]))
    tensor([6., 7.])
    """
    return gsddmm(_only(g, etype), "copy_lhs", x_node, None, "v")  # type: ignore[no-any-return]


def u_add_v(g: DGLGraph, x_node: Tensor, y_node: Tensor, etype: Any = None) -> Tensor:
    """Add the rows of source and target of each edge.

    Raises:
        ShapeError, OptionError: as `copy_u`; also if rows do not go together.

    >>> import torch
    >>> from weft.dgl import graph
    >>> x = torch.tensor([1.0, 2.0, 3.0])
    >>> u_add_v(graph(([0, 0], [1, 2])), x, x)
    tensor([3., 4.])
    """
    return gsddmm(_only(g, etype), "add", x_node, y_node)  # type: ignore[no-any-return]


def u_sub_v(g: DGLGraph, x_node: Tensor, y_node: Tensor, etype: Any = None) -> Tensor:
    """Subtract the row of the target of each edge from that of its source: see `u_add_v`."""
    return gsddmm(_only(g, etype), "sub", x_node, y_node)  # type: ignore[no-any-return]


def u_mul_v(g: DGLGraph, x_node: Tensor, y_node: Tensor, etype: Any = None) -> Tensor:
    """Multiply the rows of source and target of each edge: see `u_add_v`."""
    return gsddmm(_only(g, etype), "mul", x_node, y_node)  # type: ignore[no-any-return]


def u_div_v(g: DGLGraph, x_node: Tensor, y_node: Tensor, etype: Any = None) -> Tensor:
    """Divide the row of the source of each edge by that of its target: see `u_add_v`."""
    return gsddmm(_only(g, etype), "div", x_node, y_node)  # type: ignore[no-any-return]


def u_dot_v(g: DGLGraph, x_node: Tensor, y_node: Tensor, etype: Any = None) -> Tensor:
    """Take the inner product of the rows of source and target of each edge, (*F, D) -> (*F, 1): see `u_add_v`."""
    return gsddmm(_only(g, etype), "dot", x_node, y_node)  # type: ignore[no-any-return]


def _only(g: DGLGraph, etype: Any) -> DGLGraph:
    """The edges of one type alone."""
    return g[g._types.edge(etype)]
