"""Graphs and batches filled up to fixed sizes."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import assert_same, graphs, typed_graphs
from weft.errors import FeatureError, OptionError, ShapeError
from weft.graph import Graph, batch, readout
from weft.graph._batching import slice_batch
from weft.graph._padding import _filled, pad


@given(st.lists(graphs(), min_size=1, max_size=4), st.integers(1, 4), st.integers(0, 5), st.integers(1, 3))
def test_what_is_there_stays_and_what_is_added_is_a_graph_of_its_own(parts, nodes, edges, more):
    together = batch(parts)
    padded = pad(
        together, together.num_nodes + nodes, together.num_edges + edges, num_graphs=together.num_graphs + more
    )
    graph, adjacency = padded.graph, padded.graph.adjacency
    assert (graph.num_nodes, graph.num_edges) == (together.num_nodes + nodes, together.num_edges + edges)
    assert graph.num_graphs == len(parts) + more
    assert padded.graph_mask.tolist() == [True] * len(parts) + [False] * more
    assert_same(slice_batch(graph, padded.graph_mask), together)
    assert int(padded.node_masks["node"].sum()) == together.num_nodes
    mask = padded.edge_masks["node", "edge", "node"]
    assert mask.tolist() == [True] * together.num_edges + [False] * edges
    for ends in (adjacency.source, adjacency.target):
        assert bool((ends[~mask] >= together.num_nodes).all())
    assert not graph.nodes["x"][together.num_nodes :].any()
    assert not graph.edges["w"][together.num_edges :].any()
    out = readout(graph, graph.nodes["x"])
    torch.testing.assert_close(out[padded.graph_mask], readout(together, together.nodes["x"]))


@given(typed_graphs())
def test_every_type_is_filled_up(graph):
    nodes = {name: found.count + 2 for name, found in graph.node_sets.items()}
    padded = pad(graph, nodes, {"rates": 30, "follows": 31})
    assert {name: found.count for name, found in padded.graph.node_sets.items()} == nodes
    assert [found.count for found in padded.graph.edge_sets.values()] == [30, 31]
    assert_same(slice_batch(padded.graph, [0]), graph)
    added = padded.graph["rates"].adjacency
    assert bool((added.source[graph["rates"].count :] >= graph["user"].count).all())
    assert bool((added.target[graph["rates"].count :] >= graph["item"].count).all())


def test_added_edges_are_spread_over_added_nodes():
    padded = pad(Graph([0], [0]), num_nodes=4, num_edges=8)
    assert padded.graph.adjacency.in_degrees().tolist() == [1, 3, 2, 2]
    assert padded.graph.adjacency.out_degrees().tolist() == [1, 3, 2, 2]


def test_a_graph_that_is_full_gets_an_empty_graph():
    graph = Graph(torch.tensor([0]).int(), torch.tensor([1]).int())
    padded = pad(graph, 2, 1)
    assert padded.graph.same_structure(graph)
    assert padded.graph.adjacency.source.dtype is torch.int32
    assert padded.graph.nodes.offsets.tolist() == [0, 2, 2]


def test_gradients_reach_what_was_there():
    graph = Graph([0], [1])
    graph.nodes["x"] = torch.ones(2, requires_grad=True)
    (pad(graph, 3, 1).graph.nodes["x"] * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert graph.nodes["x"].grad.tolist() == [1, 2]


TYPED = Graph({("a", "to", "b"): ([0], [0])}, num_nodes={"a": 1, "b": 1})


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: pad(Graph([0], [1]), 1, 1), ShapeError,
         'pad: expected at most 1 of "node", as `num_nodes` says, got 2; hint: raise it, or put fewer graphs into a batch'),
        (lambda: pad(Graph([0], [1]), 2, 0), ShapeError, "as `num_edges` says, got 1"),
        (lambda: pad(Graph([0], [1]), 2, 2), OptionError,
         'expected a "node" to add, for edges ("node", "edge", "node") to join, got none; hint: raise `num_nodes` to 3'),
        (lambda: pad(Graph([0], [1]), 3, 2, num_graphs=1), OptionError, "expected `num_graphs` above 1, since what is added"),
        (lambda: pad(TYPED, 3, 1), OptionError, "expected `num_nodes` for each node type, got one value for a graph of 2"),
        (lambda: pad(TYPED, {"a": 3}, {"to": 1}), OptionError, 'expected `num_nodes` for every type, got none for "b"'),
        (lambda: pad(TYPED, {"a": 3, "b": 3}, {}), OptionError,
         'expected `num_edges` for every type, got none for ("a", "to", "b")'),
        (lambda: pad(TYPED, {"a": 3, "c": 3}, {"to": 1}), FeatureError, 'expected one of the node types "a", "b", got "c"'),
    ],
)  # fmt: skip
def test_wrong_sizes_are_told(make, error, says):
    with pytest.raises(error) as caught:
        make()
    assert says in str(caught.value)


def test_added_ids_beyond_int32_become_int64():
    edges = Graph(torch.tensor([0], dtype=torch.int32), torch.tensor([1], dtype=torch.int32)).edges
    found = _filled(edges, {"node": 2**31 + 5}, 3)
    assert found.source.dtype is found.target.dtype is torch.int64
    assert found.source.tolist() == [0, 2, 3]
