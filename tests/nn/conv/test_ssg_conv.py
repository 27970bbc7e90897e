"""SSGConv agrees with powers of dense matrices; what it refuses it explains."""

import pytest
import torch

from tests.nn.compared import NUM_EDGES, NUM_NODES, SQUARE, assert_agrees, drawn, matrix, normalised, settled
from weft.errors import OptionError, ShapeError
from weft.nn import SSGConv
from weft.testing import LayerCase

CASES = {
    "SSGConv both": LayerCase(lambda i, o: SSGConv(i, o, 3), bipartite=False),
    "SSGConv in": LayerCase(lambda i, o: SSGConv(o, o, 2, norm="in", bias=False), bipartite=False, same_width=True),
}


@pytest.mark.parametrize("norm", ["none", "both", "in", "left", "right"])
@pytest.mark.parametrize(("width", "out", "k"), [(3, 5, 3), (5, 3, 2), (4, 4, 1)])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_dense_matrices(norm: str, width: int, out: int, k: int, weighted: bool) -> None:
    layer = settled(SSGConv(width, out, k, alpha=0.3, norm=norm))
    x, weight = drawn(NUM_NODES, width), drawn(NUM_EDGES, positive=True)
    dense, hops = normalised(matrix(weight if weighted else torch.ones_like(weight)), norm), [x]
    for _ in range(k):
        hops.append(dense @ hops[-1])
    expected = layer.fc(0.7 * torch.stack(hops[1:]).mean(0) + 0.3 * x)
    found = layer(SQUARE, x, weight if weighted else None)
    assert_agrees(found, expected, [x, *layer.parameters(), *([weight] if weighted else [])])


def test_what_propagates_may_be_kept() -> None:
    for layer in (settled(SSGConv(3, 5, 2)), settled(SSGConv(5, 3, 2))):
        x = drawn(NUM_NODES, layer.in_features)
        torch.testing.assert_close(layer.fc(layer.propagate(SQUARE, x)), layer(SQUARE, x))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`k` of at least 1, got 0"):
        SSGConv(3, 2, 0)
    with pytest.raises(OptionError, match="`alpha` from 0 to 1, got 2"):
        SSGConv(3, 2, alpha=2)
    with pytest.raises(OptionError, match="`norm` to be one of"):
        SSGConv(3, 2, norm="l2")
    with pytest.raises(ShapeError, match=r"SSGConv: expected `x` of shape \(6, \*, 3\), got \(6, 2\)"):
        SSGConv(3, 2)(SQUARE, torch.ones(6, 2))


def test_text_form_is_the_constructor() -> None:
    assert SSGConv(3, 2, 4).extra_repr() == "3, 2, 4, alpha=0.1, norm='both', bias=True"
