"""Entity classification: a graph of typed edges whose nodes have labels and no features."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import torch
from torch import Tensor, nn

import weft

from .nodes import folder_of
from .training import Labelled, Split, Task


@dataclass(frozen=True, kw_only=True)
class EntityData(Labelled):
    """A graph with every edge in both directions, the way back as a type of its own, labels and one split."""

    graph: weft.Graph
    edge_type: Tensor
    num_types: int


class EntityTask(Task[EntityData]):
    """All nodes of one graph at once; the model is made for its edges, since ids are all that it knows of nodes."""

    def build(self) -> nn.Module:
        """Make the model with new weights."""
        data, protocol = self.data, self.protocol
        sizes = data.graph.nodes.count, *protocol.widths, data.num_classes
        return protocol.model(*sizes, edges=(data.graph, data.edge_type, data.num_types), **protocol.options)

    def logits(self, model: nn.Module, ids: Tensor) -> Tensor:
        """Compute those of all nodes, and take some."""
        logits: Tensor = model()
        return logits[ids]


def read_entities(folder: Path, name: str) -> EntityData:
    """Read `folder/name`; its split has no validation part.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if the split overlaps or holds a node without a label.
    """
    path = folder_of(folder, name)
    edges = parquet.read_table(path / "edges.parquet")
    source, target, edge_type = (
        torch.from_numpy(edges[column].to_numpy().astype(np.int64)) for column in ("src", "dst", "type")
    )
    labels = torch.from_numpy(np.load(path / "labels.npy").astype(np.int64))
    num_types = int(edge_type.max()) + 1
    ends = torch.cat([source, target]), torch.cat([target, source])
    train, test = (torch.from_numpy(np.flatnonzero(np.load(path / f"{part}_mask.npy"))) for part in ("train", "test"))
    return EntityData(
        name=name,
        labels=labels,
        splits=(Split(train, torch.empty(0, dtype=torch.int64), test),),
        graph=weft.Graph(*ends, num_nodes=len(labels)),
        edge_type=torch.cat([edge_type, edge_type + num_types]),
        num_types=2 * num_types,
    )
