"""SciPy: sparse matrices with int32 ids, and k-d trees. It knows no gradient, and only the trees use several threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy  # type: ignore[import-untyped]
import torch
from scipy.sparse import coo_matrix, csr_matrix  # type: ignore[import-untyped]
from scipy.spatial import cKDTree  # type: ignore[import-untyped]
from torch import Tensor

from benchmarks.graphs import EdgeList

from . import compared
from .graphs_with_scipy import ScipyGraphs
from .library import Library, Prepared, Problem, prepares, without_gradient


class Scipy(ScipyGraphs, Library):
    """SciPy, with the matrix of the graph built beforehand."""

    dtypes = ("float32",)

    def versions(self) -> dict[str, str]:
        """Give the versions of SciPy and NumPy."""
        return {"scipy": scipy.__version__, "numpy": np.__version__}

    def load(self, edges: EdgeList) -> None:
        """Sort the edges into CSR by target, parallel ones each for itself."""
        self.size = (edges.num_nodes, edges.num_nodes)
        self.order = np.lexsort((edges.source, edges.target))
        degree = np.bincount(edges.target, minlength=edges.num_nodes)
        self.indptr = np.append(0, np.cumsum(degree)).astype(np.int32)
        self.source = edges.source.astype(np.int32)[self.order]

    @prepares("copy_sum", "weighted_sum")
    def _times_dense(self, problem: Problem) -> Prepared:
        x, weights = problem.arrays["x"], problem.arrays.get("weight", np.ones(len(self.source), np.float32))
        matrix = csr_matrix((weights[self.order], self.source, self.indptr), self.size)
        return without_gradient(lambda: matrix @ x, "csr @ dense", lambda out: {"out": torch.from_numpy(out)})

    @prepares("sparse_product", "sparse_sum", "transpose", "select_rows", "coalesce")
    def _sparse(self, problem: Problem) -> Prepared:
        given, name = problem.arrays, problem.case.operator

        def matrix(suffix: str = "") -> Any:
            column, indptr = (given[part + suffix].astype(np.int32) for part in ("column", "indptr"))
            return csr_matrix((given[f"values{suffix}"], column, indptr), self.size)

        def whole(found: Any) -> dict[str, Tensor]:
            indptr, column, value = (torch.from_numpy(part) for part in (found.indptr, found.indices, found.data))
            return compared.entries(compared.rows_of(indptr), column, value, found.shape[1])

        if name == "coalesce":
            ends = given["row"].astype(np.int32), given["column"].astype(np.int32)
            call = lambda: coo_matrix((given["values"], ends), self.size).tocsr()  # noqa: E731
            return without_gradient(call, "coo.tocsr", whole)
        left = matrix()
        right = matrix("_other") if name == "sparse_sum" else left
        calls: dict[str, Callable[[], Any]] = {
            "sparse_product": lambda: left @ right,
            "sparse_sum": lambda: left + right,
            "transpose": lambda: left.T.tocsr(),
            "select_rows": lambda: left[given["rows"]],
        }
        route = {"sparse_product": "csr @ csr", "sparse_sum": "csr + csr", "transpose": "csr.T.tocsr"}
        return without_gradient(calls[name], route.get(name, "csr[rows]"), whole)

    @prepares("knn", "radius")
    def _neighbors(self, problem: Problem) -> Prepared:
        """Build the tree and search it; pairs within a radius come once and are told both ways."""
        points, lengths, k = (problem.arrays[name] for name in ("points", "lengths", "count"))
        begins, r = np.cumsum(lengths) - lengths, float(problem.arrays["radius"])

        def nearest(cloud: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            found = cKDTree(cloud).query(cloud, int(k) + 1, workers=torch.get_num_threads())[1][:, 1:]
            return found.reshape(-1), np.repeat(np.arange(len(cloud)), int(k))

        def within(cloud: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            pairs = cKDTree(cloud).query_pairs(r, output_type="ndarray")
            return np.concatenate([pairs[:, 0], pairs[:, 1]]), np.concatenate([pairs[:, 1], pairs[:, 0]])

        search = {"knn": nearest, "radius": within}[problem.case.operator]

        def clouds() -> tuple[np.ndarray, np.ndarray]:
            found = [search(points[begin : begin + size]) for begin, size in zip(begins, lengths, strict=True)]
            if len(found) == 1:
                return found[0]
            moved = [(point + begin, query + begin) for (point, query), begin in zip(found, begins, strict=True)]
            point, query = (np.concatenate(part) for part in zip(*moved, strict=True))
            return point, query

        def results(found: tuple[np.ndarray, np.ndarray]) -> dict[str, Tensor]:
            return compared.neighbors(torch.from_numpy(points), *(torch.from_numpy(part) for part in found))

        route = {"knn": "cKDTree.query", "radius": "cKDTree.query_pairs"}[problem.case.operator]
        return without_gradient(clouds, route + (", a tree for each cloud" if len(lengths) > 1 else ""), results)
