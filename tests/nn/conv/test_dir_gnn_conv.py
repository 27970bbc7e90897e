"""DirGNNConv is one layer along the edges and one against them."""

import pytest
import torch
from torch import Tensor, nn

from tests.nn.compared import assert_agrees, drawn
from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import DirGNNConv, GraphConv, PNAConv, SAGEConv
from weft.testing import LayerCase

BOTH_WAYS = "nodes read also those that they send to, and the check keeps only what they receive"
CASES = {
    "DirGNNConv": LayerCase(
        lambda i, o: DirGNNConv(i, o, SAGEConv(i, o), alpha=0.3),
        bipartite=False,
        exempt=dict.fromkeys(("check_isolated", "check_parallel_edges", "check_self_loops"), BOTH_WAYS),
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


@pytest.mark.parametrize("root_weight", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_dense_matrices(root_weight: bool, weighted: bool) -> None:
    layer = DirGNNConv(3, 2, GraphConv(3, 2, norm="none"), alpha=0.3, root_weight=root_weight).double()
    x, weight = drawn(NUM_NODES, 3), drawn(7)
    matrix, one, other = dense(weight if weighted else None), layer.conv_in, layer.conv_out
    expected = 0.7 * (matrix @ x @ one.weight + one.bias) + 0.3 * (matrix.T @ x @ other.weight + other.bias)
    expected = expected + layer.lin(x) if root_weight else expected
    found = layer(GRAPH, x, weight if weighted else None)
    assert_agrees(found, expected, [x, weight, *layer.parameters()])


def test_edge_features_go_with_their_edges() -> None:
    make = PNAConv(4, 4, 1.2, edge_features=3, aggregators=["sum"], scalers=["identity"], residual=False)
    layer = DirGNNConv(4, 4, make, alpha=1.0, root_weight=False).eval()
    x, edges = torch.randn(5, 4), torch.randn(7, 3)
    reversed_graph = Graph(TARGET, SOURCE, NUM_NODES)
    torch.testing.assert_close(
        layer(GRAPH, x, edge_features=edges), layer.conv_out(reversed_graph, x, edge_features=edges)
    )


def test_both_directions_have_parameters_of_their_own() -> None:
    layer = DirGNNConv(3, 2, GraphConv(3, 2))
    assert not torch.equal(layer.conv_in.weight, layer.conv_out.weight)
    before = [parameter.clone() for parameter in (layer.conv_in.weight, layer.conv_out.weight, layer.lin.weight)]
    layer.reset_parameters()
    after = layer.conv_in.weight, layer.conv_out.weight, layer.lin.weight
    assert not any(torch.equal(one, other) for one, other in zip(before, after, strict=True))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`alpha` from 0 to 1, got 2"):
        DirGNNConv(3, 2, GraphConv(3, 2), alpha=2)
    with pytest.raises(OptionError, match="a layer with `reset_parameters`, got Identity"):
        DirGNNConv(3, 3, nn.Identity())
    with pytest.raises(ShapeError, match="a graph whose targets are its sources"):
        DirGNNConv(3, 2, GraphConv(3, 2))(Adjacency(SOURCE, TARGET, num_sources=4, num_targets=6), torch.randn(4, 3))
    assert DirGNNConv(3, 2, GraphConv(3, 2)).extra_repr() == "3, 2, alpha=0.5, root_weight=True"
