"""TAGConv agrees with powers of dense matrices, nested or not; what it refuses it explains."""

import pytest
import torch

from tests.nn.compared import NUM_EDGES, NUM_NODES, SQUARE, assert_agrees, drawn, matrix, normalised, settled
from weft.errors import OptionError, ShapeError
from weft.nn import TAGConv
from weft.testing import LayerCase

CASES = {
    "TAGConv nested": LayerCase(lambda i, o: TAGConv(i, o, 2), bipartite=False),
    "TAGConv in": LayerCase(lambda i, o: TAGConv(i, o, 3, norm="in", bias=False), bipartite=False),
}


@pytest.mark.parametrize("norm", ["none", "both", "in", "left", "right"])
@pytest.mark.parametrize(("width", "out", "k"), [(3, 5, 2), (5, 3, 3), (4, 4, 0)])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_dense_matrices(norm: str, width: int, out: int, k: int, weighted: bool) -> None:
    layer = settled(TAGConv(width, out, k, norm=norm))
    x, weight = drawn(NUM_NODES, width), drawn(NUM_EDGES, positive=True)
    dense, hops = normalised(matrix(weight if weighted else torch.ones_like(weight)), norm), [x]
    for _ in range(k):
        hops.append(dense @ hops[-1])
    found = layer(SQUARE, x, weight if weighted else None)
    wanted = [x, *layer.parameters(), *([weight] if weighted and k else [])]
    assert_agrees(found, layer.lin(torch.cat(hops, 1)), wanted)


@pytest.mark.parametrize("out", [2, 5])
def test_dimensions_between_nodes_and_features_are_kept(out: int) -> None:
    layer, x = TAGConv(3, out), torch.randn(NUM_NODES, 4, 3)
    torch.testing.assert_close(layer(SQUARE, x)[:, 2], layer(SQUARE, x[:, 2]))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`k` of at least 0, got -1"):
        TAGConv(3, 2, -1)
    with pytest.raises(OptionError, match="`norm` to be one of"):
        TAGConv(3, 2, norm="l2")
    with pytest.raises(ShapeError, match=r"TAGConv: expected `x` of shape \(6, \*, 3\), got \(6, 2\)"):
        TAGConv(3, 2)(SQUARE, torch.ones(6, 2))


def test_text_form_is_the_constructor() -> None:
    assert TAGConv(3, 2, bias=False).extra_repr() == "3, 2, 2, norm='both', bias=False"
