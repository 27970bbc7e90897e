"""What lies within some steps of nodes: together, or around each of them."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, TypeAlias, get_args

import torch
from torch import Tensor

from ...errors import OptionError, check_choice, message
from ...ops import IdSet, Structure, coalesce, segment_sort, sparse_lookup
from .._adjacency import Adjacency
from .._graph import Graph
from .._incident import rows_of
from .._naming import EdgeType
from .._rows import Features
from .._subgraph import Subgraph, derive
from ._nodes import induced
from ._part import Nodes, chosen_nodes, chosen_sets

Direction: TypeAlias = Literal["in", "out", "both"]
"""Whether a step goes against an edge, along one, or either way."""


def khop_subgraph(
    graph: Graph, nodes: Nodes, hops: int, *, direction: Direction = "in", features: Features = "copy"
) -> Subgraph:
    """Take the nodes within some steps of chosen ones, and all edges between them.

    Nodes and edges keep their order, so that `torch.searchsorted(part.node_ids["node"], nodes)` finds the chosen ones.

    Args:
        nodes: ids or a mask; for several node types a mapping. One that is named twice counts once.
        hops: number of steps; with 0 only the chosen nodes stay, and edges between them.
        direction: "in" goes to the sources of edges, from where messages come, "out" to the targets, "both" to either.
        features: those of the nodes and edges that stay come along: copied, copied at the first look, or left behind.

    Raises:
        IdError: if a node is not there.
        FeatureError, OptionError: if types do not fit, `hops` is negative, or there is no such direction.
        ShapeError, DtypeError, DeviceError: if `nodes` is neither ids nor a mask.

    *Cost* in proportion to the edges at the nodes on the way, through `by_target` and `by_source`, plus a `node_subgraph`.

    >>> path = Graph([0, 1, 2, 3], [1, 2, 3, 4])
    >>> khop_subgraph(path, [3], 2).node_ids["node"].tolist()
    [1, 2, 3]
    >>> khop_subgraph(path, [3], 1, direction="both").edge_ids["node", "edge", "node"].tolist()
    [2, 3]
    """
    where = "khop_subgraph"
    _check_steps(where, hops, direction)
    chosen = chosen_sets(where, graph, nodes)
    seen = {name: nodes.found for name, nodes in chosen.items()}
    latest = {name: nodes.ids for name, nodes in chosen.items()}
    for _ in range(hops):
        reached = seen
        for begin, rows, end in _steps(graph, direction):
            reached = reached | {end: reached[end] | IdSet.at(rows, latest[begin], graph.node_sets[end].count)}
        latest = {name: (found - seen[name]).ids() for name, found in reached.items()}
        seen = reached
    return induced(where, graph, {name: found.ids() for name, found in seen.items()}, features=features)


def ego_networks(
    graph: Graph, nodes: Nodes, hops: int = 1, *, direction: Direction = "in", features: Features = "copy"
) -> Subgraph:
    """Take the nodes within some steps of each chosen one and the edges between them, as a batch of a graph for each.

    The chosen node is the first of its network, so that `offsets[:-1]` are their places; the other nodes and the edges of
    a network keep their order. A node that is near to several is in the network of each.

    Args:
        nodes: ids or a mask; for several node types a mapping, whose networks come type after type in the order of the
            graph. One that is named twice has two networks.
        hops, direction: as for `khop_subgraph`.
        features: those of the nodes and edges that stay come along: copied, copied at the first look, or left behind.

    Raises:
        IdError: if a node is not there.
        FeatureError, OptionError: if types do not fit, `hops` is negative, or there is no such direction.
        ShapeError, DtypeError, DeviceError: if `nodes` is neither ids nor a mask.

    *Cost* hops times the edges at the nodes of the networks, which are sorted by network.

    >>> part = ego_networks(Graph([0, 1, 2, 3], [1, 2, 3, 3]), [3, 1])
    >>> part.graph, part.node_ids["node"].tolist(), part.graph.nodes.offsets.tolist()
    (Graph(2 graphs, 4 nodes, 3 edges, on cpu), [3, 2, 1, 0], [0, 2, 4])
    """
    where = "ego_networks"
    _check_steps(where, hops, direction)
    members = _members(graph, chosen_nodes(where, graph, nodes), hops, direction)
    adjacencies, edge_ids = {}, {}
    offsets: dict[str | EdgeType, Tensor] = {name: found.indptr for name, found in members.items()}
    for edge_type, edges in graph.edge_sets.items():
        sources, targets = members[edge_type[0]], members[edge_type[2]]
        ends, edge_ids[edge_type], offsets[edge_type] = _inner_edges(edges.adjacency, sources, targets)
        adjacencies[edge_type] = Adjacency._trusted(*ends, sources.node.shape[0], targets.node.shape[0])
    return derive(
        where,
        graph,
        {name: found.node.shape[0] for name, found in members.items()},
        adjacencies,
        node_ids={name: found.listed() for name, found in members.items()},
        edge_ids=edge_ids,
        features=features,
        offsets=offsets,
    )


class _Members(NamedTuple):
    """Nodes of one type by network: those of network g are positions `indptr[g]` to `indptr[g + 1]`, and ascend.

    `place` is where each of them stands once the chosen ones come first.
    """

    indptr: Tensor
    node: Tensor
    place: Tensor

    def networks(self) -> Tensor:
        """The network of each position."""
        return _segment_of(self.indptr, self.node.shape[0])

    def listed(self) -> Tensor:
        """The nodes in the order of their places."""
        return torch.empty_like(self.node).index_copy(0, self.place, self.node)


def _members(graph: Graph, seeds: Mapping[str, Tensor], hops: int, direction: Direction) -> dict[str, _Members]:
    """The nodes of the network of each seed, by type."""
    networks = list(torch.arange(sum(map(len, seeds.values())), device=graph.device).split([*map(len, seeds.values())]))
    count = sum(map(len, networks))
    first = dict(zip(seeds, networks, strict=True))
    found = {name: (first[name], ids) for name, ids in seeds.items()}
    pointers = {}
    for hop in range(hops + 1):
        if hop:
            found = _one_step_on(graph, found, direction)
        for name, (network, node) in found.items():
            matrix = coalesce(network, node, num_rows=count, num_columns=graph.node_sets[name].count).matrix
            pointers[name], found[name] = matrix.indptr, (matrix.rows(), matrix.column)
    members = {}
    for name, (network, node) in found.items():
        seed = torch.full((count,), -1, device=graph.device)
        seed[first[name]] = seeds[name]
        members[name] = _Members(pointers[name], node, _seeds_first(pointers[name], network, node == seed[network]))
    return members


def _one_step_on(
    graph: Graph, found: Mapping[str, tuple[Tensor, Tensor]], direction: Direction
) -> dict[str, tuple[Tensor, Tensor]]:
    """Pairs of network and node, and those that one step leads to; some come several times."""
    reached = {name: ([network], [node]) for name, (network, node) in found.items()}
    for begin, rows, end in _steps(graph, direction):
        network, node = found[begin]
        indptr, other, _ = rows_of(rows, node)
        reached[end][0].append(network[_segment_of(indptr, other.shape[0])])
        reached[end][1].append(other.long())
    return {name: (torch.cat(networks), torch.cat(nodes)) for name, (networks, nodes) in reached.items()}


def _seeds_first(indptr: Tensor, network: Tensor, is_seed: Tensor) -> Tensor:
    """Where each position of the networks goes if the seed of a network, if it is there, comes first in it."""
    place = torch.arange(network.shape[0], device=network.device)
    seed_at = indptr[:-1].clone()
    seed_at[network[is_seed]] = place[is_seed]
    return torch.where(is_seed, indptr[network], place + (place < seed_at[network]))


def _inner_edges(
    adjacency: Adjacency, sources: _Members, targets: _Members
) -> tuple[tuple[Tensor, Tensor], Tensor, Tensor]:
    """New ends and ids of the edges within each network, and where those of each begin."""
    entering, source, edge = rows_of(adjacency.by_target, targets.node)
    # The places of the sources are looked up as values of a matrix of networks x nodes; 0 says that one is not there.
    place = sparse_lookup(
        sources.indptr,
        sources.node.to(source.dtype),
        (sources.place + 1).double(),
        entering[targets.indptr],
        source,
        adjacency.num_sources,
    ).long()
    inner = place.nonzero().squeeze(1)
    target = _segment_of(entering, source.shape[0])[inner]
    network = targets.networks()[target]
    offsets = torch.searchsorted(network, torch.arange(targets.indptr.shape[0], device=network.device))
    edges, order = segment_sort(offsets, edge[inner].long())
    dtype = adjacency.source.dtype
    ends = (place[inner][order] - 1).to(dtype), targets.place[target][order].to(dtype)
    return ends, edges, offsets


def _segment_of(indptr: Tensor, count: int) -> Tensor:
    """Segment of each of `count` positions."""
    return torch.repeat_interleave(indptr.diff(), output_size=count)


def _steps(graph: Graph, direction: Direction) -> Iterator[tuple[str, Structure, str]]:
    """Ways to take a step: from nodes of a type, along the rows of a structure, to nodes of a type."""
    for (first, _, last), edges in graph.edge_sets.items():
        if direction in ("in", "both"):
            yield last, edges.adjacency.by_target, first
        if direction in ("out", "both"):
            yield first, edges.adjacency.by_source, last


def _check_steps(where: str, hops: int, direction: str) -> None:
    if hops < 0:
        raise OptionError(message(where, "`hops` of at least 0", str(hops)))
    check_choice(where, "direction", direction, get_args(Direction))
