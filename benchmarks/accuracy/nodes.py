"""Node classification: Parquet edges, npz features, npy labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import torch
from torch import Tensor, nn
from torch.nn import functional

import weft

from .protocol import Protocol
from .sparse import SparseRows
from .training import Labelled, Split, Task


@dataclass(frozen=True, kw_only=True)
class NodeData(Labelled):
    """A graph with features, labels and splits; undirected (every edge in both directions, no loops) unless told otherwise."""

    source: Tensor
    target: Tensor
    features: SparseRows

    @property
    def num_nodes(self) -> int:
        """Count the nodes."""
        return len(self.labels)


class NodeTask(Task[NodeData]):
    """All nodes of one graph at once."""

    def __init__(self, data: NodeData, protocol: Protocol) -> None:
        super().__init__(data, protocol)
        loops = torch.arange(data.num_nodes if protocol.self_loops else 0)
        ends = torch.cat([data.source, loops]), torch.cat([data.target, loops])
        self.graph = weft.Graph(*ends, num_nodes=data.num_nodes)
        self.x = data.features.scaled(protocol.features).features()
        self.edge_weight: tuple[Tensor, ...] = ()
        if protocol.by_rows:
            size = torch.bincount(ends[1], minlength=data.num_nodes).clamp(min=1).rsqrt()
            self.edge_weight = (size[ends[0]] * size[ends[1]],)

    def build(self) -> nn.Module:
        """Make the model with new weights."""
        return self.protocol.build(self.data.features.num_columns, self.data.num_classes)

    def logits(self, model: nn.Module, ids: Tensor) -> Tensor:
        """Compute those of all nodes, and take some."""
        x = functional.dropout(self.x, self.protocol.input_dropout, model.training)
        logits: Tensor = model(self.graph, x, *self.edge_weight)
        return logits[ids]


def read_nodes(folder: Path, name: str, *, against: bool = False) -> NodeData:
    """Read `folder/name`, keeping the largest component where the folder marks one.

    Args:
        against: edges once each, from where the raw data say that they end to where they begin, as rows of an adjacency matrix
            add up columns.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if the splits of the folder overlap or hold a node without a label.
    """
    path = folder_of(folder, name)
    labels = np.load(path / "labels.npy").astype(np.int64)
    mask = path / "largest_component_mask.npy"
    kept = np.load(mask) if mask.exists() else np.ones(len(labels), dtype=bool)
    new_id = np.cumsum(kept) - 1
    edges = parquet.read_table(path / f"edges{'_directed' * against}.parquet", columns=["src", "dst"])
    one, other = (edges.column(end).to_numpy().astype(np.int64) for end in ("src", "dst"))
    whole = kept[one] & kept[other]
    one, other = new_id[one[whole]], new_id[other[whole]]
    return NodeData(
        name=name,
        labels=torch.from_numpy(labels[kept]),
        splits=read_splits(path, kept),
        source=torch.from_numpy(other if against else np.concatenate([one, other])),
        target=torch.from_numpy(one if against else np.concatenate([other, one])),
        features=read_features(path / "features.npz", kept),
    )


def folder_of(folder: Path, name: str) -> Path:
    """Give the folder of a data set.

    Raises:
        FileNotFoundError: if there is none.
    """
    path = folder / name
    if not path.is_dir():
        raise FileNotFoundError(f"accuracy: {path} is not there; hint: give its parent by --data or WEFT_DATA")
    return path


def read_features(path: Path, kept: np.ndarray) -> SparseRows:
    """Read the kept rows of a CSR file."""
    stored = np.load(path, allow_pickle=False)
    num_rows, num_columns = map(int, stored["shape"])
    row = np.repeat(np.arange(num_rows), np.diff(stored["indptr"].astype(np.int64)))
    here = kept[row]
    return SparseRows(
        torch.from_numpy((np.cumsum(kept) - 1)[row[here]]),
        torch.from_numpy(stored["indices"].astype(np.int64)[here]),
        torch.from_numpy(stored["data"].astype(np.float32)[here]),
        int(kept.sum()),
        num_columns,
    )


def read_splits(path: Path, kept: np.ndarray, file: str = "splits.npz") -> tuple[Split, ...]:
    """Read all splits of a folder, or the one that it has as masks."""
    if (path / file).exists():
        stored = np.load(path / file, allow_pickle=False)
        masks = [np.atleast_2d(stored[part])[:, kept] for part in ("train", "val", "test")]
    else:
        masks = [np.load(path / f"{part}_mask.npy")[None, kept] for part in ("train", "val", "test")]
    return tuple(Split(*(torch.from_numpy(np.flatnonzero(part)) for part in row)) for row in zip(*masks, strict=True))
