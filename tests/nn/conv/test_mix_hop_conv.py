"""MixHopConv agrees with powers of dense matrices."""

import pytest
import torch
from torch import Tensor

from tests.nn.compared import assert_agrees, drawn
from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import MixHopConv
from weft.testing import LayerCase

CASES = {
    "MixHopConv": LayerCase(lambda i, o: MixHopConv(i, o // 2, (0, 2)), bipartite=False),
    "MixHopConv plain": LayerCase(lambda i, o: MixHopConv(i, o, (1,), norm="none"), bipartite=False),
}

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3, 3]), torch.tensor([1, 1, 2, 2, 0, 4, 1])
NUM_NODES = 5
GRAPH = Graph(SOURCE, TARGET, NUM_NODES)


def dense(weight: Tensor | None, norm: str = "none") -> Tensor:
    """(num_nodes, num_nodes), parallel edges added."""
    weight = torch.ones(7, dtype=torch.float64) if weight is None else weight
    matrix = torch.zeros(NUM_NODES, NUM_NODES, dtype=torch.float64).index_put((TARGET, SOURCE), weight, accumulate=True)
    entering = torch.tensor([1.0, 3, 2, 1, 1], dtype=torch.float64)
    leaving = torch.tensor([2.0, 1, 2, 2, 1], dtype=torch.float64)
    return matrix if norm == "none" else matrix / (entering[:, None] * leaving).sqrt()


@pytest.mark.parametrize("powers", [(0, 1, 2), (3, 0, 1), (2,), (0,)], ids=str)
@pytest.mark.parametrize(("width", "out"), [(1, 4), (9, 2)])
@pytest.mark.parametrize("norm", ["both", "none"])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_dense_matrices(powers: tuple[int, ...], width: int, out: int, norm: str, weighted: bool) -> None:
    layer = MixHopConv(width, out, powers, norm=norm).double()
    torch.nn.init.normal_(layer.bias)
    x, weight = drawn(NUM_NODES, width), drawn(7)
    matrix = dense(weight if weighted else None, norm)
    expected = torch.cat([layer.lins[str(p)](torch.linalg.matrix_power(matrix, p) @ x) for p in powers], 1) + layer.bias
    found = layer(GRAPH, x, weight if weighted else None)
    assert_agrees(found, expected, [x, weight, *layer.parameters()])


def test_wrong_arguments_are_told() -> None:
    for powers in ((), (0, -1), (1, 1)):
        with pytest.raises(OptionError, match="`powers` from 0, each once"):
            MixHopConv(3, 2, powers)
    with pytest.raises(ShapeError, match="a graph whose targets are its sources"):
        MixHopConv(3, 2)(Adjacency(SOURCE, TARGET, num_sources=4, num_targets=6), torch.randn(4, 3))
    assert MixHopConv(3, 2, bias=False).extra_repr() == "3, 2, (0, 1, 2), norm='both', bias=False"
