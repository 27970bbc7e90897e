"""Rows of one size that lie one behind the other in a file: read, announced, or gathered from a mapping."""

from typing import NamedTuple

import torch
from torch import Tensor

from ...errors import ShapeError, message
from ...native import DTYPES, Kernel
from .._checks import plain_ids

_FIELDS = ["file", "ids", "out", "failure", "offset", "num_rows", "count", "row_bytes"]
_READ = Kernel("read_rows", _FIELDS)
_HINT = Kernel("hint_rows", _FIELDS)
_GATHER = Kernel("gather_rows", ["x", "index", "out", "num_rows", "count", "row_bytes"])


class ReadFailure(NamedTuple):
    """Where reading failed, and why.

    Attributes:
        position: of the row among those asked for.
        errno: what the system says; 0 if the file ends before the row does.

    >>> ReadFailure(3, 0).errno
    0
    """

    position: int
    errno: int


def read_rows(file: int, ids: Tensor, out: Tensor, *, offset: int, num_rows: int) -> ReadFailure | None:
    """Read rows of a file by id, and say what went wrong.

    The bytes of `out[r]` are those of row `ids[r]`, which begins at `offset + ids[r] * row_bytes`. Rows that are in memory are
    copied at once; the system is asked for all others before the first of them is waited for.

    *Shapes* `ids: (count,)`; `out: (count, row_bytes)`, uint8, contiguous.

    Args:
        file: the descriptor of an open file; its position is neither used nor moved.
        offset: where in the file the rows begin.

    Raises:
        IdError: if an id is negative or not below num_rows.
        ShapeError, DtypeError, DeviceError: if arguments are of another form.

    *Cost* one call of the system for each row, or run of rows, that is in memory; three for others.

    >>> import os, tempfile
    >>> with tempfile.TemporaryFile() as file:
    ...     _ = file.write(b"abcdef"), file.flush()
    ...     out = torch.empty(2, 2, dtype=torch.uint8)
    ...     read_rows(file.fileno(), torch.tensor([2, 0]), out, offset=0, num_rows=3)
    >>> bytes(out.flatten().tolist())
    b'efab'
    """
    ids = plain_ids("read_rows", "ids", ids)
    _check_out("read_rows", ids, out)
    return _call(_READ, file, ids, out, offset=offset, num_rows=num_rows, row_bytes=out.shape[1])


def hint_rows(file: int, ids: Tensor, *, offset: int, num_rows: int, row_bytes: int) -> None:
    """Tell the system that rows of a file will be read, so that it brings them meanwhile.

    Where the system takes no hints, nothing happens.

    Raises:
        IdError: if an id is negative or not below num_rows.
        ShapeError, DtypeError, DeviceError: if ids are none.

    >>> import tempfile
    >>> with tempfile.TemporaryFile() as file:
    ...     hint_rows(file.fileno(), torch.tensor([2, 0]), offset=0, num_rows=3, row_bytes=2)
    """
    _call(_HINT, file, plain_ids("hint_rows", "ids", ids), None, offset=offset, num_rows=num_rows, row_bytes=row_bytes)


def gather_mapped(address: int, ids: Tensor, out: Tensor, *, num_rows: int) -> None:
    """Copy rows by id from memory that is no tensor, such as a file that is mapped; `out` as in `read_rows`.

    Whoever calls answers for `num_rows` rows being there.

    Raises:
        IdError: if an id is negative or not below num_rows.
        ShapeError, DtypeError, DeviceError: if ids are none.

    >>> held, out = torch.tensor([[1], [2]], dtype=torch.uint8), torch.empty(1, 1, dtype=torch.uint8)
    >>> gather_mapped(held.data_ptr(), torch.tensor([1]), out, num_rows=2)
    >>> out.tolist()
    [[2]]
    """
    ids = plain_ids("gather_mapped", "ids", ids)
    _check_out("gather_mapped", ids, out)
    _GATHER(0, _code(ids), [address, ids.data_ptr(), out.data_ptr(), num_rows, ids.shape[0], out.shape[1]])


def _call(
    kernel: Kernel, file: int, ids: Tensor, out: Tensor | None, *, offset: int, num_rows: int, row_bytes: int
) -> ReadFailure | None:
    failure = torch.full((2,), -1, dtype=torch.int64, device="cpu")
    addresses = ids.data_ptr(), 0 if out is None else out.data_ptr(), failure.data_ptr()
    kernel(0, _code(ids), [file, *addresses, offset, num_rows, ids.shape[0], row_bytes])
    position, errno = failure.tolist()
    return None if position < 0 else ReadFailure(position, errno)


def _check_out(name: str, ids: Tensor, out: Tensor) -> None:
    is_plain = out.dtype is torch.uint8 and out.device.type == "cpu" and out.is_contiguous()
    if not is_plain or out.dim() != 2 or out.shape[0] != ids.shape[0]:
        expected = f"contiguous `out` of ({ids.shape[0]}, row_bytes), uint8, on the CPU"
        raise ShapeError(message(name, expected, f"{tuple(out.shape)}, {out.dtype}, {out.device}"))


def _code(ids: Tensor) -> int:
    return DTYPES["int64" if ids.dtype is torch.int64 else "int32"]
