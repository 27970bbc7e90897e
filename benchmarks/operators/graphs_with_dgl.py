"""DGL's graphs: building, changing, selecting, batching."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import compared
from .families.graphs import HOPS
from .library import Prepared, Problem, pagerank_rounds, pieces, prepares, ranks, without_gradient


class DglGraphs:
    """What DGL does with graphs of int32 ids; `graph` has every format already."""

    graph: Any

    @prepares("build", "build_symmetric", "to_bidirected", "simplify")
    def _edges(self, problem: Problem) -> Prepared:
        import dgl  # type: ignore[import-not-found]

        graph, count = self.graph, self.graph.num_nodes()
        ends = problem.tensor("source"), problem.tensor("target")

        def build() -> Any:
            made = dgl.graph(ends, num_nodes=count)
            made.create_formats_()
            return made

        calls: dict[str, Callable[[], Any]] = {
            "build": build,
            "build_symmetric": build,
            "to_bidirected": lambda: dgl.to_bidirected(graph),
            "simplify": lambda: dgl.to_simple(graph, return_counts="count"),
        }
        name = problem.case.operator
        built = "dgl.graph and create_formats_"
        routes = {"build": built, "build_symmetric": built, "simplify": "dgl.to_simple"}
        route = routes.get(name, f"dgl.{name}")
        return without_gradient(calls[name], route, lambda found: compared.edges(*found.edges(), count))

    @prepares("node_subgraph", "khop_subgraph")
    def _parts(self, problem: Problem) -> Prepared:
        import dgl

        graph, nodes, seeds = self.graph, problem.tensor("nodes").int(), problem.tensor("seeds").int()
        results = lambda found: compared.size(found.num_nodes(), found.num_edges())  # noqa: E731
        if problem.case.operator == "node_subgraph":
            return without_gradient(lambda: dgl.node_subgraph(graph, nodes), "dgl.node_subgraph", results)
        return without_gradient(lambda: dgl.khop_in_subgraph(graph, seeds, HOPS)[0], "dgl.khop_in_subgraph", results)

    @prepares("pagerank")
    def _pagerank(self, problem: Problem) -> Prepared:
        import dgl

        rank = pagerank_rounds(self.graph.out_degrees(), lambda sent: dgl.ops.copy_u_sum(self.graph, sent))
        return without_gradient(rank, "dgl.ops.copy_u_sum", ranks)

    @prepares("batch", "unbatch")
    def _batches(self, problem: Problem) -> Prepared:
        import dgl

        graphs = []
        for part in pieces(problem):
            graph = dgl.graph((part["source"], part["target"]), num_nodes=part["size"])
            graph.ndata["x"], graph.edata["w"] = part["x"], part["w"]
            graphs.append(graph)
        if problem.case.operator == "batch":
            results = lambda found: compared.edges(*found.edges(), found.num_nodes())  # noqa: E731
            return without_gradient(lambda: dgl.batch(graphs), "dgl.batch", results)
        whole = dgl.batch(graphs)
        return without_gradient(
            lambda: dgl.unbatch(whole),
            "dgl.unbatch",
            lambda found: compared.edges(*found[-1].edges(), found[-1].num_nodes()),
        )
