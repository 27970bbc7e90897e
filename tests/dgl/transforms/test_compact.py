"""Nodes without edges left out."""

import pytest
import torch
from hypothesis import given

from tests.dgl.graphs_of_dgl import messy, pairs, random_graphs, typed
from weft.dgl import DGLError, create_block, graph
from weft.dgl.transforms import compact_graphs


@given(random_graphs())
def test_nodes_are_numbered_as_they_first_appear(g):
    u, v = (end.tolist() for end in g.edges())
    kept = list(dict.fromkeys([*u, *v]))
    made = compact_graphs(g)
    assert made.ndata["_ID"].tolist() == kept
    assert made.ndata["_ID"].dtype == g.idtype
    assert pairs(made) == [(kept.index(a), kept.index(b)) for a, b in pairs(g)]
    assert made.ndata["x"].tolist() == g.ndata["x"][made.ndata["_ID"].long()].tolist()
    assert made.edata["w"] is g.edata["w"]


def test_several_graphs_share_their_numbers():
    first, other = compact_graphs([graph(([1], [3]), num_nodes=5), graph(([4, 3], [1, 1]), num_nodes=5)])
    assert first.ndata["_ID"].tolist() == other.ndata["_ID"].tolist() == [1, 3, 4]
    assert (pairs(first), pairs(other)) == ([(0, 1)], [(2, 0), (1, 0)])
    assert compact_graphs([]) == []


def test_preserved_nodes_come_first():
    assert compact_graphs(messy(), always_preserve=torch.tensor([5])).ndata["_ID"].tolist() == [5, 2, 0, 1, 3]
    made = compact_graphs(typed(), always_preserve={"u": torch.tensor([2])})
    assert made.nodes["u"].data["_ID"].tolist() == [2, 1, 0]
    assert made.nodes["i"].data["_ID"].tolist() == [2, 1, 0]
    assert pairs(made, "r") == [(1, 0), (2, 1), (1, 0), (1, 2)]


def test_columns_stay_behind_on_demand():
    made = compact_graphs(messy(), copy_ndata=False, copy_edata=False)
    assert not made.ndata
    assert not made.edata


@pytest.mark.parametrize(
    "call",
    [
        lambda: compact_graphs([messy(), graph(([0], [1]))]),
        lambda: compact_graphs([messy(), typed()]),
        lambda: compact_graphs(typed(), always_preserve=torch.tensor([0])),
        lambda: compact_graphs(messy(), always_preserve=torch.tensor([6])),
        lambda: compact_graphs(create_block(([0], [0]))),
    ],
)
def test_what_does_not_fit_is_refused(call):
    with pytest.raises(DGLError):
        call()
