"""Edges replaced by those of a diffusion, against matrices."""

import pytest
import torch
from torch.testing import assert_close

from tests.dgl.graphs_of_dgl import messy, ring, typed
from weft.dgl import DGLError, graph
from weft.dgl.transforms import GDC, PPR, GCNNorm, HeatKernel


def adjacency(g, weight):
    u, v = (end.long() for end in g.edges())
    w = g.edata[weight] if weight in g.edata else torch.ones(g.num_edges())
    return torch.zeros(g.num_nodes(), g.num_nodes()).index_put((v, u), w, accumulate=True)


def kernels(matrix):
    identity = torch.eye(matrix.shape[0])
    yield PPR, {"alpha": 0.3}, 0.3 * torch.linalg.inv(identity - 0.7 * matrix)
    yield HeatKernel, {"t": 1.5}, torch.linalg.matrix_exp(1.5 * (matrix - identity))
    yield GDC, {"coefs": [0.5, 0.3, 0.2]}, 0.5 * identity + 0.3 * matrix + 0.2 * matrix @ matrix


@pytest.mark.parametrize("weight", ["w", "other"])
@pytest.mark.parametrize("make", [ring, messy, lambda: messy(torch.int32)])
def test_entries_from_eps_on_are_edges(make, weight):
    g = GCNNorm(weight)(make())
    for transform, options, want in kernels(adjacency(g, weight)):
        made = transform(eweight_name=weight, eps=0.05, **options)(g)
        assert_close(adjacency(made, weight), want.where(want >= 0.05, 0), atol=1e-5, rtol=1e-5)
        v, u = made.edges()[::-1]
        assert torch.equal(torch.argsort(v * g.num_nodes() + u), torch.arange(made.num_edges()))
        assert made.idtype == g.idtype
        assert sorted(made.ndata) == sorted(g.ndata)
        assert sorted(made.edata) == [weight]


def test_as_many_edges_remain_as_are_asked_for():
    g = GCNNorm()(ring())
    for transform, options, want in kernels(adjacency(g, "w")):
        made = transform(avg_degree=2, **options)(g)
        assert made.num_edges() == 10
        assert_close(made.edata["w"].min(), want.flatten().topk(10).values[-1], atol=1e-5, rtol=1e-5)
        assert transform(avg_degree=99, **options)(g).num_edges() == 25


def test_entries_of_zero_are_no_edges():
    empty = graph(([], []), num_nodes=3)
    assert PPR(avg_degree=2)(empty).edges()[0].tolist() == [0, 1, 2]
    mat = torch.tensor([3.0, 2.0, -1.0])
    assert PPR(avg_degree=1).get_eps(2, mat) == 2.0
    assert GDC([1.0], avg_degree=2).get_eps(2, mat) == -1.0
    assert HeatKernel(avg_degree=1).get_eps(3, mat) == 0.0
    assert HeatKernel(eps=0.4).get_eps(3, mat) == 0.4


@pytest.mark.parametrize(
    "call", [lambda: PPR()(typed()), lambda: PPR(alpha=0.0)(ring()), lambda: HeatKernel(-1.0)(ring())]
)
def test_what_does_not_fit_is_refused(call):
    with pytest.raises(DGLError):
        call()
