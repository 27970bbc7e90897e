"""Layers on a dense matrix agree with their formulas, and with the layers on graphs that the matrix describes."""

import copy

import pytest
import torch
from torch import nn

from tests.nn.compared import (
    BIPARTITE,
    NUM_EDGES,
    NUM_NODES,
    NUM_SOURCES,
    NUM_TARGETS,
    SOURCE,
    SQUARE,
    TARGET,
    assert_agrees,
    drawn,
    matrix,
    settled,
)
from weft.errors import OptionError, ShapeError
from weft.nn import ChebConv, DenseChebConv, DenseGraphConv, DenseSAGEConv, GraphConv, SAGEConv

LAYERS = [lambda i, o: DenseGraphConv(i, o), lambda i, o: DenseSAGEConv(i, o), lambda i, o: DenseChebConv(i, o, 3)]


def ones(square: bool = True) -> torch.Tensor:
    if square:
        return matrix(torch.ones(NUM_EDGES, dtype=torch.float64))
    flat = torch.zeros(NUM_TARGETS * NUM_SOURCES, dtype=torch.float64)
    return flat.index_add(0, TARGET * NUM_SOURCES + SOURCE, torch.ones(NUM_EDGES).double()).reshape(
        NUM_TARGETS, NUM_SOURCES
    )


@pytest.mark.parametrize("norm", ["none", "both", "left", "right"])
@pytest.mark.parametrize(("width", "out"), [(3, 5), (5, 3)])
def test_graph_conv_is_that_of_the_graph(norm: str, width: int, out: int) -> None:
    layer, sparse = settled(DenseGraphConv(width, out, norm=norm)), settled(GraphConv(width, out, norm=norm))
    sparse.load_state_dict(layer.state_dict())
    x = drawn(NUM_SOURCES, width)
    assert_agrees(layer(ones(square=False), x), sparse(BIPARTITE, x), [x])


@pytest.mark.parametrize("norm", ["none", "both", "left", "right"])
@pytest.mark.parametrize(("width", "out"), [(3, 5), (5, 3)])
def test_graph_conv_agrees_with_its_formula(norm: str, width: int, out: int) -> None:
    layer, x = settled(DenseGraphConv(width, out, norm=norm)), drawn(4, width)
    dense = drawn(5, 4, positive=True)
    leaves, enter = dense.sum(0).clamp(min=1), dense.sum(1).clamp(min=1)[:, None]
    by = {"none": 1, "both": (leaves * enter).sqrt(), "left": leaves, "right": enter}[norm]
    assert_agrees(layer(dense, x), (dense / by) @ x @ layer.weight + layer.bias, [x, dense, *layer.parameters()])


@pytest.mark.parametrize(("width", "out"), [(3, 5), (5, 3)])
def test_sage_conv_is_that_of_the_graph(width: int, out: int) -> None:
    layer, sparse = settled(DenseSAGEConv(width, out)), settled(SAGEConv(width, out, "gcn"))
    sparse.load_state_dict({"bias": layer.fc.bias.detach(), "fc_neigh.weight": layer.fc.weight.detach()})
    x, own = drawn(NUM_SOURCES, width), drawn(NUM_TARGETS, width)
    assert_agrees(layer(ones(square=False), (x, own)), sparse(BIPARTITE, (x, own)), [x, own])
    both = drawn(NUM_NODES, width)
    assert_agrees(layer(ones(), both), sparse(SQUARE, both), [both])


@pytest.mark.parametrize(("width", "out"), [(3, 5), (5, 3)])
def test_sage_conv_agrees_with_its_formula(width: int, out: int) -> None:
    layer, x, dense = settled(DenseSAGEConv(width, out)), drawn(4, width), drawn(4, 4, positive=True)
    expected = layer.fc((dense @ x + x) / (1 + dense.sum(1, keepdim=True)))
    assert_agrees(layer(dense, x), expected, [x, dense, *layer.parameters()])


@pytest.mark.parametrize("eigenvalue", [None, 1.6, torch.tensor(1.6, dtype=torch.float64)])
@pytest.mark.parametrize("k", [1, 2, 4])
def test_cheb_conv_is_that_of_the_graph(eigenvalue: float | None, k: int) -> None:
    layer, sparse = settled(DenseChebConv(5, 3, k)), settled(ChebConv(5, 3, k, norm="in"))
    weight = layer.W.detach().flatten(0, 1).T
    sparse.load_state_dict({"linear.weight": weight, "linear.bias": layer.bias.detach()})
    x = drawn(NUM_NODES, 5)
    assert_agrees(layer(ones(), x, lambda_max=eigenvalue), sparse(SQUARE, x, lambda_max=eigenvalue), [x])


def test_cheb_conv_has_gradients_of_the_matrix() -> None:
    layer, x, dense = settled(DenseChebConv(3, 2, 3)), drawn(4, 3), drawn(4, 4, positive=True)
    assert torch.autograd.gradcheck(lambda *given: layer(*given), (dense, x))


@pytest.mark.parametrize("make", LAYERS)
def test_a_batch_of_matrices_is_each_of_them(make: object) -> None:
    layer, dense, x = make(3, 2), torch.rand(4, 5, 5), torch.randn(4, 5, 3)  # type: ignore[operator]
    torch.testing.assert_close(layer(dense, x), torch.stack([layer(a, b) for a, b in zip(dense, x, strict=True)]))


@pytest.mark.parametrize("make", LAYERS)
def test_layers_compile_copy_and_tell_their_widths(make: object) -> None:
    layer, dense, x = make(3, 2), torch.rand(5, 5), torch.randn(5, 3)  # type: ignore[operator]
    expected = layer(dense, x)
    assert torch.equal(copy.deepcopy(layer)(dense, x), expected)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(dense, x), expected)
    assert layer.extra_repr().startswith("3, 2")
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(dense, x).dtype in (torch.bfloat16, torch.float32)
    assert bool(layer(torch.zeros(5, 5), x).isfinite().all())


def test_dropout_acts_in_training_only() -> None:
    layer, x = DenseSAGEConv(3, 2, dropout=1.0), torch.randn(5, 3)
    assert torch.equal(layer(torch.rand(5, 5), x), layer.fc.bias.expand(5, -1))
    assert not torch.equal(layer.eval()(torch.rand(5, 5), x), layer.fc.bias.expand(5, -1))


@pytest.mark.parametrize("make", LAYERS)
def test_wrong_arguments_are_told(make: object) -> None:
    layer: nn.Module = make(3, 2)  # type: ignore[operator]
    with pytest.raises(ShapeError, match=r"`adjacency` of shape \(\*, num_targets, num_sources\), got \(5,\)"):
        layer(torch.ones(5), torch.ones(5, 3))
    with pytest.raises(ShapeError, match=r"`x` of shape \(\*, 5, 3\), got \(4, 3\)"):
        layer(torch.ones(5, 5), torch.ones(4, 3))


def test_options_that_do_not_exist_are_told() -> None:
    with pytest.raises(OptionError, match="`norm` to be one of none, both, left, right, got 'in'"):
        DenseGraphConv(3, 2, norm="in")
    with pytest.raises(OptionError, match="`k` of at least 1, got 0"):
        DenseChebConv(3, 2, 0)
    with pytest.raises(OptionError, match="`dropout` from 0 to 1"):
        DenseSAGEConv(3, 2, dropout=2)
    for layer in (DenseSAGEConv(3, 2), DenseChebConv(3, 2, 2)):
        with pytest.raises(ShapeError, match="a square `adjacency`, got 4 targets and 5 sources"):
            layer(torch.ones(4, 5), torch.ones(5, 3))
    with pytest.raises(ShapeError, match=r"`x\[1\]` of shape \(\*, 4, 3\), got \(5, 3\)"):
        DenseSAGEConv(3, 2)(torch.ones(4, 5), (torch.ones(5, 3), torch.ones(5, 3)))
