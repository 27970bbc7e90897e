"""weft's operators and layers, with every fallback an error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

import weft
from benchmarks.graphs import EdgeList
from weft import ops

from .cases import LAYERS, Case, cotangent, head_sizes
from .library import Library, Prepared, UnsupportedError, leaf, set_parameters

GATV2 = weft.formula(
    lambda source, target, edge, shared: (
        source["z"],
        (torch.nn.functional.leaky_relu(source["z"] + target["z"], 0.2) * shared["a"]).sum(-1),
    )
)


class Weft(Library):
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
        """Run the case with fallbacks forbidden and name the operators that ran.

        Raises:
            weft.errors.NativeLibraryError: if an operator has no native kernel for this case.
            RuntimeError: if no operator of weft ran at all.
        """
        with ops.using("native"), torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as watch:
            out = prepared.call()
            gradient = torch.from_numpy(cotangent(tuple(out.shape)))
            torch.autograd.grad(out, prepared.leaves, gradient)
        names = {event.name.split("::")[1] for event in watch.events() if event.name.startswith("weft::")}
        if not names:
            raise RuntimeError(f"{prepared.route}: expected an operator of weft to run, but none did")
        return "native " + ", ".join(sorted(names))

    def prepare(self, case: Case, arrays: dict[str, np.ndarray]) -> Prepared:
        """Build the call of a case."""
        if case.operator in ("gatv2", "rgcn"):
            return self._composed(case, arrays)
        if case.operator in LAYERS:
            return self._layer(case, arrays)
        rows, x = self.rows, leaf(arrays["score" if case.operator == "edge_softmax" else "x"])
        simple: dict[str, Callable[[], Tensor]] = {
            "copy_sum": lambda: ops.spmm(rows, x),
            "mean": lambda: ops.spmm(rows, x, None, "mean"),
            "max": lambda: ops.spmm(rows, x, None, "max"),
            "edge_softmax": lambda: ops.edge_softmax(rows, x),
        }
        if case.operator in simple:
            return Prepared(simple[case.operator], [x], ("score",) if case.width == 0 else ("x",), "weft.ops")
        if case.operator == "weighted_sum":
            weight = leaf(arrays["weight"])
            return Prepared(lambda: ops.spmm(rows, x, weight), [x, weight], ("x", "weight"), "weft.ops")
        if case.operator == "segment_sum":
            indptr = torch.from_numpy(np.append(0, np.cumsum(arrays["lengths"])))
            return Prepared(lambda: ops.segment_reduce(indptr, x), [x], ("x",), "weft.ops")
        y = leaf(arrays["y"])
        if case.operator == "dot":
            return Prepared(lambda: ops.sddmm(rows, y, x), [x, y], ("x", "y"), "weft.ops")
        if case.operator == "add":
            return Prepared(lambda: ops.sddmm(rows, y, x, "add"), [x, y], ("x", "y"), "weft.ops")
        raise UnsupportedError(f"weft: no {case.operator}")

    def _composed(self, case: Case, arrays: dict[str, np.ndarray]) -> Prepared:
        """Layers that weft has no class for yet, of a formula and of an operator."""
        graph, x = self.adjacency, leaf(arrays["x"])
        if case.operator == "rgcn":
            matrices, bias = leaf(arrays["matrices"]), leaf(arrays["bias"])
            relation = torch.from_numpy(arrays["relation"]).to(self.rows.source.dtype)
            call: Callable[[], Tensor] = lambda: ops.relational_matmul(self.rows, x, matrices, relation) + bias  # noqa: E731
            return Prepared(call, [x, matrices, bias], ("x",), "weft.ops.relational_matmul")
        heads, each = head_sizes(case.width)
        matrix, other, score = (leaf(arrays[name]) for name in ("matrix", "other", "score"))

        def attend() -> Tensor:
            left, right = ((x @ m.T).unflatten(1, (heads, each)) for m in (matrix, other))
            shared = {"a": score.squeeze(0)}
            out = weft.aggregate(graph, GATV2, source={"z": left}, target={"z": right}, shared=shared, reduce="softmax")
            return out.flatten(1)

        return Prepared(attend, [x, matrix, other, score], ("x",), "weft.aggregate of a formula")

    def _layer(self, case: Case, arrays: dict[str, np.ndarray]) -> Prepared:
        x, width, graph = leaf(arrays["x"]), case.width, self.adjacency
        bias, matrix = arrays["bias"], arrays["matrix"]
        if case.operator == "gcn":
            layer: torch.nn.Module = weft.nn.GraphConv(width, width)
            values = {"weight": matrix.T, "bias": bias}
        elif case.operator == "sage":
            layer = weft.nn.SAGEConv(width, width)
            values = {"fc_neigh.weight": matrix, "fc_self.weight": arrays["root"], "fc_self.bias": bias}
        else:
            heads, each = head_sizes(width)
            layer = weft.nn.GATConv(width, each, heads)
            attention = {"attn_l": arrays["from_source"], "attn_r": arrays["from_target"]}
            values = {"fc.weight": matrix, "bias": bias, **attention}
        parameters = set_parameters(layer, values)
        return Prepared(lambda: layer(graph, x), [x, *parameters], ("x",), f"weft.nn.{type(layer).__name__}")
