"""Read a node classification folder in the neutral layout: Parquet edges, npz features, npy labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import torch
from torch import Tensor


@dataclass(frozen=True)
class SparseRows:
    """A sparse matrix as coordinates in row order."""

    row: Tensor
    column: Tensor
    value: Tensor
    num_rows: int
    num_columns: int

    def row_normalised(self) -> SparseRows:
        """Divide each row by the sum of its absolute values; an empty row stays empty."""
        total = torch.zeros(self.num_rows).index_add_(0, self.row, self.value.abs())
        value = self.value / total[self.row].clamp(min=torch.finfo(total.dtype).tiny)
        return SparseRows(self.row, self.column, value, self.num_rows, self.num_columns)

    def binary(self) -> SparseRows:
        """Replace every stored value by one."""
        one = torch.ones_like(self.value)
        return SparseRows(self.row, self.column, one, self.num_rows, self.num_columns)


@dataclass(frozen=True)
class Split:
    """Node ids for training, validation and test; they share no node."""

    train: Tensor
    validation: Tensor
    test: Tensor


@dataclass(frozen=True)
class NodeData:
    """An undirected graph (every edge in both directions, no loops) with features, labels and splits."""

    name: str
    source: Tensor
    target: Tensor
    features: SparseRows
    labels: Tensor
    splits: tuple[Split, ...]

    @property
    def num_nodes(self) -> int:
        """Count the nodes."""
        return len(self.labels)

    @property
    def num_classes(self) -> int:
        """Count the classes."""
        return int(self.labels.max()) + 1


def read(folder: Path, name: str) -> NodeData:
    """Read `folder/name`, keeping the largest component where the folder marks one.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if the splits of the folder overlap or hold a node without a label.
    """
    path = folder / name
    if not path.is_dir():
        raise FileNotFoundError(f"accuracy: {path} is not there; hint: give its parent by --data or WEFT_DATA")
    labels = np.load(path / "labels.npy").astype(np.int64)
    mask = path / "largest_component_mask.npy"
    kept = np.load(mask) if mask.exists() else np.ones(len(labels), dtype=bool)
    new_id = np.cumsum(kept) - 1
    edges = parquet.read_table(path / "edges.parquet", columns=["src", "dst"])
    one, other = (edges.column(end).to_numpy().astype(np.int64) for end in ("src", "dst"))
    whole = kept[one] & kept[other]
    one, other = new_id[one[whole]], new_id[other[whole]]
    data = NodeData(
        name,
        torch.from_numpy(np.concatenate([one, other])),
        torch.from_numpy(np.concatenate([other, one])),
        _read_features(path / "features.npz", kept),
        torch.from_numpy(labels[kept]),
        _read_splits(path, kept),
    )
    _check_splits(data)
    return data


def _read_features(path: Path, kept: np.ndarray) -> SparseRows:
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


def _read_splits(path: Path, kept: np.ndarray) -> tuple[Split, ...]:
    if (path / "splits.npz").exists():
        stored = np.load(path / "splits.npz", allow_pickle=False)
        masks = [np.atleast_2d(stored[part])[:, kept] for part in ("train", "val", "test")]
    else:
        masks = [np.load(path / f"{part}_mask.npy")[None, kept] for part in ("train", "val", "test")]
    return tuple(Split(*(torch.from_numpy(np.flatnonzero(part)) for part in row)) for row in zip(*masks, strict=True))


def _check_splits(data: NodeData) -> None:
    for number, split in enumerate(data.splits):
        together = torch.cat([split.train, split.validation, split.test])
        if len(together.unique()) != len(together):
            raise ValueError(f"accuracy: split {number} of {data.name} has a node in two parts")
        if bool((data.labels[together] < 0).any()):
            raise ValueError(f"accuracy: split {number} of {data.name} holds a node without a label")
