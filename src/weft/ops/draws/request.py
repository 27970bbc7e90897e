"""What is asked of the engine, and what comes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from torch import Tensor

from .candidates import Candidates

Choice = Literal["chance", "recent", "source"]
CHOICES = ("chance", "recent", "source")
ENDS = ("source", "target", "both")


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

    `stream` tells apart what is drawn for one batch in several calls, see the functions that draw.

    >>> Draws(seed=1).batch
    0
    """

    seed: int = 0
    epoch: int = 0
    batch: int = 0
    stream: int = 0

    def key(self) -> tuple[int, int, int, int]:
        """Seed, epoch, batch and stream as numbers of 64 bits with a sign.

        >>> Draws(2**64 - 1).key()
        (-1, 0, 0, 0)
        """
        return self.seed - 2**64 if self.seed >= 2**63 else self.seed, self.epoch, self.batch, self.stream


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
    graph is one hop of all nodes. On the CPU the lists of one kind are parts of one memory: clone what is to outlive the rest.

    >>> Drawn([], None, [], [], []).edges
    []
    """

    node_ids: list[Tensor]
    trees: list[Tensor] | None
    seed_numbers: list[Tensor]
    counts: list[list[int]]
    edges: list[list[DrawnEdges]]


@dataclass(frozen=True)
class Walking:
    """How walks go.

    Attributes:
        stop: the chance that a walk ends before a step, one for all steps or one for each.
        returns: go back to the start instead of ending, which takes a step without an edge; for nodes of one type.
        p, q: of node2vec: a step back has the weight of its edge times 1 / p, one to a node to which an edge from the node before
            leads, too, the weight times 1, and any other the weight times 1 / q.
        towards: with times, whether steps go on in the "future" or in the "past".
        strict: with times, whether a step has to be later (earlier) than the one before, not at the same time.
        window: with times, how much later (earlier) a step may be than the one before; None for any.

    >>> Walking(stop=0.15).returns
    False
    """

    stop: float | Sequence[float] = 0.0
    returns: bool = False
    p: float = 1.0
    q: float = 1.0
    towards: Literal["future", "past"] = "future"
    strict: bool = False
    window: int | None = None

    def stops(self, num_steps: int) -> list[int]:
        """For each step, how many of 2^32 words end a walk.

        >>> Walking(stop=0.25).stops(2) == [2**30, 2**30]
        True
        """
        each = [self.stop] * num_steps if isinstance(self.stop, (int, float)) else list(self.stop)
        return [int(Fraction(chance) * 2**32) for chance in each]

    def limits(self) -> list[int]:
        """How many of 2^32 words keep a step back, one to a common neighbour, and one away.

        >>> [limit / 2**32 for limit in Walking(p=2.0, q=0.5).limits()]
        [0.25, 0.5, 1.0]
        """
        shares = [1 / Fraction(self.p), Fraction(1), 1 / Fraction(self.q)]
        return [int(share / max(shares) * 2**32) for share in shares]

    def is_second_order(self) -> bool:
        """Whether a step depends on the node before.

        >>> Walking().is_second_order()
        False
        """
        return self.p != 1 or self.q != 1


class Traces(NamedTuple):
    """Where walks went.

    *Shapes* `nodes: (num_walks, num_steps + 1)`, int64, starts first; `edges: (num_walks, num_steps)`, int64, -1 for a step back
    to the start. Behind the end of a walk both are -1.

    >>> import torch
    >>> Traces(torch.tensor([[0, 3]]), torch.tensor([[7]])).nodes.shape
    torch.Size([1, 2])
    """

    nodes: Tensor
    edges: Tensor


@dataclass(frozen=True)
class Corrupting:
    """How pairs are made of links.

    Attributes:
        corrupts: which end of a link is drawn anew.
        in_batch: draw among the ends of the other links, in place of all nodes.
        loops: whether a pair may be of one node twice; say False where both ends are of one type.
        strict: with times, whether a node has to be there before the time of the link, not at it.

    >>> Corrupting("both").in_batch
    False
    """

    corrupts: Literal["target", "source", "both"] = "target"
    in_batch: bool = False
    loops: bool = True
    strict: bool = False


class Ends(NamedTuple):
    """The nodes at one end of links.

    *Shapes* `sums: (num_nodes + 1,)`, int64, see `weight_sums`: what they are drawn by, all alike without it;
    `times: (num_nodes,)`, int64, since when each is there.

    >>> Ends(5).sums is None
    True
    """

    num_nodes: int
    sums: Tensor | None = None
    times: Tensor | None = None


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
