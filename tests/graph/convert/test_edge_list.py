"""Graphs from and to edge lists and edge_index."""

import pytest
import torch
from hypothesis import given

from tests.graph.strategies import graphs
from weft.errors import DtypeError, IdError, ShapeError
from weft.graph.convert import from_edge_index, from_edge_list, to_edge_index, to_edge_list


@given(graphs())
def test_edge_list_and_edge_index_come_back(graph):
    assert from_edge_list(to_edge_list(graph), graph.num_nodes).same_structure(graph)
    assert from_edge_index(to_edge_index(graph), graph.num_nodes).same_structure(graph)
    assert to_edge_index(graph).shape == (2, graph.num_edges)
    assert to_edge_index(graph).dtype is torch.int64


def test_edge_list_may_be_any_iterable():
    assert from_edge_list((at, at + 1) for at in range(3)).num_nodes == 4
    assert from_edge_list([]).num_nodes == 0


def test_edge_index_is_not_copied():
    edge_index = torch.tensor([[0, 1], [1, 0]])
    assert from_edge_index(edge_index).adjacency.source.data_ptr() == edge_index.data_ptr()


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: from_edge_list([(0, 1), (0, 1, 2)]), ShapeError, "(source, target) for every edge, got 3 values at edge 1"),
        (lambda: from_edge_list([(0, 5)], 3), IdError, "edge 0 has target 5, but there are 3 targets"),
        (lambda: from_edge_index([[0], [1]]), DtypeError, "from_edge_index: expected a tensor, got list"),
        (lambda: from_edge_index(torch.zeros(3, 2).long()), ShapeError,
         "expected shape (2, num_edges), got (3, 2); hint: edge_index.T turns a list of pairs round"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told(make, error, says):
    with pytest.raises(error) as caught:
        make()
    assert says in str(caught.value)
