"""Features on one scale."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from tests.graph.strategies import graphs
from weft.errors import FeatureError, OptionError, ShapeError
from weft.graph import Graph
from weft.graph.transforms import Scaling, apply_scaling, fit_scaling, normalise_rows

LENGTHS = {
    "l1": lambda x: np.abs(x).sum(1),
    "l2": lambda x: np.sqrt((x**2).sum(1)),
    "max": lambda x: np.abs(x).max(1),
}


@given(graph=graphs(), norm=st.sampled_from(list(LENGTHS)))
def test_rows_are_divided_by_their_length(norm, graph):
    x = graph.nodes["x"].numpy() - 4
    graph.nodes["x"] = torch.tensor(x)
    length = LENGTHS[norm](x) if len(x) else np.ones(0)
    expected = x / np.where(length == 0, 1, length)[:, None]
    assert_close(normalise_rows(graph, norm=norm).nodes["x"], torch.tensor(expected, dtype=torch.float32))


def test_rows_may_have_any_rank_and_hold_integers():
    graph = Graph([0], [1])
    graph.nodes["x"] = torch.arange(12).reshape(2, 2, 3)
    assert_close(
        normalise_rows(graph).nodes["x"],
        torch.arange(12.0).reshape(2, 2, 3) / torch.tensor([15.0, 51.0])[:, None, None],
    )
    graph.edges["w"] = [-4]
    assert normalise_rows(graph, "w", of="edge").edges["w"].tolist() == [-1]


def test_columns_are_scaled_by_the_statistics_of_some_rows():
    graph = Graph([0], [19])
    x = torch.randn(20, 3, generator=torch.Generator().manual_seed(0)) * 5 + 2
    graph.nodes["x"] = x
    graph.nodes["train_mask"] = torch.arange(20) < 12
    for rows in ("train_mask", graph.nodes["train_mask"], range(12)):
        found = apply_scaling(graph, fit_scaling(graph, rows=rows)).nodes["x"]
        expected = (x - x[:12].mean(0)) / x[:12].std(0, unbiased=False)
        assert_close(found, expected)
    low, high = x.min(0).values, x.max(0).values
    assert_close(apply_scaling(graph, fit_scaling(graph, "x", "range")).nodes["x"], (x - low) / (high - low))


def test_constant_columns_become_zero():
    graph = Graph([0], [2])
    graph.nodes["x"] = torch.full((3, 1), 7)
    for kind in ("standard", "range"):
        assert apply_scaling(graph, fit_scaling(graph, "x", kind)).nodes["x"].tolist() == [[0.0]] * 3


def test_what_was_fitted_applies_to_another_graph():
    fitted = Scaling(torch.tensor([1.0]), torch.tensor([2.0]))
    shop = Graph({("user", "rates", "item"): ([0], [0])})
    shop["item"]["price"] = torch.tensor([[5.0]], dtype=torch.float64)
    found = apply_scaling(shop, fitted, "price", of="item")["item"]["price"]
    assert found.tolist() == [[2.0]]
    assert found.dtype is torch.float64


def test_errors_teach():
    graph = Graph([0], [1])
    graph.nodes["x"] = torch.ones(2, 3)
    with pytest.raises(OptionError, match="normalise_rows: expected `norm` to be one of l1, l2, max, got 'l3'"):
        normalise_rows(graph, norm="l3")
    with pytest.raises(OptionError, match="fit_scaling: expected `kind` to be one of standard, range, got 'log'"):
        fit_scaling(graph, "x", "log")
    with pytest.raises(OptionError, match="fit_scaling: expected rows to measure, got none"):
        fit_scaling(graph, rows=[])
    with pytest.raises(ShapeError, match=r"apply_scaling: expected rows of shape \(1,\), as were measured, got \(3,\)"):
        apply_scaling(graph, Scaling(torch.zeros(1), torch.ones(1)))
    with pytest.raises(FeatureError, match='have no feature "y"'):
        normalise_rows(graph, "y")
