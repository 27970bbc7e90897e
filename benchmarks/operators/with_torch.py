"""Plain torch: torch.sparse.mm and its relatives on a CSR matrix with int32 ids, and segments that are padded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.graphs import EdgeList

from . import compared
from .families.segments import TOP
from .library import Library, Prepared, Problem, UnsupportedError, of_input, prepares, scales, without_gradient


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
        from_source, from_target = scales(edges)
        self.norm = torch.from_numpy(from_source[edges.source] * from_target[edges.target])[self.order]

    def _matrix(self, values: Tensor) -> Tensor:
        return torch.sparse_csr_tensor(self.indptr, self.source, values, self.size)

    @prepares("copy_sum", "max", "min")
    def _reduced(self, problem: Problem) -> Prepared:
        x, name = problem.leaf("x"), problem.case.operator
        ones = self._matrix(torch.ones(len(self.source), dtype=problem.dtype))
        if name == "copy_sum":
            return Prepared(lambda: torch.sparse.mm(ones, x), [x], ("x",), "torch.sparse.mm")
        reduce = f"a{name}"
        return Prepared(lambda: torch.sparse.mm(ones, x, reduce), [x], ("x",), f"torch.sparse.mm {reduce}")

    @prepares("mean")
    def _mean(self, problem: Problem) -> Prepared:
        # Against a float64 sum: off by up to 293 on the R-MAT graph with torch 2.13, where weft is off by 4e-5.
        raise UnsupportedError("torch.sparse.mm: the gradient of its mean is wrong where a row is empty")

    @prepares("gcn")
    def _gcn(self, problem: Problem) -> Prepared:
        x, matrix, bias = problem.leaves("x", "matrix", "bias")
        norm = self._matrix(self.norm.to(problem.dtype))
        call = lambda: torch.sparse.mm(norm, torch.nn.functional.linear(x, matrix)) + bias  # noqa: E731
        return Prepared(call, [x, matrix, bias], ("x",), "torch.sparse.mm, normalised beforehand")

    @prepares("weighted_sum")
    def _weighted(self, problem: Problem) -> Prepared:
        x, matrix = problem.leaf("x"), self._matrix(problem.tensor("weight")[self.order]).requires_grad_()
        back = torch.empty_like(self.order)
        back[self.order] = torch.arange(len(back))
        restore = {"weight": lambda grad: grad.values()[back]}
        route = "torch.sparse.mm, weights in CSR order"
        return Prepared(lambda: torch.sparse.mm(matrix, x), [x, matrix], ("x", "weight"), route, restore)

    @prepares("segment_sum", "segment_max")
    def _segments(self, problem: Problem) -> Prepared:
        x, lengths, reduce = problem.leaf("x"), problem.tensor("lengths"), problem.case.operator.split("_")[1]
        call = lambda: torch.segment_reduce(x, reduce, lengths=lengths, unsafe=True)  # noqa: E731
        return Prepared(call, [x], ("x",), "torch.segment_reduce")

    @prepares("segment_softmax", "segment_topk", "segment_sort", "segment_argmax", "segment_cumsum")
    def _padded(self, problem: Problem) -> Prepared:
        """Copy the segments into a tensor with as many places for each as the longest has rows; where is known beforehand."""
        x, lengths, name = problem.leaf("x"), problem.arrays["lengths"], problem.case.operator
        longest, width = int(lengths.max()), problem.case.width
        begins = np.cumsum(lengths) - lengths
        at = np.repeat(np.arange(len(lengths)) * longest - begins, lengths) + np.arange(len(x))
        place, begin = torch.from_numpy(at), torch.from_numpy(begins)[:, None]

        def padded(fill: float) -> Tensor:
            rows = x.new_full((len(lengths) * longest, width), fill).index_copy(0, place, x)
            return rows.view(len(lengths), longest, width)

        def back(rows: Tensor) -> Tensor:
            return rows.reshape(-1, width).index_select(0, place)

        def topk() -> Tensor:
            rows = padded(-torch.inf)
            if longest < TOP:
                rows = torch.nn.functional.pad(rows, (0, 0, 0, TOP - longest), value=-torch.inf)
            found = rows.topk(TOP, 1).values
            return found.masked_fill(found == -torch.inf, 0)

        calls: dict[str, Callable[[], Tensor]] = {
            "segment_softmax": lambda: back(padded(-torch.inf).softmax(1)),
            "segment_topk": topk,
            "segment_sort": lambda: back(padded(torch.inf).sort(1).values),
            "segment_argmax": lambda: padded(-torch.inf).argmax(1) + begin,
            "segment_cumsum": lambda: back(padded(0).cumsum(1)),
        }
        route = f"torch.{name.split('_')[1]} of padded segments"
        return of_input(problem, x, calls[name], route)

    @prepares("sparse_product", "sparse_sum", "transpose", "select_rows", "coalesce")
    def _sparse(self, problem: Problem) -> Prepared:
        name = problem.case.operator

        def matrix(suffix: str = "") -> Tensor:
            indptr, column = (problem.tensor(part + suffix).int() for part in ("indptr", "column"))
            return torch.sparse_csr_tensor(indptr, column, problem.tensor(f"values{suffix}"), self.size)

        def by_rows(found: Tensor) -> dict[str, Tensor]:
            rows = compared.rows_of(found.crow_indices())
            return compared.entries(rows, found.col_indices(), found.values(), self.size[1])

        def by_entries(found: Tensor) -> dict[str, Tensor]:
            return compared.entries(*found._indices(), found._values(), self.size[1])

        if name == "coalesce":
            ends = torch.stack([problem.tensor("row"), problem.tensor("column")])
            values = problem.tensor("values")
            call = lambda: torch.sparse_coo_tensor(ends, values, self.size).coalesce()  # noqa: E731
            return without_gradient(call, "coo.coalesce", by_entries)
        left = matrix()
        if name == "select_rows":
            coo, rows = left.to_sparse_coo(), problem.tensor("rows")
            return without_gradient(lambda: coo.index_select(0, rows), "coo.index_select", by_entries)
        right = matrix("_other") if name == "sparse_sum" else left
        calls: dict[str, Callable[[], Any]] = {
            "sparse_product": lambda: torch.sparse.mm(left, right),
            "sparse_sum": lambda: left + right,
            "transpose": lambda: left.transpose(0, 1).to_sparse_csr(),
        }
        route = {
            "sparse_product": "torch.sparse.mm",
            "sparse_sum": "csr + csr",
            "transpose": "transpose, to_sparse_csr",
        }
        return without_gradient(calls[name], route[name], by_rows)
