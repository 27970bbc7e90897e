"""Functions that programs take from `dgl.backend`."""

import numpy as np
import pytest
import torch

from weft.dgl import backend as F  # noqa: N812


def test_numbers_become_tensors_and_arrays() -> None:
    assert torch.equal(F.tensor(5), torch.tensor([5]))
    assert torch.equal(F.tensor([1, 2], F.float32), torch.tensor([1.0, 2.0]))
    kept = torch.tensor(3)
    assert F.tensor(kept).dim() == 0
    array = np.arange(3)
    F.zerocopy_from_numpy(array)[0] = 7
    assert array[0] == 7
    assert (
        F.asnumpy(torch.ones(2, requires_grad=True)).tolist() == F.zerocopy_to_numpy(torch.ones(2)).tolist() == [1, 1]
    )
    assert F.as_scalar(torch.tensor([4])) == 4


def test_a_tensor_tells_what_it_is() -> None:
    x = torch.zeros(2, 3)
    assert (F.shape(x), F.ndim(x), F.dtype(x), F.context(x)) == ((2, 3), 2, torch.float32, F.cpu())
    assert (F.device_type("cuda:1"), F.device_id("cuda:1"), F.device_id(F.cpu())) == ("cuda", 1, 0)
    assert F.astype(x, F.int64).dtype is torch.int64
    assert F.copy_to(x, F.cpu()) is x


def test_tensors_are_made_on_a_device() -> None:
    assert torch.equal(F.arange(1, 3), torch.tensor([1, 2]))
    assert F.arange(0, 2, F.int32, F.cpu()).dtype is torch.int32
    for made, number in ((F.zeros((2,), F.int64, F.cpu()), 0), (F.ones((2,), F.int64, F.cpu()), 1)):
        assert made.tolist() == [number, number]
    assert F.full_1d(2, 7, F.int64, F.cpu()).tolist() == [7, 7]
    assert F.randint((4,), F.int64, F.cpu(), 1, 2).tolist() == [1, 1, 1, 1]
    assert F.uniform((2,), F.float32, F.cpu(), 1, 1).tolist() == [1, 1]
    assert sorted(F.rand_shuffle(torch.arange(5)).tolist()) == [0, 1, 2, 3, 4]


def test_rows_are_chosen_and_replaced() -> None:
    x = torch.arange(6).reshape(3, 2)
    one = torch.tensor([1], dtype=torch.int32)
    assert F.gather_row(x, one).tolist() == [[2, 3]]
    assert F.scatter_row(x, one, torch.zeros(1, 2, dtype=torch.int64)).tolist() == [[0, 1], [0, 0], [4, 5]]
    assert F.boolean_mask(x, torch.tensor([1, 0, 1], dtype=torch.uint8)).tolist() == [[0, 1], [4, 5]]
    assert F.nonzero_1d(torch.tensor([0, 5, 6])).tolist() == [1, 2]
    assert F.repeat(torch.tensor([3, 1]), 2, 0).tolist() == [3, 3, 1, 1]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (lambda x: F.max(x, 0), [3, 5, 2]),
        (lambda x: F.min(x, 1), [1, 0]),
        (lambda x: F.topk(x, 2, 1), [[3, 2], [5, 1]]),
        (lambda x: F.topk(x, 1, 1, False), [[1], [0]]),
        (lambda x: F.argtopk(x, 2, 1), [[0, 2], [1, 0]]),
        (lambda x: F.argsort(x, 1, False), [[1, 2, 0], [2, 0, 1]]),
        (lambda x: F.sum(x, 1, True), [[6], [6]]),
        (lambda x: F.swapaxes(x, 0, 1), [[3, 1], [1, 5], [2, 0]]),
        (lambda x: F.equal(x, x.flip(0)), [[False] * 3, [False] * 3]),
        (lambda x: F.sort_1d(x[0])[1], [1, 2, 0]),
        (lambda x: F.unique(x[0], return_counts=True)[1], [1, 1, 1]),
        (lambda x: F.softmax(x * 0), torch.full((2, 3), 1 / 3).tolist()),
    ],
)  # fmt: skip
def test_results_are_those_of_dgl(found: object, expected: object) -> None:
    assert found(torch.tensor([[3.0, 1.0, 2.0], [1.0, 5.0, 0.0]])).tolist() == expected  # type: ignore[operator]


def test_counts_and_comparisons_are_numbers() -> None:
    assert F.count_nonzero(torch.tensor([0, 5])) == 1
    assert F.allclose(torch.ones(1), torch.ones(1) + 1e-5)
    assert not F.allclose(torch.ones(1), torch.ones(1) + 1e-3)
