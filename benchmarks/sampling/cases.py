"""What is drawn: fan-outs from the seeds outward, seeds a batch, and which nodes draw again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.graphs import EdgeList, rmat

GRAPHS = {
    "rmat_large": (lambda: rmat(20, 2**24), lambda: rmat(14, 2**18)),
    "rmat": (lambda: rmat(17, 2**21), lambda: rmat(12, 2**16)),
}


@dataclass(frozen=True)
class Case:
    """One way to draw; `form` is "blocks", as DGL's samplers draw, or "graph", as PyG's do."""

    fanouts: tuple[int, ...]
    batch_size: int
    form: str

    def __str__(self) -> str:
        """Give what tables call it."""
        return f"{list(self.fanouts)} {self.batch_size:,} {self.form}"

    def to_json(self) -> dict[str, Any]:
        """Give what a worker makes the same case of."""
        return asdict(self)

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Case:
        """Make a case of what `to_json` gave."""
        return cls(tuple(given["fanouts"]), given["batch_size"], given["form"])


CASES = [
    Case(fanouts, size, form)
    for fanouts in ((5, 10, 15), (10, 10), (10, 25))
    for size in (1024, 8192)
    for form in ("blocks", "graph")
]


def seeds_of(edges: EdgeList, size: int, batch: int) -> np.ndarray:
    """Draw different nodes to begin a batch with."""
    return np.random.default_rng(batch).choice(edges.num_nodes, size, replace=False)
