"""Nodes and edges added and dropped at random."""

import pytest
import torch

from tests.dgl.graphs_of_dgl import messy, pairs, typed
from weft.dgl import DGLError, graph
from weft.dgl.transforms import AddEdge, DropEdge, DropNode


def long_path(count=2000):
    return graph((torch.arange(count - 1), torch.arange(1, count)))


def test_as_many_are_dropped_as_expected():
    assert DropEdge(0.3)(long_path()).num_edges() == pytest.approx(1400, abs=100)
    assert DropNode(0.3)(long_path()).num_nodes() == pytest.approx(1400, abs=100)


def test_none_or_all_are_dropped():
    assert pairs(DropEdge(0.0)(messy())) == pairs(messy())
    assert DropEdge(1.0)(typed()).num_edges() == 0
    assert DropNode(0.0)(messy()).num_nodes() == 6
    assert DropNode(1.0)(typed()).num_nodes() == 0


def test_a_share_of_edges_is_added_to_each_type():
    made = AddEdge(0.5)(typed())
    assert [made.num_edges(name) for name in ("b", "f", "r")] == [0, 6, 6]
    assert made.edges["r"].data["w"][4:].tolist() == [0, 0]
    assert (made.num_nodes("u"), made.num_nodes("i")) == (3, 4)
    assert AddEdge(0.0)(messy()).num_edges() == 7


def test_the_seed_of_torch_decides():
    drawn = []
    for _ in range(2):
        torch.manual_seed(3)
        drawn.append(pairs(AddEdge(0.5)(DropEdge(0.5)(long_path(50)))))
    assert drawn[0] == drawn[1]
    assert drawn[0] != pairs(DropEdge(0.5)(long_path(50)))


def test_the_graph_stays_as_it_is():
    g = messy()
    for transform in (DropNode(1.0), DropEdge(1.0), AddEdge(1.0)):
        transform(g)
    assert (g.num_nodes(), g.num_edges()) == (6, 7)


def test_probabilities_are_checked():
    for transform in (DropNode, DropEdge):
        with pytest.raises(DGLError):
            transform(1.5)
