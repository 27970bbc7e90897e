"""The device that is not there behaves like one, and is told from the CPU."""

import pytest
import torch

from tests.elsewhere import DEVICE, Elsewhere, assert_alike, elsewhere, waits
from weft import ops
from weft.graph import Adjacency


def test_tensors_are_made_moved_and_changed_there():
    with elsewhere() as device:
        x = torch.arange(5, device=device)
        x[1:] += 1
        assert x.device == DEVICE
        assert x.tolist() == [0, 2, 3, 4, 5]
        assert type(x.cpu()) is torch.Tensor
        assert x.to(device) is x
        assert torch.as_tensor([1, 2], device=device).device == DEVICE
        assert torch.repeat_interleave(x, x, output_size=14).device == DEVICE


def test_gradients_of_modules_there_are_there():
    with elsewhere() as device:
        layer = torch.nn.Linear(3, 2).to(device)
        layer(torch.ones(4, 3, device=device)).sum().backward()
        assert layer.weight.grad.device == DEVICE
        assert layer.weight.grad.tolist() == [[4, 4, 4]] * 2


def test_a_mixture_of_devices_is_refused():
    with elsewhere() as device:
        x = torch.ones(3, device=device)
        with pytest.raises(RuntimeError, match="expected all tensors on elsewhere:0"):
            x + torch.ones(3)
        with pytest.raises(RuntimeError, match="expected all tensors on elsewhere:0"):
            x[torch.tensor([0])]
        assert (x + torch.tensor(1.0)).device == DEVICE  # a number may come along


def test_operators_run_the_kernels_of_devices():
    rows, x = Adjacency([0, 1, 2, 2], [1, 2, 0, 1], num_sources=3, num_targets=3).by_target, torch.ones(3, 4)
    with elsewhere() as device:
        there = ops.Structure(*(part.to(device) for part in rows[:3]))
        assert "triton" in ops.spmm.explain(there, x.to(device))
        assert_alike(ops.spmm(there, x.to(device)), ops.spmm(rows, x))


def test_what_waits_is_noted():
    with elsewhere() as device:
        x = torch.arange(3.0, device=device)
        x.sum().mul(2)
        assert waits == []
        assert float(x.sum()) == 3
        assert x.nonzero().cpu().tolist() == [[1], [2]]
        assert waits == ["_local_scalar_dense", "nonzero", "_to_copy"]


@pytest.mark.parametrize("wrong", [torch.ones(2), Elsewhere(torch.zeros(2))])
def test_what_is_not_alike_is_told(wrong):
    with elsewhere(), pytest.raises(AssertionError):
        assert_alike({"x": wrong}, {"x": torch.ones(2)})
