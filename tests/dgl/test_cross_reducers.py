import pytest
import torch

import weft.dgl as dgl
from weft.dgl import function as fn
from weft.errors import IdError, ShapeError


def rated():
    """Item 0 is rated and bought, item 1 rated alone, item 2 neither."""
    edges = {("user", "buys", "item"): ([0], [0]), ("user", "rates", "item"): ([1, 1], [0, 1])}
    g = dgl.heterograph(edges, {"user": 2, "item": 3})
    g.nodes["user"].data["h"] = torch.tensor([-1.0, -2.0], requires_grad=True)
    return g


@pytest.mark.parametrize(("reducer", "expected"), [("max", [-1.0, -2.0, 0.0]), ("min", [-2.0, -2.0, 0.0])])
def test_a_type_that_brings_no_message_does_not_take_part_in_extrema(reducer, expected):
    g = rated()
    g.update_all(fn.copy_u("h", "m"), getattr(fn, reducer)("m", "o"))
    assert g.nodes["item"].data["o"].tolist() == expected


def test_the_gradient_of_an_extremum_goes_to_the_type_that_gave_it():
    g = rated()
    g.update_all(fn.copy_u("h", "m"), fn.max("m", "o"))
    h = g.nodes["user"].data["h"]
    (grad,) = torch.autograd.grad(g.nodes["item"].data["o"] @ torch.tensor([1.0, 10.0, 100.0]), h)
    assert grad.tolist() == [1.0, 10.0]


@pytest.mark.filterwarnings("ignore:spmm runs its reference")
def test_extrema_of_integers_leave_silent_types_out():
    g = rated()
    g.nodes["user"].data["h"] = torch.tensor([-1, -2])
    g.update_all(fn.copy_u("h", "m"), fn.max("m", "o"))
    assert g.nodes["item"].data["o"].tolist() == [-1, -2, 0]


def test_sums_that_are_nothing_take_part_in_extrema():
    g = rated()
    pairs = {name: (fn.copy_u("h", "m"), fn.sum("m", "o")) for name in ("buys", "rates")}
    g.multi_update_all(pairs, "max")
    assert g.nodes["item"].data["o"].tolist() == [-1.0, 0.0, 0.0]


def test_edges_that_do_not_exist_are_refused():
    g = dgl.graph(([0], [1]))
    g.ndata["h"] = torch.ones(2)
    for edges in ([1], [-1]):
        with pytest.raises(IdError, match="expected ids of edges from 0"):
            g.send_and_recv(edges, fn.copy_u("h", "m"), fn.sum("m", "o"))
        with pytest.raises(IdError, match="expected ids of edges from 0"):
            g.apply_edges(fn.u_add_v("h", "h", "s"), edges=edges)


def test_a_reducer_gives_a_row_for_each_node():
    g = dgl.graph(([0, 1], [1, 2]))
    g.ndata["h"] = torch.ones(3)
    with pytest.raises(ShapeError, match="for each of 2 nodes, got 9 rows"):
        g.update_all(fn.copy_u("h", "m"), lambda nodes: {"o": torch.ones(9)})


def test_columns_of_unlike_shapes_combine_as_numpy_does():
    g = dgl.graph(([0, 1], [1, 0]))
    g.ndata["a"], g.edata["b"], g.ndata["c"] = torch.ones(2, 2, 1), torch.arange(4.0).view(2, 2), torch.ones(2)
    g.update_all(fn.u_mul_e("a", "b", "m"), fn.sum("m", "o"))
    assert g.ndata["o"].tolist() == [[[2.0, 3.0]] * 2, [[0.0, 1.0]] * 2]
    g.update_all(fn.e_sub_u("b", "c", "m"), fn.max("m", "o"))
    assert g.ndata["o"].tolist() == [[1.0, 2.0], [-1.0, 0.0]]
    g.update_all(fn.u_mul_e("c", "b", "m"), fn.sum("m", "o"))
    assert g.ndata["o"].tolist() == [[2.0, 3.0], [0.0, 1.0]]
