"""GCN2Conv with DGL's arguments normalises as DGL does."""

import math

import pytest
import torch

import weft.dgl as dgl
from weft.dgl.nn import GCN2Conv
from weft.errors import StructureError

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 2, 3]), torch.tensor([1, 1, 2, 2, 0, 4])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shared", [False, True])
def test_norms_are_those_of_dgl(weighted: bool, shared: bool) -> None:
    layer = GCN2Conv(3, 2, alpha=0.3, lambda_=0.5, project_initial_features=shared, allow_zero_in_degree=True)
    torch.nn.init.normal_(layer.bias)
    x, initial, weight = torch.randn(5, 3), torch.randn(5, 3), torch.rand(6) + 0.1
    dense = torch.zeros(5, 5).index_put((TARGET, SOURCE), weight if weighted else torch.ones(6), accumulate=True)
    if weighted:
        ends = dense.sum(1)[:, None], dense.sum(0)
    else:
        degrees = torch.tensor([1.0, 2, 2, 1, 1])
        ends = degrees[:, None], degrees
    dense = torch.where(dense > 0, dense / (ends[0] * ends[1]).sqrt(), 0)
    beta = math.log(0.5 / 2 + 1)
    first, second = (
        (1 - beta) * torch.eye(3) + beta * w for w in (layer.weight1, layer.weight1 if shared else layer.weight2)
    )
    expected = 0.7 * dense @ x @ first + 0.3 * initial @ second + layer.bias
    graph = dgl.graph((SOURCE, TARGET))
    found = layer(graph, x, initial, edge_weight=weight) if weighted else layer(graph, x, initial)
    torch.testing.assert_close(found, expected)
    layer.activation = torch.relu
    torch.testing.assert_close(layer(graph, x, initial, weight if weighted else None), expected.relu())


def test_state_and_errors_are_those_of_dgl() -> None:
    layer = GCN2Conv(3, 1, project_initial_features=False)
    assert list(layer.state_dict()) == ["weight1", "weight2", "bias"]
    assert list(GCN2Conv(3, 1, bias=False).state_dict()) == ["weight1"]
    with pytest.raises(StructureError, match=r"1 without, the first of them 3"):
        layer(dgl.graph((SOURCE, TARGET)), torch.ones(5, 3), torch.ones(5, 3))
