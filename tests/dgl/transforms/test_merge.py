"""Parallel edges merged."""

from collections import defaultdict

import pytest
import torch
from hypothesis import given

from tests.dgl.graphs_of_dgl import messy, pairs, random_graphs, typed
from weft.dgl import DGLError
from weft.dgl.transforms import to_simple, to_simple_graph


@given(random_graphs())
def test_edges_are_merged_sorted_and_counted(g):
    places = defaultdict(list)
    for edge, place in enumerate(pairs(g)):
        places[place].append(edge)
    made, became = to_simple(g, writeback_mapping=True, copy_edata=True)
    assert pairs(made) == sorted(places)
    assert made.edata["count"].tolist() == [len(places[place]) for place in sorted(places)]
    assert made.edata["count"].dtype == became.dtype == g.idtype
    assert made.edata["_ID"].tolist() == [places[place][0] for place in sorted(places)]
    assert [pairs(made)[at] for at in became.tolist()] == pairs(g)


@pytest.mark.parametrize("word", ["sum", "mean"])
def test_columns_of_merged_edges_are_reduced(word):
    g = messy()
    del g.edata["i"]
    made = to_simple(g, copy_edata=True, aggregator=word)
    total = torch.tensor([7.0, 7, 3, 5, 6])
    want = total if word == "sum" else total / made.edata["count"]
    assert made.edata["w"].tolist() == want.tolist()
    assert "_ID" not in made.edata


def test_each_type_is_merged_by_itself():
    made, became = to_simple(typed(), writeback_mapping=True, return_counts="n")
    assert pairs(made, "f") == [(0, 1), (1, 0), (1, 1)]
    assert made.edges["f"].data["n"].tolist() == [2, 1, 1]
    assert became["u", "f", "u"].tolist() == [2, 0, 1, 0]
    assert made.nodes["u"].data["x"].tolist() == [1, 2, 3]


def test_columns_stay_behind_on_demand():
    made = to_simple(messy(), return_counts=None, copy_ndata=False)
    assert not made.ndata
    assert not made.edata
    assert to_simple_graph(messy()).edata["count"].tolist() == [2, 1, 1, 2, 1]


def test_other_aggregators_are_refused():
    with pytest.raises(DGLError, match="aggregator"):
        to_simple(messy(), copy_edata=True, aggregator="max")
