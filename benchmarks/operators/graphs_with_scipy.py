"""SciPy's graphs: sparse matrices, and the algorithms of csgraph, all on one thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy.sparse import coo_matrix, csgraph, csr_matrix  # type: ignore[import-untyped]

from . import compared
from .library import Prepared, Problem, pagerank_rounds, prepares, ranks, without_gradient


class ScipyGraphs:
    """What SciPy does with a matrix by target, which is built beforehand."""

    size: tuple[int, int]
    indptr: np.ndarray
    source: np.ndarray

    def _matrix(self) -> Any:
        return csr_matrix((np.ones(len(self.source), np.float32), self.source, self.indptr), self.size)

    @prepares("build", "build_symmetric", "to_bidirected", "simplify")
    def _edges(self, problem: Problem) -> Prepared:
        ends = problem.arrays["target"].astype(np.int32), problem.arrays["source"].astype(np.int32)
        ones, size, matrix = np.ones(len(ends[0]), np.float32), self.size, self._matrix()

        def build() -> Any:
            """By target and by source; repeated entries are added up."""
            entries = coo_matrix((ones, ends), size)
            entries.tocsc()
            return entries.tocsr()

        def both_ways() -> Any:
            return matrix + matrix.T.tocsr()

        calls: dict[str, Callable[[], Any]] = {
            "build": build,
            "build_symmetric": build,
            "to_bidirected": both_ways,
            "simplify": lambda: coo_matrix((ones, ends), size).tocsr(),
        }
        built = "coo.tocsr and coo.tocsc"
        routes = {"to_bidirected": "csr + csr.T", "simplify": "coo.tocsr"}

        def results(found: Any) -> dict[str, torch.Tensor]:
            if problem.case.operator.startswith("build"):
                return {}
            rows = compared.rows_of(torch.from_numpy(found.indptr))
            return compared.edges(torch.from_numpy(found.indices), rows, size[0])

        return without_gradient(calls[problem.case.operator], routes.get(problem.case.operator, built), results)

    @prepares("node_subgraph")
    def _parts(self, problem: Problem) -> Prepared:
        matrix, nodes = self._matrix(), problem.arrays["nodes"]
        results = lambda found: compared.size(found.shape[0], found.nnz)  # noqa: E731
        return without_gradient(lambda: matrix[nodes][:, nodes], "csr[nodes][:, nodes]", results)

    @prepares("components")
    def _components(self, problem: Problem) -> Prepared:
        matrix = self._matrix()
        call = lambda: csgraph.connected_components(matrix, directed=True, connection="weak")[1]  # noqa: E731
        return without_gradient(
            call, "csgraph.connected_components", lambda found: compared.groups(torch.from_numpy(found))
        )

    @prepares("pagerank")
    def _pagerank(self, problem: Problem) -> Prepared:
        matrix, degree = self._matrix(), torch.from_numpy(np.bincount(self.source, minlength=self.size[0]))
        rank = pagerank_rounds(degree, lambda sent: torch.from_numpy(matrix @ sent.numpy()))
        return without_gradient(rank, "csr @ vector", ranks)
