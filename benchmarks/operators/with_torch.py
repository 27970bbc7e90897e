"""Plain torch: torch.sparse.mm and its relatives on a CSR matrix with int32 ids."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from benchmarks.graphs import EdgeList

from .cases import Case
from .library import Library, Prepared, UnsupportedError, leaf


class Torch(Library):
    """torch.sparse.mm, with the matrix built beforehand."""

    def versions(self) -> dict[str, str]:
        """Give the version of torch."""
        return {"torch": torch.__version__}

    def load(self, edges: EdgeList) -> None:
        """Sort the edges into CSR by target."""
        self.size = (edges.num_nodes, edges.num_nodes)
        self.order = torch.from_numpy(np.lexsort((edges.source, edges.target)))
        degree = np.bincount(edges.target, minlength=edges.num_nodes)
        self.indptr = torch.from_numpy(np.append(0, np.cumsum(degree)).astype(np.int32))
        self.source = torch.from_numpy(edges.source.astype(np.int32))[self.order]
        self.scale = [
            torch.from_numpy(np.bincount(end, minlength=edges.num_nodes)).clamp(min=1).float().rsqrt()
            for end in (edges.source, edges.target)
        ]
        self.target = torch.from_numpy(edges.target)[self.order]

    def _matrix(self, values: Tensor) -> Tensor:
        return torch.sparse_csr_tensor(self.indptr, self.source, values, self.size)

    def prepare(self, case: Case, arrays: dict[str, np.ndarray]) -> Prepared:
        """Build the call of a case."""
        if case.operator == "weighted_sum":
            return self._weighted_sum(arrays)
        ones = self._matrix(torch.ones(len(self.source)))
        if case.operator == "segment_sum":
            x, lengths = leaf(arrays["x"]), torch.from_numpy(arrays["lengths"])
            return Prepared(
                lambda: torch.segment_reduce(x, "sum", lengths=lengths, unsafe=True),
                [x],
                ("x",),
                "torch.segment_reduce",
            )
        if case.operator in ("copy_sum", "max"):
            x = leaf(arrays["x"])
            if case.operator == "copy_sum":
                return Prepared(lambda: torch.sparse.mm(ones, x), [x], ("x",), "torch.sparse.mm")
            return Prepared(lambda: torch.sparse.mm(ones, x, "amax"), [x], ("x",), "torch.sparse.mm amax")
        if case.operator == "mean":
            # Against a float64 sum: off by up to 293 on the R-MAT graph with torch 2.13, where weft is off by 4e-5.
            raise UnsupportedError("torch.sparse.mm: the gradient of its mean is wrong where a row is empty")
        if case.operator == "gcn":
            x, matrix, bias = (leaf(arrays[name]) for name in ("x", "matrix", "bias"))
            norm = self._matrix(self.scale[0][self.source.long()] * self.scale[1][self.target])
            return Prepared(
                lambda: torch.sparse.mm(norm, torch.nn.functional.linear(x, matrix)) + bias,
                [x, matrix, bias],
                ("x",),
                "torch.sparse.mm, normalised beforehand",
            )
        raise UnsupportedError(f"torch.sparse: no {case.operator}")

    def _weighted_sum(self, arrays: dict[str, np.ndarray]) -> Prepared:
        x = leaf(arrays["x"])
        matrix = self._matrix(torch.from_numpy(arrays["weight"])[self.order]).requires_grad_()
        back = torch.empty_like(self.order)
        back[self.order] = torch.arange(len(back))
        restore = {"weight": lambda grad: grad.values()[back]}
        route = "torch.sparse.mm, weights in CSR order"
        return Prepared(lambda: torch.sparse.mm(matrix, x), [x, matrix], ("x", "weight"), route, restore)
