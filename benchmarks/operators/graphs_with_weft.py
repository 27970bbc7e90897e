"""weft's graphs: building, changing, selecting, batching."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import weft
from weft import graph as graphs
from weft.graph import algorithms

from . import compared
from .families.graphs import DAMPING, HOPS, ROUNDS
from .library import Prepared, Problem, pieces, prepares, ranks, without_gradient


class WeftGraphs:
    """What weft does with graphs; `adjacency` has both compressions already."""

    adjacency: weft.Adjacency

    @prepares("build", "build_symmetric", "to_bidirected", "simplify")
    def _edges(self, problem: Problem) -> Prepared:
        graph, count, name = weft.Graph(self.adjacency), self.adjacency.num_sources, problem.case.operator
        source, target = problem.tensor("source"), problem.tensor("target")

        def build() -> weft.Graph:
            made = weft.Graph(source, target, count)
            _ = made.adjacency.by_source
            return made

        calls: dict[str, Callable[[], weft.Graph]] = {
            "build": build,
            "build_symmetric": build,
            "to_bidirected": lambda: graphs.to_bidirected(graph),
            "simplify": lambda: graphs.simplify(graph).graph,
        }
        results = lambda found: compared.edges(found.adjacency.source, found.adjacency.target, count)  # noqa: E731
        return without_gradient(calls[name], f"weft.graph: {name}", results)

    @prepares("node_subgraph", "khop_subgraph")
    def _parts(self, problem: Problem) -> Prepared:
        graph, nodes, seeds = weft.Graph(self.adjacency), problem.tensor("nodes"), problem.tensor("seeds")
        calls: dict[str, Callable[[], graphs.Subgraph]] = {
            "node_subgraph": lambda: graphs.node_subgraph(graph, nodes),
            "khop_subgraph": lambda: graphs.khop_subgraph(graph, seeds, HOPS),
        }
        results = lambda found: compared.size(found.graph.num_nodes, found.graph.num_edges)  # noqa: E731
        return without_gradient(calls[problem.case.operator], f"weft.graph: {problem.case.operator}", results)

    @prepares("components", "pagerank")
    def _algorithms(self, problem: Problem) -> Prepared:
        graph = weft.Graph(self.adjacency)
        if problem.case.operator == "components":
            call: Callable[[], Any] = lambda: algorithms.connected_components(graph)  # noqa: E731
            return without_gradient(
                call, "weft.graph.algorithms: components", lambda found: compared.groups(found.group)
            )
        call = lambda: algorithms.pagerank(graph, damping=DAMPING, max_iterations=ROUNDS, tolerance=0)  # noqa: E731
        return without_gradient(call, "weft.graph.algorithms: pagerank", ranks)

    @prepares("batch", "unbatch")
    def _batches(self, problem: Problem) -> Prepared:
        parts = []
        for part in pieces(problem):
            graph = weft.Graph(part["source"], part["target"], part["size"])
            graph.nodes["x"], graph.edges["w"] = part["x"], part["w"]
            parts.append(graph)
        if problem.case.operator == "batch":
            results = lambda found: compared.edges(found.adjacency.source, found.adjacency.target, found.num_nodes)  # noqa: E731
            return without_gradient(lambda: weft.batch(parts), "weft.graph: batch", results)
        whole = weft.batch(parts)

        def last(found: list[weft.Graph]) -> dict[str, Any]:
            edges = found[-1].adjacency
            return compared.edges(edges.source, edges.target, found[-1].num_nodes)

        return without_gradient(lambda: weft.unbatch(whole), "weft.graph: unbatch", last)
