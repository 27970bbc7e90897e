"""ClusterGCNConv agrees with dense matrices."""

import pytest
import torch
from torch import Tensor

from tests.nn.compared import assert_agrees, drawn
from weft.errors import ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import ClusterGCNConv
from weft.testing import LayerCase

CASES = {
    "ClusterGCNConv": lambda i, o: ClusterGCNConv(i, o),
    "ClusterGCNConv diagonal": LayerCase(
        lambda i, o: ClusterGCNConv(i, o, diag_lambda=0.7),
        bipartite=False,
        exempt={"check_self_loops": "its lambda makes self loops count more than other edges"},
    ),
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


@pytest.mark.parametrize("diag_lambda", [0.0, 0.4])
@pytest.mark.parametrize(("width", "out"), [(2, 4), (4, 2)])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_dense_matrices(diag_lambda: float, width: int, out: int, weighted: bool) -> None:
    layer = ClusterGCNConv(width, out, diag_lambda=diag_lambda).double()
    torch.nn.init.normal_(layer.lin_out.bias)
    x, weight = drawn(NUM_NODES, width), drawn(7)
    matrix = dense(weight if weighted else None) / torch.tensor([1.0, 3, 2, 1, 1], dtype=torch.float64)[:, None]
    matrix = matrix + diag_lambda * torch.diag(matrix.diag())
    expected = layer.lin_out(matrix @ x) + layer.lin_root(x)
    found = layer(GRAPH, x, weight if weighted else None)
    assert_agrees(found, expected, [x, weight, *layer.parameters()])


def test_pair_has_two_widths() -> None:
    layer, pair = ClusterGCNConv((3, 2), 4, bias=False), Adjacency(SOURCE, TARGET, num_sources=4, num_targets=6)
    x, own = torch.randn(4, 3), torch.randn(6, 2)
    found = layer(pair, (x, own))
    torch.testing.assert_close(found[1], layer.lin_out(x[[0, 0, 3]].mean(0)) + layer.lin_root(own[1]))
    torch.testing.assert_close(found[5], layer.lin_root(own[5]))


def test_wrong_arguments_are_told() -> None:
    pair = Adjacency(SOURCE, TARGET, num_sources=4, num_targets=6)
    with pytest.raises(ShapeError, match="a graph whose targets are its sources, got 4 sources and 6 targets"):
        ClusterGCNConv(3, 2, diag_lambda=0.1)(pair, torch.randn(4, 3))
    with pytest.raises(ShapeError, match=r"`edge_weight` of shape \(7,\), got \(6,\)"):
        ClusterGCNConv(3, 2)(GRAPH, torch.randn(5, 3), torch.rand(6))
    assert repr(ClusterGCNConv(3, 2)).startswith("ClusterGCNConv(\n  3, 2, diag_lambda=0.0, bias=True\n")
