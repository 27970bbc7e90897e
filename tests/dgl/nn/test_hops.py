"""Layers of several hops keep DGL's norms: in-degrees at both ends, or sums of weights, which have to be positive."""

import pytest
import torch
from torch import Tensor

import weft.dgl as dgl
from weft.dgl.nn import APPNPConv, ChebConv, EdgeWeightNorm, GraphConv, SGConv, TAGConv
from weft.errors import OptionError, ShapeError, StructureError

EDGES = ([0, 1, 2, 0, 3, 1], [1, 2, 0, 2, 1, 3])


@pytest.fixture
def graph() -> dgl.DGLGraph:
    return dgl.graph(EDGES)


def test_the_cache_keeps_the_first_hops(graph: dgl.DGLGraph) -> None:
    layer, x = SGConv(3, 2, k=2, cached=True), torch.randn(4, 3)
    first = layer(graph, x)
    torch.testing.assert_close(first, SGConv.forward(_uncached(layer), graph, x))
    assert torch.equal(layer(graph, torch.randn(4, 3)), first)
    with torch.no_grad():
        layer.fc.weight.zero_()
    assert torch.equal(layer(graph, x), layer.fc.bias.expand(4, -1))


def _uncached(layer: SGConv) -> SGConv:
    other = SGConv(3, 2, k=2)
    other.load_state_dict(layer.state_dict())
    return other


def test_a_norm_stands_before_the_linear_map(graph: dgl.DGLGraph) -> None:
    layer, x = SGConv(3, 2, norm=lambda h: h * 2), torch.randn(4, 3)
    plain = SGConv(3, 2)
    plain.load_state_dict(layer.state_dict())
    torch.testing.assert_close(layer(graph, x), plain(graph, 2 * x))


@pytest.mark.parametrize("make", [lambda: SGConv(3, 3), lambda: TAGConv(3, 3), lambda: APPNPConv(2, 0.2)])
def test_weights_are_normalised_by_their_sums(graph: dgl.DGLGraph, make: object) -> None:
    layer, x, weight = make(), torch.randn(4, 3), torch.rand(6) + 0.5  # type: ignore[operator]
    uniform = layer(graph, x, torch.ones(6))
    torch.testing.assert_close(layer(graph, x, edge_weight=3 * torch.ones(6, 1)), uniform)
    assert not torch.allclose(layer(graph, x, weight), uniform)
    with pytest.raises(OptionError, match=r"weights of edges above 0, got 0\.0 at edge 2"):
        layer(graph, x, weight.index_fill(0, torch.tensor(2), 0.0))


def test_one_hop_of_normalised_weights_is_a_graph_convolution_with_them(graph: dgl.DGLGraph) -> None:
    x, weight = torch.randn(4, 3), torch.rand(6) + 0.5
    layer, plain = SGConv(3, 2), GraphConv(3, 2, norm="none")
    plain.load_state_dict({"weight": layer.fc.weight.detach().T, "bias": layer.fc.bias.detach()})
    torch.testing.assert_close(plain(graph, x, edge_weight=EdgeWeightNorm()(graph, weight)), layer(graph, x, weight))


def test_edge_weight_norm_refuses_what_dgl_refuses(graph: dgl.DGLGraph) -> None:
    with pytest.raises(OptionError, match="`norm` to be one of both, right, none, got 'left'"):
        EdgeWeightNorm("left")
    with pytest.raises(OptionError, match="above 0"):
        EdgeWeightNorm()(graph, torch.zeros(6))
    assert EdgeWeightNorm("right")(graph, -torch.ones(6)).shape == (6,)
    with pytest.raises(ShapeError):
        EdgeWeightNorm()(graph, torch.ones(6, 2))


def test_a_node_that_no_edge_enters_is_an_error_unless_allowed() -> None:
    graph, x = dgl.graph(([0, 1], [1, 0]), num_nodes=3), torch.ones(3, 3)
    with pytest.raises(StructureError, match="1 without"):
        SGConv(3, 2)(graph, x)
    layer = SGConv(3, 2, allow_zero_in_degree=True)
    assert torch.equal(layer(graph, x)[2], layer.fc.bias)


def test_every_graph_of_a_batch_has_its_eigenvalue() -> None:
    parts = [dgl.graph(EDGES), dgl.graph(([0, 1], [1, 0]))]
    layer, xs = ChebConv(3, 2, 3), [torch.randn(4, 3), torch.randn(2, 3)]
    eigenvalues = [1.5, 1.9]
    found = layer(dgl.batch(parts), torch.cat(xs), eigenvalues)
    separate: list[Tensor] = [layer(*each) for each in zip(parts, xs, [[1.5], torch.tensor([1.9])], strict=True)]
    torch.testing.assert_close(found, torch.cat(separate))
    assert bool((found >= 0).all())
    with pytest.raises(ShapeError, match="`lambda_max` for each of 2 graphs, got 1 numbers"):
        layer(dgl.batch(parts), torch.cat(xs), [2.0])
