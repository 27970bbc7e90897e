"""What is drawn: neighbours of seeds or of links in several ways, and walks; each from the same questions everywhere."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from benchmarks.graphs import EdgeList, rmat

GRAPHS = {
    "rmat_large": (lambda: rmat(20, 2**24), lambda: rmat(14, 2**18)),
    "rmat": (lambda: rmat(17, 2**21), lambda: rmat(12, 2**16)),
}
NUM_TYPES = 4
FIRST = "n0"  # the type of the seeds of a typed graph
LATEST = 1_000_000  # times are below


@dataclass(frozen=True)
class Case:
    """One way to draw; `form` is "blocks", as DGL's samplers draw, or "graph", as PyG's do.

    `kind` is "neighbors", "weighted" (by a weight of edges), "temporal" (edges that were there before the seed asks), "typed"
    (4 types of nodes, 16 of edges; fan-outs are those of each type) or "links" (and a negative for each).
    """

    fanouts: tuple[int, ...]
    batch_size: int
    form: str
    kind: str = "neighbors"

    unit = "edges"

    def __str__(self) -> str:
        """Give what tables call it."""
        kind = "" if self.kind == "neighbors" else f"{self.kind} "
        return f"{kind}{list(self.fanouts)} {self.batch_size:,} {self.form}"

    def to_json(self) -> dict[str, Any]:
        """Give what a worker makes the same case of."""
        return asdict(self)

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Case:
        """Make a case of what `to_json` gave."""
        return cls(**{**given, "fanouts": tuple(given["fanouts"])})


@dataclass(frozen=True)
class Walks:
    """Walks along edges, from nodes that have some; a metapath goes through all types of nodes and back to the first."""

    count: int
    length: int
    stop: float = 0.0
    weighted: bool = False
    p: float = 1.0
    q: float = 1.0
    metapath: bool = False

    unit = "steps"
    kind = "walks"

    def __str__(self) -> str:
        """Give what tables call it."""
        more = [f"stop {self.stop}"] if self.stop else []
        more += ["weighted"] * self.weighted + ["metapath"] * self.metapath
        more += [f"p {self.p} q {self.q}"] if self.is_second_order else []
        return " ".join([f"walks {self.count:,} of {self.length}", *more])

    @property
    def is_second_order(self) -> bool:
        """Whether a step depends on the one before."""
        return (self.p, self.q) != (1.0, 1.0)

    def to_json(self) -> dict[str, Any]:
        """Give what a worker makes the same case of."""
        return asdict(self)


def case_from(given: dict[str, Any]) -> Case | Walks:
    """Make a case of what its `to_json` gave."""
    return Walks(**given) if "length" in given else Case.from_json(given)


CASES: list[Case | Walks] = [
    Case(fanouts, size, form)
    for fanouts in ((5, 10, 15), (10, 10), (10, 25))
    for size in (1024, 8192)
    for form in ("blocks", "graph")
]

KINDS: dict[str, list[Case | Walks]] = {
    "typed": [Case((5, 5), 1024, form, "typed") for form in ("blocks", "graph")],
    "temporal": [Case((10, 10), 1024, "blocks", "temporal")],
    "weighted": [Case((10, 10), 1024, "blocks", "weighted")],
    "walks": [
        Walks(100_000, 20),
        Walks(100_000, 20, stop=0.1),
        Walks(100_000, 20, weighted=True),
        Walks(10_000, 10, p=0.5, q=2.0),
        Walks(100_000, 4, metapath=True),
    ],
    "links": [Case((10, 10), 1024, "blocks", "links")],
}


class Question(NamedTuple):
    """What a batch begins with: ids of nodes (or, for links, of edges), and when each asks."""

    ids: Tensor
    times: Tensor | None = None


def questions_of(case: Case | Walks, edges: EdgeList, count: int) -> list[Question]:
    """Draw the beginnings of `count` batches."""
    if isinstance(case, Walks):
        source = edges.source
        if case.metapath:
            source = source[(source % NUM_TYPES == 0) & (edges.target % NUM_TYPES == 1)] // NUM_TYPES
        starts = np.unique(source)
        drawn = [np.random.default_rng(batch).choice(starts, case.count) for batch in range(count)]
    else:
        several = {"links": edges.num_edges, "typed": -(-edges.num_nodes // NUM_TYPES)}.get(case.kind, edges.num_nodes)
        size = min(case.batch_size, several)
        drawn = [_different(several, size, batch) for batch in range(count)]
    ids = [torch.from_numpy(each.astype(np.int64)) for each in drawn]
    if case.kind != "temporal":
        return [Question(each) for each in ids]
    clock = np.random.default_rng(3)
    return [Question(each, torch.from_numpy(clock.integers(0, LATEST, len(each)))) for each in ids]


def _different(several: int, size: int, batch: int) -> np.ndarray:
    return np.random.default_rng(batch).choice(several, size, replace=False)


def times_of(edges: EdgeList) -> Tensor:
    """Draw when each edge happened."""
    return torch.from_numpy(np.random.default_rng(1).integers(0, LATEST, edges.num_edges))


def weights_of(edges: EdgeList) -> Tensor:
    """Draw what each edge weighs, between 0.1 and 1.1."""
    return torch.from_numpy(np.random.default_rng(2).random(edges.num_edges, dtype=np.float32) + np.float32(0.1))


def type_of(number: int) -> str:
    """Name a type of nodes."""
    return f"n{number}"


def relation_of(source: int, target: int) -> tuple[str, str, str]:
    """Name the type of edges between two types of nodes."""
    return type_of(source), f"r{source}{target}", type_of(target)


def typed_nodes(edges: EdgeList) -> dict[str, int]:
    """Count the nodes of each type: node i has the type i % 4, and there the number i // 4."""
    return {type_of(at): (edges.num_nodes + NUM_TYPES - 1 - at) // NUM_TYPES for at in range(NUM_TYPES)}


def typed_edges(edges: EdgeList) -> dict[tuple[str, str, str], tuple[Tensor, Tensor]]:
    """Give both ends of the edges of each type, by the numbers of nodes within their types."""
    kind = edges.source % NUM_TYPES * NUM_TYPES + edges.target % NUM_TYPES
    found = {}
    for source in range(NUM_TYPES):
        for target in range(NUM_TYPES):
            mine = kind == source * NUM_TYPES + target
            ends = (torch.from_numpy(end[mine] // NUM_TYPES) for end in (edges.source, edges.target))
            found[relation_of(source, target)] = (next(ends), next(ends))
    return found


def metapath(length: int) -> list[tuple[str, str, str]]:
    """Name the types of edges from one type of nodes to the next, again and again."""
    return [relation_of(at % NUM_TYPES, (at + 1) % NUM_TYPES) for at in range(length)]
