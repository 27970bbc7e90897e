"""Many graphs in one, and back."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import weft
from tests.graph.strategies import assert_same, graphs, typed_graphs
from weft.errors import DeviceError, DtypeError, FeatureError, IdError, OptionError, ShapeError
from weft.graph import Graph, batch, unbatch
from weft.graph._batching import slice_batch


@given(st.one_of(st.lists(graphs(), min_size=1, max_size=5), st.lists(typed_graphs(), min_size=1, max_size=5)))
def test_unbatch_gives_back_what_batch_was_given(parts):
    together = batch(parts)
    assert together.num_graphs == len(parts)
    assert together.num_nodes == sum(part.num_nodes for part in parts)
    for found, part in zip(unbatch(together), parts, strict=True):
        assert_same(found, part)
        assert found.num_graphs == 1


@given(st.lists(graphs(), min_size=1, max_size=5))
def test_aggregation_over_a_batch_is_aggregation_over_each_graph(parts):
    together = batch(parts)
    out = weft.ops.spmm(together.adjacency.by_target, together.nodes["x"])
    each = [weft.ops.spmm(part.adjacency.by_target, part.nodes["x"]) for part in parts]
    torch.testing.assert_close(out, torch.cat(each))


@given(st.lists(graphs(), min_size=2, max_size=5))
def test_a_batch_in_a_batch_counts_as_its_graphs(parts):
    nested = batch([batch(parts[:-1]), parts[-1]])
    assert_same(nested, batch(parts))
    assert nested.nodes.offsets.tolist() == batch(parts).nodes.offsets.tolist()
    assert nested.edges.offsets.tolist() == batch(parts).edges.offsets.tolist()


def test_offsets_say_where_each_graph_begins():
    together = batch([Graph([0], [1]), Graph([], []), Graph([0, 0], [0, 0])])
    assert together.nodes.offsets.tolist() == [0, 2, 2, 3]
    assert together.edges.offsets.tolist() == [0, 1, 1, 3]
    assert together.adjacency.source.tolist() == [0, 2, 2]


def test_node_types_may_come_in_another_order():
    first = Graph({}, num_nodes={"a": 1, "b": 2})
    second = Graph({}, num_nodes={"b": 3, "a": 4})
    together = batch([first, second])
    assert {name: nodes.count for name, nodes in together.node_sets.items()} == {"a": 5, "b": 5}
    assert together.node_types == ("a", "b")


def test_id_dtype_of_all_is_kept_and_of_several_is_int64():
    small, large = Graph(torch.tensor([0]).int(), torch.tensor([0]).int()), Graph([0], [0])
    assert batch([small, small]).adjacency.source.dtype is torch.int32
    assert batch([small, large]).adjacency.source.dtype is torch.int64
    assert unbatch(batch([small, small]))[1].adjacency.source.dtype is torch.int32


def test_ids_beyond_int32_become_int64():
    empty = torch.zeros(0, dtype=torch.int32)
    big = Graph(empty, empty, num_nodes=2**31 - 1)
    one = Graph(torch.tensor([0]).int(), torch.tensor([0]).int())
    together = batch([big, one, one])
    assert together.adjacency.source.tolist() == [2**31 - 1, 2**31]


def test_a_graph_that_is_no_batch_comes_back_alone():
    graph = Graph([0], [1])
    assert unbatch(graph) == [graph]


def test_features_of_a_batch_carry_gradients_to_each_graph():
    parts = [Graph([0], [1]), Graph([0], [0])]
    for part in parts:
        part.nodes["x"] = torch.ones(part.num_nodes, requires_grad=True)
    (batch(parts).nodes["x"] * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert parts[0].nodes["x"].grad.tolist() == [1, 2]
    assert parts[1].nodes["x"].grad.tolist() == [3]


def test_repr_counts_the_graphs():
    assert repr(batch([Graph([0], [1]), Graph([0], [1])])) == "Graph(2 graphs, 4 nodes, 2 edges, on cpu)"


def featured(**features):
    graph = Graph([0], [1])
    graph.nodes.update(features)
    return graph


@pytest.mark.parametrize(
    ("parts", "error", "says"),
    [
        ([], OptionError, "batch: expected at least one graph, got none"),
        (Graph([0], [1]), DtypeError, "expected a list of graphs, got Graph"),
        ([1, 2], DtypeError, "expected a list of graphs, got list"),
        ([Graph([0], [1]), Graph({}, num_nodes={"user": 1})], FeatureError, 'in graph 1, got "user" and none; hint: a type may'),
        ([featured(x=torch.zeros(2)), featured()], FeatureError,
         'batch, "node": expected features "x" as in graph 0, got none in graph 1; hint: give it the feature, or delete it'),
        ([featured(x=torch.zeros(2)), featured(x=torch.zeros(2).long())], DtypeError,
         '"x" of torch.float32 as in graph 0, got torch.int64 in graph 1'),
        ([featured(x=torch.zeros(2, 3)), featured(x=torch.zeros(2, 4))], ShapeError,
         '"x" with rows of shape (3,) as in graph 0, got (4,) in graph 1'),
        ([Graph([0], [1]), Graph([0], [1]).to("meta")], DeviceError, "all graphs on cpu, where graph 0 is, got graph 1 on meta"),
    ],
)  # fmt: skip
def test_graphs_that_do_not_fit_are_told(parts, error, says):
    with pytest.raises(error) as caught:
        batch(parts)
    assert says in str(caught.value)


@given(
    st.one_of(st.lists(graphs(), min_size=1, max_size=5), st.lists(typed_graphs(), min_size=1, max_size=5)), st.data()
)
def test_a_slice_is_a_batch_of_the_chosen_graphs(parts, data):
    together = batch(parts) if len(parts) > 1 else parts[0]
    at = data.draw(st.lists(st.integers(0, len(parts) - 1), max_size=6))
    found = slice_batch(together, at)
    assert found.num_graphs == len(at)
    assert [part.num_nodes for part in unbatch(found)] == [parts[graph].num_nodes for graph in at]
    for part, graph in zip(unbatch(found), at, strict=True):
        assert_same(part, parts[graph])
    first, last = sorted(data.draw(st.tuples(st.integers(0, len(parts)), st.integers(0, len(parts)))))
    stretch, listed = slice_batch(together, slice(first, last)), slice_batch(together, list(range(first, last)))
    assert_same(stretch, listed)
    assert [list(sets.offsets) for sets in stretch.node_sets.values()] == [
        list(sets.offsets) for sets in listed.node_sets.values()
    ]


def test_graphs_are_chosen_by_mask_and_by_steps_too():
    three = batch([Graph([0], [0]), Graph([0, 1], [1, 0]), Graph([], [], 3)])
    assert slice_batch(three, torch.tensor([True, False, True])).nodes.offsets.tolist() == [0, 1, 4]
    assert slice_batch(three, slice(None, None, -1)).nodes.offsets.tolist() == [0, 3, 5, 6]
    assert slice_batch(three, slice(-1, None)).num_nodes == 3


def test_a_slice_keeps_id_dtype_and_carries_gradients():
    parts = [
        Graph(torch.tensor([0]).int(), torch.tensor([1]).int()),
        Graph(torch.tensor([0]).int(), torch.tensor([0]).int()),
    ]
    together = batch(parts)
    together.nodes["x"] = torch.ones(3, requires_grad=True)
    found = slice_batch(together, [1, 0, 1])
    assert found.adjacency.source.dtype is torch.int32
    (found.nodes["x"] * torch.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
    assert together.nodes["x"].grad.tolist() == [2, 3, 5]


def test_batches_are_merged_by_batch():
    parts = [Graph([0], [at]) for at in range(4)]
    merged = batch([batch(parts[:2]), batch(parts[2:])])
    assert merged.nodes.offsets.tolist() == batch(parts).nodes.offsets.tolist()
    assert_same(slice_batch(merged, slice(2, 4)), batch(parts[2:]))


@pytest.mark.parametrize(
    ("graphs", "error", "says"),
    [
        ([2], IdError, "slice_batch: expected `graphs` within the graph, got 2, but ids are 0 to 1"),
        (
            torch.ones(3, dtype=torch.bool),
            ShapeError,
            "slice_batch: expected `graphs` as a mask of shape (2,), got (3,)",
        ),
        ([0.5], DtypeError, "expected int32 or int64 ids for `graphs`"),
    ],
)
def test_graphs_that_are_not_there_are_told(graphs, error, says):
    with pytest.raises(error) as caught:
        slice_batch(batch([Graph([0], [1]), Graph([0], [0])]), graphs)
    assert says in str(caught.value)
