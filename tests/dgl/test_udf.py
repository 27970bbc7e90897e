"""What functions of one's own may do with the rows that they get."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

import weft.dgl as dgl
from weft.dgl import function as fn
from weft.errors import DtypeError, OptionError, ShapeError


def triangle() -> dgl.DGLGraph:
    g = dgl.graph(([0, 1, 2, 2], [1, 2, 0, 0]))
    g.ndata["x"], g.edata["w"] = torch.arange(3.0), torch.arange(4.0)
    return g


def popped(edges: Any) -> Mapping[str, Any]:
    return {"m": edges.src.pop("x") * edges.dst.pop("x")}


def rescaled(edges: Any) -> Mapping[str, Any]:
    edges.src["x"] = edges.src["x"] * 2
    edges.dst.update(y=edges.src["x"] + 1)
    return {"m": edges.src["x"] + edges.dst["y"]}


def test_columns_of_ends_may_be_set_and_taken_away_without_effect_on_the_graph() -> None:
    g = triangle()
    g.apply_edges(popped)
    assert g.edata["m"].tolist() == [0, 2, 0, 0]
    g.apply_edges(rescaled)
    assert g.edata["m"].tolist() == [1, 5, 9, 9]
    g.update_all(rescaled, fn.sum("m", "o"))
    assert g.ndata["o"].tolist() == [18, 1, 5]
    g.send_and_recv([1], rescaled, fn.sum("m", "o"))
    assert g.ndata["x"].tolist() == [0, 1, 2]
    assert sorted(g.ndata) == ["o", "x"]


def marked(edges: Any) -> Mapping[str, Any]:
    edges.data["z"] = edges.data.pop("w") * 2
    return {"m": edges.data["z"]}


def test_columns_of_all_edges_are_those_of_the_graph() -> None:
    for send in (lambda g: g.apply_edges(marked), lambda g: g.update_all(marked, fn.sum("m", "o"))):
        g = triangle()
        send(g)
        assert "w" not in g.edata
        assert g.edata["z"].tolist() == [0, 2, 4, 6]


def test_columns_of_some_edges_are_copies() -> None:
    g = triangle()
    g.apply_edges(marked, [0, 2])
    assert (g.edata["m"].tolist(), sorted(g.edata)) == ([0, 0, 4, 0], ["m", "w"])
    g.send_and_recv([0, 1], marked, fn.sum("m", "o"))
    assert sorted(g.edata) == ["m", "w"]


def test_nodes_may_be_changed_without_effect_on_the_graph() -> None:
    def reduced(nodes: Any) -> Mapping[str, Any]:
        nodes.data["y"] = nodes.data.pop("x") + nodes.mailbox.pop("m").sum(1)
        assert ("x" in nodes.data, len(nodes.data)) == (False, 1)
        return {"o": nodes.data["y"]}

    g = triangle()
    g.update_all(fn.copy_u("x", "m"), reduced)
    assert (g.ndata["o"].tolist(), sorted(g.ndata)) == ([4, 1, 3], ["o", "x"])
    g.apply_nodes(lambda nodes: {"o": nodes.data.pop("x")})
    g.apply_nodes(lambda nodes: {"p": nodes.data.pop("x")}, [1])
    assert (g.ndata["o"].tolist(), g.ndata["p"].tolist(), g.ndata["x"].tolist()) == ([0, 1, 2], [0, 1, 0], [0, 1, 2])


def test_rows_that_do_not_fit_are_refused() -> None:
    def wrong(edges: Any) -> Mapping[str, Any]:
        edges.src["y"] = torch.ones(7)
        return {}

    g = triangle()
    for edges in ([0, 1], dgl.ALL):
        with pytest.raises(ShapeError, match=r"expected a row for each of \d"):
            g.apply_edges(wrong, edges)
    with pytest.raises(KeyError):
        g.apply_edges(lambda edges: {"m": edges.src["none"]})


def test_a_function_that_gives_no_columns_is_an_error() -> None:
    g = triangle()
    for call in (
        lambda: g.apply_edges(lambda edges: None),
        lambda: g.apply_nodes(lambda nodes: None),
        lambda: g.update_all(fn.copy_u("x", "m"), lambda nodes: None),
        lambda: g.update_all(lambda edges: edges.src["x"], fn.sum("m", "o")),
        lambda: g.update_all(fn.copy_u("x", "m"), fn.sum("m", "o"), lambda nodes: [1]),
        lambda: g.pull([0], fn.copy_u("x", "m"), fn.sum("m", "o"), lambda nodes: None),
    ):
        with pytest.raises(OptionError, match="to give a dictionary of columns"):
            call()


@pytest.mark.parametrize("column", [[1.0, 2.0, 3.0], np.ones(3), 5, None])
def test_only_tensors_are_columns(column: object) -> None:
    g = triangle()
    for put in (
        lambda: g.ndata.update(y=column),
        lambda: g.apply_nodes(lambda nodes: {"y": column}),
        lambda: g.nodes[[0]].data.update(y=column),
    ):
        with pytest.raises(DtypeError, match=r"expected a tensor, got .*; hint: torch.as_tensor"):
            put()


def test_a_column_has_rows() -> None:
    with pytest.raises(ShapeError, match="expected a row for each of 3 nodes"):
        triangle().ndata["y"] = torch.tensor(1.0)
