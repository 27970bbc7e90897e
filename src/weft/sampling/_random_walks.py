"""Walks over the edges of a graph."""

from collections.abc import Sequence
from typing import Any, final

from torch import Tensor

from ..errors import FeatureError, OptionError, message
from ..graph import EdgeType, Graph, as_ids, by_edge_type, chosen_ids
from ..ops import Draws, Traces, Walking, check_walking, draw_walks, in_source_order
from ._candidates import candidates_of, check_sampled, only_edge_type
from ._sampler import Seeds, Times


@final
class RandomWalks:
    """Walk over the edges of a graph, along them or against them, from any nodes.

    Args:
        graph: of one type or many, on the CPU.
        length: how many steps, over edges of the only type.
        path: for each step the edge type, or relation, that it goes along; in place of `length`.
        weight: the name of a feature of edges: one that weighs more is taken more often, one of 0 or False never.
        time: the name of a feature of edges, of nodes or of both, int64: along edges every step is at or after the time of the
            one before, against them at or before it.
        against: go from targets to sources.
        p, q, stop, returns, strict, window: see `weft.ops.Walking`: node2vec, ends and returns, and what times mean.
        seed: of 64 bits.

    Raises:
        FeatureError, DtypeError, DeviceError, OptionError, StructureError: if arguments are of another kind or do not fit each
            other.

    *Source* and the key of the draws are those of `weft.ops.draw_walks`.

    *Cost* the edges by source (or target), kept by the graph; 8 bytes more an edge for weights, for times the edges in their
    order, and for p and q the neighbours in theirs.

    >>> import weft
    >>> RandomWalks(weft.Graph([0, 1, 2, 3], [1, 2, 3, 0]), 3).draw([2]).nodes
    tensor([[2, 3, 0, 1]])
    """

    def __init__(
        self, graph: Graph, length: int | None = None, *, path: Sequence[str | EdgeType] | None = None,
        weight: str | None = None, time: str | None = None, against: bool = False, p: float = 1.0, q: float = 1.0,
        stop: float | Sequence[float] = 0.0, returns: bool = False, strict: bool = False, window: int | None = None,
        seed: int = 0,
    ) -> None:  # fmt: skip
        check_sampled("RandomWalks", graph, weight, on_devices=True)
        if (length is None) == (path is None):
            raise OptionError(message("RandomWalks", "`length` or `path`", "neither" if path is None else "both"))
        self.graph, self.weight, self.time, self.seed = graph, weight, time, seed
        types = (
            [only_edge_type("RandomWalks", graph)] * int(length or 0)
            if path is None
            else [_named(graph, name) for name in path]
        )
        distinct = list(dict.fromkeys(types))
        self.path = [distinct.index(name) for name in types]
        self.how = Walking(stop, returns, p, q, "past" if against else "future", strict, window)
        self.candidates = [candidates_of(graph, name, weight=weight, time=time, along=not against) for name in distinct]
        if self.how.is_second_order():
            self.candidates = [of._replace(ascending=in_source_order(of.rows)) for of in self.candidates]
        self.timed = any(of.times is not None for of in self.candidates)
        if time is not None and not self.timed:
            raise FeatureError(message("RandomWalks", "`time` to name a feature of edges or nodes", f'"{time}"'))
        check_walking("RandomWalks", self.candidates, self.path, how=self.how, draws=Draws(seed))
        kinds = graph.node_types
        first = self.candidates[self.path[0]].target_type
        self.node_types = [kinds[at] for at in (first, *(self.candidates[step].source_type for step in self.path))]

    def draw(self, starts: Seeds, *, epoch: int = 0, batch: int = 0, stream: int = 0, times: Times = None) -> Traces:
        """Walk once from each start, which may come several times.

        *Shapes* `starts: (num_walks,)`, ids of nodes of the type that the first step leaves, or a mask.

        Args:
            epoch, batch: as for `Sampler.sample`: the same numbers give the same walks.
            stream: tells several calls for one batch apart, below 1,024.
            times: where there are times, when each walk begins, `(num_walks,)`.

        Raises:
            OptionError, IdError, ShapeError, DtypeError: if arguments are of another kind or do not fit each other.
        """
        if self.timed != (times is not None):
            expected = (
                "`times` of the starts, since edges have times" if self.timed else "no `times`, since edges have none"
            )
            raise OptionError(message("RandomWalks", expected, "none" if self.timed else "some"))
        count = self.graph.node_sets[self.node_types[0]].count
        return draw_walks(
            self.candidates, chosen_ids("RandomWalks", "starts", starts, count=count, device=self.graph.device),
            self.path, num_nodes=[nodes.count for nodes in self.graph.node_sets.values()],
            draws=Draws(self.seed, epoch, batch, stream), how=self.how, times=self._times(times),
        )  # fmt: skip

    def _times(self, times: Any) -> Tensor | None:
        return None if times is None else as_ids(times, "times", where="RandomWalks", device=self.graph.device).long()


def _named(graph: Graph, name: str | EdgeType) -> EdgeType:
    found: dict[EdgeType, bool] = by_edge_type("RandomWalks", "path", graph, given={name: True})
    return next(iter(found))
