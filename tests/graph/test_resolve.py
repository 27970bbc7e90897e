"""What layers read of whatever graph they are given."""

import re

import pytest
import torch

from weft.errors import DtypeError, FeatureError
from weft.graph import Adjacency, Block, Graph, adjacency_of


def test_graph_adjacency_and_block_resolve_to_their_structure():
    graph = Graph([0], [1])
    block = Block([1], [0], node_ids=[5, 6], num_targets=1)
    assert adjacency_of(graph) is graph.adjacency
    assert adjacency_of(graph.adjacency) is graph.adjacency
    assert adjacency_of(block) is block.adjacency


def test_one_edge_type_between_two_node_types_is_enough():
    graph = Graph({("user", "rates", "item"): ([0], [1])})
    assert isinstance(adjacency_of(graph), Adjacency)


def test_several_edge_types_are_listed_with_a_way_to_choose():
    graph = Graph({("user", "rates", "item"): ([0], [1]), ("user", "follows", "user"): ([0], [1])})
    says = (
        '`graph.adjacency` is for a graph of one edge type, this one has 2 edge types: ("user", "rates", "item"), '
        '("user", "follows", "user"); hint: choose one, as in graph["user", "rates", "item"].adjacency'
    )
    with pytest.raises(FeatureError, match=re.escape(says)):
        adjacency_of(graph)


def test_no_edge_type_is_told():
    with pytest.raises(FeatureError, match="this one has no edge type"):
        adjacency_of(Graph({}, num_nodes={"user": 2}))


@pytest.mark.parametrize("wrong", [torch.zeros(2, 3), (1, 2), None], ids=["tensor", "tuple", "none"])
def test_anything_else_is_refused(wrong):
    with pytest.raises(
        DtypeError, match=r"graph: expected a Graph, an Adjacency or a Block, got .*; hint: weft\.Graph"
    ):
        adjacency_of(wrong)
