"""Features that lie in files of this machine."""

import mmap
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from ..errors import StorageError, message
from ..graph import quoted
from ..ops import gather_mapped, hint_rows, read_rows
from . import _folder
from ._bytes import of_bytes
from ._feature_store import FeatureKey, FeatureSpec, FeatureStore
from ._memory_features import Features
from ._npy import OpenNpy


@final
class FileFeatures(FeatureStore):
    """Features in `.npy` files, one for each feature, whose rows are read when they are asked for.

    Rows that the system has in memory are copied; it is asked for all others before the first of them is waited for, so that one
    thread keeps the disk busy. `will_need` asks ahead. Nothing is unpickled, and a file that was cut short is an error. Files
    that are open stay as they were when the folder is written anew. The store can be pickled, and opens its files again.

    Args:
        files: a folder that `write` made, or a mapping from (type, name) to the `.npy` file of a feature.
        dtypes: torch.bfloat16 for features of such a mapping whose rows are stored as uint16.
        mapped: map files into memory instead of reading them. Rows that the system has in memory then come some times faster. But
            if a mapped file is cut short by another program, or the disk fails, the system ends this process (SIGBUS) with no
            error; and while a page is brought from the disk, its thread waits.

    Raises:
        StorageError: if a file is none of rows of numbers, or shorter than its header says, or the folder's list says nonsense.
        OSError: if a file cannot be opened.

    *Cost* without `mapped` a call of the system for each row, or run of rows, that is in memory; three for others.

    >>> import tempfile
    >>> features = {"node": {"x": torch.arange(6, dtype=torch.bfloat16).view(3, 2)}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     FileFeatures.write(folder, features)
    ...     store = FileFeatures(folder)
    ...     store.fetch(("node", "x"), torch.tensor([2, 0]))
    tensor([[4., 5.],
            [0., 1.]], dtype=torch.bfloat16)
    """

    _checks_ids = True  # the kernel does

    def __init__(
        self,
        files: str | os.PathLike[str] | Mapping[FeatureKey, str | os.PathLike[str]],
        *,
        dtypes: Mapping[FeatureKey, torch.dtype] | None = None,
        mapped: bool = False,
    ) -> None:
        self._arguments = files, dtypes, mapped
        self._files = {
            key: OpenNpy(path, dtype) for key, (path, dtype) in _located("FileFeatures", files, dtypes or {}).items()
        }
        self._keys = tuple(self._files)
        self._maps = {key: _Map(file) for key, file in self._files.items()} if mapped else {}

    @staticmethod
    def write(folder: str | os.PathLike[str], features: FeatureStore | Features) -> None:
        """Write features into a folder, in the place of those that are there.

        Whatever happens meanwhile, to the program or the machine, the folder holds either what it held before or all that is new.
        Other files in it stay.

        Args:
            features: a store, a graph, or a mapping as for `MemoryFeatures`.

        Raises:
            OSError: if there is no room, or the folder cannot be written; nothing of what was begun is left.
            StorageError: if another writer is at work in the folder.
            DtypeError: if files cannot hold a dtype.

        *Cost* one pass over the features, 16 MiB at a time.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     FileFeatures.write(folder, {"node": {"x": torch.zeros(3)}})
        ...     FileFeatures(folder).keys
        (('node', 'x'),)
        """
        _folder.write_folder(Path(folder), features)

    @property
    def keys(self) -> tuple[FeatureKey, ...]:
        """Types and names of the features."""
        return self._keys

    def _spec(self, key: FeatureKey) -> FeatureSpec:
        return self._files[key].npy.spec

    def _read(self, key: FeatureKey, ids: Tensor) -> Tensor:
        file = self._files[key]
        spec, offset = file.npy
        out = torch.empty((ids.shape[0], spec.row_bytes), dtype=torch.uint8, device="cpu")
        if key in self._maps:
            file.check_length()
            gather_mapped(self._maps[key].address + offset, ids, out, num_rows=spec.num_rows)
            return of_bytes(out, spec)
        failure = read_rows(file.descriptor, ids, out, offset=offset, num_rows=spec.num_rows)
        if failure is not None and failure.errno:
            raise OSError(failure.errno, os.strerror(failure.errno), str(file.path))
        if failure is not None:
            file.check_length()
            raise StorageError(
                message(
                    f"features in {file.path}",
                    f"row {int(ids[failure.position])} of {quoted(key)}",
                    "the end of the file",
                )
            )
        return of_bytes(out, spec)

    def _hint(self, key: FeatureKey, ids: Tensor) -> None:
        file = self._files[key]
        spec, offset = file.npy
        hint_rows(file.descriptor, ids, offset=offset, num_rows=spec.num_rows, row_bytes=spec.row_bytes)

    def __getstate__(self) -> tuple[Any, ...]:
        return self._arguments

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        files, dtypes, mapped = state
        self.__init__(files, dtypes=dtypes, mapped=mapped)


class _Map:
    """A file that is mapped for reading until nobody holds the map any more."""

    def __init__(self, file: OpenNpy) -> None:
        end = file.npy.end
        self._map = mmap.mmap(file.descriptor, end, access=mmap.ACCESS_READ)
        if hasattr(mmap, "MADV_RANDOM"):
            self._map.madvise(mmap.MADV_RANDOM)
        self._held = np.frombuffer(self._map, dtype=np.uint8)
        self.address: int = self._held.ctypes.data


def _located(
    where: str, files: Any, dtypes: Mapping[FeatureKey, torch.dtype]
) -> dict[FeatureKey, tuple[Path, torch.dtype | None]]:
    if isinstance(files, Mapping):
        by_key = _folder.paths_by_key(where, files)
        return {key: (Path(path), dtypes.get(key)) for key, path in by_key.items()}
    folder = Path(files)
    return {key: (folder / listed.file, listed.dtype) for key, listed in _folder.read(folder).items()}
