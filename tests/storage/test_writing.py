"""Folders of features are written whole or not at all."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.storage.examples import by_key, features
from tests.storage.kill_points import held
from tests.storage.test_check_store import KEY, Own
from weft.errors import DtypeError, StorageError
from weft.storage import FileFeatures, MemoryFeatures
from weft.testing import check_store

ROOT = Path(__file__).resolve().parents[2]


def test_any_store_can_be_written_and_a_folder_be_written_anew(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    FileFeatures.write(tmp_path, MemoryFeatures(features()))
    before = FileFeatures(tmp_path)
    FileFeatures.write(tmp_path, Own())
    assert held(tmp_path) == {KEY: torch.arange(20).view(10, 2).tolist()}
    check_store(before, by_key(features()))  # open files stay
    assert len(list(tmp_path.iterdir())) == 3  # the list, one file, the notes
    FileFeatures.write(tmp_path, FileFeatures(tmp_path))
    assert held(tmp_path) == {KEY: torch.arange(20).view(10, 2).tolist()}


def test_a_large_feature_is_written_in_pieces(tmp_path):
    x = torch.arange(3_000_000, dtype=torch.int64).view(-1, 3)
    FileFeatures.write(tmp_path / "a" / "b", {"node": {"x": x}})
    store = FileFeatures(tmp_path / "a" / "b")
    assert torch.equal(store.fetch(("node", "x"), torch.arange(x.shape[0])), x)


def test_what_files_cannot_hold_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(DtypeError, match=r'a dtype that files can hold, got torch.float8_e5m2 of \("node", "x"\)'):
        FileFeatures.write(tmp_path / "new", {"node": {"x": torch.zeros(3).to(torch.float8_e5m2)}})
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("error", [OSError(5, "failing"), KeyboardInterrupt()])
def test_an_error_on_the_way_leaves_the_folder_as_it_was(tmp_path, error):
    FileFeatures.write(tmp_path, {"node": {"x": torch.ones(2)}})
    before = sorted(tmp_path.iterdir())

    class Failing(Own):
        keys = (KEY, ("node", "y"))
        read_once = False

        def _read(self, key, ids):
            if key == ("node", "y"):
                raise error
            return super()._read(key, ids)

    with pytest.raises(type(error)):
        FileFeatures.write(tmp_path, Failing())
    assert sorted(tmp_path.iterdir()) == before
    assert held(tmp_path) == {("node", "x"): [1.0, 1.0]}


FULL = """
import resource, signal, sys
import torch
from weft.storage import FileFeatures
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    FileFeatures.write(sys.argv[1], {"node": {"small": torch.ones(10), "large": torch.ones(100_000)}})
except OSError as error:
    print("OSError", error.errno)
"""


def test_a_full_disk_is_an_error_and_nothing_is_left(tmp_path):
    FileFeatures.write(tmp_path, {"node": {"x": torch.ones(2)}})
    before = sorted(tmp_path.iterdir())
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "OSError 27"  # EFBIG, in the place of ENOSPC
    assert sorted(tmp_path.iterdir()) == before
    assert held(tmp_path) == {("node", "x"): [1.0, 1.0]}


def test_a_writer_that_is_killed_anywhere_leaves_the_old_or_the_new(tmp_path):
    command = [sys.executable, "-m", "tests.storage.kill_points", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    found = json.loads(done.stdout)
    assert len(found) > 8
    assert set(found) == {"old", "new"}
    assert found == sorted(found, reverse=True)  # one point divides them


def test_files_then_the_folder_go_to_the_disk_before_the_list_is_renamed_and_the_folder_after(tmp_path, monkeypatch):
    FileFeatures.write(tmp_path, {"node": {"x": torch.ones(2)}})
    (old,) = (path for path in tmp_path.iterdir() if path.suffix == ".npy")
    events = []
    fsync, replace, unlink = os.fsync, Path.replace, Path.unlink

    def noted_fsync(descriptor):
        events.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def noted_replace(path, target):
        events.append("replace")
        return replace(path, target)

    def noted_unlink(path, missing_ok=False):
        events.append("remove")
        assert path == old
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    monkeypatch.setattr(Path, "unlink", noted_unlink)
    FileFeatures.write(tmp_path, {"node": {"x": torch.ones(2), "y": torch.ones(2)}})
    assert events == ["file", "file", "file", "folder", "replace", "folder", "remove"]


def test_two_writers_do_not_meet(tmp_path):
    class Slow(Own):
        def _read(self, key, ids):
            with pytest.raises(StorageError, match="one writer at a time, got another one"):
                FileFeatures.write(tmp_path, {"node": {"x": torch.zeros(1)}})
            return super()._read(key, ids)

    FileFeatures.write(tmp_path, Slow())
    assert list(held(tmp_path)) == [KEY]
