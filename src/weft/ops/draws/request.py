"""What is asked of the engine, and what comes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from torch import Tensor

from .candidates import Candidates

Choice = Literal["chance", "recent", "source"]
CHOICES = ("chance", "recent", "source")


@dataclass(frozen=True)
class Drawing:
    """How neighbours are drawn.

    Attributes:
        choice: "chance", one after the other by weight; "recent", the latest first (by chance where edges have no times);
            "source", each with the chance that makes the fan-out the expected number, decided by one draw for each source, so
            that targets share sources (LABOR).
        replace: put back what was drawn; for "chance".
        trees: whether each seed has nodes of its own, as a tree; else a node that is met twice is one.
        repeats: whether in each hop all nodes draw again, as layers that run on blocks want; else those that are new.
        strict: whether only what happened before the time of the seed counts, not at it.
        window: how long before that time it may have happened; None for any.
        shares_layers: for "source", whether the draws of a source are the same in all hops.
        keeps_edges: whether ids of edges are wanted.
        induced: whether all edges between the nodes that were met are wanted, each once, in place of those that led to them.
            Times, exclusion and weights of 0 count for them as for draws.

    >>> Drawing(replace=True).choice
    'chance'
    """

    choice: Choice = "chance"
    replace: bool = False
    trees: bool = False
    repeats: bool = True
    strict: bool = False
    window: int | None = None
    shares_layers: bool = False
    keeps_edges: bool = True
    induced: bool = False


class Draws(NamedTuple):
    """Which draws: a seed of 64 bits, and two counters, so that the batches before this one need not be drawn.

    >>> Draws(seed=1).batch
    0
    """

    seed: int = 0
    epoch: int = 0
    batch: int = 0


class DrawnEdges(NamedTuple):
    """What one hop drew of one type of edges.

    *Shapes* `indptr: (num_rows + 1,)`, int64, with a row for each node that drew; `source` and `target: (num_edges,)`, int32, the
    numbers of the node drawn and of the one that drew; `edge_ids: (num_edges,)`, int64.

    >>> import torch
    >>> DrawnEdges(torch.tensor([0, 1]), torch.tensor([1]), torch.tensor([0]), None).edge_ids is None
    True
    """

    indptr: Tensor
    source: Tensor
    target: Tensor
    edge_ids: Tensor | None


class Drawn(NamedTuple):
    """What `draw_neighbors` found.

    *Shapes* for each node type, `node_ids: (num_nodes,)`, int64, in the order in which they were met, seeds first;
    `trees: (num_nodes,)`, int64, the place of the seed that each belongs to; `seed_numbers: (num_seeds,)`, int32, the node that
    each seed is; `counts`, a number of nodes after each hop, that of the seeds first; `edges[hop][relation]`, where an induced
    graph is one hop of all nodes.

    >>> Drawn([], None, [], [], []).edges
    []
    """

    node_ids: list[Tensor]
    trees: list[Tensor] | None
    seed_numbers: list[Tensor]
    counts: list[list[int]]
    edges: list[list[DrawnEdges]]


class Request(NamedTuple):
    """Arguments of `draw_neighbors` that it has checked.

    >>> Request([], [], [], [], Draws(), Drawing(), None, None, []).draws.seed
    0
    """

    candidates: Sequence[Candidates]
    seeds: Sequence[Tensor]
    fanouts: Sequence[Sequence[int]]
    num_nodes: Sequence[int]
    draws: Draws
    how: Drawing
    tree_ids: Sequence[Tensor] | None
    times: Sequence[Tensor] | None
    excluded: Sequence[Tensor | None]

    def num_trees(self) -> int:
        """How many trees there are: those of `tree_ids`, else one for each seed."""
        if self.tree_ids is None:
            return sum(of_type.shape[0] for of_type in self.seeds)
        if self.times is not None:
            return self.times[0].shape[0]
        return max((int(of_type.max()) + 1 for of_type in self.tree_ids if of_type.numel()), default=0)
