"""Partition: nodes in parts of about the same size that few edges leave."""

from typing import Literal, NamedTuple, TypeAlias, get_args

import torch
from torch import Tensor

from ...errors import OptionError, check_choice, message
from ...ops import coo_to_csc, degree, partition_stream
from .._adjacency import Adjacency
from .._graph import Graph
from .._naming import EdgeType
from ._edges import inner_edges, neighbors_of, numbers_of_nodes
from ._partitioners import kahypar, metis

Method: TypeAlias = Literal["ldg", "hash", "metis", "kahypar"]
"""How a graph is cut."""


class PartitionQuality(NamedTuple):
    """What a partition is worth.

    `cut` is the share of edges whose ends are in two parts; `balance` the largest part divided by the average one, in nodes, and
    `edge_balance` the same in edges that enter a part.
    """

    cut: float
    balance: float
    edge_balance: float


def partition(
    graph: Graph | Adjacency,
    num_parts: int,
    *,
    method: Method = "ldg",
    imbalance: float = 0.05,
    edge_imbalance: float = 0.5,
    passes: int = 10,
    seed: int = 0,
    edge_type: str | EdgeType | None = None,
) -> Tensor:
    """Put the nodes into parts of about the same size, so that few edges lead from one part to another.

    *Shapes* -> the part of each node, `(num_nodes,)`, int64.

    Args:
        method: "ldg" streams the nodes several times, those with most neighbours first, each to where most of its
            neighbours are; "hash" looks at ids alone; "metis" and "kahypar" cut less, mostly take longer and need a package:
            docs/decisions/0016-partition.md has the figures.
        imbalance: how many more nodes than the average a part may have; "hash" does not promise it.
        edge_imbalance: how many more edges, for "ldg" alone; a node with very many neighbours may break it.
        passes: how often "ldg" streams the nodes.
        seed: draws the order of nodes with equally many neighbours, or where ids go.
        edge_type: which edges, if there are several types.

    Raises:
        FeatureError: if there is no such type, or several and none was named.
        OptionError, ShapeError: if arguments are of another kind.
        MissingExtraError: if the package of a method is not installed.

    All but "hash" read the graph as an undirected one: nodes that an edge joins either way are neighbours, once.

    *Source* "ldg": Stanton and Kliot (2012), Streaming Graph Partitioning for Large Distributed Graphs; Nishimura and
    Ugander (2013), Restreaming Graph Partitioning; "metis": Karypis and Kumar (1998), A Fast and High Quality Multilevel
    Scheme for Partitioning Irregular Graphs; "kahypar": Gottesbüren, Heuer, Maas, Sanders, Schlag (2024), Scalable
    High-Quality Hypergraph Partitioning.

    *Cost* "ldg" sorts the edges both ways by counting, then reads them once a pass, on one thread; about 46 bytes an edge
    meanwhile.

    >>> graph = Graph([0, 1, 2, 3, 4, 5], [1, 2, 0, 4, 5, 3])
    >>> partition_quality(graph, partition(graph, 2))
    PartitionQuality(cut=0.0, balance=1.0, edge_balance=1.0)
    """
    adjacency = inner_edges("partition", graph, edge_type)
    if not 1 <= num_parts < 2**31:
        raise OptionError(message("partition", "`num_parts` of at least 1", str(num_parts)))
    check_choice("partition", "method", method, get_args(Method))
    for name, value in (("imbalance", imbalance), ("edge_imbalance", edge_imbalance)):
        if not value >= 0:
            raise OptionError(message("partition", f"`{name}` of at least 0", repr(value)))
    if passes < 1:
        raise OptionError(message("partition", "`passes` of at least 1", str(passes)))
    num = adjacency.num_sources
    if method == "hash":
        return _hash(torch.arange(num, device=adjacency.device), seed) % num_parts
    indptr, neighbor = neighbors_of(adjacency)
    if method == "ldg":
        capacity = _capacity(num, num_parts, imbalance)
        edge_capacity = _capacity(neighbor.shape[0], num_parts, edge_imbalance)
        order = _most_neighbors_first(indptr.diff(), seed).to(neighbor)
        return partition_stream(indptr, neighbor, order, num_parts, capacity, edge_capacity, passes)
    if not 1 < num_parts < num:  # nothing to choose, which not every package takes
        return torch.arange(num, device=adjacency.device) % num_parts
    split = metis if method == "metis" else kahypar
    return split(indptr, neighbor, num_parts, imbalance=min(imbalance, num_parts), seed=seed).to(adjacency.device)


def _capacity(total: int, num_parts: int, imbalance: float) -> int:
    """How much a part may hold: the average and so much more, at least what makes a partition possible."""
    return max(int(min(total * (1 + imbalance) / num_parts, total)), -(-total // num_parts), 1) if total else 1


def _most_neighbors_first(num_neighbors: Tensor, seed: int) -> Tensor:
    """Nodes in falling order of their numbers of neighbours, equal ones in an order that the seed draws."""
    num_nodes = num_neighbors.shape[0]
    drawn = torch.randperm(num_nodes, generator=torch.Generator().manual_seed(seed)).to(num_neighbors.device)
    if num_nodes == 0:
        return drawn
    most = int(num_neighbors.max())
    return coo_to_csc(most - num_neighbors[drawn], drawn, most + 1)[1]


def _hash(ids: Tensor, seed: int) -> Tensor:
    """Scatter ids over 0 to 2^31 - 1 with the factors and shifts of SplitMix64; products wrap, shifts keep the sign."""
    mixed = ids + (seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) % 2**63
    for factor, shift in ((-0x40A7B892E31B1A47, 30), (-0x6B2FB644ECCEEE15, 27)):
        mixed = (mixed ^ (mixed >> shift)) * factor
    return (mixed ^ (mixed >> 31)) & 0x7FFFFFFF


def partition_quality(
    graph: Graph | Adjacency, part: Tensor, *, edge_type: str | EdgeType | None = None
) -> PartitionQuality:
    """Measure how many edges a partition cuts, and how even its parts are.

    *Shapes* `part: (num_nodes,)`, int32 or int64; parts are 0 to the largest that occurs.

    Args:
        edge_type: which edges, if there are several types.

    Raises:
        FeatureError: if there is no such type, or several and none was named.
        ShapeError, DtypeError, IdError: if `part` is of another kind.

    Without nodes or edges the cut is 0 and the balance 1.

    *Cost* reads the edges once, in their order.

    >>> partition_quality(Graph([0, 1, 2], [1, 2, 3]), torch.tensor([0, 0, 0, 1]))
    PartitionQuality(cut=0.3333333333333333, balance=1.5, edge_balance=1.3333333333333333)
    """
    adjacency = inner_edges("partition_quality", graph, edge_type)
    part = numbers_of_nodes("partition_quality", "part", part, adjacency)
    num_parts = max(int(part.max()) + 1, 0) if part.numel() else 0
    target = part[adjacency.target]
    cut = int((part[adjacency.source] != target).sum()) / max(adjacency.num_edges, 1)
    balance, edge_balance = (_balance(degree(parts, num_parts)) for parts in (part, target))
    return PartitionQuality(cut, balance, edge_balance)


def _balance(sizes: Tensor) -> float:
    total = int(sizes.sum())
    return int(sizes.max()) * sizes.shape[0] / total if total else 1.0
