"""Trees, balanced or drawn."""

import torch

from .._graph import Graph
from ._drawing import check_at_least, generator_of, graph_of, uniform


def balanced_tree(branching: int, height: int, *, directed: bool = False) -> Graph:
    """Make a tree whose inner nodes all have as many children, and whose leaves all have one depth.

    Nodes are numbered from the root, level after level; edge i - 1 leads from the parent of node i to it.

    Args:
        branching: children of an inner node.
        height: edges between the root and a leaf.
        directed: whether only the edges from parents to children are there.

    Raises:
        OptionError: if `branching` is below 1, or `height` negative.

    >>> balanced_tree(2, 3)
    Graph(15 nodes, 28 edges, on cpu)
    """
    check_at_least("balanced_tree", 1, branching=branching)
    check_at_least("balanced_tree", 0, height=height)
    num_nodes = sum(branching**level for level in range(height + 1))
    children = torch.arange(1, num_nodes)
    return graph_of((children - 1) // branching, children, num_nodes, directed=directed)


def random_tree(num_nodes: int, *, seed: int) -> Graph:
    """Draw a tree, each of the n^(n - 2) on these nodes as likely as any other.

    Each edge stands in both directions. No nodes make a graph without any.

    Raises:
        OptionError: if `num_nodes` is negative.

    *Source* Joyal, 1981, Une théorie combinatoire des séries formelles: a function from the nodes to themselves is a tree
    with two chosen nodes. The nodes on its cycles, in the order of their images, become the path between the two.

    *Cost* O(num_nodes log num_nodes).

    >>> random_tree(1000, seed=0)
    Graph(1,000 nodes, 1,998 edges, on cpu)
    """
    check_at_least("random_tree", 0, num_nodes=num_nodes)
    image = uniform(num_nodes, max(num_nodes, 1), generator_of(seed))
    # After at least as many steps as there are nodes, only those on cycles are reached.
    reached, steps = image, 1
    while steps < num_nodes:
        reached, steps = reached[reached], 2 * steps
    on_cycle = torch.zeros(num_nodes, dtype=torch.bool)
    on_cycle[reached] = True
    path, others = image[on_cycle], (~on_cycle).nonzero().squeeze(1)
    source, target = torch.cat((path[:-1], others)), torch.cat((path[1:], image[others]))
    return graph_of(source, target, num_nodes, directed=False)
