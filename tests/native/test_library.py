"""A library that is missing, broken or of another build is named with its likely causes, and never replaced in silence."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import weft
from weft.errors import NativeLibraryError, OptionError
from weft.native import Kernel, default_path, instruction_sets, num_threads

CALL = """
import torch, weft
try:
    weft.ops.degree(torch.tensor([0]), 1)
except weft.errors.NativeLibraryError as error:
    print(error)
"""


def message(library: Path) -> str:
    environment = os.environ | {"WEFT_LIBRARY": str(library), "PYTHONPATH": str(Path(weft.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", CALL], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_a_missing_library_names_causes_and_what_to_run(tmp_path):
    text = message(tmp_path / "libweft.so")
    assert "Likely causes" in text
    assert "make build" in text
    assert "pip install --force-reinstall weft" in text


@pytest.mark.parametrize("size", [0, 40, 5000, -1])
def test_a_truncated_library_is_an_error_not_a_crash(size, tmp_path):
    path = tmp_path / "libweft.so"
    path.write_bytes(default_path().read_bytes()[:size])
    assert "is cut short" in message(path)


def test_a_file_that_is_no_library_is_an_error(tmp_path):
    path = tmp_path / "libweft.so"
    path.write_bytes(b"not a library at all" * 100)
    assert "cannot be loaded" in message(path)


def test_a_library_of_another_version_is_refused(tmp_path):
    other = tmp_path / "libweft.so"
    source = tmp_path / "other.cc"
    source.write_text(
        'extern "C" const char* weft_version() { return "9.9.9"; }'
        'extern "C" const char* weft_last_error() { return ""; }'
        'extern "C" long long weft_best_isa() { return 0; }'
    )
    subprocess.run([shutil.which("g++"), "-shared", "-fPIC", source, "-o", other], check=True)
    text = message(other)
    assert "has version 9.9.9" in text
    assert weft.__version__ in text


def test_a_kernel_with_another_layout_is_refused():
    with pytest.raises(NativeLibraryError, match=r"degree: the library reads \(.*\), this Python passes"):
        Kernel("degree", ["index", "out", "num_nodes", "count"])(5, 5, [0, 0, 0, 0])


def test_a_kernel_that_is_not_there_is_named():
    with pytest.raises(NativeLibraryError, match="fly: the compiled library has no such kernel"):
        Kernel("fly", ["x"])(0, 5, [0])


def test_an_instruction_set_that_the_machine_lacks_is_refused(monkeypatch):
    monkeypatch.setattr(weft.settings, "isa", "avx1024")
    with pytest.raises(OptionError, match="WEFT_ISA: expected one of baseline"):
        weft.ops.degree(torch.tensor([0]), 1)


def test_the_baseline_is_always_there():
    assert instruction_sets()[0] == "baseline"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_runs_serially_and_does_not_hang():
    from weft.testing.structures import random_structure

    rows, x = random_structure(500, 500, 20000), torch.randn(500, 64)
    expected = weft.ops.spmm(rows, x)  # the parent has a team of threads now
    assert num_threads() == torch.get_num_threads()
    child = os.fork()
    if child == 0:
        same = num_threads() == 1 and torch.equal(weft.ops.spmm(rows, x), expected)
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_kept_memory_is_used_again_without_page_faults():
    program = """
import resource, torch, weft
def fill():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(16 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
fresh = min(fill() for _ in range(3))
assert weft.keep_freed_memory()
for _ in range(20):
    kept = fill()
print(fresh, kept)
"""
    environment = os.environ | {"PYTHONPATH": str(Path(weft.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    fresh, kept = map(int, done.stdout.split())
    assert kept < fresh / 20
