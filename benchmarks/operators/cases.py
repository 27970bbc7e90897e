"""What is timed, on which graphs, at which widths; read by the driver and by every worker."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.graphs import EdgeList, flat, rmat, uniform

NUM_HEADS = 8
NUM_RELATIONS = 8
WIDTHS = (16, 64, 100, 256)
REDUCTIONS = ("copy_sum", "weighted_sum", "mean", "max")
ON_EDGES = ("dot", "add")
LAYERS = ("gcn", "sage", "gat", "gatv2", "rgcn")
# An operator's backward is timed alone, a layer's together with the forward it follows.
PASSES = {
    **dict.fromkeys((*REDUCTIONS, *ON_EDGES, "edge_softmax", "segment_sum"), ("forward", "backward")),
    **dict.fromkeys(LAYERS, ("forward", "step")),
}
SMALL_PASSES = ("forward", "forward_with_grad")


@dataclass(frozen=True)
class Case:
    """One operator on one graph at one width; width 0 for edge_softmax, which has none."""

    operator: str
    graph: str
    width: int

    def to_json(self) -> dict[str, Any]:
        """Give the case as the workers read it."""
        return asdict(self)

    @property
    def name(self) -> str:
        """Name the case in tables and messages."""
        return f"{self.graph} {self.operator}" + (f" {self.width}" if self.width else "")

    @property
    def passes(self) -> tuple[str, ...]:
        """List what is timed."""
        return SMALL_PASSES if self.graph == "small" else PASSES[self.operator]


def graphs(*, quick: bool) -> dict[str, EdgeList]:
    """Draw the graphs: a skewed one, a flat one, and one so small that only overhead counts."""
    if quick:
        large = {"rmat": rmat(12, 2**15), "flat": flat(5_000, 10)}
    else:
        large = {"rmat": rmat(17, 2**21), "flat": flat(200_000, 10)}
    return {**large, "small": uniform(24, 50)}


def cases(graph_names: list[str], widths: tuple[int, ...], operators: tuple[str, ...]) -> list[Case]:
    """List the cases, graph by graph."""
    found = []
    for graph in graph_names:
        if graph == "small":
            found += [Case("copy_sum", graph, 16)] if "copy_sum" in operators else []
            continue
        for operator in operators:
            sizes = (0,) if operator == "edge_softmax" else widths
            found += [Case(operator, graph, width) for width in sizes]
    return found


def inputs(case: Case, edges: EdgeList) -> dict[str, np.ndarray]:
    """Draw the inputs of a case; every worker draws the same ones."""
    draw = np.random.default_rng(7)

    def normal(*shape: int, scale: float = 1.0) -> np.ndarray:
        return scale * draw.standard_normal(shape, dtype=np.float32)

    nodes, width = edges.num_nodes, case.width
    if case.operator == "edge_softmax":
        return {"score": normal(edges.num_edges, NUM_HEADS)}
    made = {"x": normal(nodes, width)}
    if case.operator == "weighted_sum":
        made["weight"] = normal(edges.num_edges)
    elif case.operator in ON_EDGES:
        made["y"] = normal(nodes, width)
    elif case.operator == "segment_sum":
        made["lengths"] = segment_lengths(nodes)
    elif case.operator in LAYERS:
        heads, each = head_sizes(width) if case.operator in ("gat", "gatv2") else (1, width)
        made["matrix"] = normal(heads * each, width, scale=width**-0.5)
        made["bias"] = normal(heads * each)
        if case.operator == "sage":
            made["root"] = normal(width, width, scale=width**-0.5)
        if case.operator == "gat":
            made["from_source"], made["from_target"] = normal(1, heads, each), normal(1, heads, each)
        if case.operator == "gatv2":
            made["other"], made["score"] = normal(heads * each, width, scale=width**-0.5), normal(1, heads, each)
            del made["bias"]
        if case.operator == "rgcn":
            made["matrices"] = normal(NUM_RELATIONS, width, width, scale=width**-0.5)
            made["relation"] = draw.integers(0, NUM_RELATIONS, edges.num_edges)
            del made["matrix"]
    return made


def head_sizes(width: int) -> tuple[int, int]:
    """Split a width over the heads; what does not fit a whole number is dropped (100 becomes 8 of 12)."""
    return NUM_HEADS, width // NUM_HEADS


def segment_lengths(num_rows: int) -> np.ndarray:
    """Cut the rows into segments of 1 to 63 rows, like the graphs of a batch."""
    draw = np.random.default_rng(11)
    ends = np.cumsum(draw.integers(1, 64, num_rows))
    ends = np.append(ends[ends < num_rows], num_rows)
    return np.diff(ends, prepend=0)


def cotangent(shape: tuple[int, ...]) -> np.ndarray:
    """Draw the gradient of an output; rows repeat with a prime period, so that a large one is drawn fast."""
    period = min(shape[0], 8191)
    block = np.random.default_rng(13).standard_normal((period, *shape[1:]), dtype=np.float32)
    return np.resize(block, shape)
