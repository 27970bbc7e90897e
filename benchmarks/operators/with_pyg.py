"""PyG's operators and layers, on torch-sparse and torch-scatter where they are installed."""

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

from .cases import LAYERS, NUM_RELATIONS, Case, head_sizes
from .library import Library, Prepared, UnsupportedError, leaf, set_parameters

HAS_SPARSE = importlib.util.find_spec("torch_sparse") is not None
HAS_SCATTER = importlib.util.find_spec("torch_scatter") is not None


class Pyg(Library):
    """PyG with the adjacency in its fastest form: SparseTensor, or without torch-sparse a torch CSR matrix."""

    def versions(self) -> dict[str, str]:
        """Give the versions of PyG, its extensions and torch."""
        found = {"torch_geometric": torch_geometric.__version__, "torch": torch.__version__}
        for name in ("torch_sparse", "torch_scatter"):
            there = importlib.util.find_spec(name) is not None
            found[name] = importlib.import_module(name).__version__ if there else "absent"
        return found

    def load(self, edges: EdgeList) -> None:
        """Build the edge index and the transposed adjacency."""
        self.num_nodes = edges.num_nodes
        self.source, self.target = (torch.from_numpy(end).contiguous() for end in (edges.source, edges.target))
        self.edge_index = torch.stack([self.source, self.target])
        self.order = torch.from_numpy(np.lexsort((edges.source, edges.target)))
        out_degree, in_degree = (
            torch.bincount(end, minlength=edges.num_nodes).clamp(min=1).float() for end in (self.source, self.target)
        )
        self.norm = out_degree.rsqrt()[self.source] * in_degree.rsqrt()[self.target]
        self.adjacency = self._adjacency(None)

    def _adjacency(self, values: Tensor | None) -> Any:
        size = (self.num_nodes, self.num_nodes)
        if HAS_SPARSE:
            from torch_sparse import SparseTensor  # type: ignore[import-not-found]

            built = SparseTensor(row=self.target, col=self.source, value=values, sparse_sizes=size)
            return built.fill_cache_()
        values = torch.ones(len(self.source)) if values is None else values
        degree = torch.bincount(self.target, minlength=self.num_nodes)
        indptr = torch.cat([torch.zeros(1, dtype=torch.int64), degree.cumsum(0)])
        return torch.sparse_csr_tensor(indptr, self.source[self.order], values[self.order], size)

    def prepare(self, case: Case, arrays: dict[str, np.ndarray]) -> Prepared:
        """Build the call of a case."""
        if case.operator in LAYERS:
            return self._layer(case, arrays)
        x = leaf(arrays["score" if case.operator == "edge_softmax" else "x"])
        extra = "torch_scatter" if HAS_SCATTER else "plain torch"
        if case.operator in ("copy_sum", "mean", "max"):
            reduce = {"copy_sum": "sum"}.get(case.operator, case.operator)
            adjacency = self.adjacency
            route = "utils.spmm on " + ("torch_sparse" if HAS_SPARSE else "torch CSR")
            return Prepared(lambda: utils.spmm(adjacency, x, reduce), [x], ("x",), route)
        if case.operator == "weighted_sum":
            return self._weighted_sum(arrays, x)
        if case.operator == "segment_sum":
            indptr = torch.from_numpy(np.append(0, np.cumsum(arrays["lengths"])))
            return Prepared(lambda: utils.segment(x, indptr, "sum"), [x], ("x",), f"utils.segment on {extra}")
        source, target = self.source, self.target
        if case.operator == "edge_softmax":
            call: Callable[[], Tensor] = lambda: utils.softmax(x, target, num_nodes=self.num_nodes)  # noqa: E731
            return Prepared(call, [x], ("score",), f"utils.softmax on {extra}")
        y = leaf(arrays["y"])
        on_edges: dict[str, Callable[[], Tensor]] = {
            "dot": lambda: (x.index_select(0, source) * y.index_select(0, target)).sum(-1),
            "add": lambda: x.index_select(0, source) + y.index_select(0, target),
        }
        if case.operator in on_edges:
            return Prepared(on_edges[case.operator], [x, y], ("x", "y"), "index_select")
        raise UnsupportedError(f"pyg: no {case.operator}")

    def _weighted_sum(self, arrays: dict[str, np.ndarray], x: Tensor) -> Prepared:
        weight = torch.from_numpy(arrays["weight"])
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

    def _layer(self, case: Case, arrays: dict[str, np.ndarray]) -> Prepared:
        x, width, structure = leaf(arrays["x"]), case.width, self.adjacency
        bias, matrix = arrays.get("bias"), arrays.get("matrix")
        if case.operator == "rgcn":
            return self._relations(arrays, x, width)
        if case.operator == "gcn":
            layer: torch.nn.Module = layers.GCNConv(width, width, normalize=False)
            values = {"lin.weight": matrix, "bias": bias}
            structure = self._adjacency(self.norm)
        elif case.operator == "sage":
            layer = layers.SAGEConv(width, width, aggr="mean")
            values = {"lin_l.weight": matrix, "lin_l.bias": bias, "lin_r.weight": arrays["root"]}
        elif case.operator == "gatv2":
            heads, each = head_sizes(width)
            layer = layers.GATv2Conv(width, each, heads, add_self_loops=False, bias=False)
            values = {"lin_l.weight": matrix, "lin_r.weight": arrays["other"], "att": arrays["score"]}
            structure = structure if HAS_SPARSE else self.edge_index
        else:
            heads, each = head_sizes(width)
            layer = layers.GATConv(width, each, heads, add_self_loops=False)
            attention = {"att_src": arrays["from_source"], "att_dst": arrays["from_target"]}
            values = {"lin.weight": matrix, "bias": bias, **attention}
            structure = structure if HAS_SPARSE else self.edge_index
        parameters = set_parameters(layer, values)
        kind = "edge_index" if structure is self.edge_index else "SparseTensor" if HAS_SPARSE else "torch CSR"
        route = f"nn.{type(layer).__name__} on {kind}" + (", normalised beforehand" if case.operator == "gcn" else "")
        return Prepared(lambda: layer(x, structure), [x, *parameters], ("x",), route)

    def _relations(self, arrays: dict[str, np.ndarray], x: Tensor, width: int) -> Prepared:
        layer = layers.RGCNConv(width, width, NUM_RELATIONS, aggr="add", root_weight=False)
        parameters = set_parameters(layer, {"weight": arrays["matrices"], "bias": arrays["bias"]})
        kinds, structure = torch.from_numpy(arrays["relation"]), self.edge_index
        if HAS_SPARSE:
            structure = self._adjacency(kinds)
        kind = "SparseTensor" if HAS_SPARSE else "edge_index"
        call: Callable[[], Tensor] = lambda: layer(x, structure, None if HAS_SPARSE else kinds)  # noqa: E731
        return Prepared(call, [x, *parameters], ("x",), f"nn.RGCNConv on {kind}")
