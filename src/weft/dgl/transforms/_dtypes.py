"""All columns of real numbers in another precision."""

from __future__ import annotations

import torch
from torch import Tensor

from .._graph import DGLGraph


def to_half(g: DGLGraph) -> DGLGraph:
    """Turn all columns of real numbers into float16.

    >>> from weft.dgl import graph
    >>> g = graph(([0], [1]))
    >>> g.ndata["h"] = torch.ones(2)
    >>> to_half(g).ndata["h"].dtype
    torch.float16
    """
    return _as(g, torch.float16)


def to_bfloat16(g: DGLGraph) -> DGLGraph:
    """Turn all columns of real numbers into bfloat16."""
    return _as(g, torch.bfloat16)


def to_float(g: DGLGraph) -> DGLGraph:
    """Turn all columns of real numbers into float32."""
    return _as(g, torch.float32)


def to_double(g: DGLGraph) -> DGLGraph:
    """Turn all columns of real numbers into float64."""
    return _as(g, torch.float64)


def _as(g: DGLGraph, dtype: torch.dtype) -> DGLGraph:
    def changed(column: Tensor) -> Tensor:
        return column.to(dtype) if column.is_floating_point() else column

    made = g.clone()
    made._nodes = [frame.mapped(changed, g.device) for frame in made._nodes]
    made._edges = [frame.mapped(changed, g.device) for frame in made._edges]
    return made
