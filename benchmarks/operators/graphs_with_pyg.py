"""PyG's graphs: building, changing, selecting, batching."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch_geometric import utils  # type: ignore[import-not-found]
from torch_geometric.data import Batch, Data  # type: ignore[import-not-found]

from . import compared
from .families.graphs import HOPS
from .library import Prepared, Problem, pagerank_rounds, pieces, prepares, ranks, without_gradient


class PygGraphs:
    """What PyG does with an edge index; `adjacency` is built beforehand, transposed."""

    edge_index: Tensor
    num_nodes: int
    adjacency: Any

    def _adjacency(self, values: Tensor | None) -> Any:
        raise NotImplementedError("the library builds it")

    @prepares("build", "to_bidirected", "simplify")
    def _edges(self, problem: Problem) -> Prepared:
        index, count, name = self.edge_index, self.num_nodes, problem.case.operator
        if name == "build":
            results = lambda found: compared.edges(found.storage.col(), found.storage.row(), count)  # noqa: E731
            return without_gradient(lambda: self._adjacency(None), "SparseTensor with its caches", results)
        calls: dict[str, Callable[[], Tensor]] = {
            "to_bidirected": lambda: utils.to_undirected(index, num_nodes=count),
            "simplify": lambda: utils.coalesce(index, torch.ones(index.shape[1]), count)[0],
        }
        route = {"to_bidirected": "utils.to_undirected", "simplify": "utils.coalesce"}
        return without_gradient(calls[name], route[name], lambda found: compared.edges(*found, count))

    @prepares("node_subgraph", "khop_subgraph")
    def _parts(self, problem: Problem) -> Prepared:
        index, count, nodes, seeds = self.edge_index, self.num_nodes, problem.tensor("nodes"), problem.tensor("seeds")
        if problem.case.operator == "node_subgraph":
            call = lambda: utils.subgraph(nodes, index, relabel_nodes=True, num_nodes=count)  # noqa: E731
            results = lambda found: compared.size(len(nodes), found[0].shape[1])  # noqa: E731
            return without_gradient(call, "utils.subgraph", results)
        call = lambda: utils.k_hop_subgraph(seeds, HOPS, index, relabel_nodes=True, num_nodes=count)  # noqa: E731
        results = lambda found: compared.size(len(found[0]), found[1].shape[1])  # noqa: E731
        return without_gradient(call, "utils.k_hop_subgraph", results)

    @prepares("pagerank")
    def _pagerank(self, problem: Problem) -> Prepared:
        degree = torch.bincount(self.edge_index[0], minlength=self.num_nodes)
        rank = pagerank_rounds(degree, lambda sent: utils.spmm(self.adjacency, sent[:, None], "sum")[:, 0])
        return without_gradient(rank, "utils.spmm", ranks)

    @prepares("batch", "unbatch")
    def _batches(self, problem: Problem) -> Prepared:
        graphs = [
            Data(
                x=part["x"],
                edge_index=torch.stack([part["source"], part["target"]]),
                edge_attr=part["w"],
                num_nodes=part["size"],
            )
            for part in pieces(problem)
        ]
        if problem.case.operator == "batch":
            results = lambda found: compared.edges(*found.edge_index, found.num_nodes)  # noqa: E731
            return without_gradient(lambda: Batch.from_data_list(graphs), "Batch.from_data_list", results)
        whole = Batch.from_data_list(graphs)
        return without_gradient(
            whole.to_data_list,
            "Batch.to_data_list",
            lambda found: compared.edges(*found[-1].edge_index, found[-1].num_nodes),
        )
