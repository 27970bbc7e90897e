"""Degrees and distances as features."""

import networkx as nx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import graphs, typed_graphs
from weft.errors import IdError, OptionError
from weft.graph import Graph, batch, to_networkx, unbatch
from weft.graph.transforms import _encode_structure, encode_degrees, encode_distances


@given(graph=typed_graphs(), direction=st.sampled_from(["in", "out"]))
def test_degrees_are_numbers_or_one_hot(graph, direction):
    adjacency = graph["rates"].adjacency
    of, ends = ("item", adjacency.target) if direction == "in" else ("user", adjacency.source)
    expected = torch.bincount(ends, minlength=graph[of].count)
    found = encode_degrees(graph, direction, edge_type="rates")
    assert torch.equal(found[of]["degree"], expected[:, None].float())
    found = encode_degrees(graph, direction, "d", largest=2, edge_type="rates")
    assert torch.equal(found[of]["d"], torch.nn.functional.one_hot(expected.clamp(max=2), 3).float())


@given(graph=graphs(), direction=st.sampled_from(["in", "out", "both"]), furthest=st.sampled_from([None, 0, 1, 2]))
def test_distances_are_those_of_networkx(graph, direction, furthest):
    anchors = [node for node in (4, 0, 2) if node < graph.num_nodes]
    found = encode_distances(graph, anchors, direction=direction, furthest=furthest).nodes["distance"]
    other = to_networkx(graph)
    other = {"out": other, "in": other.reverse(), "both": other.to_undirected()}[direction]
    for column, anchor in enumerate(anchors):
        lengths = nx.single_source_shortest_path_length(other, anchor, cutoff=furthest)
        assert found[:, column].tolist() == [lengths.get(node, float("inf")) for node in range(graph.num_nodes)]


def test_anchors_are_drawn_in_each_graph_without_repetition():
    parts = [Graph(torch.arange(9), torch.arange(1, 10)), Graph([], [], 0), Graph([0], [1])]
    found = encode_distances(batch(parts), 3, seed=1)
    assert found.num_graphs == 3
    large, empty, small = (part.nodes["distance"] for part in unbatch(found))
    assert (large == 0).sum(0).tolist() == [1, 1, 1]
    assert (large == 0).sum() == (large == 0).any(1).sum()
    assert large.isfinite().all()
    assert empty.shape == (0, 3)
    assert (small == 0).sum(0).tolist() == [1, 1, 0]
    assert small[:, 2].isinf().all()
    assert not torch.equal(large, unbatch(encode_distances(batch(parts), 3, seed=2))[0].nodes["distance"])


def test_given_anchors_of_a_batch_are_numbered_in_each_graph():
    found = encode_distances(batch([Graph([0, 1], [1, 2])] * 2), [5, 0, 3])
    assert found.nodes["distance"].tolist() == [
        [0, float("inf")],
        [1, float("inf")],
        [2, float("inf")],
        [2, 0],
        [1, 1],
        [0, 2],
    ]


def test_a_long_path_costs_one_search_for_each_anchor(monkeypatch):
    """Not a product with all edges for each step."""
    calls = []
    search = _encode_structure.bfs
    monkeypatch.setattr(_encode_structure, "bfs", lambda *args, **options: calls.append(1) or search(*args, **options))
    found = encode_distances(Graph(torch.arange(20_000), torch.arange(20_000) + 1), [0, 20_000]).nodes["distance"]
    assert torch.equal(found[:, 0], torch.arange(20_001.0))
    assert torch.equal(found[:, 1], torch.arange(20_001.0).flip(0))
    assert len(calls) == 2


def test_errors_teach():
    graph = Graph([0], [1])
    with pytest.raises(OptionError, match="encode_degrees: expected `direction` to be one of in, out, got 'both'"):
        encode_degrees(graph, "both")
    with pytest.raises(OptionError, match="encode_degrees: expected `largest` of at least 0, got -1"):
        encode_degrees(graph, largest=-1)
    with pytest.raises(
        OptionError, match="encode_distances: expected `direction` to be one of out, in, both, got 'up'"
    ):
        encode_distances(graph, 1, direction="up")
    with pytest.raises(OptionError, match="encode_distances: expected `anchors` of at least 0, got -2"):
        encode_distances(graph, -2)
    with pytest.raises(OptionError, match="encode_distances: expected `furthest` of at least 0, got -1"):
        encode_distances(graph, [0], furthest=-1)
    with pytest.raises(IdError, match="encode_distances: expected `anchors` within the graph, got 2"):
        encode_distances(graph, [2])
