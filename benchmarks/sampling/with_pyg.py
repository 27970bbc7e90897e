"""Cases drawn by PyG with torch-sparse, and walks with torch-cluster where it is installed."""

from __future__ import annotations

import importlib.util
from typing import Any

import torch

from benchmarks.serving import UnsupportedError

from .cases import FIRST, Case, Question, Walks, typed_edges, typed_nodes
from .library import Drawer, Library


class Pyg(Library):
    """`torch_geometric.sampler`, which draws one graph for all layers."""

    packages = ("torch_geometric", "torch_sparse", "torch_cluster")

    def neighbors(self, case: Case) -> Drawer:
        """Use NeighborSampler."""
        from torch_geometric.sampler import NeighborSampler, NodeSamplerInput

        if case.kind in ("temporal", "weighted"):
            raise UnsupportedError(f"PyG draws {case.kind} neighbours with pyg-lib only")
        if case.form != "graph":
            raise UnsupportedError("PyG draws one graph for all layers")
        is_typed = case.kind == "typed"
        data = self.keep(case.kind, self._typed if is_typed else self._plain)
        sampler = NeighborSampler(data, list(case.fanouts))
        kind = FIRST if is_typed else None
        return Drawer(
            lambda question, batch: sampler.sample_from_nodes(NodeSamplerInput(None, question.ids, input_type=kind)),
            _edges,
        )

    def links(self, case: Case) -> Drawer:
        """Nothing."""
        raise UnsupportedError("PyG leaves no links out of what it draws")

    def walks(self, case: Walks) -> Drawer:
        """Call torch-cluster's operator on pointers that are made once; at a dead end it stays, which counts as no step."""
        if importlib.util.find_spec("torch_cluster") is None:
            raise UnsupportedError("PyG walks with torch-cluster, which is not installed")
        if case.stop or case.weighted or case.metapath:
            raise UnsupportedError("torch-cluster's walks know no stops, weights or types")
        import torch_cluster

        assert torch_cluster.random_walk, "importing it registers the operator"
        pointers, ends = self.keep("walks", self._by_source)

        def draw(question: Question, batch: int) -> Any:
            walk = torch.ops.torch_cluster.random_walk
            return walk(pointers, ends, question.ids, case.length, case.p, case.q)

        return Drawer(draw, lambda found: int((found[1] >= 0).sum()))

    def _plain(self) -> Any:
        from torch_geometric.data import Data

        ends = torch.from_numpy(self.edges.source).long(), torch.from_numpy(self.edges.target).long()
        return Data(edge_index=torch.stack(ends), num_nodes=self.edges.num_nodes)

    def _typed(self) -> Any:
        from torch_geometric.data import HeteroData

        data = HeteroData()
        for name, count in typed_nodes(self.edges).items():
            data[name].num_nodes = count
        for relation, ends in typed_edges(self.edges).items():
            data[relation].edge_index = torch.stack(ends)
        return data

    def _by_source(self) -> Any:
        source, target = torch.from_numpy(self.edges.source), torch.from_numpy(self.edges.target)
        pointers = torch.zeros(self.edges.num_nodes + 1, dtype=torch.int64)
        torch.cumsum(torch.bincount(source, minlength=self.edges.num_nodes), 0, out=pointers[1:])
        return pointers, target[source.argsort(stable=True)].contiguous()


def _edges(found: Any) -> int:
    rows = found.row.values() if isinstance(found.row, dict) else [found.row]
    return sum(row.numel() for row in rows if row is not None)
