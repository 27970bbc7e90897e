"""The benchmark of stores: all parts on small sizes, and what they find."""

import json

import pytest
import torch

from benchmarks.storage import caches, files, gather
from benchmarks.storage.__main__ import main


def test_all_parts_run_and_are_stored_beside_each_other(tmp_path, capsys):
    output = tmp_path / "storage.json"
    options = ["--quick", "--widths", "3", "16", "--threads", "1", "--output", str(output), "--folder", str(tmp_path)]
    main([*options, "--parts", "gather"])
    main([*options, "--parts", "caches", "files"])
    found = json.loads(output.read_text())
    assert {part: len(found[part]["cases"]) for part in found} == {"gather": 8, "caches": 3, "files": 6}
    for case in found["gather"]["cases"]:
        assert set(case["limit"]) == {f"{what}, {pages}" for what in ("read", "copy") for pages in ("4 KiB", "huge")}
        assert min(*case["limit"].values(), *case["bytes_per_second"].values()) > 0
    assert all(case["commit"] for case in found.values())
    printed = capsys.readouterr().out
    assert "bfloat16" in printed
    assert "hot by degree" in printed
    assert "numpy.memmap" in printed


def test_hit_rates_are_those_of_requests_after_the_first_quarter():
    batches = [torch.tensor([1, 2]), torch.tensor([2, 3]), torch.tensor([3, 9]), torch.tensor([9, 3])]
    assert caches.run(batches, "lru", 10)["hit_rate"] == 4 / 6
    assert caches.run(batches, "sieve", 3, torch.tensor([3, 2]))["hit_rate"] == 5 / 6


def test_the_cache_in_python_counts_alike():
    pytest.importorskip("cachetools")
    batches = [torch.tensor([1, 2]), torch.tensor([2, 3]), torch.tensor([3, 9]), torch.tensor([9, 3])]
    assert caches.run_in_python(batches, 10)["hit_rate"] == 4 / 6


def test_every_way_reads_the_same_rows(tmp_path):
    path = files.make(tmp_path, 50)
    ids = torch.tensor([3, 49, 3, 0])
    rows = [torch.as_tensor(begin()(ids)) for begin in files.readers(path).values()]
    assert all(torch.equal(one, rows[0]) for one in rows)
    assert rows[0].shape == (4, files.WIDTH)


def test_sizes_keep_their_bounds():
    assert gather.QUICK.rows(16) == gather.QUICK.most_rows
    assert gather.FULL.rows(4096) * 4096 <= gather.FULL.out_bytes
