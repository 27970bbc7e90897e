"""A folder of features: `features.json`, which is written last, says which files belong to it."""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor

from ..errors import DtypeError, StorageError, message
from ..graph import quoted
from ._feature_store import FeatureKey, FeatureStore
from ._memory_features import Features, MemoryFeatures
from ._npy import can_be_stored, rows_a_piece, write

LIST: Final = "features.json"
FORMAT: Final = 1
MOST_BYTES: Final = 2**24
"""Of a list that is read; a longer one is no list of features."""
_MARK = ".rows.npy"  # at the end of every file that is written here, and of no other


class Listed(NamedTuple):
    """A file of a folder, and the dtype of its rows where numpy has none like it."""

    file: str
    dtype: torch.dtype | None


def parse(text: bytes, name: object) -> dict[FeatureKey, Listed]:
    """Read what `features.json` says.

    Raises:
        StorageError: if it is no such list, of a format that is not known, or names a file elsewhere.
    """
    where = f"list of features {name}"
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StorageError(message(where, "JSON", f"something else ({error})")) from error
    if (
        not isinstance(content, dict)
        or content.get("format") != FORMAT
        or not isinstance(content.get("features"), list)
    ):
        got = repr(content.get("format")) if isinstance(content, dict) else type(content).__name__
        raise StorageError(message(where, f"format {FORMAT}", got, "a newer weft may read it"))
    found: dict[FeatureKey, Listed] = {}
    for entry in content["features"]:
        key, listed = _parse_entry(where, entry)
        if key in found:
            raise StorageError(message(where, "each feature once", f"{quoted(key)} twice"))
        found[key] = listed
    return found


def _parse_entry(where: str, entry: Any) -> tuple[FeatureKey, Listed]:
    wanted = {"type", "name", "file", "dtype"}
    if not isinstance(entry, dict) or set(entry) != wanted:
        raise StorageError(message(where, f"entries with {', '.join(sorted(wanted))}", repr(entry)[:200]))
    kind, name, file, dtype = entry["type"], entry["name"], entry["file"], entry["dtype"]
    if isinstance(kind, list) and len(kind) == 3 and all(isinstance(part, str) for part in kind):
        kind = tuple(kind)
    if not isinstance(kind, (str, tuple)) or not isinstance(name, str):
        raise StorageError(message(where, "types and names", repr(entry)[:200]))
    if not isinstance(file, str) or file in ("", ".", "..") or set(file) & set("/\\\0:"):
        raise StorageError(message(where, "names of files in the same folder", repr(file)[:200]))
    if dtype not in (None, "bfloat16"):
        raise StorageError(message(where, '`dtype` null or "bfloat16"', repr(dtype)[:200]))
    return (kind, name), Listed(file, torch.bfloat16 if dtype else None)


def read(folder: Path) -> dict[FeatureKey, Listed]:
    """Read the list of a folder.

    Raises:
        StorageError: if there is none, or it says nonsense.
    """
    path = folder / LIST
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise StorageError(
            message("FileFeatures", f"a folder with {LIST}", str(folder), "FileFeatures.write makes one")
        ) from error
    if len(text) > MOST_BYTES:
        raise StorageError(message(f"list of features {path}", f"at most {MOST_BYTES} bytes", "more"))
    return parse(text, path)


def write_folder(folder: Path, features: FeatureStore | Features) -> None:
    """Do what `FileFeatures.write` says."""
    store = features if isinstance(features, FeatureStore) else MemoryFeatures(features)
    for key in store.keys:
        dtype = store.spec(key).dtype
        if not can_be_stored(dtype):
            raise DtypeError(message("FileFeatures.write", "a dtype that files can hold", f"{dtype} of {quoted(key)}"))
    folder.mkdir(parents=True, exist_ok=True)
    with _only_writer(folder) as sync:
        before = _written_here(folder)
        made: list[Path] = []
        try:
            listed = _write_rows(folder, store, made)
            made.append(folder / f"{secrets.token_hex(8)}{_MARK}")
            content = {"format": FORMAT, "features": listed}
            with made[-1].open("xb") as file:
                file.write(json.dumps(content, indent=1).encode())
                file.flush()
                os.fsync(file.fileno())
            sync()
            made[-1].replace(folder / LIST)  # from here on the folder is the new one
        except BaseException:
            for path in made:
                path.unlink(missing_ok=True)
            raise
        sync()
        for path in before:
            path.unlink(missing_ok=True)


def _write_rows(folder: Path, store: FeatureStore, made: list[Path]) -> list[dict[str, Any]]:
    """Write one file for each feature, name it in `made` before, and give the entries of the list."""
    listed = []
    for key in store.keys:
        spec = store.spec(key)
        made.append(folder / f"{secrets.token_hex(8)}{_MARK}")
        write(made[-1], spec, _pieces(store, key))
        kind, name = key
        dtype = "bfloat16" if spec.dtype is torch.bfloat16 else None
        listed.append({"type": kind, "name": name, "file": made[-1].name, "dtype": dtype})
    return listed


def _pieces(store: FeatureStore, key: FeatureKey) -> Iterator[Tensor]:
    spec = store.spec(key)
    step = rows_a_piece(spec)
    for first in range(0, spec.num_rows, step):
        yield store.fetch(key, torch.arange(first, min(first + step, spec.num_rows), device="cpu"))


def _written_here(folder: Path) -> list[Path]:
    """Files that a writing which has ended, or was killed, has left."""
    return [path for path in folder.iterdir() if path.name.endswith(_MARK)]


@contextlib.contextmanager
def _only_writer(folder: Path) -> Iterator[Callable[[], None]]:
    """Keep other writers out of a folder, and give what sees its entries to the disk. A process that is killed lets go."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StorageError(
                message("FileFeatures.write", "one writer at a time", f"another one in {folder}")
            ) from error
        yield lambda: os.fsync(descriptor)
    finally:
        os.close(descriptor)


def paths_by_key(where: str, files: Mapping[Any, Any]) -> dict[FeatureKey, str]:
    """Files that were given one by one.

    Raises:
        StorageError: if a key is none.
    """
    for key in files:
        if not (isinstance(key, tuple) and len(key) == 2 and isinstance(key[1], str)):
            raise StorageError(message(where, '(type, name) for each file, as ("paper", "x")', repr(key)))
    return {key: os.fspath(path) for key, path in files.items()}
