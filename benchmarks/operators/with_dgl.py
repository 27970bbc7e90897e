"""DGL's operators and layers."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.graphs import EdgeList

from . import compared
from .families.attention import head_sizes
from .families.segments import TOP
from .families.typed import NUM_RELATIONS
from .graphs_with_dgl import DglGraphs
from .library import (
    Library,
    Prepared,
    Problem,
    UnsupportedError,
    edge_network,
    matrix_call,
    network_parameters,
    prepares,
    without_gradient,
)

os.environ.setdefault("DGLBACKEND", "pytorch")
import dgl  # type: ignore[import-not-found]
import dgl.nn.pytorch as layers  # type: ignore[import-not-found]


class Dgl(DglGraphs, Library):
    """DGL with int32 ids and every sparse format built beforehand."""

    def versions(self) -> dict[str, str]:
        """Give the versions of dgl and torch."""
        return {"dgl": dgl.__version__, "torch": torch.__version__}

    def load(self, edges: EdgeList) -> None:
        """Build the graph and its formats."""
        ends = tuple(torch.from_numpy(end.astype(np.int32)) for end in (edges.source, edges.target))
        self.graph = dgl.graph(ends, num_nodes=edges.num_nodes, idtype=torch.int32)
        self.graph.create_formats_()

    @prepares("copy_sum", "mean", "max", "min")
    def _reduced(self, problem: Problem) -> Prepared:
        graph, x, name = self.graph, problem.leaf("x"), problem.case.operator
        calls: dict[str, Callable[[], Tensor]] = {
            "copy_sum": lambda: dgl.ops.copy_u_sum(graph, x),
            "mean": lambda: dgl.ops.copy_u_mean(graph, x),
            "max": lambda: self._updated(x, dgl.function.max),
            "min": lambda: self._updated(x, dgl.function.min),
        }
        return Prepared(calls[name], [x], ("x",), "dgl.ops" if name in ("copy_sum", "mean") else "update_all")

    def _updated(self, x: Tensor, reduce: Any) -> Tensor:
        """Reduce by update_all; dgl.ops.copy_u_max gives -inf and a wrong gradient for isolated nodes."""
        with self.graph.local_scope():
            self.graph.srcdata["x"] = x
            self.graph.update_all(dgl.function.copy_u("x", "message"), reduce("message", "out"))
            found: Tensor = self.graph.dstdata["out"]
            return found

    @prepares("weighted_sum")
    def _weighted(self, problem: Problem) -> Prepared:
        x, column = problem.leaf("x"), problem.tensor("weight").unsqueeze(1).requires_grad_()
        call = lambda: dgl.ops.u_mul_e_sum(self.graph, x, column)  # noqa: E731
        return Prepared(call, [x, column], ("x", "weight"), "dgl.ops", {"weight": lambda grad: grad.squeeze(1)})

    @prepares("dot", "add")
    def _on_edges(self, problem: Problem) -> Prepared:
        graph, (x, y) = self.graph, problem.leaves("x", "y")
        calls: dict[str, Callable[[], Tensor]] = {
            "dot": lambda: dgl.ops.u_dot_v(graph, x, y).squeeze(-1),
            "add": lambda: dgl.ops.u_add_v(graph, x, y),
        }
        return Prepared(calls[problem.case.operator], [x, y], ("x", "y"), "dgl.ops")

    @prepares("edge_softmax")
    def _edge_softmax(self, problem: Problem) -> Prepared:
        score = problem.leaf("score")
        return Prepared(lambda: dgl.ops.edge_softmax(self.graph, score), [score], ("score",), "dgl.ops")

    @prepares("gcn", "sage", "gat", "gatv2")
    def _layer(self, problem: Problem) -> Prepared:
        given, width, name = problem.arrays, problem.case.width, problem.case.operator
        bias, matrix, (heads, each) = given.get("bias"), given["matrix"], head_sizes(width)
        if name == "gcn":
            layer = layers.GraphConv(width, width, norm="both", allow_zero_in_degree=True)
            values = {"weight": matrix.T, "bias": bias}
        elif name == "sage":
            layer = layers.SAGEConv(width, width, "mean")
            values = {"fc_neigh.weight": matrix, "fc_self.weight": given["root"], "fc_self.bias": bias}
        elif name == "gatv2":
            layer = layers.GATv2Conv(width, each, heads, bias=False, allow_zero_in_degree=True)
            values = {"fc_src.weight": matrix, "fc_dst.weight": given["other"], "attn": given["score"]}
        else:
            layer = layers.GATConv(width, each, heads, allow_zero_in_degree=True)
            attention = {"attn_l": given["from_source"], "attn_r": given["from_target"]}
            values = {"fc.weight": matrix, "bias": bias, **attention}
        graph, x, parameters = self.graph, problem.leaf("x"), problem.parameters(layer, values)
        call = lambda: layer(graph, x).flatten(1)  # noqa: E731
        return Prepared(call, [x, *parameters], ("x",), f"dgl.nn.{type(layer).__name__}")

    @prepares("rgcn")
    def _relations(self, problem: Problem) -> Prepared:
        given, width = problem.arrays, problem.case.width
        layer = layers.RelGraphConv(width, width, NUM_RELATIONS, self_loop=False)
        parameters = problem.parameters(layer, {"linear_r.W": given["matrices"], "h_bias": given["bias"]})
        x, kinds = problem.leaf("x"), problem.tensor("relation")
        return Prepared(lambda: layer(self.graph, x, kinds), [x, *parameters], ("x",), "dgl.nn.RelGraphConv")

    @prepares("dot_attention")
    def _dot_attention(self, problem: Problem) -> Prepared:
        graph, (heads, each) = self.graph, head_sizes(problem.case.width)
        x, query, key, value = problem.leaves("x", "query", "key", "value")

        def attend() -> Tensor:
            q, k, v = ((x @ m.T).unflatten(1, (heads, each)) for m in (query, key, value))
            score = dgl.ops.edge_softmax(graph, dgl.ops.u_dot_v(graph, k, q * each**-0.5))
            found: Tensor = dgl.ops.u_mul_e_sum(graph, v, score).flatten(1)
            return found

        return Prepared(attend, [x, query, key, value], ("x",), "dgl.ops: u_dot_v, edge_softmax, u_mul_e_sum")

    @prepares("gine")
    def _gine(self, problem: Problem) -> Prepared:
        graph, (x, edge) = self.graph, problem.leaves("x", "edge")
        call = lambda: dgl.ops.copy_e_sum(graph, torch.relu(dgl.ops.u_add_e(graph, x, edge)))  # noqa: E731
        return Prepared(call, [x, edge], ("x", "edge"), "dgl.ops: u_add_e, relu, copy_e_sum")

    @prepares("edge_conv")
    def _edge_conv(self, problem: Problem) -> Prepared:
        graph, x, network = self.graph, problem.leaf("x"), edge_network(problem.case.width)
        parameters = network_parameters(problem, network)

        def send(edges: Any) -> dict[str, Tensor]:
            source, target = edges.src["x"], edges.dst["x"]
            return {"message": network(torch.cat([target, source - target], -1))}

        def convolve() -> Tensor:
            with graph.local_scope():
                graph.ndata["x"] = x
                graph.update_all(send, dgl.function.max("message", "out"))
                found: Tensor = graph.ndata["out"]
                return found

        return Prepared(convolve, [x, *parameters], ("x",), "update_all with a function of messages")

    @prepares("segment_sum", "segment_max", "segment_softmax")
    def _segments(self, problem: Problem) -> Prepared:
        lengths, x = problem.tensor("lengths"), problem.leaf("x")
        calls: dict[str, Callable[[], Tensor]] = {
            "segment_sum": lambda: dgl.ops.segment_reduce(lengths, x, "sum"),
            "segment_max": lambda: dgl.ops.segment_reduce(lengths, x, "max"),
            "segment_softmax": lambda: dgl.ops.segment_softmax(lengths, x),
        }
        return Prepared(calls[problem.case.operator], [x], ("x",), "dgl.ops")

    @prepares("segment_topk")
    def _topk(self, problem: Problem) -> Prepared:
        lengths, x = problem.tensor("lengths"), problem.leaf("x")
        batch = dgl.graph(([], []), num_nodes=len(x))
        batch.set_batch_num_nodes(lengths)

        def choose() -> Tensor:
            with batch.local_scope():
                batch.ndata["x"] = x
                values: Tensor = dgl.topk_nodes(batch, "x", TOP)[0]
                return values

        return Prepared(choose, [x], ("x",), "dgl.topk_nodes")

    @prepares("sparse_product", "sparse_sum", "transpose", "select_rows", "coalesce")
    def _sparse(self, problem: Problem) -> Prepared:
        import dgl.sparse  # type: ignore[import-not-found]

        size, name = (self.graph.num_nodes(), self.graph.num_nodes()), problem.case.operator

        def matrix(suffix: str) -> Any:
            return dgl.sparse.from_csr(
                *(problem.tensor(part + suffix) for part in ("indptr", "column", "values")), size
            )

        def whole(found: Any) -> dict[str, Tensor]:
            return compared.entries(*found.coo(), found.val, size[1])

        def turned(left: Any) -> Any:
            found = left.T
            indptr, column, entry = found.csr()
            return dgl.sparse.from_csr(indptr, column, found.val if entry is None else found.val[entry], size)

        if name == "coalesce":
            row, column, values = (problem.tensor(part) for part in ("row", "column", "values"))
            call = lambda: dgl.sparse.from_coo(row, column, values, size).coalesce()  # noqa: E731
            return without_gradient(call, "dgl.sparse", whole)
        return without_gradient(matrix_call(problem, matrix, turned), "dgl.sparse", whole)

    @prepares("knn", "radius")
    def _neighbors(self, problem: Problem) -> Prepared:
        points, sizes, k = problem.tensor("points"), problem.arrays["lengths"].tolist(), int(problem.arrays["count"])
        if problem.case.operator == "radius" and len(sizes) > 1:
            raise UnsupportedError("dgl.radius_graph: one cloud only")
        r = float(problem.arrays["radius"])
        calls: dict[str, Callable[[], Any]] = {
            "knn": lambda: dgl.segmented_knn_graph(points, k, sizes, algorithm="kd-tree", exclude_self=True),
            "radius": lambda: dgl.radius_graph(points, r),
        }
        results = lambda found: compared.neighbors(points, *found.edges())  # noqa: E731
        route = {"knn": "dgl.segmented_knn_graph, kd-tree", "radius": "dgl.radius_graph"}
        return without_gradient(calls[problem.case.operator], route[problem.case.operator], results)

    @prepares("farthest_points")
    def _farthest(self, problem: Problem) -> Prepared:
        import dgl.geometry  # type: ignore[import-not-found]

        points, count = problem.tensor("points"), int(problem.arrays["chosen"])
        if len(problem.arrays["lengths"]) > 1:
            raise UnsupportedError("dgl.geometry.farthest_point_sampler: clouds of one size only")
        call = lambda: dgl.geometry.farthest_point_sampler(points[None], count, start_idx=0)[0]  # noqa: E731
        results = lambda row: compared.spread(points, row)  # noqa: E731
        return without_gradient(call, "dgl.geometry.farthest_point_sampler", results)
