"""PyG's operators and layers, on torch-sparse, torch-scatter and torch-cluster where they are installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch_geometric  # type: ignore[import-not-found]
from torch import Tensor
from torch_geometric import nn as layers
from torch_geometric import utils

from benchmarks.graphs import EdgeList

from . import compared
from .families.attention import head_sizes
from .families.segments import TOP
from .families.typed import NUM_RELATIONS
from .graphs_with_pyg import PygGraphs
from .library import (
    Library,
    Prepared,
    Problem,
    UnsupportedError,
    edge_network,
    matrix_call,
    network_parameters,
    prepares,
    scales,
    without_gradient,
)

EXTENSIONS = ("torch_sparse", "torch_scatter", "torch_cluster")
FOUND = {name for name in EXTENSIONS if importlib.util.find_spec(name) is not None}
HAS_SPARSE = "torch_sparse" in FOUND
SEGMENTS = "torch_scatter" if "torch_scatter" in FOUND else "plain torch"
MOST_WITHIN = 256  # neighbours within a radius that torch_cluster keeps


def extension(name: str) -> Any:
    """Import an extension.

    Raises:
        UnsupportedError: if it is not installed.
    """
    if name not in FOUND:
        raise UnsupportedError(f"{name} is not installed")
    return importlib.import_module(name)


class Pyg(PygGraphs, Library):
    """PyG with the adjacency in its fastest form: SparseTensor, or without torch-sparse a torch CSR matrix."""

    def versions(self) -> dict[str, str]:
        """Give the versions of PyG, its extensions and torch."""
        found = {"torch_geometric": torch_geometric.__version__, "torch": torch.__version__}
        for name in EXTENSIONS:
            found[name] = importlib.import_module(name).__version__ if name in FOUND else "absent"
        return found

    def load(self, edges: EdgeList) -> None:
        """Build the edge index and the transposed adjacency."""
        self.num_nodes = edges.num_nodes
        self.source, self.target = (torch.from_numpy(end).contiguous() for end in (edges.source, edges.target))
        self.edge_index = torch.stack([self.source, self.target])
        self.order = torch.from_numpy(np.lexsort((edges.source, edges.target)))
        from_source, from_target = scales(edges)
        self.norm = torch.from_numpy(from_source[edges.source] * from_target[edges.target])
        self.adjacency = self._adjacency(None)

    def _adjacency(self, values: Tensor | None) -> Any:
        size = (self.num_nodes, self.num_nodes)
        if HAS_SPARSE:
            built = extension("torch_sparse").SparseTensor(
                row=self.target, col=self.source, value=values, sparse_sizes=size
            )
            return built.fill_cache_()
        values = torch.ones(len(self.source)) if values is None else values
        degree = torch.bincount(self.target, minlength=self.num_nodes)
        indptr = torch.cat([torch.zeros(1, dtype=torch.int64), degree.cumsum(0)])
        return torch.sparse_csr_tensor(indptr, self.source[self.order], values[self.order], size)

    @prepares("copy_sum", "mean", "max", "min")
    def _reduced(self, problem: Problem) -> Prepared:
        x, name, adjacency = problem.leaf("x"), problem.case.operator, self.adjacency
        reduce = {"copy_sum": "sum"}.get(name, name)
        route = "utils.spmm on " + ("torch_sparse" if HAS_SPARSE else "torch CSR")
        return Prepared(lambda: utils.spmm(adjacency, x, reduce), [x], ("x",), route)

    @prepares("weighted_sum")
    def _weighted(self, problem: Problem) -> Prepared:
        x, weight = problem.leaf("x"), problem.tensor("weight")
        if not HAS_SPARSE:
            values, source, target = weight.requires_grad_(), self.source, self.target

            def scattered() -> Tensor:
                return utils.scatter(x.index_select(0, source) * values[:, None], target, 0, self.num_nodes, "sum")

            return Prepared(scattered, [x, values], ("x", "weight"), "index_select and utils.scatter")
        values = weight[self.order].requires_grad_()
        back = torch.empty_like(self.order)
        back[self.order] = torch.arange(len(back))
        adjacency = self.adjacency
        return Prepared(
            lambda: utils.spmm(adjacency.set_value(values, layout="coo"), x, "sum"),
            [x, values],
            ("x", "weight"),
            "utils.spmm on torch_sparse, weights in its order",
            {"weight": lambda grad: grad[back]},
        )

    @prepares("dot", "add")
    def _on_edges(self, problem: Problem) -> Prepared:
        source, target, (x, y) = self.source, self.target, problem.leaves("x", "y")
        calls: dict[str, Callable[[], Tensor]] = {
            "dot": lambda: (x.index_select(0, source) * y.index_select(0, target)).sum(-1),
            "add": lambda: x.index_select(0, source) + y.index_select(0, target),
        }
        return Prepared(calls[problem.case.operator], [x, y], ("x", "y"), "index_select")

    @prepares("edge_softmax")
    def _edge_softmax(self, problem: Problem) -> Prepared:
        x = problem.leaf("score")
        call: Callable[[], Tensor] = lambda: utils.softmax(x, self.target, num_nodes=self.num_nodes)  # noqa: E731
        return Prepared(call, [x], ("score",), f"utils.softmax on {SEGMENTS}")

    @prepares("gcn", "sage", "gat", "gatv2", "dot_attention")
    def _layer(self, problem: Problem) -> Prepared:
        given, width, name = problem.arrays, problem.case.width, problem.case.operator
        bias, matrix, (heads, each) = given.get("bias"), given.get("matrix"), head_sizes(width)
        on_edges = self.adjacency if HAS_SPARSE else self.edge_index
        structure = self.adjacency if name == "sage" else on_edges
        if name == "gcn":
            layer: torch.nn.Module = layers.GCNConv(width, width, normalize=False)
            values = {"lin.weight": matrix, "bias": bias}
            structure = self._adjacency(self.norm.to(problem.dtype))
        elif name == "sage":
            layer = layers.SAGEConv(width, width, aggr="mean")
            values = {"lin_l.weight": matrix, "lin_l.bias": bias, "lin_r.weight": given["root"]}
        elif name == "gatv2":
            layer = layers.GATv2Conv(width, each, heads, add_self_loops=False, bias=False)
            values = {"lin_l.weight": matrix, "lin_r.weight": given["other"], "att": given["score"]}
        elif name == "dot_attention":
            layer = layers.TransformerConv(width, each, heads, root_weight=False, bias=False)
            layer.lin_skip = torch.nn.Identity()  # it is there, but without root_weight nothing goes through it
            values = {f"lin_{part}.weight": given[part] for part in ("query", "key", "value")}
        else:
            layer = layers.GATConv(width, each, heads, add_self_loops=False)
            attention = {"att_src": given["from_source"], "att_dst": given["from_target"]}
            values = {"lin.weight": matrix, "bias": bias, **attention}
        x, parameters = problem.leaf("x"), problem.parameters(layer, values)
        kind = "edge_index" if structure is self.edge_index else "SparseTensor" if HAS_SPARSE else "torch CSR"
        route = f"nn.{type(layer).__name__} on {kind}" + (", normalised beforehand" if name == "gcn" else "")
        return Prepared(lambda: layer(x, structure), [x, *parameters], ("x",), route)

    @prepares("rgcn")
    def _relations(self, problem: Problem) -> Prepared:
        x, width, given = problem.leaf("x"), problem.case.width, problem.arrays
        layer = layers.RGCNConv(width, width, NUM_RELATIONS, aggr="add", root_weight=False)
        parameters = problem.parameters(layer, {"weight": given["matrices"], "bias": given["bias"]})
        kinds = problem.tensor("relation")
        structure = self._adjacency(kinds) if HAS_SPARSE else self.edge_index
        kind = "SparseTensor" if HAS_SPARSE else "edge_index"
        call: Callable[[], Tensor] = lambda: layer(x, structure, None if HAS_SPARSE else kinds)  # noqa: E731
        return Prepared(call, [x, *parameters], ("x",), f"nn.RGCNConv on {kind}")

    @prepares("gine")
    def _gine(self, problem: Problem) -> Prepared:
        """GINEConv without its network and without the node itself, which are the same in every library."""
        x, edge = problem.leaves("x", "edge")
        layer, index = layers.GINEConv(torch.nn.Identity(), eps=-1.0), self.edge_index
        call: Callable[[], Tensor] = lambda: layer.propagate(index, x=(x, x), edge_attr=edge, size=None)  # noqa: E731
        return Prepared(call, [x, edge], ("x", "edge"), "nn.GINEConv.propagate on edge_index")

    @prepares("edge_conv")
    def _edge_conv(self, problem: Problem) -> Prepared:
        x, network = problem.leaf("x"), edge_network(problem.case.width)
        layer, structure = layers.EdgeConv(network, aggr="max"), self.adjacency if HAS_SPARSE else self.edge_index
        parameters = network_parameters(problem, network)  # the layer has drawn new ones
        kind = "SparseTensor" if HAS_SPARSE else "edge_index"
        return Prepared(lambda: layer(x, structure), [x, *parameters], ("x",), f"nn.EdgeConv on {kind}")

    @prepares("segment_sum", "segment_max", "segment_softmax", "segment_topk", "segment_argmax")
    def _segments(self, problem: Problem) -> Prepared:
        indptr, x, name = problem.pointers(), problem.leaf("x"), problem.case.operator
        batch = compared.rows_of(indptr)

        def topk() -> Tensor:
            dense = utils.to_dense_batch(x, batch, fill_value=-torch.inf, batch_size=len(indptr) - 1)[0]
            if dense.shape[1] < TOP:
                dense = torch.nn.functional.pad(dense, (0, 0, 0, TOP - dense.shape[1]), value=-torch.inf)
            values = dense.topk(TOP, 1).values
            return values.masked_fill(values == -torch.inf, 0)

        calls: dict[str, tuple[Callable[[], Tensor], str]] = {
            "segment_sum": (lambda: utils.segment(x, indptr, "sum"), f"utils.segment on {SEGMENTS}"),
            "segment_max": (lambda: utils.segment(x, indptr, "max"), f"utils.segment on {SEGMENTS}"),
            "segment_softmax": (lambda: utils.softmax(x, ptr=indptr), f"utils.softmax on {SEGMENTS}"),
            "segment_topk": (topk, "utils.to_dense_batch and topk"),
        }
        if name == "segment_argmax":
            scatter = extension("torch_scatter")
            return without_gradient(lambda: scatter.segment_max_csr(x, indptr)[1], "torch_scatter.segment_max_csr")
        return Prepared(calls[name][0], [x], ("x",), calls[name][1])

    @prepares("sparse_product", "sparse_sum", "transpose", "select_rows", "coalesce")
    def _sparse(self, problem: Problem) -> Prepared:
        library, size, name = extension("torch_sparse"), (self.num_nodes, self.num_nodes), problem.case.operator

        def matrix(suffix: str) -> Any:
            indptr, column, value = (problem.tensor(part + suffix) for part in ("indptr", "column", "values"))
            built = library.SparseTensor(
                rowptr=indptr, col=column, value=value, sparse_sizes=size, is_sorted=True, trust_data=True
            )
            built.storage.row()
            return built

        def whole(found: Any) -> dict[str, Tensor]:
            row, column, value = found.coo()
            return compared.entries(row, column, value, found.size(1))

        def turned(left: Any) -> Any:
            left.storage.clear_cache_()
            found = left.t()
            found.storage.rowptr()
            return found

        if name == "coalesce":
            ends, values = torch.stack([problem.tensor("row"), problem.tensor("column")]), problem.tensor("values")
            call = lambda: library.coalesce(ends, values, *size)  # noqa: E731
            results = lambda found: compared.entries(*found[0], found[1], size[1])  # noqa: E731
            return without_gradient(call, "torch_sparse.coalesce", results)
        return without_gradient(matrix_call(problem, matrix, turned), "torch_sparse.SparseTensor", whole)

    @prepares("knn", "radius", "farthest_points")
    def _points(self, problem: Problem) -> Prepared:
        library, name, points = extension("torch_cluster"), problem.case.operator, problem.tensor("points")
        k, r, chosen = int(problem.arrays["count"]), float(problem.arrays["radius"]), int(problem.arrays["chosen"])
        batch, indptr, threads = compared.rows_of(problem.pointers()), problem.pointers(), torch.get_num_threads()

        def choose() -> Tensor:
            ratio = chosen / indptr.diff()
            rows: Tensor = library.fps(points, batch, ratio.float(), random_start=False)
            return rows

        calls: dict[str, Callable[[], Tensor]] = {
            "knn": lambda: library.knn_graph(points, k, batch, num_workers=threads),
            "radius": lambda: library.radius_graph(
                points, r, batch, max_num_neighbors=MOST_WITHIN, num_workers=threads
            ),
            "farthest_points": choose,
        }
        if name == "farthest_points":
            return without_gradient(choose, "torch_cluster.fps", lambda row: compared.spread(points, row))
        results = lambda found: compared.neighbors(points, *found)  # noqa: E731
        return without_gradient(calls[name], f"torch_cluster.{name}_graph", results)
