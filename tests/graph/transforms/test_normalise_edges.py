"""Edge weights normalised by degrees."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from tests.graph.strategies import graphs, typed_graphs
from tests.graph.transforms.dense import assert_matrix, dense, looped, normalised
from weft.errors import OptionError, ShapeError
from weft.graph import Graph, batch, unbatch
from weft.graph.transforms import normalise_edges
from weft.nn import GraphConv

NORMS = ["both", "left", "right", "none"]


@given(graph=graphs(), norm=st.sampled_from(NORMS))
def test_weights_are_those_of_the_dense_matrix(norm, graph):
    graph.edges["w"] = graph.edges["w"] % 3 + 1
    for weight in (None, "w"):
        found = normalise_edges(graph, norm, weight=weight)
        assert_matrix(dense(found, "weight"), normalised(looped(graph, weight), norm))
        found = normalise_edges(graph, norm, weight=weight, self_loops=False)
        assert_matrix(dense(found, "weight"), normalised(dense(graph, weight), norm))
        assert found.adjacency is graph.adjacency


@given(graph=graphs(), norm=st.sampled_from(NORMS), self_loops=st.booleans())
def test_graph_conv_with_these_weights_needs_no_norm(norm, self_loops, graph):
    found = normalise_edges(graph, norm, self_loops=self_loops)
    x = graph.nodes["x"]
    expected = GraphConv(2, 2, norm=norm, weight=False, bias=False)(found, x)
    assert_close(GraphConv(2, 2, norm="none", weight=False, bias=False)(found, x, found.edges["weight"]), expected)


@given(graph=typed_graphs())
def test_edge_types_are_normalised_each_by_itself(graph):
    found = normalise_edges(graph)
    assert_matrix(dense(found, "weight", "rates"), normalised(dense(graph, None, "rates"), "both"))
    follows = Graph(graph["follows"].adjacency.source, graph["follows"].adjacency.target, graph["user"].count)
    assert_matrix(dense(found, "weight", "follows"), normalised(looped(follows), "both"))
    assert found["rates"]["stars"] is graph["rates"]["stars"]
    one = normalise_edges(graph, edge_type="rates")
    assert "weight" not in one["follows"]


def test_loops_come_last_with_weight_one_and_other_features_zero():
    graph = Graph([0, 1, 1], [1, 1, 2])
    graph.edges["w"], graph.edges["kind"] = torch.tensor([2.0, 3.0, 4.0]), torch.tensor([5, 6, 7])
    found = normalise_edges(graph, "none", "out", weight="w")
    assert found.adjacency.source.tolist() == [0, 1, 1, 0, 2]
    assert found.edges["out"].tolist() == [2.0, 3.0, 4.0, 1.0, 1.0]
    assert found.edges["kind"].tolist() == [5, 6, 7, 0, 0]


def test_graphs_of_a_batch_get_what_they_would_get_alone():
    parts = [Graph([0, 1], [1, 1], 3), Graph([], []), Graph([0], [1])]
    for part in parts:
        part.edges["w"] = torch.arange(part.num_edges) + 1.0
    found = normalise_edges(batch(parts), weight="w")
    for part, alone in zip(unbatch(found), parts, strict=True):
        expected = normalise_edges(alone, weight="w")
        assert part.same_structure(expected)
        assert_close(part.edges["weight"], expected.edges["weight"])


def test_gradients_reach_the_given_weights():
    graph = Graph([0, 1, 2, 2], [1, 2, 0, 1])
    w = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64, requires_grad=True)

    def compute(w):
        graph.edges["w"] = w
        return normalise_edges(graph, "both", weight="w").edges["weight"]

    assert torch.autograd.gradcheck(compute, w)


def test_half_precision_is_rounded_once():
    graph = Graph([0] * 7, [1] * 7)
    graph.edges["w"] = torch.full((7,), 0.1, dtype=torch.bfloat16)
    found = normalise_edges(graph, "right", weight="w", self_loops=False).edges["weight"]
    assert found.dtype is torch.bfloat16
    assert_close(found.float().sum(), torch.tensor(1.0), rtol=1e-2, atol=1e-2)


def test_errors_teach():
    graph = Graph([0], [1])
    with pytest.raises(
        OptionError, match="normalise_edges: expected `norm` to be one of both, left, right, none, got 'sym'"
    ):
        normalise_edges(graph, "sym")
    graph.edges["w"] = torch.ones(1, 2)
    with pytest.raises(ShapeError, match=r'expected one weight for each edge in "w", \(1,\), got \(1, 2\)'):
        normalise_edges(graph, weight="w", self_loops=False)
