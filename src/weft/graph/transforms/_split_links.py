"""Links to predict in three parts, with the edges that messages may take for each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...errors import OptionError, check_probability, message
from .._adjacency import Adjacency
from .._by_type import edge_type_of
from .._graph import Graph
from .._naming import EdgeType, quoted
from .._subgraph import Subgraph
from ..change import remove_edges
from ..change._merge import edge_groups, pair_groups
from ._columns import places_of
from ._pairs import sample_non_edges
from ._split_rows import checked_cuts, cumulated, cuts_at, stages, times_of

TRAIN, VAL, TEST = 1, 2, 3
"""Stages at which links are predicted; those of stage 0 are messages from the beginning."""


@dataclass(frozen=True, eq=False)
class LinkPart:
    """Links to predict, and a graph to predict them from.

    *Shapes* by edge type, `edge_ids: (num_links,)`, int64; `pairs: (num_links + num_negatives, 2)`, int64, source and
    target of the links, then of pairs that no edge joins.

    Attributes:
        message: the nodes of the whole graph with the edges that messages may take, and the ids these had there.
        edge_ids: the ids that the links had as edges of the whole graph, under which their features lie there.
        pairs: what to predict.
    """

    message: Subgraph
    edge_ids: Mapping[EdgeType, Tensor]
    pairs: Mapping[EdgeType, Tensor]

    @property
    def labels(self) -> dict[EdgeType, Tensor]:
        """By edge type, 1 for each pair that an edge joins and 0 for each of the others, torch's default float."""
        return {
            name: (torch.arange(len(pairs), device=pairs.device) < len(self.edge_ids[name])).to(
                torch.get_default_dtype()
            )
            for name, pairs in self.pairs.items()
        }

    @property
    def graph(self) -> Graph:
        """The nodes of the whole graph with the edges that messages may take."""
        return self.message.graph


@dataclass(frozen=True, eq=False)
class LinkSplit:
    """Links to train on, to choose a model by, and to test it on."""

    train: LinkPart
    val: LinkPart
    test: LinkPart


def split_links(
    graph: Graph,
    val: float | int = 0.1,
    test: float | int = 0.2,
    *,
    supervision: float = 0.3,
    negatives: float = 1.0,
    edge_types: Sequence[str | EdgeType] | None = None,
    reverse: Mapping[str | EdgeType, str | EdgeType] | None = None,
    is_directed: bool = True,
    time: str | None = None,
    cuts: tuple[float, float, float] | None = None,
    seed: int,
) -> LinkSplit:
    """Split links so that no part sees what it, or a later part, has to predict.

    A link is all edges between two nodes: parallel edges, those of the other direction within one node type, and those
    of the reverse edge type. All of them go to one part together. Part by part, more of them are messages:

        part    messages                                links to predict
        train   those of training, but the supervised   the supervised share of training
        val     all of training                         val
        test    all of training and val                 test

    By time, an edge counts from its own time on, and a link is predicted in the part in which its first edge falls;
    later edges of the same link are messages in later parts. Edges of other types that have the feature `time` are cut
    at the same times.

    No supervised edge, nor its reverse, is a message of its own part or an earlier one. Negatives are pairs within one
    graph of a batch that no edge of the type or its reverse type joins in any part, and no two parts share one.

    Features go with the edges; nodes keep theirs.

    Args:
        val: links to validate: a share as a float, or a count.
        test: links to test, likewise.
        supervision: the share of the links of training that are predicted there rather than messages.
        negatives: how many pairs without an edge come with each link.
        edge_types: the types whose links are predicted; all of a graph of one edge type if None.
        reverse: for these, the types that hold the same links the other way round; if None, types that do so edge for
            edge are found.
        is_directed: each pair (source, target) of a link within one node type is predicted; if not, the first alone,
            and an edge in either direction joins a pair.
        time: a feature of edges, (num_edges,): shares and counts are those of edges in order of time.
        cuts: the times at which supervision, val and test begin, in place of shares.
        seed: draws a permutation of the links, the negatives, and without direction their order.

    Raises:
        FeatureError: if there is no such edge type, or no feature `time` of it or its reverse type.
        OptionError: if sizes ask for more than there is, cuts fall or have no `time`, a time is NaN, or there are too few
            pairs without edges.

    *Cost* some sorts of the edges; memory for a few ids of each edge.

    >>> source = torch.arange(99)
    >>> parts = split_links(Graph(source, source + 1), 10, 20, supervision=0.5, seed=0)
    >>> [part.graph.num_edges for part in (parts.train, parts.val, parts.test)]
    [35, 69, 79]
    >>> parts.test.pairs["node", "edge", "node"].shape
    torch.Size([40, 2])
    """
    check_probability("split_links", "supervision", supervision)
    if negatives < 0:
        raise OptionError(message("split_links", "`negatives` of at least 0", str(negatives)))
    if cuts is not None:
        checked_cuts("split_links", cuts)
        if time is None:
            raise OptionError(message("split_links", "a `time` to cut", "`cuts` alone", "name the feature of edges"))
    chosen = (None,) if edge_types is None else edge_types
    types = list(dict.fromkeys(edge_type_of("split_links", graph, name) for name in chosen))
    partners = _partners(graph, types, reverse)
    sizes = val, test, supervision
    generator = torch.Generator().manual_seed(seed)
    stage = {} if time is None else _stages_in_time(graph, types, partners, time, cuts, sizes)
    links = {}
    for edge_type in types:
        link = links[edge_type] = _Links.of(graph, edge_type, partners.get(edge_type))
        if time is None:
            drawn = link.draw_stages(sizes, generator)
            stage |= dict(zip(link.members, drawn[link.number].split(link.lengths), strict=True))
    asked = {
        name: link.supervised([stage[member] for member in link.members], is_directed) for name, link in links.items()
    }
    non_edges = {}
    for name, link in links.items():
        counts = [round(negatives * ids.shape[0]) for ids in asked[name]]
        non_edges[name] = link.non_edges(graph, sum(counts), is_directed, generator).split(counts)
    parts = []
    for at in (TRAIN, VAL, TEST):
        gone: dict[str | EdgeType, Tensor] = {name: stage_of >= at for name, stage_of in stage.items()}
        ids = {name: asked[name][at - 1] for name in types}
        pairs = {name: _pairs(graph.edge_sets[name].adjacency, ids[name], non_edges[name][at - 1]) for name in types}
        parts.append(LinkPart(remove_edges(graph, gone), ids, pairs))
    return LinkSplit(*parts)


@dataclass(frozen=True, eq=False)
class _Links:
    """The links of one edge type, and of its reverse type.

    `number` is the link of each edge, one member after the other; `source` and `target` are the ends of each, all as
    the edge type has them, so that those of the reverse type are turned round.
    """

    members: tuple[EdgeType, ...]
    lengths: list[int]
    source: Tensor
    target: Tensor
    number: Tensor
    count: int

    @classmethod
    def of(cls, graph: Graph, edge_type: EdgeType, partner: EdgeType | None) -> "_Links":
        adjacencies = [graph.edge_sets[edge_type].adjacency]
        if partner is not None:
            adjacencies.append(graph.edge_sets[partner].adjacency.reversed())
        source, target = (
            torch.cat([getattr(found, end).long() for found in adjacencies]) for end in ("source", "target")
        )
        joined = Adjacency._trusted(source, target, adjacencies[0].num_sources, adjacencies[0].num_targets)
        found = pair_groups(joined) if edge_type[0] == edge_type[2] else edge_groups(joined)
        members = (edge_type,) if partner is None else (edge_type, partner)
        lengths = [adjacency.num_edges for adjacency in adjacencies]
        return cls(members, lengths, source, target, found.slots().long(), found.matrix.num_entries)

    def draw_stages(self, sizes: tuple[float | int, float | int, float], generator: torch.Generator) -> Tensor:
        """The stage of each link; one that the reverse type alone has is a message from the beginning."""
        is_there = torch.zeros(self.count, dtype=torch.bool, device=self.number.device)
        is_there[self.number[: self.lengths[0]]] = True
        links = is_there.nonzero().squeeze(1)
        links = links[torch.randperm(links.shape[0], generator=generator).to(links.device)]
        rank = torch.arange(links.shape[0], device=links.device)
        drawn = stages(rank, _ends_of_stages(links.shape[0], sizes))
        return torch.zeros(self.count, dtype=torch.int64, device=links.device).index_copy(0, links, drawn)

    def supervised(self, stage: list[Tensor], is_directed: bool) -> list[Tensor]:
        """The edges to predict at the stages train, val and test: those with which a link begins, one for each pair."""
        own = torch.cat(stage)
        first = torch.full((self.count,), TEST, device=own.device).scatter_reduce(0, self.number, own, "amin")
        forward = slice(0, self.lengths[0])
        begins = (own == first[self.number])[forward]
        pair = self.number[forward]
        if is_directed:
            pair = 2 * pair + (self.source > self.target)[forward]
        edges = torch.arange(self.lengths[0], device=own.device)
        lowest = torch.full((2 * self.count,), self.lengths[0], device=own.device)
        lowest = lowest.scatter_reduce(0, pair[begins], edges[begins], "amin")
        begins = begins & (lowest[pair] == edges)
        return [(begins & (own[forward] == at)).nonzero().squeeze(1) for at in (TRAIN, VAL, TEST)]

    def non_edges(self, graph: Graph, count: int, is_directed: bool, generator: torch.Generator) -> Tensor:
        """So many pairs that no edge of either type joins, (count, 2)."""
        first, _, last = self.members[0]
        ends = places_of(graph.node_sets[first]), places_of(graph.node_sets[last])
        return sample_non_edges(
            (self.source, self.target),
            count,
            ends,
            is_within=first == last,
            is_directed=is_directed,
            generator=generator,
        )


def _pairs(adjacency: Adjacency, edges: Tensor, others: Tensor) -> Tensor:
    """Source and target of edges, and other pairs behind them."""
    return torch.cat((torch.stack((adjacency.source[edges], adjacency.target[edges]), 1).long(), others))


def _ends_of_stages(count: int, sizes: tuple[float | int, float | int, float]) -> list[int]:
    """Where the stages after the first begin, of so many links or edges in order."""
    val, test, supervision = sizes
    behind = cumulated("split_links", (test, val), count)
    left = count - behind[1]
    return [left - round(supervision * left), left, count - behind[0]]


def _stages_in_time(
    graph: Graph,
    types: list[EdgeType],
    partners: Mapping[EdgeType, EdgeType],
    time: str,
    cuts: Sequence[float] | None,
    sizes: tuple[float | int, float | int, float],
) -> dict[EdgeType, Tensor]:
    """The stage of each edge of all types that have a time."""
    times = {
        name: times_of("split_links", edges, time)
        for name, edges in graph.edge_sets.items()
        if time in edges or name in (*types, *partners.values())
    }
    if cuts is None:
        joined = torch.cat([times[name] for name in types])
        cuts = cuts_at(joined, _ends_of_stages(joined.shape[0], sizes))
    return {name: stages(of_type, cuts) for name, of_type in times.items()}


def _partners(
    graph: Graph, types: list[EdgeType], reverse: Mapping[str | EdgeType, str | EdgeType] | None
) -> dict[EdgeType, EdgeType]:
    """The reverse type of each type, as given or found."""
    if reverse is None:
        found = {name: _mirror(graph, name) for name in types}
        partners = {name: other for name, other in found.items() if other is not None}
    else:
        partners = {
            edge_type_of("split_links", graph, name): edge_type_of("split_links", graph, other)
            for name, other in reverse.items()
        }
    for name, other in partners.items():
        if other in types or name not in types or (name[0], name[2]) != (other[2], other[0]):
            expected = "reverse types of the types to split, the other way round and not among them"
            raise OptionError(message("split_links", expected, f"{quoted(other)} for {quoted(name)}"))
    return partners


def _mirror(graph: Graph, name: EdgeType) -> EdgeType | None:
    """The edge type that has each edge of a type turned round, and no other."""
    own = graph.edge_sets[name].adjacency
    for other, edges in graph.edge_sets.items():
        if other != name and (other[2], other[0]) == (name[0], name[2]) and edges.count == own.num_edges:
            rows, turned = own.by_target_and_source, edges.adjacency.reversed().by_target_and_source
            if torch.equal(rows.indptr, turned.indptr) and torch.equal(rows.source, turned.source):
                return other
    return None
