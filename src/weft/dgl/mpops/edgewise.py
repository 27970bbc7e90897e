"""Values of edges made of those of their sources and targets."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from .. import function
from .._graph import DGLGraph

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
    part = _with(g, etype, x_node, None)
    part.apply_edges(function.copy_u("x", "m"))
    found: Tensor = part.edata["m"]
    return found


def copy_v(g: DGLGraph, x_node: Tensor, etype: Any = None) -> Tensor:
    """Give each edge the row of its target: (num_targets, *F) -> (num_edges, *F).

    Raises:
        ShapeError, OptionError: as `copy_u`.

    >>> import torch
    >>> from weft.dgl import graph
    >>> copy_v(graph(([0, 0], [1, 2])), torch.tensor([5.0, 6.0, 7.0]))
    tensor([6., 7.])
    """
    part = _with(g, etype, None, x_node)
    part.apply_edges(lambda edges: {"m": edges.dst["y"]})
    found: Tensor = part.edata["m"]
    return found


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
    return _combined(g, etype, x_node, y_node, "add")


def u_sub_v(g: DGLGraph, x_node: Tensor, y_node: Tensor, etype: Any = None) -> Tensor:
    """Subtract the row of the target of each edge from that of its source: see `u_add_v`."""
    return _combined(g, etype, x_node, y_node, "sub")


def u_mul_v(g: DGLGraph, x_node: Tensor, y_node: Tensor, etype: Any = None) -> Tensor:
    """Multiply the rows of source and target of each edge: see `u_add_v`."""
    return _combined(g, etype, x_node, y_node, "mul")


def u_div_v(g: DGLGraph, x_node: Tensor, y_node: Tensor, etype: Any = None) -> Tensor:
    """Divide the row of the source of each edge by that of its target: see `u_add_v`."""
    return _combined(g, etype, x_node, y_node, "div")


def u_dot_v(g: DGLGraph, x_node: Tensor, y_node: Tensor, etype: Any = None) -> Tensor:
    """Take the inner product of the rows of source and target of each edge, (*F, D) -> (*F, 1): see `u_add_v`."""
    return _combined(g, etype, x_node, y_node, "dot")


def _combined(g: DGLGraph, etype: Any, x: Tensor, y: Tensor, op: str) -> Tensor:
    part = _with(g, etype, x, y)
    part.apply_edges(getattr(function, f"u_{op}_v")("x", "y", "m"))
    found: Tensor = part.edata["m"]
    return found


def _with(g: DGLGraph, etype: Any, x: Tensor | None, y: Tensor | None) -> DGLGraph:
    """The edges of one type alone, with columns "x" of sources and "y" of targets."""
    part = g[g._types.edge(etype)].local_var()
    if x is not None:
        part.srcdata["x"] = x
    if y is not None:
        part.dstdata["y"] = y
    return part
