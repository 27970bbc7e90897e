"""PANConv agrees with its formula in dense matrices; what it refuses it explains."""

from typing import Any

import pytest
import torch

from tests.nn.compared import BIPARTITE, SOURCE, TARGET, assert_agrees, drawn, settled
from weft.errors import OptionError, ShapeError
from weft.graph import Graph
from weft.nn import PANConv
from weft.testing import LayerCase

CASES = {
    "PANConv": LayerCase(lambda i, o: PANConv(i, o, 3), bipartite=False),
}


@pytest.mark.parametrize("widths", [(4, 3), (3, 4)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_its_formula(widths: tuple[int, int], bias: bool, weighted: bool) -> None:
    layer: Any = settled(PANConv(*widths, 3, bias=bias))
    x, weight = drawn(5, widths[0]), (torch.rand(7, dtype=torch.float64) + 0.5).requires_grad_()
    values = weight if weighted else torch.ones_like(weight)
    matrix = torch.zeros(5, 5, dtype=torch.float64).index_put((TARGET, SOURCE), values, accumulate=True)
    paths = sum(torch.linalg.matrix_power(matrix, n) * (-layer.energy[n]).exp() for n in range(4))
    scale = paths.sum(1).rsqrt()
    expected = (scale[:, None] * paths * scale) @ layer.fc(x)
    expected = expected if layer.bias is None else expected + layer.bias
    given = (weight,) if weighted else ()
    assert_agrees([layer(Graph(SOURCE, TARGET, 5), x, *given)], [expected], [x, *given, *layer.parameters()])


def test_dimensions_between_nodes_and_features_are_kept() -> None:
    graph, x, layer = Graph(SOURCE, TARGET, 5), torch.randn(5, 6, 4), PANConv(4, 3, 2)
    torch.testing.assert_close(layer(graph, x)[:, 2], layer(graph, x[:, 2]))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match=r"`num_hops` of at least 1, got 0"):
        PANConv(4, 3, 0)
    with pytest.raises(ShapeError, match=r"a graph from nodes to the same nodes, got 4 sources and 6 targets"):
        PANConv(4, 3, 2)(BIPARTITE, torch.randn(4, 4))


def test_text_form_is_the_constructor() -> None:
    assert PANConv(4, 3, 2).extra_repr() == "4, 3, 2, bias=True"
