"""Encodings, against linear algebra written out."""

import pytest
import torch
from hypothesis import given
from torch.testing import assert_close

from tests.dgl.graphs_of_dgl import messy, random_graphs, ring, typed
from weft.dgl import DGLError, DGLWarning, graph
from weft.dgl.transforms import (
    _encodings,
    add_reverse_edges,
    lap_pe,
    laplacian_lambda_max,
    laplacian_pe,
    random_walk_pe,
    svd_pe,
    to_bidirected,
)


def adjacency(g):
    u, v = (end.long() for end in g.edges())
    count = g.num_nodes()
    return torch.zeros(count, count, dtype=torch.double).index_put((u, v), torch.ones(len(u)).double(), accumulate=True)


def laplacian(g):
    root = g.in_degrees().clamp(min=1).double().rsqrt()
    return torch.eye(g.num_nodes()) - root[:, None] * adjacency(g) * root


@given(random_graphs())
def test_walks_come_back(g):
    matrix = adjacency(g)
    step = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    want = torch.stack([torch.linalg.matrix_power(step, k).diagonal() for k in (1, 2, 3)], 1)
    assert_close(random_walk_pe(g, 3), want.float())


def test_walks_follow_weights():
    g = graph(([0, 0, 1, 2], [1, 2, 0, 0]))
    g.edata["w"] = torch.tensor([1.0, 3.0, 1.0, 1.0])
    assert_close(random_walk_pe(g, 2, "w")[:, 1], torch.tensor([1.0, 0.25, 0.75]))
    with pytest.raises(KeyError):
        random_walk_pe(g, 1, "zz")


@given(random_graphs())
def test_vectors_are_eigenvectors_of_the_laplacian(g):
    g = to_bidirected(g)
    count, k = g.num_nodes(), 4
    vectors, values = lap_pe(g, k, return_eigval=True)
    kept = min(k, count - 1)
    assert vectors.shape == (count, k)
    assert_close(values[:kept], torch.linalg.eigvalsh(laplacian(g))[1 : kept + 1].float(), atol=1e-5, rtol=1e-5)
    assert values[kept:].isnan().all()
    assert not vectors[:, kept:].any()
    found = vectors[:, :kept].double()
    assert_close(laplacian(g) @ found, found * values[:kept], atol=1e-5, rtol=1e-5, check_dtype=False)
    assert_close(found.T @ found, torch.eye(kept).double(), atol=1e-5, rtol=1e-5)


def test_directed_graphs_have_real_parts():
    values = lap_pe(messy(), 6, return_eigval=True)[1]
    want = torch.linalg.eigvals(laplacian(messy())).real.sort().values[1:]
    assert_close(values[:5], want.float(), atol=1e-5, rtol=1e-5)


def test_large_graphs_are_solved_sparsely(monkeypatch):
    source = torch.randint(40, (150,), generator=torch.Generator().manual_seed(0))
    g = to_bidirected(graph((source, source.roll(1)), num_nodes=40))
    want, greatest = lap_pe(g, 3, return_eigval=True)[1], laplacian_lambda_max(g)
    monkeypatch.setattr(_encodings, "DENSE", 10)
    vectors, values = lap_pe(g, 3, return_eigval=True)
    assert_close(values, want, atol=1e-4, rtol=1e-4)
    found = vectors.double()
    assert_close(laplacian(g) @ found, found * values, atol=1e-4, rtol=1e-4, check_dtype=False)
    assert laplacian_lambda_max(g) == pytest.approx(greatest)


def test_the_greatest_eigenvalue_of_each_graph():
    g = to_bidirected(graph(([0, 2, 3, 4], [1, 3, 4, 2])))
    whole = laplacian_lambda_max(g)
    g.set_batch_num_nodes(torch.tensor([2, 3]))
    g.set_batch_num_edges(torch.tensor([2, 6]))
    assert laplacian_lambda_max(g) == pytest.approx([2.0, 1.5])
    assert whole == pytest.approx([2.0])
    assert laplacian_lambda_max(graph(([], []), num_nodes=3)) == [1.0]


def test_signs_are_drawn_by_torch():
    torch.manual_seed(0)
    drawn = torch.stack([lap_pe(ring(), 1) for _ in range(20)])
    assert len({round(float(each[1, 0]), 4) for each in drawn}) == 2
    torch.manual_seed(0)
    assert torch.equal(drawn[0], lap_pe(ring(), 1))
    with pytest.warns(DGLWarning, match="lap_pe"):
        assert laplacian_pe(ring(), 1).shape == (5, 1)


def test_singular_vectors_approximate_the_adjacency():
    g = messy()
    found = svd_pe(g, 6).double()
    assert_close(found[:, :6] @ found[:, 6:].T, adjacency(g), atol=1e-5, rtol=1e-5)
    padded = svd_pe(g, 8, padding=True)
    assert padded.shape == (6, 16)
    assert not padded[:, 12:].any()
    assert_close(padded[:, :12].abs(), found.float().abs(), atol=1e-5, rtol=1e-5)
    assert torch.equal(svd_pe(g, 2, random_flip=False), svd_pe(g, 2, random_flip=False))


@pytest.mark.parametrize(
    "call",
    [
        lambda: svd_pe(messy(), 7),
        lambda: random_walk_pe(messy(), 0),
        lambda: lap_pe(typed(), 1),
        lambda: svd_pe(typed(), 1),
        lambda: random_walk_pe(typed(), 1),
        lambda: laplacian_lambda_max(typed()),
    ],
)
def test_what_does_not_fit_is_refused(call):
    with pytest.raises(DGLError):
        call()


def test_isolated_nodes_have_the_eigenvalue_one():
    g = add_reverse_edges(graph(([0], [1]), num_nodes=3))
    assert_close(lap_pe(g, 2, return_eigval=True)[1], torch.tensor([1.0, 2.0]))
