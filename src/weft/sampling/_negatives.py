"""Negatives of links, from a graph."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ..errors import DtypeError, FeatureError, OptionError, check_choice, message
from ..graph import Adjacency, EdgeType, Graph
from ..ops import Candidates, Corrupting, Draws, Ends, Structure, draw_negatives, list_sums

POWERS = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Negatives:
    """How pairs that are no links are drawn in the stead of links.

    A pair is never the link itself, nor a loop where both ends are of one type.

    Attributes:
        count: how many for each link; fewer where there are none left.
        corrupts: the end that is drawn anew: "target", so that sources keep their share, "source", or "both".
        weight: the name of a feature of nodes that says how often each is drawn.
        degree_power: draw nodes as often as the number of their links to this power: 0.25, 0.5, 0.75 (as word2vec does) or 1.
        in_batch: draw among the ends of the other links of the batch.
        table: nodes among which to draw, a row for each node that stays, such as the nearest ones: `(num_nodes, any)`, int64,
            with -1 for no node.
        time: the name of a feature of nodes, int64: since when each is there. A node is drawn only if it is there at the time of
            the link.
        strict: with `time`, only if it is there before.
        avoid_edges: never draw a pair that an edge joins.

    >>> Negatives(count=5, degree_power=0.75).corrupts
    'target'
    """

    count: int = 1
    corrupts: Literal["target", "source", "both"] = "target"
    weight: str | None = None
    degree_power: float | None = None
    in_batch: bool = False
    table: Tensor | None = None
    time: str | None = None
    strict: bool = False
    avoid_edges: bool = True


class NegativeDraws:
    """Draws negatives of the links of one type, from what it reads of the graph once.

    Raises:
        FeatureError, DtypeError, OptionError: if options are of another kind or do not fit the graph.
    """

    def __init__(self, where: str, graph: Graph, name: EdgeType, how: Negatives) -> None:
        check_choice(where, "corrupts", how.corrupts, ("target", "source", "both"))
        if how.count < 1:
            raise OptionError(message(where, "`count` of at least 1 negative", str(how.count)))
        if how.degree_power is not None and how.degree_power not in POWERS:
            raise OptionError(message(where, f"`degree_power` among {POWERS}", str(how.degree_power)))
        if sum((how.weight is not None, how.degree_power is not None, how.in_batch, how.table is not None)) > 1:
            raise OptionError(message(where, "one of `weight`, `degree_power`, `in_batch` and `table`", "several"))
        self.where, self.graph, self.name, self.how = where, graph, name, how
        adjacency = graph.edge_sets[name].adjacency
        self.ends = self._end(name[0], "source", adjacency), self._end(name[2], "target", adjacency)
        self.table = None if how.table is None else how.table.to(graph.device)
        self.known = None
        if how.avoid_edges:
            rows = Structure(*adjacency.by_target_and_source[:3])
            self.known = Candidates(rows, 0, 1, ascending=rows.source)

    def _end(self, kind: str, side: Literal["source", "target"], adjacency: Adjacency) -> Ends:
        nodes, how = self.graph.node_sets[kind], self.how
        if how.corrupts not in (side, "both"):
            return Ends(nodes.count)
        sums = times = None
        if how.weight is not None:
            sums = list_sums(self._feature(kind, "weight", how.weight))
        if how.degree_power is not None:
            degree = adjacency.out_degrees() if side == "source" else adjacency.in_degrees()
            sums = list_sums(_power(degree.double(), how.degree_power))
        if how.time is not None:
            times = self._feature(kind, "time", how.time)
            if times.is_floating_point() or times.is_complex():
                raise DtypeError(message(self.where, f'whole numbers as "{how.time}"', str(times.dtype)))
            times = times.long()
        return Ends(nodes.count, sums, times)

    def _feature(self, kind: str, option: str, name: str) -> Tensor:
        nodes = self.graph.node_sets[kind]
        if name not in nodes:
            raise FeatureError(message(self.where, f'`{option}` to name a feature of "{kind}" nodes', f'"{name}"'))
        return nodes[name]

    def draw(self, links: Tensor, times: Tensor | None, draws: Draws) -> tuple[Tensor, Tensor]:
        """Pairs `(num_negatives, 2)`, and the place of the link that each stands for."""
        how = self.how
        corrupting = Corrupting(how.corrupts, how.in_batch, loops=self.name[0] != self.name[2], strict=how.strict)
        pairs = draw_negatives(
            links, how.count, self.ends, how=corrupting, known=self.known, table=self.table,
            times=times if how.time is not None else None, draws=draws,
        ).reshape(-1, 2)  # fmt: skip
        place = torch.arange(links.shape[0], device=links.device).repeat_interleave(how.count)
        is_there = pairs[:, 0] >= 0
        return pairs[is_there], place[is_there]


def _power(value: Tensor, power: float) -> Tensor:
    """By square roots, which are the same on every machine."""
    root = value.sqrt()
    return {1.0: value, 0.5: root, 0.25: root.sqrt(), 0.75: root * root.sqrt()}[power]
