"""Features that lie on another machine."""

from collections.abc import Mapping
from typing import Any, NamedTuple, final

import torch
from torch import Tensor

from ..errors import MissingExtraError, OptionError, StorageError, message
from ..graph import quoted
from ..ops import gather_rows
from ..settings import require
from . import _folder
from ._bytes import of_bytes
from ._feature_store import FeatureKey, FeatureSpec, FeatureStore
from ._npy import HEADER_BYTES, Npy, read_header


@final
class RemoteFeatures(FeatureStore):
    """Features in `.npy` files that fsspec reaches: over HTTP, in S3 and its like, or anywhere else by URL.

    Rows are asked for as ranges of bytes, all ranges of a batch at the same time; rows that stand near each other are one range.
    Put `CachedFeatures` around it. The store can be pickled, and looks at its files again.

    Args:
        files: the URL of a folder that `FileFeatures.write` made, or a mapping from (type, name) to the URL of a `.npy` file.
        dtypes: torch.bfloat16 for features of such a mapping whose rows are stored as uint16.
        options: what fsspec's file system takes, such as credentials.
        gap_bytes: rows with no more than so many bytes between them come as one range.
        range_bytes: about how long a range may become.

    Raises:
        MissingExtraError: without fsspec, or what it needs for such a URL.
        StorageError: if a file cannot be reached, is none of rows of numbers, or is shorter than its header says.

    *Cost* one request for each range of a batch; for each file two when the store is made.

    >>> import tempfile, weft
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     weft.storage.FileFeatures.write(folder, {"node": {"x": torch.arange(3.0)}})
    ...     store = RemoteFeatures(f"file://{folder}")
    ...     store.fetch(("node", "x"), torch.tensor([2, 0]))
    tensor([2., 0.])
    """

    def __init__(
        self,
        files: str | Mapping[FeatureKey, str],
        *,
        dtypes: Mapping[FeatureKey, torch.dtype] | None = None,
        options: Mapping[str, Any] | None = None,
        gap_bytes: int = 4096,
        range_bytes: int = 2**23,
    ) -> None:
        for option, value, least in (("gap_bytes", gap_bytes, 0), ("range_bytes", range_bytes, 1)):
            if value < least:
                raise OptionError(message("RemoteFeatures", f"`{option}` of at least {least}", str(value)))
        self._arguments: dict[str, Any] = {"files": files, "dtypes": dtypes, "options": options}
        self._arguments |= {"gap_bytes": gap_bytes, "range_bytes": range_bytes}
        self._gap_bytes, self._range_bytes = gap_bytes, range_bytes
        located: dict[FeatureKey, tuple[str, torch.dtype | None]]
        if isinstance(files, Mapping):
            by_key = _folder.paths_by_key("RemoteFeatures", files)
            located = {key: (url, (dtypes or {}).get(key)) for key, url in by_key.items()}
        else:
            begin = f"{files.rstrip('/')}/"
            url = begin + _folder.LIST
            text = _Remote(url, options or {}).range(0, _folder.MOST_BYTES)
            located = {key: (begin + listed.file, listed.dtype) for key, listed in _folder.parse(text, url).items()}
        self._files = {key: _remote_npy(url, dtype, options or {}) for key, (url, dtype) in located.items()}
        self._keys = tuple(self._files)

    @property
    def keys(self) -> tuple[FeatureKey, ...]:
        """Types and names of the features."""
        return self._keys

    def _spec(self, key: FeatureKey) -> FeatureSpec:
        return self._files[key][1].spec

    def _read(self, key: FeatureKey, ids: Tensor) -> Tensor:
        remote, (spec, offset) = self._files[key]
        rows, at = ids.long().unique(return_inverse=True)
        begins = rows * spec.row_bytes + offset
        is_first = _first_of_ranges(begins, spec.row_bytes, self._gap_bytes, self._range_bytes)
        first = is_first.nonzero().flatten()
        last = torch.cat((first[1:], first.new_tensor([rows.shape[0]]))) - 1
        begin, end = begins[first], begins[last] + spec.row_bytes
        data = remote.ranges(begin.tolist(), end.tolist(), quoted(key))
        before = (end - begin).cumsum(0) - (end - begin)  # bytes of the ranges before each
        of_range = is_first.cumsum(0) - 1
        place = (begins - begin[of_range] + before[of_range]) // spec.row_bytes
        return of_bytes(gather_rows(data.view(-1, spec.row_bytes), place[at]), spec)

    def __getstate__(self) -> dict[str, Any]:
        return self._arguments

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)


def _first_of_ranges(begins: Tensor, row_bytes: int, gap_bytes: int, range_bytes: int) -> Tensor:
    """Whether a new range begins at each of some rows, which ascend."""
    is_first = torch.ones_like(begins, dtype=torch.bool)
    is_first[1:] = begins.diff() - row_bytes > gap_bytes
    run = is_first.cumsum(0) - 1
    within = (begins - begins[is_first][run]) // range_bytes
    is_first[1:] |= within.diff() > 0
    return is_first


class _Remote(NamedTuple):
    """A file that fsspec reaches."""

    url: str
    options: Mapping[str, Any]

    def system(self) -> tuple[Any, str]:
        """The file system, which fsspec keeps, and the path in it."""
        core = require("fsspec.core", "remote")
        try:
            found: tuple[Any, str] = core.url_to_fs(self.url, **self.options)
        except ImportError as error:
            raise MissingExtraError(
                f"{self.url}: {error}; hint: pip install 'weft[remote]', which reaches HTTP"
            ) from error
        except ValueError as error:
            raise StorageError(message(f"features at {self.url}", "a URL that fsspec knows", str(error))) from error
        return found

    def range(self, begin: int, end: int) -> bytes:
        """Bytes of a range, fewer where the file ends before it does."""
        system, path = self.system()
        try:
            found: bytes = system.cat_file(path, start=begin, end=end)
        except Exception as error:  # each file system has errors of its own
            raise self._lost(error) from error
        return found[: end - begin]

    def ranges(self, begins: list[int], ends: list[int], what: str) -> Tensor:
        """Bytes of some ranges, one behind the other."""
        system, path = self.system()
        try:
            found = system.cat_ranges([path] * len(begins), begins, ends, on_error="raise")
        except Exception as error:
            raise self._lost(error) from error
        for begin, end, part in zip(begins, ends, found, strict=True):
            if len(part) != end - begin:
                hint = "the file was cut short" if len(part) < end - begin else "the server has to know ranges"
                expected = f"{end - begin} bytes from {begin} on, for {what}"
                raise StorageError(message(f"features at {self.url}", expected, f"{len(part)}", hint))
        return torch.frombuffer(bytearray().join(found), dtype=torch.uint8)

    def size(self) -> int | None:
        """Bytes of the file, if that can be known."""
        system, path = self.system()
        try:
            found: int | None = system.info(path).get("size")
        except Exception as error:
            raise self._lost(error) from error
        return found

    def _lost(self, error: Exception) -> StorageError:
        return StorageError(
            message(f"features at {self.url}", "a file that can be read", f"{type(error).__name__}: {error}")
        )


def _remote_npy(url: str, dtype: torch.dtype | None, options: Mapping[str, Any]) -> tuple[_Remote, Npy]:
    remote = _Remote(url, options)
    npy = read_header(remote.range(0, HEADER_BYTES), url, dtype=dtype)
    size = remote.size()
    if size is not None and size < npy.end:
        raise StorageError(message(f"features at {url}", f"{npy.end} bytes", f"{size} bytes: it is cut short"))
    return remote, npy
