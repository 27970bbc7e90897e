"""Graphs that grow by preferential attachment."""

import torch

from ...errors import OptionError, message
from .._graph import Graph
from ._drawing import check_at_least, generator_of, graph_of, uniform


def barabasi_albert(num_nodes: int, edges_per_node: int, *, directed: bool = False, seed: int) -> Graph:
    """Grow a graph whose new nodes join old ones with probability proportional to their degree.

    It begins as a star of `edges_per_node` + 1 nodes around node 0. Node i then draws its neighbours among the ends of
    all edges of the nodes before it. An undirected graph has each edge in both directions.

    Args:
        edges_per_node: how many neighbours a new node draws, below `num_nodes`.
        directed: whether only the edges from new to old nodes are there.

    Raises:
        OptionError: if a number is out of range.

    *Source* Barabási and Albert, 1999, Emergence of scaling in random networks; Batagelj and Brandes, 2005, Efficient
    generation of large random networks: who draws an end copies what stands there.

    *Differs from the source* a neighbour that a node draws several times becomes one edge, so that the first nodes have
    fewer than `edges_per_node`.

    *Cost* O(edges), in about log2(edges) rounds, each half of the one before.

    >>> barabasi_albert(1000, 3, seed=0)
    Graph(1,000 nodes, ... edges, on cpu)
    """
    where, m = "barabasi_albert", edges_per_node
    check_at_least(where, 1, edges_per_node=m)
    if num_nodes <= m:
        raise OptionError(message(where, f"`num_nodes` above `edges_per_node`, {m}", str(num_nodes)))
    # Edge m (i - m) + k is the k-th of node i; the first m are the star. End 2 e is where edge e begins, 2 e + 1 where it leads.
    source = torch.arange(m + 1, num_nodes).repeat_interleave(m)
    drawn = uniform(source.shape[0], (source - m).mul_(2 * m), generator_of(seed))
    source = torch.cat((torch.arange(1, m + 1), source))
    target = torch.cat((torch.zeros(m, dtype=torch.int64), drawn))
    pending = torch.arange(m, target.shape[0])
    while pending.numel():
        end = target[pending]
        edge = end >> 1
        is_known = (end & 1 == 0) | (edge < m)
        target[pending[is_known]] = torch.where(end & 1 == 0, source[edge], 0)[is_known]
        pending, edge = pending[~is_known], edge[~is_known]
        target[pending] = drawn[edge - m]
    rows = target[m:].view(-1, m).sort(1).values
    is_new = torch.ones_like(rows, dtype=torch.bool)
    torch.ne(rows[:, 1:], rows[:, :-1], out=is_new[:, 1:])
    is_new = torch.cat((torch.ones(m, dtype=torch.bool), is_new.flatten()))
    return graph_of(source[is_new], torch.cat((target[:m], rows.flatten()))[is_new], num_nodes, directed=directed)
