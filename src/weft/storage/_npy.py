"""Features as `.npy` files: the header read with care, the file written whole or not at all."""

import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..errors import StorageError, message
from ._bytes import as_bytes
from ._feature_store import FeatureSpec

_NAMES: Final = {
    "?": "bool", "i1": "int8", "u1": "uint8", "<i2": "int16", "<i4": "int32", "<i8": "int64", "<u2": "uint16",
    "<u4": "uint32", "<u8": "uint64", "<f2": "float16", "<f4": "float32", "<f8": "float64", "<c8": "complex64",
    "<c16": "complex128",
}  # fmt: skip
_DTYPES: Final[dict[np.dtype[Any], torch.dtype]] = {np.dtype(name): getattr(torch, of) for name, of in _NAMES.items()}
BFLOAT16: Final = np.dtype("<u2")
"""What rows of bfloat16 are stored as, which numpy does not have."""
HEADER_BYTES: Final = 2**16 + 16
"""As much as a header is read from: more than any that numpy writes for numbers."""
_PIECE: Final = 2**24  # bytes written at a time


class Npy(NamedTuple):
    """Where the rows of a `.npy` file lie.

    Attributes:
        spec: of the feature.
        offset: of the first row, in bytes.
    """

    spec: FeatureSpec
    offset: int

    @property
    def end(self) -> int:
        """Bytes that the file has to have."""
        return self.offset + self.spec.num_rows * self.spec.row_bytes


def read_header(begin: bytes, name: object, *, dtype: torch.dtype | None = None) -> Npy:
    """Read the header of a `.npy` file, with numpy's own reader, which evaluates nothing.

    Args:
        begin: the first `HEADER_BYTES` of the file, so that no header makes anybody read more.
        name: of the file, for texts.
        dtype: torch.bfloat16 for rows that are stored as uint16; else what the file says.

    Raises:
        StorageError: if it is no such file, or holds something else than rows of numbers one behind the other.
    """
    where, file = f"features in {name}", io.BytesIO(begin)
    try:
        version = np.lib.format.read_magic(file)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"version {version[0]}.{version[1]}, which numbers do not need")
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, is_fortran, stored = read(file)
    except Exception as error:  # what numpy's reader raises depends on what the stranger wrote
        raise StorageError(message(where, "the header of a .npy file", f"one that cannot be read ({error})")) from error
    if stored not in _DTYPES:
        hint = "pickled objects are never loaded" if stored.hasobject else "store numbers of the processor's byte order"
        raise StorageError(message(where, "numbers that torch has", f"dtype {stored}", hint))
    found = _DTYPES[stored]
    if dtype is not None and dtype is not found:
        if dtype is not torch.bfloat16 or stored != BFLOAT16:
            raise StorageError(message(where, f"rows of {dtype}", f"dtype {stored}"))
        found = dtype
    if len(shape) == 0 or any(size < 0 for size in shape):
        raise StorageError(message(where, "rows, (count, ...)", f"shape {shape}"))
    if is_fortran and sum(size > 1 for size in shape) > 1:
        raise StorageError(
            message(
                where, "rows one behind the other", "columns one behind the other", "numpy.ascontiguousarray(array)"
            )
        )
    return Npy(FeatureSpec(shape[0], tuple(shape[1:]), found), file.tell())


class OpenNpy:
    """A `.npy` file that is open for reading until nobody holds it any more.

    Raises:
        StorageError: if it is no file of rows of numbers, or shorter than its header says.
        OSError: if it cannot be opened.
    """

    def __init__(self, path: Path, dtype: torch.dtype | None = None) -> None:
        self.path = path
        # A pipe would block the opening of a folder of a stranger.
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(self.descriptor).st_mode):
            raise StorageError(message(f"features in {path}", "a file", "something else"))
        self.npy = read_header(os.pread(self.descriptor, HEADER_BYTES, 0), path, dtype=dtype)
        self.check_length()
        if hasattr(os, "posix_fadvise"):  # rows come in any order: what stands behind one is not wanted
            os.posix_fadvise(self.descriptor, 0, 0, os.POSIX_FADV_RANDOM)

    def check_length(self) -> None:
        """Refuse a file that has become shorter than its header says."""
        size = os.fstat(self.descriptor).st_size
        if size < self.npy.end:
            spec = self.npy.spec
            raise StorageError(
                message(
                    f"features in {self.path}",
                    f"{self.npy.end} bytes for {spec.num_rows} rows of {spec.row_bytes} bytes",
                    f"{size} bytes: it is cut short",
                    "copy or write it again",
                )
            )

    def __del__(self) -> None:
        if hasattr(self, "descriptor"):
            os.close(self.descriptor)


def write(path: Path, spec: FeatureSpec, pieces: Iterator[Tensor]) -> None:
    """Write a `.npy` file and see it to the disk; whoever calls removes what an error leaves behind.

    Args:
        pieces: all rows, in their order, some at a time.

    Raises:
        OSError: if there is no room for it.
    """
    stored = (
        BFLOAT16 if spec.dtype is torch.bfloat16 else next(of for of, dtype in _DTYPES.items() if dtype is spec.dtype)
    )
    header = {
        "descr": np.lib.format.dtype_to_descr(stored),
        "fortran_order": False,
        "shape": (spec.num_rows, *spec.row_shape),
    }
    with path.open("xb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for rows in pieces:
            file.write(as_bytes(rows.contiguous()).numpy().data)
        file.flush()
        os.fsync(file.fileno())


def rows_a_piece(spec: FeatureSpec) -> int:
    """Rows that are written at a time."""
    return max(1, _PIECE // max(1, spec.row_bytes))


def can_be_stored(dtype: torch.dtype) -> bool:
    """Whether a `.npy` file can hold rows of it."""
    return dtype is torch.bfloat16 or dtype in _DTYPES.values()
