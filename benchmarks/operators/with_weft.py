"""weft's operators and layers, with every fallback an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

import weft
from benchmarks.graphs import EdgeList
from benchmarks.stopwatch import cotangent
from weft import ops

from . import compared
from .families.attention import head_sizes
from .families.segments import TOP
from .graphs_with_weft import WeftGraphs
from .library import Library, Prepared, Problem, edge_network, network_parameters, of_input, prepares, without_gradient

COMPOSED = "weft.graph"  # functions that may need no operator at all


@weft.formula
def gatv2(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    """Message and score of GATv2."""
    both = torch.nn.functional.leaky_relu(source["z"] + target["z"], 0.2)
    return source["z"], (both * shared["a"]).sum(-1)


@weft.formula
def dot_attention(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    """Message and score of a graph Transformer."""
    return source["value"], (source["key"] * target["query"]).sum(-1)


@weft.formula
def gine(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    """Message of GINE."""
    return torch.relu(source["x"] + edge["x"])


@weft.formula
def edge_conv(source: Any, target: Any, edge: Any, shared: Any) -> Any:
    """Message of EdgeConv: a network of the target and of the difference."""
    return shared["network"](torch.cat([target["x"], source["x"] - target["x"]], -1))


def kernels_of(prepared: Prepared) -> str:
    """Run a case with fallbacks forbidden and name the operators that ran.

    Raises:
        weft.errors.NativeLibraryError: if an operator has no native kernel for this case.
        RuntimeError: if no operator of weft ran at all.
    """
    with ops.using("native"), torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as watch:
        out = prepared.call()
        if prepared.backward:
            gradient = torch.from_numpy(cotangent(tuple(out.shape))).to(out.dtype)
            torch.autograd.grad(out, prepared.leaves, gradient)
    names = {event.name.split("::")[1] for event in watch.events() if event.name.startswith("weft::")}
    if not names and not prepared.route.startswith(COMPOSED):
        raise RuntimeError(f"{prepared.route}: expected an operator of weft to run, but none did")
    return "native " + ", ".join(sorted(names)) if names else prepared.route


class Weft(WeftGraphs, Library):
    """weft with both compressions built beforehand."""

    def versions(self) -> dict[str, str]:
        """Give the versions of weft and torch."""
        return {"weft": weft.__version__, "torch": torch.__version__}

    def load(self, edges: EdgeList) -> None:
        """Build the adjacency and the structures that it keeps."""
        source, target = (torch.from_numpy(end) for end in (edges.source, edges.target))
        self.adjacency = weft.Adjacency(source, target, num_sources=edges.num_nodes, num_targets=edges.num_nodes)
        self.rows = self.adjacency.by_target

    def kernels(self, prepared: Prepared) -> str:
        """Run the case with fallbacks forbidden and name the operators that ran."""
        return kernels_of(prepared)

    @prepares("copy_sum", "mean", "max", "min")
    def _reduced(self, problem: Problem) -> Prepared:
        rows, x, name = self.rows, problem.leaf("x"), problem.case.operator
        reduce: Any = "sum" if name == "copy_sum" else name
        return Prepared(lambda: ops.spmm(rows, x, None, reduce), [x], ("x",), "weft.ops.spmm")

    @prepares("weighted_sum")
    def _weighted(self, problem: Problem) -> Prepared:
        x, weight = problem.leaves("x", "weight")
        return Prepared(lambda: ops.spmm(self.rows, x, weight), [x, weight], ("x", "weight"), "weft.ops.spmm")

    @prepares("dot", "add")
    def _on_edges(self, problem: Problem) -> Prepared:
        (x, y), op = problem.leaves("x", "y"), problem.case.operator
        call: Callable[[], Tensor] = lambda: ops.sddmm(self.rows, y, x, op)  # type: ignore[arg-type]  # noqa: E731
        return Prepared(call, [x, y], ("x", "y"), "weft.ops.sddmm")

    @prepares("edge_softmax")
    def _edge_softmax(self, problem: Problem) -> Prepared:
        score = problem.leaf("score")
        return Prepared(lambda: ops.edge_softmax(self.rows, score), [score], ("score",), "weft.ops.edge_softmax")

    @prepares("gcn", "sage", "gat")
    def _layer(self, problem: Problem) -> Prepared:
        given, width = problem.arrays, problem.case.width
        bias, matrix, name = given["bias"], given["matrix"], problem.case.operator
        if name == "gcn":
            layer: torch.nn.Module = weft.nn.GraphConv(width, width)
            values = {"weight": matrix.T, "bias": bias}
        elif name == "sage":
            layer = weft.nn.SAGEConv(width, width)
            values = {"fc_neigh.weight": matrix, "fc_self.weight": given["root"], "fc_self.bias": bias}
        else:
            heads, each = head_sizes(width)
            layer = weft.nn.GATConv(width, each, heads)
            attention = {"attn_l": given["from_source"], "attn_r": given["from_target"]}
            values = {"fc.weight": matrix, "bias": bias, **attention}
        graph, x, parameters = self.adjacency, problem.leaf("x"), problem.parameters(layer, values)
        return Prepared(lambda: layer(graph, x), [x, *parameters], ("x",), f"weft.nn.{type(layer).__name__}")

    @prepares("rgcn")
    def _relations(self, problem: Problem) -> Prepared:
        x, matrices, bias = problem.leaves("x", "matrices", "bias")
        relation = problem.tensor("relation").to(self.rows.source.dtype)
        call: Callable[[], Tensor] = lambda: ops.relational_matmul(self.rows, x, matrices, relation) + bias  # noqa: E731
        return Prepared(call, [x, matrices, bias], ("x",), "weft.ops.relational_matmul")

    @prepares("gatv2")
    def _gatv2(self, problem: Problem) -> Prepared:
        heads = head_sizes(problem.case.width)
        x, matrix, other, score = problem.leaves("x", "matrix", "other", "score")

        def attend() -> Tensor:
            left, right = ((x @ m.T).unflatten(1, heads) for m in (matrix, other))
            named: dict[str, Any] = {"source": {"z": left}, "target": {"z": right}, "shared": {"a": score.squeeze(0)}}
            return weft.aggregate(self.adjacency, gatv2, **named, reduce="softmax").flatten(1)

        return Prepared(attend, [x, matrix, other, score], ("x",), "weft.aggregate of a formula")

    @prepares("dot_attention")
    def _dot_attention(self, problem: Problem) -> Prepared:
        heads, each = head_sizes(problem.case.width)
        x, query, key, value = problem.leaves("x", "query", "key", "value")

        def attend() -> Tensor:
            q, k, v = ((x @ m.T).unflatten(1, (heads, each)) for m in (query, key, value))
            named: dict[str, Any] = {"source": {"key": k, "value": v}, "target": {"query": q * each**-0.5}}
            return weft.aggregate(self.adjacency, dot_attention, **named, reduce="softmax").flatten(1)

        return Prepared(attend, [x, query, key, value], ("x",), "weft.aggregate of a formula")

    @prepares("gine")
    def _gine(self, problem: Problem) -> Prepared:
        x, edge = problem.leaves("x", "edge")
        call: Callable[[], Tensor] = lambda: weft.aggregate(self.adjacency, gine, source={"x": x}, edge={"x": edge})  # noqa: E731
        return Prepared(call, [x, edge], ("x", "edge"), "weft.aggregate of a formula")

    @prepares("edge_conv")
    def _edge_conv(self, problem: Problem) -> Prepared:
        x, network = problem.leaf("x"), edge_network(problem.case.width)
        parameters = network_parameters(problem, network)
        named: dict[str, Any] = {"source": {"x": x}, "target": {"x": x}, "shared": {"network": network}}
        call: Callable[[], Tensor] = lambda: weft.aggregate(self.adjacency, edge_conv, **named, reduce="max")  # noqa: E731
        return Prepared(call, [x, *parameters], ("x",), "weft.aggregate of a formula, in chunks")

    @prepares(
        "segment_sum",
        "segment_max",
        "segment_softmax",
        "segment_topk",
        "segment_sort",
        "segment_argmax",
        "segment_cumsum",
    )
    def _segments(self, problem: Problem) -> Prepared:
        indptr, x, name = problem.pointers(), problem.leaf("x"), problem.case.operator
        calls: dict[str, Callable[[], Tensor]] = {
            "segment_sum": lambda: ops.segment_reduce(indptr, x),
            "segment_max": lambda: ops.segment_reduce(indptr, x, None, "max"),
            "segment_softmax": lambda: ops.segment_softmax(indptr, x),
            "segment_topk": lambda: ops.segment_topk(indptr, x, TOP)[0],
            "segment_sort": lambda: ops.segment_sort(indptr, x)[0],
            "segment_argmax": lambda: ops.segment_argmax(indptr, x),
            "segment_cumsum": lambda: ops.segment_cumsum(indptr, x),
        }
        return of_input(problem, x, calls[name], f"weft.ops.{name}")

    @prepares("sparse_product", "sparse_sum", "transpose", "select_rows", "coalesce")
    def _sparse(self, problem: Problem) -> Prepared:
        num_nodes, name = self.adjacency.num_targets, problem.case.operator

        def matrix(suffix: str = "") -> ops.Compressed:
            indptr, column, value = (problem.tensor(part + suffix) for part in ("indptr", "column", "values"))
            return ops.Compressed(indptr, column.int(), value, num_nodes)

        def whole(found: ops.Compressed) -> dict[str, Tensor]:
            return compared.entries(found.rows(), found.column, found.filled(), found.num_columns)

        if name == "coalesce":
            row, column, values = (problem.tensor(part) for part in ("row", "column", "values"))
            ends = row.int(), column.int()
            size = {"num_rows": num_nodes, "num_columns": num_nodes}
            return without_gradient(lambda: ops.coalesce(*ends, values, **size).matrix, "weft.ops.coalesce", whole)
        left = matrix()
        right = matrix("_other") if name == "sparse_sum" else left
        rows = problem.tensor("rows") if name == "select_rows" else None
        calls: dict[str, Callable[[], ops.Compressed]] = {
            "sparse_product": lambda: ops.sparse_product(left, right),
            "sparse_sum": lambda: ops.sparse_sum(left, right),
            "transpose": lambda: ops.transpose(left),
            "select_rows": lambda: ops.select_rows(left, rows),  # type: ignore[arg-type]
        }
        return without_gradient(calls[name], f"weft.ops.{name}", whole)

    @prepares("knn", "radius")
    def _neighbors(self, problem: Problem) -> Prepared:
        points, indptr = problem.tensor("points"), problem.pointers()
        r, k, name = float(problem.arrays["radius"]), int(problem.arrays["count"]), problem.case.operator
        calls: dict[str, Callable[[], ops.Neighbors]] = {
            "knn": lambda: ops.knn(points, k, indptr=indptr),
            "radius": lambda: ops.radius(points, r, indptr=indptr),
        }
        results = lambda found: compared.neighbors(points, found.source, found.target)  # noqa: E731
        return without_gradient(calls[name], f"weft.ops.{name}", results)

    @prepares("farthest_points")
    def _farthest(self, problem: Problem) -> Prepared:
        points, indptr, count = problem.tensor("points"), problem.pointers(), int(problem.arrays["chosen"])
        call = lambda: ops.farthest_points(points, count, indptr=indptr)[1]  # noqa: E731
        return without_gradient(call, "weft.ops.farthest_points", lambda row: compared.spread(points, row))
