"""Graphs whose edges are independent, or as many as wanted."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ...errors import OptionError, ShapeError, check_probability, message
from .._graph import Graph
from .._naming import EdgeType, checked_edge_type
from ._drawing import check_at_least, generator_of, graph_of
from ._pair_table import PairTable, distinct_places, places_by_chance


def erdos_renyi(
    num_nodes: int,
    p: float | None = None,
    *,
    num_edges: int | None = None,
    directed: bool = False,
    loops: bool = False,
    seed: int,
) -> Graph:
    """Draw a graph whose pairs of nodes are edges with one probability, or a given number of them.

    Sources ascend, targets too for each source. An undirected graph has each edge in both directions: first so from the
    lower node to the higher, then all the other way round.

    Args:
        p: the probability of each pair, G(n, p); or
        num_edges: how many pairs are edges, G(n, m); all sets of so many are equally likely.
        directed: whether (i, j) and (j, i) are two pairs.
        loops: whether a node may be its own neighbour.

    Raises:
        OptionError: if not one of `p` and `num_edges` is given, or it is out of range.

    *Source* Erdős and Rényi, 1959, On random graphs; Gilbert, 1959, Random graphs.

    *Cost* O(num_nodes + edges) for `p`, whatever the number of pairs; a sort of the edges for `num_edges`.

    >>> erdos_renyi(1000, 0.01, seed=0)
    Graph(1,000 nodes, ... edges, on cpu)
    >>> erdos_renyi(1000, num_edges=5000, seed=0)
    Graph(1,000 nodes, 10,000 edges, on cpu)
    """
    check_at_least("erdos_renyi", 0, num_nodes=num_nodes)
    table = PairTable(num_nodes, num_nodes, directed, loops)
    return graph_of(*_drawn_edges("erdos_renyi", table, p, num_edges, seed), num_nodes, directed=directed)


def random_bipartite(
    num_nodes: tuple[int, int],
    p: float | None = None,
    *,
    num_edges: int | None = None,
    edge_type: EdgeType = ("source", "edge", "target"),
    seed: int,
) -> Graph:
    """Draw a graph between two types of nodes, whose pairs are edges with one probability, or a given number of them.

    Args:
        num_nodes: how many sources and how many targets there are.
        p: the probability of each pair; or
        num_edges: how many pairs are edges; all sets of so many are equally likely.
        edge_type: names both types and the relation between them.

    Raises:
        OptionError: if not one of `p` and `num_edges` is given, something is out of range, or both types are one.

    *Cost* as for `erdos_renyi`.

    >>> random_bipartite((100, 50), num_edges=300, edge_type=("user", "rates", "item"), seed=0)
    Graph(2 node types, 1 edge type, on cpu)
      "user": 100 nodes
      "item": 50 nodes
      ("user", "rates", "item"): 300 edges
    """
    where = "random_bipartite"
    first, _, last = checked_edge_type(where, edge_type)
    if first == last:
        hint = "erdos_renyi draws edges within one type"
        raise OptionError(message(where, "`edge_type` between two node types", repr(edge_type), hint))
    check_at_least(where, 0, num_sources=num_nodes[0], num_targets=num_nodes[1])
    ends = _drawn_edges(where, PairTable(*num_nodes), p, num_edges, seed)
    return Graph({edge_type: ends}, num_nodes={first: num_nodes[0], last: num_nodes[1]})


def stochastic_block(
    sizes: Sequence[int],
    p: Sequence[Sequence[float]] | Tensor,
    *,
    directed: bool = False,
    loops: bool = False,
    seed: int,
) -> Graph:
    """Draw a graph of blocks, whose pairs of nodes are edges with the probability of their blocks.

    Nodes stand block after block; the node feature `block` (num_nodes,), int64, tells which. Edges stand pair of blocks
    after pair of blocks. An undirected graph has each edge in both directions: first all of them, then all the other way
    round.

    *Shapes* `p: (num_blocks, num_blocks)`, the probability of an edge from a node of one block to one of another.

    Args:
        sizes: number of nodes of each block.
        directed: whether (i, j) and (j, i) are two pairs.
        loops: whether a node may be its own neighbour.

    Raises:
        ShapeError: if `p` is not square of the number of blocks.
        OptionError: if a size or a probability is out of range, or `p` is not symmetric for an undirected graph.

    *Source* Holland, Laskey and Leinhardt, 1983, Stochastic blockmodels: first steps.

    *Cost* O(num_nodes num_blocks + edges), and a few calls for each pair of blocks.

    >>> stochastic_block([50, 50], [[0.2, 0.01], [0.01, 0.2]], seed=0)
    Graph(100 nodes, ... edges, on cpu; nodes: block (100,) int64)
    """
    where = "stochastic_block"
    chances = torch.as_tensor(p, dtype=torch.float64)
    chances = chances if sizes else chances.reshape(0, 0)  # no rows of no columns
    if chances.shape != (len(sizes), len(sizes)):
        raise ShapeError(message(where, f"`p` of shape ({len(sizes)}, {len(sizes)})", str(tuple(chances.shape))))
    for size in sizes:
        check_at_least(where, 0, sizes=size)
    for chance in chances.flatten().tolist():
        check_probability(where, "p", chance)
    if not directed and not torch.equal(chances, chances.T):
        hint = "directed=True takes any"
        raise OptionError(message(where, "a symmetric `p` for an undirected graph", "another", hint))
    generator, rows = generator_of(seed), chances.tolist()
    begins = [sum(sizes[:block]) for block in range(len(sizes))]
    parts = [(torch.empty(0, dtype=torch.int64), torch.empty(0, dtype=torch.int64))]
    for first in range(len(sizes)):
        for last in range(0 if directed else first, len(sizes)):
            within = (directed, loops) if first == last else ()
            table = PairTable(sizes[first], sizes[last], *within)
            source, target = table.edges(places_by_chance(table.size, rows[first][last], generator))
            parts.append((source + begins[first], target + begins[last]))
    source, target = (torch.cat(part) for part in zip(*parts, strict=True))
    graph = graph_of(source, target, sum(sizes), directed=directed)
    graph.nodes["block"] = torch.repeat_interleave(torch.tensor(sizes, dtype=torch.int64))
    return graph


def _drawn_edges(
    where: str, table: PairTable, p: float | None, num_edges: int | None, seed: int
) -> tuple[Tensor, Tensor]:
    """Edges of a table: each pair by chance, or as many as wanted."""
    generator = generator_of(seed)
    if p is not None and num_edges is None:
        check_probability(where, "p", p)
        return table.edges(places_by_chance(table.size, p, generator))
    if num_edges is None or p is not None:
        raise OptionError(message(where, "one of `p` and `num_edges`", "neither" if p is None else "both"))
    if not 0 <= num_edges <= table.size:
        raise OptionError(message(where, f"`num_edges` from 0 to {table.size}, the number of pairs", str(num_edges)))
    return table.edges(distinct_places(table.size, num_edges, generator))
