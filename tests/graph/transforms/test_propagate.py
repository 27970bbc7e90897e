"""Features of neighbours, some steps away."""

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import graphs, typed_graphs
from tests.graph.transforms.dense import assert_matrix, dense, looped, normalised
from weft.errors import OptionError
from weft.graph import Graph, remove_edges
from weft.graph._rows import Rows
from weft.graph.transforms import diffuse, propagate_features


@given(graph=graphs(), norm=st.sampled_from(["both", "left", "right", "none"]))
def test_powers_of_the_matrix_are_applied(norm, graph):
    graph.edges["w"] = graph.edges["w"] + 1
    found = propagate_features(graph, 3, norm=norm, weight="w")
    matrix = normalised(looped(graph, "w"), norm)
    for hop in (1, 2, 3):
        expected = np.linalg.matrix_power(matrix, hop) @ graph.nodes["x"].numpy()
        assert_matrix(found.nodes[f"x_{hop}"], expected, 1e-4)
    assert found.adjacency is graph.adjacency
    assert set(found.nodes) == {"x", "x_1", "x_2", "x_3"}


@given(graph=typed_graphs())
def test_one_edge_type_of_many_is_followed(graph):
    graph["user"]["x"] = torch.arange(graph["user"].count)
    found = propagate_features(graph, 1, norm="none", self_loops=False, edge_type="follows")
    assert_matrix(found["user"]["x_1"], dense(graph, None, "follows") @ graph["user"]["x"].numpy())


@pytest.mark.parametrize("transform", [partial(propagate_features, hops=2), diffuse])
def test_features_of_edges_that_no_one_asks_for_are_not_looked_at(transform):
    graph = Graph([0, 1, 2], [1, 2, 0])
    graph.nodes["x"], graph.edges["w"], graph.edges["far"] = torch.ones(3, 1), torch.ones(3), torch.ones(3, 4)
    part = remove_edges(graph, [0], features="lazy").graph
    transform(part, weight="w")
    assert isinstance(part.edges._features["far"], Rows)
    assert not isinstance(part.edges._features["w"], Rows)


def test_no_hops_are_no_features_and_fewer_are_refused():
    graph = Graph([0], [1])
    graph.nodes["x"] = torch.ones(2)
    assert set(propagate_features(graph, 0).nodes) == {"x"}
    with pytest.raises(OptionError, match="propagate_features: expected `hops` of at least 0, got -1"):
        propagate_features(graph, -1)
