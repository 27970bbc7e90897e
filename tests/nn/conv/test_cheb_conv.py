"""ChebConv agrees with polynomials of dense Laplacians, by either recurrence; what it refuses it explains."""

import pytest
import torch
from torch import Tensor

from tests.nn.compared import NUM_EDGES, NUM_NODES, SQUARE, assert_agrees, drawn, matrix, normalised, settled
from weft.errors import OptionError, ShapeError
from weft.nn import ChebConv
from weft.testing import LayerCase

CASES = {
    "ChebConv both": LayerCase(lambda i, o: ChebConv(i, o, 3), bipartite=False),
    "ChebConv in": LayerCase(lambda i, o: ChebConv(i, o, 4, norm="in", bias=False), bipartite=False),
}


def formula(layer: ChebConv, x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
    """The layer as its docstring tells it."""
    dense = matrix(weight)
    diagonal = dense.sum(1).diag() if layer.norm == "none" else torch.eye(NUM_NODES).double()
    laplacian = scale.reshape(-1, 1) * (diagonal - normalised(dense, layer.norm)) - torch.eye(NUM_NODES)
    hops = [x, laplacian @ x]
    while len(hops) < layer.k:
        hops.append(2 * laplacian @ hops[-1] - hops[-2])
    return layer.linear(torch.cat(hops[: layer.k], 1))


@pytest.mark.parametrize(
    ("norm", "eigenvalue"),
    [("none", 1.7), ("both", None), ("both", "each"), ("in", "one"), ("left", 1.7), ("right", None), ("none", "each")],
)
@pytest.mark.parametrize(("width", "out", "k"), [(3, 5, 4), (5, 3, 4), (3, 3, 2), (2, 3, 1)])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_dense_matrices(
    norm: str, width: int, out: int, k: int, weighted: bool, eigenvalue: float | str | None
) -> None:
    layer = settled(ChebConv(width, out, k, norm=norm))
    x, weight = drawn(NUM_NODES, width), drawn(NUM_EDGES, positive=True)
    shapes = {"one": torch.tensor(1.4).double(), "each": torch.rand(NUM_NODES).double() + 1}
    highest = shapes.get(eigenvalue, eigenvalue) if isinstance(eigenvalue, str) else eigenvalue
    scale = 2 / torch.as_tensor(2.0 if highest is None else highest, dtype=torch.float64)
    found = layer(SQUARE, x, weight if weighted else None, lambda_max=highest)
    expected = formula(layer, x, weight if weighted else torch.ones_like(weight), scale)
    assert_agrees(found, expected, [x, *layer.parameters(), *([weight] if weighted and k > 1 else [])])


@pytest.mark.parametrize("out", [2, 5])
def test_dimensions_between_nodes_and_features_are_kept(out: int) -> None:
    layer, x = ChebConv(3, out, 3), torch.randn(NUM_NODES, 4, 3)
    eigenvalues = torch.rand(NUM_NODES) + 1
    found = layer(SQUARE, x, lambda_max=eigenvalues)
    torch.testing.assert_close(found[:, 2], layer(SQUARE, x[:, 2], lambda_max=eigenvalues))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`k` of at least 1, got 0"):
        ChebConv(3, 2, 0)
    with pytest.raises(OptionError, match="`norm` to be one of"):
        ChebConv(3, 2, 2, norm="sym")
    x = torch.ones(6, 3)
    with pytest.raises(OptionError, match='`lambda_max` with norm "none", got none; hint: pass lambda_max'):
        ChebConv(3, 2, 2, norm="none")(SQUARE, x)
    with pytest.raises(ShapeError, match=r"`lambda_max` of shape \(\) or \(6,\), got \(2,\); hint: repeat it"):
        ChebConv(3, 2, 2)(SQUARE, x, lambda_max=torch.ones(2))
    with pytest.raises(ShapeError, match=r"ChebConv: expected `x` of shape \(6, \*, 3\), got \(6, 2\)"):
        ChebConv(3, 2, 2)(SQUARE, torch.ones(6, 2))


def test_text_form_is_the_constructor() -> None:
    assert ChebConv(3, 2, 4).extra_repr() == "3, 2, 4, norm='both', bias=True"
