"""The graph of what walks meet."""

from dataclasses import replace
from typing import Any, final

import torch
from torch import Tensor

from ..errors import OptionError, message
from ..graph import Batch, Graph
from ..ops import Drawing, Draws
from ._hops import Hops
from ._random_walks import RandomWalks
from ._sampler import Edges, Sampler, Seeds, Times, node_seeds


@final
class WalkSampler(Sampler):
    """Walk from each seed, and take the graph of all edges between the nodes that were met.

    Args:
        walks: how the walks go.
        num_walks: how many from each seed.
        disjoint: give each seed nodes of its own, as times do, too.
        keeps_edges: give original ids of edges.

    Raises:
        OptionError, FeatureError: if arguments are of another kind or do not fit each other.

    *Source* Zeng and others (2020), GraphSAINT: Graph Sampling Based Inductive Learning Method, arXiv 1907.04931, for its walks.
    Its samplers of nodes and of edges are a `NeighborSampler` without hops and a `LinkSampler`, whose seeds a `Loader` draws by
    weight.

    *Cost* that of the walks, and all edges that enter a node that was met.

    >>> import weft
    >>> ring = weft.Graph([0, 1, 2, 3], [1, 2, 3, 0])
    >>> WalkSampler(RandomWalks(ring, 2)).sample([2]).graph
    Graph(3 nodes, 2 edges, on cpu)
    """

    def __init__(
        self, walks: RandomWalks, *, num_walks: int = 1, disjoint: bool = False, keeps_edges: bool = True
    ) -> None:
        if num_walks < 1:
            raise OptionError(message("WalkSampler", "`num_walks` of at least 1", str(num_walks)))
        if walks.timed and walks.how.towards == "future":
            hint = "RandomWalks(..., against=True)"
            raise OptionError(message("WalkSampler", "walks into the past, where edges have times", "the future", hint))
        self._walks, self._num_walks = walks, num_walks
        how = Drawing(
            trees=disjoint or walks.timed, keeps_edges=keeps_edges, strict=walks.how.strict, window=walks.how.window
        )
        self._hops = Hops(
            "WalkSampler", walks.graph, (), how, form="induced", seed=walks.seed, weight=walks.weight, time=walks.time
        )

    @property
    def graph(self) -> Graph:
        """The graph that is drawn from."""
        return self._walks.graph

    @property
    def disjoint(self) -> bool:
        """Whether every seed has nodes of its own."""
        return self._hops.how.trees

    @property
    def timed(self) -> bool:
        """Whether seeds have to say when they ask."""
        return self._walks.timed

    def seeds_by_type(self, seeds: Seeds) -> dict[Any, Tensor]:
        """Check ids of nodes, and give them by node type."""
        return node_seeds("WalkSampler", self.graph, seeds)

    def sample(
        self, seeds: Seeds, *, epoch: int = 0, batch: int = 0, times: Times = None, exclude: Edges | None = None,
        trees: Seeds | None = None,
    ) -> Batch:  # fmt: skip
        """Draw the piece of one batch, see `Sampler.sample`: `exclude` counts for the graph, not for the walks."""
        first = self._walks.node_types[0]
        named = self.seeds_by_type(seeds)
        if set(named) - {first} or trees is not None:
            expected = f'seeds of the type "{first}", where walks begin, without `trees`'
            raise OptionError(message("WalkSampler", expected, str([*named])))
        starts = named[first].repeat_interleave(self._num_walks)
        if times is not None:
            times = torch.as_tensor(times[first] if isinstance(times, dict) else times)
        clock = None if times is None else times.repeat_interleave(self._num_walks)
        nodes = self._walks.draw(starts, epoch=epoch, batch=batch, times=clock).nodes
        tree = torch.arange(named[first].shape[0], device="cpu").repeat_interleave(self._num_walks)
        met, tree_of = {first: [named[first]]}, {first: [torch.arange(named[first].shape[0], device="cpu")]}
        for kind, column in zip(self._walks.node_types[1:], nodes.T[1:], strict=True):
            went = column >= 0
            met.setdefault(kind, []).append(column[went])
            tree_of.setdefault(kind, []).append(tree[went])
        piece = self._hops.batch(
            {kind: torch.cat(lists) for kind, lists in met.items()}, Draws(self._walks.seed, epoch, batch), times=times,
            exclude=exclude, trees={kind: torch.cat(lists) for kind, lists in tree_of.items()} if self.disjoint else None,
        )  # fmt: skip
        count = named[first].shape[0]
        rows: dict[Any, Tensor] = {first: piece.seed_rows[first][:count]} if count else {}
        return replace(
            piece, seeds={first: named[first]}, seed_rows=rows, times={} if times is None else {first: times}
        )
