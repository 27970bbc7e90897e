"""The compiled library: find it, check its version and every kernel's layout, call it. Nothing else in weft uses ctypes.

The library is loaded on the first kernel call, never at import, and after torch, whose OpenMP runtime it shares.
"""

import contextlib
import ctypes
import functools
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import torch

from .. import settings
from .._version import __version__
from ..errors import IdError, NativeLibraryError, OptionError, StructureError, WeftError

ISAS: Final = ("baseline", "avx2", "avx512")
DTYPES: Final = {"float32": 0, "float64": 1, "bfloat16": 2, "float16": 3, "int32": 4, "int64": 5}
_FAULTS: Final[dict[int, type[Exception]]] = {-1: IdError, -2: StructureError, -3: MemoryError, -4: NativeLibraryError}
_in_forked_child = False


def _note_fork() -> None:
    global _in_forked_child
    _in_forked_child = True


# After fork a parallel region would wait for threads that the child does not have.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def default_path() -> Path:
    """Where the library of this installation lies."""
    return Path(settings.library) if settings.library else Path(__file__).with_name("libweft.so")


@functools.cache
def library() -> ctypes.CDLL:
    """The loaded library.

    Raises:
        NativeLibraryError: if it is missing, cannot be loaded, or belongs to another version of weft.
    """
    path = default_path()
    if not path.exists():
        raise NativeLibraryError(
            f"weft's compiled library is not at {path}. Likely causes: weft runs from a source tree that was not built, or "
            "the wheel was made for another platform; hint: run `make build` in the source tree, or "
            "`pip install --force-reinstall weft`"
        )
    if _is_truncated(path):
        raise NativeLibraryError(
            f"weft's compiled library {path} is cut short. Likely cause: an interrupted download, copy or build; "
            "hint: `make build`, or `pip install --force-reinstall weft`"
        )
    try:
        loaded = ctypes.CDLL(str(path))
        loaded.weft_version.restype = loaded.weft_last_error.restype = ctypes.c_char_p
        loaded.weft_best_isa.restype = ctypes.c_int64
        found = loaded.weft_version().decode()
    except (OSError, AttributeError) as error:
        raise NativeLibraryError(
            f"weft's compiled library {path} cannot be loaded ({error}). Likely causes: it was built for another processor "
            "or a newer system, or the OpenMP runtime libgomp.so.1 is missing; hint: `make build`, or install libgomp1"
        ) from error
    if found != __version__:
        raise NativeLibraryError(
            f"weft's compiled library {path} has version {found}, the Python package has {__version__}. Likely cause: "
            "files of two installations are mixed; hint: `make build`, or `pip install --force-reinstall weft`"
        )
    loaded.weft_use_threads.argtypes, loaded.weft_use_threads.restype = [ctypes.c_int64], ctypes.c_int64
    return loaded


def _is_truncated(path: Path) -> bool:
    """Whether the file ends before the section table that its ELF header promises; loading it would kill the process."""
    with path.open("rb") as file:
        header = file.read(64)
    if len(header) < 64:
        return True
    if header[:5] != b"\x7fELF\x02":
        return False  # loading it says better what is wrong
    (table,) = struct.unpack_from("<Q", header, 0x28)
    entry_size, entries = struct.unpack_from("<HH", header, 0x3A)
    return bool(path.stat().st_size < table + entry_size * entries)


def instruction_sets() -> tuple[str, ...]:
    """Instruction sets that both this machine and the library have, best last."""
    return ISAS[: library().weft_best_isa() + 1]


@functools.cache
def _isa(name: str) -> int:
    available = instruction_sets()
    if name and name not in available:
        raise OptionError(
            f"WEFT_ISA: expected one of {', '.join(available)} on this machine, got {name!r}; hint: unset it"
        )
    return ISAS.index(name) if name else len(available) - 1


@contextlib.contextmanager
def using_threads(count: int) -> Iterator[None]:
    """Let operators that this thread calls within the block, torch's among them, use so many threads; other threads keep theirs.

    >>> with using_threads(1):
    ...     num_threads()
    1
    """
    torch.get_num_threads()  # the first question sets the number for this thread, from then on it stays
    before = library().weft_use_threads(count)
    try:
        yield
    finally:
        library().weft_use_threads(before)


def num_threads() -> int:
    """Threads a kernel may use: torch's number for this thread; 1 in a forked child."""
    return 1 if _in_forked_child else torch.get_num_threads()


def keep_freed_memory() -> bool:
    """Keep memory that tensors free in the process, so that the next ones need not take it from the system again.

    The system hands out large tensors page by page, cleared, which can cost as much as the operator that fills them: the sum
    of neighbours on 2M edges of width 64 took 18 ms with fresh memory and 9 with kept memory, an epoch of three layers 1.4
    to 1.6 times less. This changes malloc for the whole process, for good: what the process held at its peak stays with
    it, and the peak of those epochs was 1.2 to 1.5 times higher. Call it once in a program that trains, before the first
    large tensor; `weft train` does.

    Returns:
        Whether malloc follows: it is glibc's. jemalloc and tcmalloc keep memory by themselves.

    Raises:
        NativeLibraryError: if the library cannot be loaded.

    >>> keep_freed_memory()
    True
    """
    return bool(library().weft_keep_freed_memory())


class Kernel:
    """One exported function and the struct of 8-byte fields that it reads.

    Args:
        symbol: the function is `weft_<symbol>`, its layout string `weft_<symbol>_layout`.
        fields: names of the values passed, in order; compared with the layout string on first use.
    """

    def __init__(self, symbol: str, fields: Sequence[str]) -> None:
        self.symbol, self.fields = symbol, tuple(fields)
        self._pack = struct.Struct(f"{4 + len(self.fields)}q").pack
        self._call: Callable[[bytes], int] | None = None

    def __call__(self, dtype: int, ids: int, values: Sequence[int]) -> None:
        """Run the kernel. Raises the typed error that its status stands for, with the library's text."""
        call = self._call or self._bind()
        status = call(self._pack(_isa(settings.isa), num_threads(), dtype, ids, *values))
        if status:
            text = library().weft_last_error().decode(errors="replace")
            raise _FAULTS.get(status, WeftError)(f"{self.symbol}: {text}")

    def _bind(self) -> Callable[[bytes], int]:
        loaded = library()
        try:
            layout = ctypes.c_char.in_dll(loaded, f"weft_{self.symbol}_layout")
            call: Any = getattr(loaded, f"weft_{self.symbol}")
        except (ValueError, AttributeError) as error:
            raise NativeLibraryError(
                f"{self.symbol}: the compiled library has no such kernel; hint: `make build`"
            ) from error
        built = ctypes.string_at(ctypes.addressof(layout)).decode()
        wanted = " ".join(("isa threads dtype ids", *self.fields))
        if built != wanted:
            raise NativeLibraryError(
                f"{self.symbol}: the library reads ({built}), this Python passes ({wanted}); hint: `make build`"
            )
        call.argtypes, call.restype = [ctypes.c_char_p], ctypes.c_int
        bound: Callable[[bytes], int] = call
        self._call = bound
        return bound
