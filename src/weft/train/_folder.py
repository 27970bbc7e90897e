"""The folder of a run: four files, each written whole or not at all."""

import fcntl
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from ..errors import OptionError, WeftError, message
from ._config import RunConfig, parse_config

MODEL, CONFIG, METRICS, PREDICTIONS = "model.safetensors", "config.json", "metrics.json", "predictions.parquet"
RUN_FILES = (MODEL, CONFIG, METRICS, PREDICTIONS)


def check_folder(folder: Path, config: RunConfig, *, overwrite: bool = False) -> None:
    """Make sure that writing a run here loses nothing.

    A run of the same tables with the same options is replaced, since it is the same run. A run of others is replaced
    only with `overwrite`. A file of one of the four names that is not part of a run is never replaced. Other files in
    the folder are left alone.

    Raises:
        OptionError: if something would be lost, or the path is not a folder.
    """
    hint = "choose another folder with --out"
    if folder.exists() and not folder.is_dir():
        raise OptionError(message(str(folder), "a folder", "a file", hint))
    present = [name for name in RUN_FILES if (folder / name).exists()]
    if not present:
        return
    if CONFIG not in present:
        raise OptionError(message(str(folder), "a folder of weft train", f"{present[0]} without {CONFIG}", hint))
    try:
        old = parse_config((folder / CONFIG).read_bytes(), where=str(folder / CONFIG))
    except (WeftError, OSError):
        raise OptionError(
            message(str(folder), "a folder of weft train", f"a {CONFIG} that this version did not write", hint)
        ) from None
    if not overwrite and replace(old, versions=config.versions) != config:
        raise OptionError(
            message(
                str(folder),
                "an empty folder, or a run of the same tables and options",
                "a run of others",
                f"{hint}, or replace the run with --overwrite",
            )
        )


def write_files(folder: Path, writers: Mapping[str, Callable[[Path], None]]) -> None:
    """Write files into a folder so that each name holds its old contents or the whole new ones, whatever happens.

    All are first written under other names and brought to the disk, then renamed in one go. What a killed process
    left behind has a name that ends in `.partial` and is written over by the next one.

    Args:
        writers: for each file name, a function that writes the contents to a path.

    Raises:
        WeftError: if the disk is full, or the folder cannot be written to or is being written to by another process.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder), _staged(folder, tuple(writers)) as staged:
            for name, write in writers.items():
                write(staged[name])
                _sync(staged[name])
            with _uninterrupted():
                for name, path in staged.items():
                    path.replace(folder / name)
            _sync(folder)
    except OSError as error:
        reason = error.strerror or str(error)
        raise WeftError(
            message(str(folder), "a folder that can be written to", reason, "free space, or choose another with --out")
        ) from error


@contextmanager
def _staged(folder: Path, names: tuple[str, ...]) -> Iterator[dict[str, Path]]:
    staged = {name: folder / f".{name}.partial" for name in names}
    try:
        yield staged
    finally:
        for path in staged.values():
            with suppress(OSError):
                path.unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other runs out; the lock ends with the process, however that ends."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WeftError(
                message(str(folder), "a folder of its own", "one that another run is writing to", "wait, or use --out")
            ) from None
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait until the files are renamed, so that they stay those of one run."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
