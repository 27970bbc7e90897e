"""The folder of a run: whole files only, and nothing of another's lost."""

import errno
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from weft.errors import OptionError, WeftError
from weft.train import RUN_FILES, TrainOptions, check_folder, prepare, write_files

OLD = {"a.json": b"old a", "b.json": b"old b"}


@pytest.fixture
def folder(tmp_path):
    """A folder with two files."""
    folder = tmp_path / "run"
    folder.mkdir()
    for name, data in OLD.items():
        (folder / name).write_bytes(data)
    return folder


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_are_replaced_and_others_left_alone(folder):
    (folder / "notes.txt").write_bytes(b"mine")
    write_files(folder, {"a.json": lambda path: path.write_bytes(b"new")})
    assert contents(folder) == {**OLD, "a.json": b"new", "notes.txt": b"mine"}


def test_folders_are_made(tmp_path):
    write_files(tmp_path / "x" / "y", {"a": lambda path: path.write_bytes(b"1")})
    assert contents(tmp_path / "x" / "y") == {"a": b"1"}


def test_full_disk_leaves_the_old_files(folder):
    def full(path):
        path.write_bytes(b"ha")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(
        WeftError, match="a folder that can be written to, got No space left on device; hint: free space"
    ):
        write_files(folder, {"a.json": lambda path: path.write_bytes(b"new"), "b.json": full})
    assert contents(folder) == OLD


def test_full_disk_on_the_way_to_the_disk_leaves_the_old_files(folder, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WeftError, match="No space left on device"):
        write_files(folder, {"a.json": lambda path: path.write_bytes(b"new")})
    assert contents(folder) == OLD


def test_interruption_leaves_the_old_files(folder):
    def interrupted(path):
        path.write_bytes(b"ha")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_files(folder, {"a.json": interrupted})
    assert contents(folder) == OLD


def test_killed_process_leaves_the_old_files_and_blocks_nobody(folder):
    program = """
import os, signal, sys
from pathlib import Path
from weft.train import write_files
def die(path):
    path.write_bytes(b"ha")
    os.kill(os.getpid(), signal.SIGKILL)
write_files(Path(sys.argv[1]), {"a.json": lambda path: path.write_bytes(b"new"), "b.json": die})
"""
    done = subprocess.run([sys.executable, "-c", program, str(folder)], check=False)
    assert done.returncode == -9
    assert {name: data for name, data in contents(folder).items() if not name.endswith(".partial")} == OLD
    write_files(folder, {name: lambda path: path.write_bytes(b"new") for name in OLD})
    assert contents(folder) == dict.fromkeys(OLD, b"new")


def test_two_writers_do_not_mix(folder):
    def second(path):
        with pytest.raises(WeftError, match="got one that another run is writing to; hint: wait"):
            write_files(folder, {"a.json": lambda path: path.write_bytes(b"second")})
        path.write_bytes(b"first")

    write_files(folder, {"a.json": second})
    assert contents(folder)["a.json"] == b"first"


def test_path_of_a_file_cannot_be_the_folder(folder):
    with pytest.raises(WeftError, match="expected a folder that can be written to"):
        write_files(folder / "a.json", {"a": lambda path: path.write_bytes(b"")})


@pytest.fixture
def config(tables):
    """The configuration of a small run."""
    return prepare(*tables(), TrainOptions()).config


def refused(folder, config, says, **options):
    with pytest.raises(OptionError) as caught:
        check_folder(folder, config, **options)
    assert says in str(caught.value)
    assert "--out" in str(caught.value)


def test_new_empty_and_unrelated_folders_are_fine(tmp_path, config):
    (tmp_path / "notes.txt").write_text("mine")
    check_folder(tmp_path, config)
    check_folder(tmp_path / "new", config)


def test_the_same_run_is_replaced_also_by_another_version(tmp_path, config):
    (tmp_path / "config.json").write_text(config.to_json())
    check_folder(tmp_path, config)
    check_folder(tmp_path, replace(config, versions=replace(config.versions, torch="2.4.0")))


def test_another_run_is_replaced_only_when_told(tmp_path, config):
    (tmp_path / "config.json").write_text(config.to_json())
    for other in (
        replace(config, options=replace(config.options, seed=1)),
        replace(config, nodes=replace(config.nodes, sha256="0" * 64)),
    ):
        refused(tmp_path, other, "got a run of others; hint: choose another folder with --out, or replace the run with")
        check_folder(tmp_path, other, overwrite=True)


@pytest.mark.parametrize("name", RUN_FILES)
@pytest.mark.parametrize("overwrite", [False, True])
def test_files_that_are_not_of_a_run_are_never_replaced(tmp_path, config, name, overwrite):
    (tmp_path / name).write_text('{"mine": true}')
    refused(tmp_path, config, "expected a folder of weft train", overwrite=overwrite)


def test_a_file_is_no_folder(tmp_path, config):
    path = tmp_path / "out"
    path.write_text("")
    refused(Path(path), config, "expected a folder, got a file")
