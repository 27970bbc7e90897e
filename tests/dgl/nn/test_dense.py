"""Layers on dense matrices take DGL's arguments."""

import torch

from weft.dgl.nn import DenseChebConv, DenseGraphConv, DenseSAGEConv

DENSE = torch.tensor([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]])


def test_integer_matrices_and_activations() -> None:
    x = torch.randn(4, 3)
    layer = DenseGraphConv(3, 2, norm="right", activation=torch.tanh)
    torch.testing.assert_close(layer(DENSE, x), (DENSE / 2 @ x @ layer.weight + layer.bias).tanh())
    sage = DenseSAGEConv(3, 2, activation=torch.relu, norm=lambda h: h - 1)
    torch.testing.assert_close(sage(DENSE, x), sage.fc((DENSE.float() @ x + x) / 3).relu() - 1)
    torch.testing.assert_close(sage(DENSE[:2], (x, x[:2])), sage(DENSE, x)[:2])


def test_the_highest_eigenvalue_is_computed() -> None:
    layer, x = DenseChebConv(3, 2, 3), torch.randn(4, 3)
    torch.testing.assert_close(layer(DENSE, x), layer(DENSE, x, 2.0))  # a ring of even length has 2
    path = DENSE.clone()
    path[0, 3] = path[3, 0] = 0
    assert not torch.allclose(layer(path[:3, :3], x[:3]), layer(path[:3, :3], x[:3], 1.5))
    loops = DENSE + torch.eye(4)  # with loops the highest is 4 / 3
    torch.testing.assert_close(layer(loops, x), layer(loops, x, 4 / 3))


def test_parameters_have_dgls_names() -> None:
    assert list(DenseGraphConv(3, 2).state_dict()) == ["weight", "bias"]
    assert list(DenseSAGEConv(3, 2).state_dict()) == ["fc.weight", "fc.bias"]
    assert {name: tuple(value.shape) for name, value in DenseChebConv(3, 2, 4).state_dict().items()} == {
        "W": (4, 3, 2), "bias": (2,),
    }  # fmt: skip
