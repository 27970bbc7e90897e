"""One row for each graph of a batch."""

import pytest
import torch
from hypothesis import strategies as st

from tests.graph.strategies import for_all, graphs, typed_graphs
from weft.errors import FeatureError, OptionError, ShapeError
from weft.graph import Graph, batch, readout

FORMULAS = {
    "sum": lambda rows: rows.sum(0),
    "mean": lambda rows: rows.mean(0),
    "max": lambda rows: rows.max(0).values,
    "min": lambda rows: rows.min(0).values,
    "mul": lambda rows: rows.prod(0),
    "var": lambda rows: rows.var(0, unbiased=False),
    "std": lambda rows: rows.var(0, unbiased=False).sqrt(),
}


def expected(parts, name, reduce):
    """The formula, graph by graph; 0 for a graph without rows."""
    rows = [part[name]["x"] for part in parts]
    return torch.stack([FORMULAS[reduce](part) if len(part) else part.new_zeros(part.shape[1:]) for part in rows])


@pytest.mark.parametrize("reduce", FORMULAS)
@for_all(parts=st.lists(graphs(), min_size=1, max_size=5))
def test_each_graph_is_reduced_by_itself(reduce, parts):
    together = batch(parts)
    torch.testing.assert_close(readout(together, together.nodes["x"], reduce), expected(parts, "node", reduce))


@pytest.mark.parametrize("reduce", FORMULAS)
def test_gradient_is_that_of_the_formula(reduce):
    parts = [Graph([0], [1], 3), Graph([], [], 2), Graph([], [])]
    x = torch.tensor([[1.0], [5.0], [2.0], [4.0], [7.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: readout(batch(parts), x, reduce), x)


def test_a_graph_that_is_no_batch_gives_one_row():
    assert readout(Graph([0], [1]), torch.tensor([1.0, 2.0]), "mean").tolist() == [1.5]
    assert readout(Graph([], []), torch.zeros(0, 3)).tolist() == [[0, 0, 0]]


def test_edges_are_read_out_too():
    together = batch([Graph([0, 1], [1, 0]), Graph([0], [0])])
    values = torch.tensor([1.0, 2.0, 5.0])
    assert readout(together, values, over="edge").tolist() == [3, 5]
    assert readout(together, values, "max", over=("node", "edge", "node")).tolist() == [2, 5]


@for_all(st.lists(typed_graphs(), min_size=1, max_size=4))
def test_one_node_type_of_many(parts):
    together = batch(parts)
    out = readout(together, together["item"]["price"], over="item")
    torch.testing.assert_close(out, torch.stack([part["item"]["price"].sum() for part in parts]))


def test_several_node_types_need_a_choice():
    graph = Graph({}, num_nodes={"user": 1, "item": 2})
    with pytest.raises(
        FeatureError, match='`over` for a graph of several node types, got "user", "item"; hint: choose one, as in'
    ):
        readout(graph, torch.zeros(1))
    with pytest.raises(FeatureError, match='no node type, edge type or relation "shop"'):
        readout(graph, torch.zeros(1), over="shop")


def test_rows_and_reducer_are_checked():
    graph = Graph([0], [1])
    with pytest.raises(ShapeError, match=r'readout: expected one row for each of 2 nodes "node", got \(3,\)'):
        readout(graph, torch.zeros(3))
    with pytest.raises(OptionError, match="`reduce` to be one of sum, mean, max, min, mul, var, std, got 'median'"):
        readout(graph, torch.zeros(2), "median")
