"""DGL's operators and layers."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from benchmarks.graphs import EdgeList

from .cases import LAYERS, NUM_RELATIONS, Case, head_sizes
from .library import Library, Prepared, UnsupportedError, leaf, set_parameters

os.environ.setdefault("DGLBACKEND", "pytorch")
import dgl  # type: ignore[import-not-found]
import dgl.nn.pytorch as layers  # type: ignore[import-not-found]


class Dgl(Library):
    """DGL with int32 ids and every sparse format built beforehand."""

    def versions(self) -> dict[str, str]:
        """Give the versions of dgl and torch."""
        return {"dgl": dgl.__version__, "torch": torch.__version__}

    def load(self, edges: EdgeList) -> None:
        """Build the graph and its formats."""
        ends = tuple(torch.from_numpy(end.astype(np.int32)) for end in (edges.source, edges.target))
        self.graph = dgl.graph(ends, num_nodes=edges.num_nodes, idtype=torch.int32)
        self.graph.create_formats_()

    def prepare(self, case: Case, arrays: dict[str, np.ndarray]) -> Prepared:
        """Build the call of a case."""
        graph, ops = self.graph, dgl.ops
        if case.operator in LAYERS:
            return self._layer(case, arrays)
        x = leaf(arrays["score" if case.operator == "edge_softmax" else "x"])
        simple: dict[str, Callable[[], Tensor]] = {
            "copy_sum": lambda: ops.copy_u_sum(graph, x),
            "mean": lambda: ops.copy_u_mean(graph, x),
            "max": lambda: self._max(x),
            "edge_softmax": lambda: ops.edge_softmax(graph, x),
        }
        if case.operator in simple:
            return Prepared(simple[case.operator], [x], ("score",) if case.width == 0 else ("x",), "dgl.ops")
        if case.operator == "weighted_sum":
            weight = leaf(arrays["weight"])
            column = weight.detach().unsqueeze(1).requires_grad_()
            restore = {"weight": lambda grad: grad.squeeze(1)}
            return Prepared(lambda: ops.u_mul_e_sum(graph, x, column), [x, column], ("x", "weight"), "dgl.ops", restore)
        if case.operator == "segment_sum":
            lengths = torch.from_numpy(arrays["lengths"])
            return Prepared(lambda: ops.segment_reduce(lengths, x, "sum"), [x], ("x",), "dgl.ops")
        y = leaf(arrays["y"])
        if case.operator == "dot":
            return Prepared(lambda: ops.u_dot_v(graph, x, y).squeeze(-1), [x, y], ("x", "y"), "dgl.ops")
        if case.operator == "add":
            return Prepared(lambda: ops.u_add_v(graph, x, y), [x, y], ("x", "y"), "dgl.ops")
        raise UnsupportedError(f"dgl: no {case.operator}")

    def _max(self, x: Tensor) -> Tensor:
        """Take the maximum by update_all; dgl.ops.copy_u_max gives -inf and a wrong gradient for isolated nodes."""
        with self.graph.local_scope():
            self.graph.srcdata["x"] = x
            self.graph.update_all(dgl.function.copy_u("x", "message"), dgl.function.max("message", "out"))
            found: Tensor = self.graph.dstdata["out"]
            return found

    def _layer(self, case: Case, arrays: dict[str, np.ndarray]) -> Prepared:
        graph, x, width = self.graph, leaf(arrays["x"]), case.width
        bias, matrix = arrays.get("bias"), arrays.get("matrix")
        if case.operator == "rgcn":
            relations = layers.RelGraphConv(width, width, NUM_RELATIONS, self_loop=False)
            parameters = set_parameters(relations, {"linear_r.W": arrays["matrices"], "h_bias": bias})
            kinds = torch.from_numpy(arrays["relation"])
            return Prepared(lambda: relations(graph, x, kinds), [x, *parameters], ("x",), "dgl.nn.RelGraphConv")
        if case.operator == "gcn":
            layer = layers.GraphConv(width, width, norm="both", allow_zero_in_degree=True)
            values = {"weight": matrix.T, "bias": bias}
        elif case.operator == "sage":
            layer = layers.SAGEConv(width, width, "mean")
            values = {"fc_neigh.weight": matrix, "fc_self.weight": arrays["root"], "fc_self.bias": bias}
        elif case.operator == "gatv2":
            heads, each = head_sizes(width)
            layer = layers.GATv2Conv(width, each, heads, bias=False, allow_zero_in_degree=True)
            values = {"fc_src.weight": matrix, "fc_dst.weight": arrays["other"], "attn": arrays["score"]}
        else:
            heads, each = head_sizes(width)
            layer = layers.GATConv(width, each, heads, allow_zero_in_degree=True)
            attention = {"attn_l": arrays["from_source"], "attn_r": arrays["from_target"]}
            values = {"fc.weight": matrix, "bias": bias, **attention}
        parameters = set_parameters(layer, values)
        route = f"dgl.nn.{type(layer).__name__}"
        return Prepared(lambda: layer(graph, x).flatten(1), [x, *parameters], ("x",), route)
