"""Features over HTTP, from a server of this process, and over what else fsspec reaches."""

import http.server
import pickle
import sys
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.storage.examples import by_key, features
from weft.errors import MissingExtraError, OptionError, StorageError
from weft.storage import CachedFeatures, FileFeatures, RemoteFeatures
from weft.testing import check_store

pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")
KEY = ("node", "x")


class Ranges(http.server.SimpleHTTPRequestHandler):
    """Serves files, and ranges of them unless its server ignores those; notes what was asked for."""

    def do_GET(self):
        self.server.seen.append(self.headers.get("Range"))
        path = self.translate_path(self.path)
        try:
            data = Path(path).read_bytes()
        except OSError:
            return self.send_error(404)
        wanted = self.headers.get("Range")
        if wanted is None or self.server.ignores_ranges:
            return self.answer(200, data)
        begin, end = wanted.removeprefix("bytes=").split("-")
        if int(begin) >= len(data):
            return self.send_error(416)
        part = data[int(begin) : int(end) + 1]
        return self.answer(206, part, f"bytes {begin}-{int(begin) + len(part) - 1}/{len(data)}")

    def answer(self, status, data, of=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        if not self.server.ignores_ranges:
            self.send_header("Accept-Ranges", "bytes")
        if of:
            self.send_header("Content-Range", of)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path):
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Ranges, directory=str(tmp_path)))
    made.daemon_threads, made.seen, made.ignores_ranges = True, [], False
    made.url = f"http://127.0.0.1:{made.server_address[1]}"
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_a_folder_keeps_the_contract_over_http(server, tmp_path):
    given = {
        "node": {"x": torch.randn(20, 3), "b": torch.randn(20, 2).bfloat16()},
        ("a", "to", "b"): {"none": torch.empty(0, 4)},
    }
    FileFeatures.write(tmp_path, given)
    check_store(RemoteFeatures(server.url + "/"), by_key(given))


def test_a_folder_keeps_the_contract_for_features_of_all_kinds_by_url(tmp_path):
    FileFeatures.write(tmp_path, features())
    check_store(RemoteFeatures(f"file://{tmp_path}"), by_key(features()))


def test_a_cache_around_it_keeps_the_contract(server, tmp_path):
    given = {"node": {"x": torch.randn(20, 3)}}
    FileFeatures.write(tmp_path, given)
    check_store(CachedFeatures(RemoteFeatures(server.url), num_rows=7), by_key(given))


def test_rows_near_each_other_are_one_range(server, tmp_path):
    x = np.arange(400, dtype=np.int32).reshape(100, 4)  # rows of 16 bytes behind a header of 128
    np.save(tmp_path / "x.npy", x)
    store = RemoteFeatures({KEY: f"{server.url}/x.npy"}, gap_bytes=32)
    server.seen.clear()
    ids = torch.tensor([50, 3, 4, 0, 3, 51, 99])
    assert torch.equal(store.fetch(KEY, ids), torch.from_numpy(x)[ids])
    # rows 0, 3 and 4 have a gap of two rows between them
    wanted = [(0, 4), (50, 51), (99, 99)]
    assert sorted(server.seen) == sorted(f"bytes={128 + 16 * a}-{127 + 16 * (b + 1)}" for a, b in wanted)


@pytest.mark.parametrize(("gap", "longest"), [(0, 1), (0, 40), (64, 100), (10**6, 10**6), (16, 7)])
def test_any_way_of_merging_gives_the_same_rows(tmp_path, gap, longest):
    x = torch.randn(300, 5)
    np.save(tmp_path / "x.npy", x.numpy())
    store = RemoteFeatures({KEY: f"file://{tmp_path}/x.npy"}, gap_bytes=gap, range_bytes=longest)
    for seed in range(5):
        ids = torch.randint(300, (150,), generator=torch.Generator().manual_seed(seed))
        assert torch.equal(store.fetch(KEY, ids), x[ids])


def test_a_store_travels_to_another_process(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(5, dtype=np.uint16))
    store = RemoteFeatures({KEY: f"file://{tmp_path}/x.npy"}, dtypes={KEY: torch.bfloat16})
    again = pickle.loads(pickle.dumps(store))
    assert torch.equal(again.fetch(KEY, torch.arange(5)), torch.arange(5, dtype=torch.int16).view(torch.bfloat16))


def test_what_cannot_be_reached_or_is_cut_short_is_an_error(server, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((1000, 4), dtype=np.float32))
    url = f"{server.url}/x.npy"
    store = RemoteFeatures({KEY: url})
    with pytest.raises(
        StorageError, match=r"features at http.*nowhere.npy: expected a file that can be read, got FileNotFound"
    ):
        RemoteFeatures({KEY: f"{server.url}/nowhere.npy"})
    with pytest.raises(StorageError, match=r"features.json: expected a file that can be read"):
        RemoteFeatures(server.url)
    with (tmp_path / "x.npy").open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(
        StorageError, match=r"expected 992 bytes from 128 on, for .*, got 872; hint: the file was cut short"
    ):
        store.fetch(KEY, torch.tensor([61, 0]))
    with pytest.raises(StorageError, match="expected a file that can be read"):
        store.fetch(KEY, torch.tensor([900]))
    with pytest.raises(StorageError, match="expected 16128 bytes, got 1000 bytes: it is cut short"):
        RemoteFeatures({KEY: url})
    (tmp_path / "x.npy").unlink()
    with pytest.raises(StorageError, match="FileNotFoundError"):
        store.fetch(KEY, torch.tensor([0]))


def test_a_server_that_knows_no_ranges_is_an_error(server, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((1000, 4), dtype=np.float32))
    server.ignores_ranges = True
    with pytest.raises(StorageError, match="ranges"):
        RemoteFeatures({KEY: f"{server.url}/x.npy"}).fetch(KEY, torch.tensor([5]))


def test_hostile_files_and_urls_are_refused(server, tmp_path):
    (tmp_path / "x.npy").write_bytes(b"\x93NUMPY\x01\x00" + b"\x20\x00" + b"{" * 32)
    with pytest.raises(StorageError, match=r"the header of a .npy file"):
        RemoteFeatures({KEY: f"{server.url}/x.npy"})
    (tmp_path / "features.json").write_text(
        '{"format": 1, "features": [{"type": "a", "name": "b", "file": "../c", "dtype": null}]}'
    )
    with pytest.raises(StorageError, match="names of files in the same folder"):
        RemoteFeatures(server.url)
    with pytest.raises(StorageError, match="a URL that fsspec knows"):
        RemoteFeatures({KEY: "nonsense://x"})
    with pytest.raises(OptionError, match="`gap_bytes` of at least 0, got -1"):
        RemoteFeatures(server.url, gap_bytes=-1)


def test_without_fsspec_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'weft\[remote\]'"):
        RemoteFeatures("http://127.0.0.1:1")
