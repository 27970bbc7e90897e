"""Nodes, edges and loops that copies gain and lose."""

import pytest
import torch
from hypothesis import given
from torch.testing import assert_close

from tests.dgl.graphs_of_dgl import messy, pairs, random_graphs, typed
from weft.dgl import DGLError, create_block
from weft.dgl.transforms import (
    add_edges,
    add_nodes,
    add_self_loop,
    norm_by_dst,
    remove_edges,
    remove_nodes,
    remove_self_loop,
)


def test_changes_leave_the_graph_as_it_is():
    g = messy()
    before = pairs(g), g.num_nodes(), sorted(g.edata)
    made = [
        add_nodes(g, 2),
        add_edges(g, [0], [5]),
        remove_nodes(g, [0]),
        remove_edges(g, [0]),
        add_self_loop(g),
        remove_self_loop(g),
    ]
    assert (pairs(g), g.num_nodes(), sorted(g.edata)) == before
    assert [each.num_nodes() for each in made] == [8, 6, 5, 6, 6, 6]
    assert [each.num_edges() for each in made] == [7, 8, 2, 6, 13, 6]


def test_new_nodes_and_edges_have_the_rows_given_and_zeros():
    nodes = add_nodes(messy(), 1, {"x": torch.tensor([9.0])})
    assert nodes.ndata["x"].tolist() == [0, 1, 2, 3, 4, 5, 9]
    edges = add_edges(messy(), [0], [7])
    assert edges.num_nodes() == 8
    assert edges.edata["w"].tolist()[-1] == 0
    assert add_edges(typed(), [0], [5], etype="r").num_nodes("i") == 6


def test_ids_that_were_are_kept_on_demand():
    assert remove_edges(messy(torch.int32), [0, 2], store_ids=True).edata["_ID"].tolist() == [1, 3, 4, 5, 6]
    part = remove_nodes(messy(), [0], store_ids=True)
    assert part.ndata["_ID"].tolist() == [1, 2, 3, 4, 5]
    assert part.edata["_ID"].tolist() == [2, 5]


@given(random_graphs())
def test_loops_stand_behind_the_edges(g):
    made = add_self_loop(g)
    loops = [(node, node) for node in range(g.num_nodes())]
    assert pairs(made) == pairs(g) + loops
    assert made.idtype == g.idtype
    assert made.edata["w"].tolist() == g.edata["w"].tolist() + [1.0] * g.num_nodes()
    assert pairs(remove_self_loop(made)) == [(u, v) for u, v in pairs(g) if u != v]


@pytest.mark.parametrize("word", ["sum", "max", "min", "mean"])
def test_loops_reduce_the_edges_that_enter(word):
    g = messy()
    reduce = {"sum": torch.sum, "max": torch.max, "min": torch.min, "mean": torch.mean}[word]
    w, v = g.edata["w"], g.edges()[1]
    want = [reduce(w[v == node]).item() if (v == node).any() else 0.0 for node in range(6)]
    made = add_self_loop(g, ["w"], word)
    assert made.edata["w"][7:].tolist() == want
    assert made.edata["i"][7:].tolist() == [0] * 6


def test_loops_of_one_type_leave_the_others():
    made = add_self_loop(typed(), etype="f")
    assert [made.num_edges(name) for name in ("b", "f", "r")] == [0, 7, 4]
    assert made.edges["f"].data["w"].tolist() == [0.5, 1.5, 2.5, 3.5, 1, 1, 1]
    assert pairs(remove_self_loop(typed(), etype="f"), "f") == [(0, 1), (1, 0), (0, 1)]


@pytest.mark.parametrize(
    "call",
    [
        lambda: add_self_loop(typed()),
        lambda: add_self_loop(typed(), etype="r"),
        lambda: remove_self_loop(typed(), etype="r"),
        lambda: add_self_loop(messy(), fill_data="median"),
        lambda: add_self_loop(messy(), fill_data=torch.ones(6)),
        lambda: add_self_loop(create_block(([0], [0]))),
        lambda: remove_self_loop(create_block(([0], [0]))),
        lambda: add_nodes(messy(), -1),
        lambda: remove_edges(messy(), [7]),
        lambda: remove_nodes(messy(), [6]),
    ],
)
def test_what_does_not_fit_is_refused(call):
    with pytest.raises(DGLError):
        call()


def test_a_column_that_is_not_there_is_a_key_error():
    with pytest.raises(KeyError, match="zz"):
        add_self_loop(messy(), ["zz"])


def test_edges_weigh_one_over_the_degree_of_their_targets():
    assert_close(norm_by_dst(messy()), torch.tensor([0.5, 0.5, 1, 0.5, 0.5, 0.5, 0.5]))
    assert_close(norm_by_dst(typed(), "r"), torch.tensor([0.5, 1, 0.5, 1]))
    with pytest.raises(DGLError):
        norm_by_dst(typed())
