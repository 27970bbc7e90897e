"""Matrices of a graph: its adjacency and its incidence, by row the sources, by column the targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import OptionError
from ..settings import require
from ._queries import Queries


class Matrices(Queries):
    """Adjacency as tensors, as a sparse tensor of torch and as a matrix of SciPy."""

    def adj_tensors(self, fmt: str, etype: Any = None) -> tuple[Tensor, ...]:
        """Give the tensors of a sparse format.

        Args:
            fmt: "coo" for sources and targets; "csr" or "csc" for pointers, the other ends and edge ids.
        """
        adjacency = self._adjacency(etype)
        if fmt == "coo":
            return adjacency.source.to(self.idtype), adjacency.target.to(self.idtype)
        if fmt not in ("csr", "csc"):
            raise OptionError(f'adj_tensors: expected the format "coo", "csr" or "csc", got {fmt!r}')
        rows = adjacency.by_source if fmt == "csr" else adjacency.by_target
        edge = torch.arange(rows.num_edges, device=self.device) if rows.edge is None else rows.edge
        return rows.indptr.to(self.idtype), rows.source.to(self.idtype), edge.to(self.idtype)

    def adj_external(
        self, transpose: bool = False, ctx: Any = None, scipy_fmt: str | None = None, etype: Any = None
    ) -> Any:
        """Give the adjacency as a sparse tensor of torch, or with `scipy_fmt` ("csr" or "coo") as a matrix of SciPy.

        Parallel edges add up. Rows are sources, of the transpose targets.
        """
        adjacency = self._adjacency(etype)
        ends, size = (adjacency.source, adjacency.target), (adjacency.num_sources, adjacency.num_targets)
        if transpose:
            ends, size = ends[::-1], size[::-1]
        if scipy_fmt is not None:
            if scipy_fmt not in ("csr", "coo"):
                raise OptionError(f'adj_external: expected the format "csr" or "coo", got {scipy_fmt!r}')
            sparse, (row, column) = require("scipy.sparse", "scipy"), (end.cpu().numpy() for end in ends)
            ones = np.ones(adjacency.num_edges, dtype=np.int64)
            return sparse.coo_matrix((ones, (row, column)), size).asformat(scipy_fmt)
        return _entries(ends, torch.ones(adjacency.num_edges, device=self.device), size, ctx)

    def inc(self, typestr: str, ctx: Any = None, etype: Any = None) -> Tensor:
        """Give the incidence of nodes (rows) and edges (columns) as a sparse tensor.

        Args:
            typestr: "in" for 1 where an edge enters a node, "out" where it leaves it; "both" for 1 and -1, 0 for loops.
        """
        adjacency = self._adjacency(etype)
        edge, ones = (
            torch.arange(adjacency.num_edges, device=self.device),
            torch.ones(adjacency.num_edges, device=self.device),
        )
        source, target = adjacency.source.long(), adjacency.target.long()
        if typestr in ("in", "out"):
            node, count = (target, adjacency.num_targets) if typestr == "in" else (source, adjacency.num_sources)
            return _entries((node, edge), ones, (count, adjacency.num_edges), ctx)
        if typestr != "both":
            raise OptionError(f'inc: expected "in", "out" or "both", got {typestr!r}')
        joins = source != target
        node, edge = torch.cat((source[joins], target[joins])), edge[joins].repeat(2)
        values = torch.cat((-ones[joins], ones[joins]))
        return _entries((node, edge), values, (adjacency.num_sources, adjacency.num_edges), ctx)


def _entries(ends: tuple[Tensor, Tensor], values: Tensor, size: tuple[int, int], ctx: Any) -> Tensor:
    index = torch.stack([end.long() for end in ends])
    found = torch.sparse_coo_tensor(index, values, size, check_invariants=False)
    return found if ctx is None else found.to(ctx)
