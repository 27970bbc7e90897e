"""The tensor library, for programs that ask: PyTorch, whose functions have here the names and arguments that DGL gives them.

Those that differ from torch's by nothing are torch's own, and so are the dtypes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import check_choice

backend_name = "pytorch"

for _name in ("float16", "float32", "float64", "bfloat16", "uint8", "int8", "int16", "int32", "int64", "bool"):
    globals()[_name] = getattr(torch, _name)

for _name in (
    "argsort", "cat", "clamp", "clone", "cumsum", "exp", "inverse", "is_tensor", "logical_and", "logical_not", "mean",
    "no_grad", "reshape", "split", "sqrt", "squeeze", "stack", "sum", "unsqueeze", "zeros_like",
):  # fmt: skip
    globals()[_name] = getattr(torch, _name)

equal = torch.eq
repeat = torch.repeat_interleave
swapaxes = torch.transpose


def load_backend(mod_name: str) -> None:
    """Choose the tensor library: "pytorch", which it is anyway.

    Raises:
        OptionError: for any other.

    >>> load_backend("pytorch")
    """
    check_choice("load_backend", "mod_name", mod_name, ("pytorch",))


def cpu() -> torch.device:
    """The CPU.

    >>> cpu()
    device(type='cpu')
    """
    return torch.device("cpu")


def tensor(data: Any, dtype: torch.dtype | None = None) -> Tensor:
    """A tensor of numbers, or of one number, which gives a tensor of one dimension.

    >>> tensor(5)
    tensor([5])
    """
    made = torch.as_tensor(data, dtype=dtype)
    return made.reshape(1) if not isinstance(data, Tensor) and made.dim() == 0 else made


def zerocopy_from_numpy(np_array: np.ndarray) -> Tensor:
    """A tensor on the memory of an array."""
    return torch.from_numpy(np_array)


def asnumpy(input: Tensor) -> Any:  # noqa: A002
    """An array of the numbers of a tensor."""
    return input.detach().cpu().numpy()


def zerocopy_to_numpy(input: Tensor) -> Any:  # noqa: A002
    """An array on the memory of a tensor, if it lies on the CPU."""
    return asnumpy(input)


def as_scalar(data: Tensor) -> Any:
    """The one number of a tensor."""
    return data.item()


def copy_to(input: Tensor, ctx: Any, **kwargs: Any) -> Tensor:  # noqa: A002
    """The tensor on a device."""
    return input.to(ctx, **kwargs)


def context(input: Tensor) -> torch.device:  # noqa: A002
    """Where a tensor lies."""
    return input.device


def device_type(ctx: Any) -> str:
    """The kind of a device, "cpu" or "cuda"."""
    return torch.device(ctx).type


def device_id(ctx: Any) -> int:
    """The number of a device, 0 if it has none."""
    return torch.device(ctx).index or 0


def shape(input: Tensor) -> torch.Size:  # noqa: A002
    """The sizes of a tensor."""
    return input.shape


def ndim(input: Tensor) -> int:  # noqa: A002
    """The number of dimensions."""
    return input.dim()


def dtype(input: Tensor) -> torch.dtype:  # noqa: A002
    """The dtype of a tensor."""
    return input.dtype


def astype(input: Tensor, ty: torch.dtype) -> Tensor:  # noqa: A002
    """The tensor in a dtype."""
    return input.to(ty)


def zeros(shape: Any, dtype: torch.dtype, ctx: Any) -> Tensor:
    """Zeros on a device."""
    return torch.zeros(shape, dtype=dtype, device=ctx)


def ones(shape: Any, dtype: torch.dtype, ctx: Any) -> Tensor:
    """Ones on a device."""
    return torch.ones(shape, dtype=dtype, device=ctx)


def full_1d(length: int, fill_value: Any, dtype: torch.dtype, ctx: Any) -> Tensor:
    """One number, so many times."""
    return torch.full((length,), fill_value, dtype=dtype, device=ctx)


def arange(start: int, stop: int, dtype: torch.dtype = torch.int64, ctx: Any = None) -> Tensor:
    """Numbers from `start` to below `stop`."""
    return torch.arange(start, stop, dtype=dtype, device=ctx)


def randint(shape: Any, dtype: torch.dtype, ctx: Any, low: int, high: int) -> Tensor:
    """Integers from `low` to below `high`, at random."""
    return torch.randint(low, high, shape, dtype=dtype, device=ctx)


def uniform(shape: Any, dtype: torch.dtype, ctx: Any, low: float, high: float) -> Tensor:
    """Numbers from `low` to below `high`, at random."""
    return torch.empty(shape, dtype=dtype, device=ctx).uniform_(low, high)


def rand_shuffle(arr: Tensor) -> Tensor:
    """The rows in random order."""
    return arr[torch.randperm(arr.shape[0], device=arr.device)]


def gather_row(data: Tensor, row_index: Tensor) -> Tensor:
    """Some rows."""
    return data.index_select(0, row_index.long())


def scatter_row(data: Tensor, row_index: Tensor, value: Tensor) -> Tensor:
    """The rows with some of them replaced."""
    return data.index_copy(0, row_index.long(), value)


def boolean_mask(input: Tensor, mask: Tensor) -> Tensor:  # noqa: A002
    """The rows where the mask is set."""
    return input[mask.bool()]


def nonzero_1d(input: Tensor) -> Tensor:  # noqa: A002
    """Where a tensor of one dimension is not 0."""
    return input.nonzero().flatten()


def sort_1d(input: Tensor) -> tuple[Tensor, Tensor]:  # noqa: A002
    """Numbers in order, and where they stood."""
    return torch.sort(input)


def max(input: Tensor, dim: int) -> Tensor:  # noqa: A001, A002
    """The largest numbers along a dimension."""
    return input.amax(dim)


def min(input: Tensor, dim: int) -> Tensor:  # noqa: A001, A002
    """The smallest numbers along a dimension."""
    return input.amin(dim)


def topk(input: Tensor, k: int, dim: int, descending: bool = True) -> Tensor:  # noqa: A002
    """The k largest numbers along a dimension, or the smallest."""
    return torch.topk(input, k, dim, largest=descending).values


def argtopk(input: Tensor, k: int, dim: int, descending: bool = True) -> Tensor:  # noqa: A002
    """Where the k largest numbers stand along a dimension, or the smallest."""
    return torch.topk(input, k, dim, largest=descending).indices


def softmax(input: Tensor, dim: int = -1) -> Tensor:  # noqa: A002
    """The softmax along a dimension."""
    return torch.softmax(input, dim)


def unique(input: Tensor, return_inverse: bool = False, return_counts: bool = False) -> Any:  # noqa: A002
    """The different numbers in order, which of them each number is, and how often it occurs."""
    return torch.unique(input, return_inverse=return_inverse, return_counts=return_counts)


def count_nonzero(input: Tensor) -> int:  # noqa: A002
    """How many numbers are not 0."""
    return int(torch.count_nonzero(input))


def allclose(x: Tensor, y: Tensor, rtol: float = 1e-4, atol: float = 1e-4) -> Any:
    """Whether all numbers are nearly the same."""
    return torch.allclose(x, y, rtol=rtol, atol=atol)
