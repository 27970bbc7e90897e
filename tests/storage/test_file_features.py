"""Features in files: read and mapped, of strangers, cut short, and damaged."""

import json
import os
import pickle
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.storage.examples import by_key, features
from weft.errors import StorageError
from weft.storage import FeatureSpec, FileFeatures
from weft.testing import check_store

KEY = ("node", "x")


def saved(folder, array, name="x.npy", **options):
    np.save(folder / name, array, **options)
    return folder / name


@pytest.mark.parametrize("mapped", [False, True])
def test_a_folder_keeps_the_contract_for_features_of_all_kinds(tmp_path, mapped):
    FileFeatures.write(tmp_path, features())
    check_store(FileFeatures(tmp_path, mapped=mapped), by_key(features()))


@pytest.mark.parametrize("mapped", [False, True])
def test_files_of_numpy_are_read_where_they_are(tmp_path, mapped):
    x, age = np.random.default_rng(0).standard_normal((50, 7)), np.arange(50, dtype=np.int16)
    half = np.arange(6, dtype=np.uint16).reshape(3, 2)
    files = {
        ("a", "x"): saved(tmp_path, x),
        ("a", "age"): saved(tmp_path, age, "age.npy"),
        ("b", "h"): saved(tmp_path, half, "h.npy"),
    }
    store = FileFeatures(files, dtypes={("b", "h"): torch.bfloat16}, mapped=mapped)
    expected = {("a", "x"): torch.from_numpy(x), ("a", "age"): torch.from_numpy(age)}
    check_store(store, {**expected, ("b", "h"): torch.from_numpy(half).view(torch.bfloat16)})


def test_rows_are_read_on_any_number_of_threads(tmp_path):
    x = torch.randn(9000, 33)
    store = FileFeatures({KEY: saved(tmp_path, x.numpy())})
    ids = torch.cat([torch.randint(9000, (5000,)), torch.arange(100, 3000), torch.arange(3000, 100, -1)])
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            store.will_need(KEY, ids)
            assert torch.equal(store.fetch(KEY, ids), x[ids])
    finally:
        torch.set_num_threads(before)


def test_rows_that_are_not_in_memory_are_waited_for(tmp_path):
    x = torch.randn(3000, 500)
    path = saved(tmp_path, x.numpy())
    store = FileFeatures({KEY: path})
    ids = torch.randperm(3000)
    for _ in range(2):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        assert torch.equal(store.fetch(KEY, ids), x[ids])


def test_a_store_travels_to_another_process(tmp_path):
    FileFeatures.write(tmp_path, {"node": {"x": torch.arange(4)}})
    for mapped in (False, True):
        again = pickle.loads(pickle.dumps(FileFeatures(tmp_path, mapped=mapped)))
        assert again.fetch(KEY, torch.tensor([3])).tolist() == [3]


def test_files_are_closed_with_the_store(tmp_path):
    FileFeatures.write(tmp_path, features())
    before = len(list(Path("/proc/self/fd").iterdir()))
    for mapped in (False, True):
        for _ in range(20):
            FileFeatures(tmp_path, mapped=mapped).fetch(("user", "float32"), torch.tensor([1]))
    with pytest.raises(StorageError):
        FileFeatures({KEY: tmp_path / "features.json"})
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_bytes_of_a_file_that_are_no_truth_values_become_some(tmp_path):
    path = saved(tmp_path, np.zeros(3, dtype=bool))
    data = path.read_bytes()
    path.write_bytes(data[:-3] + bytes([0, 1, 255]))
    found = FileFeatures({KEY: path}).fetch(KEY, torch.arange(3))
    assert found.view(torch.uint8).tolist() == [0, 1, 1]


@pytest.mark.parametrize("mapped", [False, True])
def test_a_file_that_is_cut_short_is_an_error(tmp_path, mapped):
    path = saved(tmp_path, np.zeros((5000, 100), dtype=np.float32))
    store = FileFeatures({KEY: path}, mapped=mapped)
    os.truncate(path, 100_000)
    with pytest.raises(
        StorageError, match="2000128 bytes for 5000 rows of 400 bytes, got 100000 bytes: it is cut short"
    ):
        store.fetch(KEY, torch.tensor([0, 4999]))
    with pytest.raises(StorageError, match="cut short; hint: copy or write it again"):
        FileFeatures({KEY: path}, mapped=mapped)


def test_a_row_across_the_new_end_is_an_error_and_rows_before_it_are_not(tmp_path):
    path = saved(tmp_path, np.arange(40, dtype=np.float32).reshape(10, 4))
    store = FileFeatures({KEY: path})
    os.truncate(path, 128 + 3 * 16 + 8)
    assert store.fetch(KEY, torch.tensor([2, 0]))[:, 0].tolist() == [8.0, 0.0]
    with pytest.raises(StorageError, match="cut short"):
        store.fetch(KEY, torch.tensor([0, 3]))


def header(text, version=1):
    size = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + size + text.encode()


HOSTILE = {
    "empty": b"",
    "no magic": b"PK\x03\x04" + bytes(100),
    "magic alone": b"\x93NUMPY\x01\x00",
    "version 3": header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}\n", 3),
    "version 9": header("{}", 9),
    "no dictionary": header("__import__('os').system('true')\n"),
    "other keys": header("{'descr': '<f4'}\n"),
    "negative": header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 4)}\n"),
    "no rows": header("{'descr': '<f4', 'fortran_order': False, 'shape': ()}\n"),
    "huge": header("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9223372036854775807)}\n"),
    "columns": header("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2)}\n") + bytes(16),
    "objects": header("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}\n") + pickle.dumps([1]),
    "records": header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}\n") + bytes(4),
    "text": header("{'descr': '<U4', 'fortran_order': False, 'shape': (1,)}\n") + bytes(16),
    "big-endian": header("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}\n") + bytes(4),
    "long double": header("{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}\n") + bytes(16),
    "nested": header("(" * 9000 + "\n"),
    "claims much": b"\x93NUMPY\x02\x00" + (2**32 - 1).to_bytes(4, "little") + b"{" * 100,
    "floats as a shape": header("{'descr': '<f4', 'fortran_order': False, 'shape': (1.5,)}\n"),
    "nonsense": header("\x00\xff{'descr'\n"),
    "not numbers": header("{'descr': 'nonsense', 'fortran_order': False, 'shape': (1,)}\n"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused(tmp_path, what, mapped):
    (tmp_path / "x.npy").write_bytes(HOSTILE[what])
    with pytest.raises(StorageError, match=r"features in .*x\.npy: expected"):
        FileFeatures({KEY: tmp_path / "x.npy"}, mapped=mapped)


def test_a_pickle_is_never_loaded(tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    np.save(tmp_path / "x.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(StorageError, match="pickled objects are never loaded"):
        FileFeatures({KEY: tmp_path / "x.npy"})
    assert not (tmp_path / "sprung").exists()


def test_a_header_that_claims_much_is_not_read_as_much(tmp_path):
    path = tmp_path / "x.npy"
    path.write_bytes(b"\x93NUMPY\x02\x00" + (2**32 - 1).to_bytes(4, "little"))
    os.truncate(path, 2**33)  # no blocks on the disk
    tracemalloc.start()
    try:
        with pytest.raises(StorageError):
            FileFeatures({KEY: path})
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


def test_another_dtype_than_the_file_has_is_refused(tmp_path):
    path = saved(tmp_path, np.zeros(3, dtype=np.int32))
    with pytest.raises(StorageError, match=r"expected rows of torch.bfloat16, got dtype int32"):
        FileFeatures({KEY: path}, dtypes={KEY: torch.bfloat16})
    assert FileFeatures({KEY: path}, dtypes={KEY: torch.int32}).spec(KEY) == FeatureSpec(3, (), torch.int32)


def test_pipes_and_folders_are_refused_and_block_nobody(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(StorageError, match="expected a file, got something else"):
            FileFeatures({KEY: path})
    with pytest.raises(FileNotFoundError):
        FileFeatures({KEY: tmp_path / "nowhere"})


ENTRY = {"type": "node", "name": "x", "file": "x.npy", "dtype": None}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "expected JSON"),
        ("[" * 100_000, "expected JSON"),
        ("[]", "expected format 1, got list"),
        ({"format": 2, "features": []}, "expected format 1, got 2; hint: a newer weft"),
        ({"format": 1}, "expected format 1"),
        ({"format": 1, "features": [1]}, "expected entries with dtype, file, name, type"),
        ({"format": 1, "features": [{**ENTRY, "more": 1}]}, "expected entries"),
        ({"format": 1, "features": [{**ENTRY, "type": ["a", "b"]}]}, "types and names"),
        ({"format": 1, "features": [{**ENTRY, "name": 5}]}, "types and names"),
        ({"format": 1, "features": [{**ENTRY, "dtype": "object"}]}, "`dtype` null or"),
        ({"format": 1, "features": [ENTRY, ENTRY]}, r'each feature once, got \("node", "x"\) twice'),
        *(
            ({"format": 1, "features": [{**ENTRY, "file": file}]}, "names of files in the same folder")
            for file in ("../x.npy", "/etc/passwd", "..", "a/b.npy", "", 7, "http://x", "x\x00.npy")
        ),
    ],
)
def test_a_hostile_list_is_refused(tmp_path, content, says):
    saved(tmp_path, np.zeros(3))
    (tmp_path / "features.json").write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(StorageError, match=says):
        FileFeatures(tmp_path)


def test_a_folder_without_a_list_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(StorageError, match=r"a folder with features.json.*hint: FileFeatures.write makes one"):
            FileFeatures(folder)
    with pytest.raises(StorageError, match=r"\(type, name\) for each file"):
        FileFeatures({"x": tmp_path / "x.npy"})


SPRING = """
import os, sys, threading
import torch
from weft.storage import FileFeatures
store = FileFeatures({("node", "x"): sys.argv[1]})
threading.Timer(0.2, lambda: os.truncate(sys.argv[1], 5000)).start()
try:
    while True:
        store.fetch(("node", "x"), torch.randint(20000, (4000,)))
except OSError as error:
    print(type(error).__name__)
"""


def test_a_file_cut_short_while_it_is_read_kills_nobody(tmp_path):
    path = saved(tmp_path, np.zeros((20_000, 64), dtype=np.float32))
    done = subprocess.run(
        [sys.executable, "-c", SPRING, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "StorageError"


def test_many_threads_share_one_store(tmp_path):
    x = torch.arange(4000).view(1000, 4)
    store = FileFeatures({KEY: saved(tmp_path, x.numpy())})
    wrong = []

    def read(seed):
        generator = torch.Generator().manual_seed(seed)
        for _ in range(30):
            ids = torch.randint(1000, (500,), generator=generator)
            if not torch.equal(store.fetch(KEY, ids), x[ids]):
                wrong.append(seed)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
