"""The epoch that is loaded and trained: seeds, fan-outs, features and the model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.graphs import EdgeList, rmat

GRAPHS = {"rmat_large": (lambda: rmat(20, 2**24), lambda: rmat(14, 2**18))}


@dataclass(frozen=True)
class Case:
    """One epoch; `fanouts` are from the seeds outward. `model_threads` is on how many threads weft trains while it loads."""

    num_batches: int = 50
    batch_size: int = 1024
    fanouts: tuple[int, ...] = (15, 10, 5)
    features: int = 100
    hidden: int = 256
    classes: int = 47
    threads: int = 2
    model_threads: int = 2

    def __str__(self) -> str:
        """Give what tables call it."""
        return f"{self.num_batches} batches of {self.batch_size:,}, {list(self.fanouts)}"

    def to_json(self) -> dict[str, Any]:
        """Give what a worker makes the same case of."""
        return asdict(self)

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Case:
        """Make a case of what `to_json` gave."""
        return cls(**{**given, "fanouts": tuple(given["fanouts"])})

    @property
    def widths(self) -> list[int]:
        """The widths before, between and behind the layers."""
        return [self.features, *[self.hidden] * (len(self.fanouts) - 1), self.classes]


QUICK = Case(num_batches=10, batch_size=128)


def seeds_of(edges: EdgeList, case: Case) -> Tensor:
    """Draw the different nodes of an epoch, in the order in which they come."""
    count = case.num_batches * case.batch_size
    return torch.from_numpy(np.random.default_rng(5).choice(edges.num_nodes, count, replace=False))


def features_of(edges: EdgeList, case: Case) -> Tensor:
    """Draw the features of all nodes."""
    draw = np.random.default_rng(6)
    return torch.from_numpy(draw.standard_normal((edges.num_nodes, case.features), dtype=np.float32))


def labels_of(edges: EdgeList, case: Case) -> Tensor:
    """Draw the classes of all nodes."""
    return torch.from_numpy(np.random.default_rng(7).integers(0, case.classes, edges.num_nodes))
