"""The graph of what walks meet."""

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from ..errors import OptionError, message
from ..ops import Drawing, Draws
from ._hops import Hops
from ._induced_sampler import InducedSampler, Met
from ._random_walks import RandomWalks


@final
class WalkSampler(InducedSampler):
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
            "WalkSampler", walks.graph, (), how, form="induced", seed=walks.seed, weight=walks.weight, time=walks.time,
            on_devices=True,
        )  # fmt: skip

    def _meet(self, seeds: Mapping[str, Tensor], draws: Draws, times: Tensor | None) -> dict[str, Met]:
        first = self._walks.node_types[0]
        if set(seeds) - {first}:
            raise OptionError(message("WalkSampler", f'seeds of the type "{first}", where walks begin', str([*seeds])))
        place = torch.arange(seeds[first].shape[0], device=self.graph.device).repeat_interleave(self._num_walks)
        clock = None if times is None else times[place]
        starts = seeds[first][place]
        nodes = self._walks.draw(starts, epoch=draws.epoch, batch=draws.batch, times=clock).nodes
        met: dict[str, Met] = {}
        for kind in dict.fromkeys(self._walks.node_types[1:]):
            columns = [at for at, each in enumerate(self._walks.node_types) if at and each == kind]
            found, places = nodes[:, columns], place[:, None].expand(-1, len(columns))
            met[kind] = Met(found[found >= 0], places[found >= 0])
        return met
