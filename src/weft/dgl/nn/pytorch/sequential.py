"""Modules in a row, with DGL's arguments."""

from __future__ import annotations

from typing import Any

from torch import nn

from ....errors import OptionError, message
from ..._graph import DGLGraph


class Sequential(nn.Sequential):
    """Modules in a row, which all take a graph and what the one before gave.

    `feats = module(graph, *feats)` for each module, on one graph or on a list with one for each.

    *Differs from DGL* a list of fewer or more graphs than modules is an error.

    Raises:
        OptionError: in the call, if the graphs are something else, or not as many as modules.

    >>> import torch, weft.dgl as dgl
    >>> model = Sequential(dgl.nn.GraphConv(4, 8), dgl.nn.GraphConv(8, 2))
    >>> model(dgl.graph(([0, 1], [1, 0])), torch.ones(2, 4)).shape
    torch.Size([2, 2])
    """

    def forward(self, graph: DGLGraph | list[DGLGraph], *feats: Any) -> Any:
        """Compute what the last module gives."""
        graphs = list(graph) if isinstance(graph, list | tuple) else [graph] * len(self)
        if len(graphs) != len(self) or not all(isinstance(each, DGLGraph) for each in graphs):
            got = (
                type(graph).__name__
                if not isinstance(graph, list | tuple)
                else f"a {type(graph).__name__} of {len(graphs)}"
            )
            raise OptionError(message("Sequential", f"a DGLGraph, or {len(self)} of them", got))
        found: Any = feats
        for each, module in zip(graphs, self, strict=True):
            found = module(each, *(found if isinstance(found, tuple) else (found,)))
        return found
