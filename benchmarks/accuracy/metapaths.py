"""Classification of one node type of a typed graph, over metapaths that begin and end at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import torch
from torch import Tensor, nn
from torch.nn import functional

import weft
from weft.graph import EdgeType, metapath_graph

from .nodes import folder_of, read_features, read_splits
from .protocol import Protocol
from .sparse import SparseRows
from .training import Labelled, Task


@dataclass(frozen=True, kw_only=True)
class MetapathData(Labelled):
    """Graphs of walks between nodes of one type, as edge types of one graph, with features, labels and splits."""

    node_type: str
    graph: weft.Graph
    features: SparseRows


class MetapathTask(Task[MetapathData]):
    """All nodes of the type at once."""

    def __init__(self, data: MetapathData, protocol: Protocol) -> None:
        super().__init__(data, protocol)
        self.x = data.features.scaled(protocol.features).features()

    def build(self) -> nn.Module:
        """Make the model with new weights."""
        data, protocol = self.data, self.protocol
        sizes = data.features.num_columns, *protocol.widths, data.num_classes
        return protocol.model(*sizes, edge_types=data.graph.edge_types, **protocol.options)

    def logits(self, model: nn.Module, ids: Tensor) -> Tensor:
        """Compute those of all nodes, and take some."""
        x = functional.dropout(self.x, self.protocol.input_dropout, model.training)
        logits: Tensor = model(self.data.graph, x)
        return logits[ids]


def read_metapaths(folder: Path, name: str, node_type: str, *, through: Sequence[str], split: str) -> MetapathData:
    """Read `folder/name` and walk from the nodes of a type to others and back.

    Args:
        through: the node types in the middle, one for each metapath.
        split: the file of the splits.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if splits overlap or hold a node without a label.
    """
    path = folder_of(folder, name)
    labels = torch.from_numpy(np.load(path / f"labels_{node_type}.npy").astype(np.int64))
    everything = np.ones(len(labels), dtype=bool)
    edges: dict[EdgeType, tuple[Tensor, Tensor]] = {}
    for middle in through:
        read = parquet.read_table(path / f"edges__{node_type}__to__{middle}.parquet")
        one, other = (torch.from_numpy(read[end].to_numpy().astype(np.int64)) for end in ("src", "dst"))
        there = weft.Graph(
            {(node_type, "to", middle): (one, other), (middle, "from", node_type): (other, one)},
            num_nodes={node_type: len(labels), middle: int(other.max()) + 1},
        )
        walks = metapath_graph(there, ["to", "from"], relation=middle).graph.adjacency
        edges[node_type, middle, node_type] = walks.source, walks.target
    return MetapathData(
        name=name,
        labels=labels,
        splits=read_splits(path, everything, split),
        node_type=node_type,
        graph=weft.Graph(edges, num_nodes={node_type: len(labels)}),
        features=read_features(path / f"features_{node_type}.npz", everything),
    )
