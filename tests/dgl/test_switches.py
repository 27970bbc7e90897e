"""What programs set, ask for and seed."""

import pytest
import torch

import weft.dgl as dgl
from weft.errors import OptionError, ShapeError


def test_switches_are_remembered() -> None:
    dgl.use_libxsmm(False)
    assert not dgl.is_libxsmm_enabled()
    dgl.use_libxsmm(True)
    assert dgl.is_libxsmm_enabled()


def test_the_tensor_library_is_pytorch() -> None:
    assert dgl.backend_name == dgl.backend.backend_name == "pytorch"
    dgl.load_backend("pytorch")
    with pytest.raises(OptionError, match="pytorch"):
        dgl.load_backend("mxnet")


def test_a_seed_repeats_draws() -> None:
    draws = []
    for _ in range(2):
        dgl.seed(7)
        draws.append(torch.rand(3))
    assert torch.equal(*draws)
    assert dgl.random.seed is dgl.seed


def test_initializers_make_new_rows() -> None:
    assert dgl.init.zero_initializer((2,), torch.float64, torch.device("cpu"), None).dtype is torch.float64
    with pytest.raises(NotImplementedError, match="use zero_initializer"):
        dgl.init.base_initializer((2,), torch.float64, torch.device("cpu"), None)


def test_features_of_both_ends() -> None:
    block, x = dgl.create_block(([0, 1, 2], [0, 0, 1])), torch.rand(3, 2)
    assert [y.shape[0] for y in dgl.utils.expand_as_pair(x, block)] == [3, 2]
    assert [y.shape[0] for y in dgl.utils.expand_as_pair((x, x[:1]), block)] == [3, 1]
    typed = dgl.create_block({("a", "r", "b"): ([0], [0])}, {"a": 1, "b": 3}, {"b": 2})
    assert dgl.utils.expand_as_pair({"b": x}, typed)[1]["b"].shape[0] == 2
    dgl.utils.check_eq_shape((x, x[:1]))
    with pytest.raises(ShapeError):
        dgl.utils.check_eq_shape((x, x[:, :1]))
