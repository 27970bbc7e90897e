"""Graphs from and to Data and HeteroData of PyG."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch_geometric.data import Batch, Data, HeteroData

from tests.graph.strategies import assert_same, graphs, typed_graphs
from weft.errors import DtypeError, FeatureError, IdError
from weft.graph import Graph, batch, unbatch
from weft.graph.convert import from_pyg, to_pyg


@given(graphs())
def test_data_comes_back_as_it_was(graph):
    data = to_pyg(graph)
    assert isinstance(data, Data)
    assert (data.num_nodes, data.num_edges) == (graph.num_nodes, graph.num_edges)
    assert_same(from_pyg(data, edge_features=["w"]), graph)


@given(typed_graphs())
def test_hetero_data_comes_back_as_it_was(graph):
    data = to_pyg(graph)
    assert isinstance(data, HeteroData)
    assert_same(from_pyg(data), graph)


@given(st.one_of(st.lists(graphs(), min_size=1, max_size=4), st.lists(typed_graphs(), min_size=1, max_size=4)))
def test_a_batch_is_one_on_either_side(parts):
    together = batch(parts)
    data = to_pyg(together)
    back = from_pyg(data, edge_features=["w"])
    assert_same(back, together)
    for found, part in zip(unbatch(back), parts, strict=True):
        assert_same(found, part)
    for store in data.node_stores:
        assert store.batch.bincount(minlength=len(parts)).tolist() == store.ptr.diff().tolist()


@given(st.lists(graphs(), min_size=1, max_size=4))
def test_a_batch_of_pyg_is_a_batch(parts):
    made = from_pyg(Batch.from_data_list([to_pyg(part) for part in parts]), edge_features=["w"])
    assert_same(made, batch(parts))
    assert made.edges.offsets.tolist() == batch(parts).edges.offsets.tolist()


def test_a_batch_of_several_types_of_pyg_is_a_batch():
    parts = [Graph({("a", "to", "b"): ([0, 1], [1, 1])}), Graph({("a", "to", "b"): ([0], [2])})]
    made = from_pyg(Batch.from_data_list([to_pyg(part) for part in parts]))
    assert_same(made, batch(parts))
    assert made["to"].offsets.tolist() == [0, 2, 3]


def test_what_has_no_row_for_each_node_or_edge_is_left_behind():
    data = Data(
        x=torch.ones(3, 2),
        edge_index=torch.tensor([[0, 1], [1, 2]]),
        edge_attr=torch.ones(2),
        y=torch.ones(1),
        name="a",
    )
    graph = from_pyg(data)
    assert (set(graph.nodes), set(graph.edges)) == ({"x"}, {"edge_attr"})
    assert graph.nodes["x"] is data.x


def test_as_many_edges_as_nodes_are_told_apart_by_name():
    data = Data(
        x=torch.ones(2), edge_index=torch.tensor([[0, 1], [1, 0]]), edge_attr=torch.ones(2), weight=torch.ones(2)
    )
    assert set(from_pyg(data).edges) == {"edge_attr"}
    graph = from_pyg(data, edge_features=["weight"])
    assert (set(graph.nodes), set(graph.edges)) == ({"x"}, {"edge_attr", "weight"})


def test_counts_come_from_ids_where_nothing_tells_them():
    assert from_pyg(Data(edge_index=torch.tensor([[0], [4]]))).num_nodes == 5
    assert from_pyg(Data(x=torch.ones(3))).num_nodes == 3
    data = HeteroData()
    data["a", "to", "b"].edge_index = torch.tensor([[0], [4]])
    assert from_pyg(data)["b"].count == 5


def with_features(nodes=None, edges=None):
    graph = Graph([0], [1])
    graph.nodes.update(nodes or {})
    graph.edges.update(edges or {})
    return graph


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: from_pyg([1]), DtypeError, "from_pyg: expected a Data or a HeteroData of PyG, got list"),
        (lambda: from_pyg(Data(adj_t=torch.eye(2).to_sparse())), DtypeError,
         "from_pyg: expected edges in `edge_index`, got another form; hint: edge_index is what from_pyg reads"),
        (lambda: from_pyg(Data(x=torch.ones(2), edge_index=torch.tensor([[0], [2]]))), IdError, "edge 0 has target 2"),
        (lambda: to_pyg(with_features({"ptr": [1, 2]})), FeatureError, 'and that nodes and edges do not share, got "ptr"'),
        (lambda: to_pyg(with_features({"x": [1, 2]}, {"x": [1]})), FeatureError,
         'to_pyg: expected names of features that PyG does not use itself, and that nodes and edges do not share, got "x"; hint'),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told(make, error, says):
    with pytest.raises(error) as caught:
        make()
    assert says in str(caught.value)
