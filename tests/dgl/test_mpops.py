"""Values of edges made of those of their ends, against plain indexing."""

import pytest
import torch
from torch.testing import assert_close

from tests.dgl.graphs_of_dgl import messy, typed
from weft.dgl import DGLError, create_block, mpops

OPS = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div}


@pytest.mark.parametrize("shapes", [((6,), (6,)), ((6, 3), (6, 1)), ((6, 2, 3), (6, 3)), ((6,), (6, 4))])
@pytest.mark.parametrize("op", [*OPS])
def test_rows_of_both_ends_are_combined(op, shapes):
    g = messy()
    x, y = (torch.rand(shape, requires_grad=True) for shape in shapes)
    u, v = g.edges()
    rank = max(x.dim(), y.dim())
    rows = [part.view(part.shape[0], *(1,) * (rank - part.dim()), *part.shape[1:]) for part in (x[u], y[v])]
    want = OPS[op](*rows)
    found = getattr(mpops, f"u_{op}_v")(g, x, y)
    assert_close(found, want)
    grads = torch.autograd.grad(found.square().sum(), (x, y))
    assert_close(grads, torch.autograd.grad(want.square().sum(), (x, y)), atol=1e-3, rtol=1e-4)


def test_the_inner_product_keeps_a_dimension():
    x, y = torch.rand(6, 2, 3), torch.rand(6, 2, 3)
    u, v = messy().edges()
    assert_close(mpops.u_dot_v(messy(), x, y), (x[u] * y[v]).sum(-1, keepdim=True))


def test_rows_are_copied_to_edges():
    x = torch.rand(6, 2)
    u, v = messy().edges()
    assert_close(mpops.copy_u(messy(), x), x[u])
    assert_close(mpops.copy_v(messy(), x), x[v])
    block = create_block(([0, 1, 2], [1, 1, 0]))
    assert mpops.copy_v(block, torch.tensor([5.0, 6.0])).tolist() == [6, 6, 5]
    assert mpops.u_sub_v(block, torch.arange(3.0), torch.tensor([5.0, 6.0])).tolist() == [-6, -5, -3]


def test_an_edge_type_is_named_where_there_are_several():
    g = typed()
    x, y = g.nodes["u"].data["x"], g.nodes["i"].data["x"]
    assert mpops.u_mul_v(g, x, y, etype="r").tolist() == [40, 10, 40, 0]
    assert mpops.copy_u(g, x, etype=("u", "r", "i")).tolist() == [2, 1, 2, 2]
    assert sorted(g.nodes["u"].data) == ["x"]
    with pytest.raises(DGLError):
        mpops.copy_u(g, x)


def test_other_numbers_of_rows_are_refused():
    for call in (mpops.copy_u, mpops.copy_v):
        with pytest.raises(DGLError):
            call(messy(), torch.ones(3))
    with pytest.raises(DGLError):
        mpops.u_add_v(messy(), torch.ones(3), torch.ones(6))
