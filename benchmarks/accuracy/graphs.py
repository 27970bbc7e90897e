"""Graph classification: nodes and edges of all graphs in two Parquet files, graph after graph."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import torch
from torch import Tensor, nn

import weft
from weft.graph import batch, slice_batch

from .nodes import folder_of, read_splits
from .protocol import Protocol
from .training import Labelled, Task


@dataclass(frozen=True, kw_only=True)
class GraphData(Labelled):
    """A batch of undirected graphs (every edge in both directions) with features `x`, labels and splits."""

    graphs: weft.Graph

    @property
    def num_features(self) -> int:
        """Count the features of a node."""
        return int(self.graphs.nodes["x"].shape[1])


class GraphTask(Task[GraphData]):
    """Some graphs at once; those of a part that is looked at again and again are put together once."""

    def __init__(self, data: GraphData, protocol: Protocol) -> None:
        super().__init__(data, protocol)
        self._kept = lru_cache(maxsize=4)(lambda ids: slice_batch(data.graphs, torch.tensor(ids)))

    def build(self) -> nn.Module:
        """Make the model with new weights."""
        return self.protocol.build(self.data.num_features, self.data.num_classes)

    def logits(self, model: nn.Module, ids: Tensor) -> Tensor:
        """Compute those of some graphs."""
        graphs = slice_batch(self.data.graphs, ids) if model.training else self._kept(tuple(ids.tolist()))
        logits: Tensor = model(graphs, graphs.nodes["x"])
        return logits


def read_graphs(folder: Path, name: str, *, attributes: bool = False) -> GraphData:
    """Read `folder/name`: features are one-hot labels of nodes, or their degrees where there are none.

    Args:
        attributes: adds the attributes of nodes to the features.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if the splits of the folder overlap.
    """
    path = folder_of(folder, name)
    nodes, edges, table = (parquet.read_table(path / f"{part}.parquet") for part in ("nodes", "edges", "graphs"))
    starts = np.append(table["node_start"].to_numpy(), len(nodes))
    edge_starts = np.append(table["edge_start"].to_numpy(), len(edges))
    ends = np.stack([edges[end].to_numpy().astype(np.int64) for end in ("src", "dst")])
    x = _features(nodes, np.bincount(ends.ravel(), minlength=len(nodes)), attributes=attributes)
    graphs = []
    for (begin, end), its_edges in zip(pairwise(starts), pairwise(edge_starts), strict=True):
        one, other = torch.from_numpy(ends[:, slice(*its_edges)] - begin)
        graph = weft.Graph(torch.cat([one, other]), torch.cat([other, one]), num_nodes=int(end - begin))
        graph.nodes["x"] = x[begin:end]
        graphs.append(graph)
    labels = torch.from_numpy(table["label"].to_numpy().astype(np.int64))
    splits = read_splits(path, np.ones(len(labels), dtype=bool))
    return GraphData(name=name, labels=labels, splits=splits, graphs=batch(graphs))


def _features(nodes: parquet.Table, degree: np.ndarray, *, attributes: bool) -> Tensor:
    parts = []
    if "label" in nodes.column_names:
        _, label = np.unique(nodes["label"].to_numpy(), return_inverse=True)
        parts.append(np.eye(label.max() + 1, dtype=np.float32)[label])
    if attributes:
        names = [name for name in nodes.column_names if name.startswith("attr_")]
        parts.append(np.stack([nodes[name].to_numpy().astype(np.float32) for name in names], 1))
    return torch.from_numpy(np.concatenate(parts or [degree[:, None].astype(np.float32)], 1))
