"""The benchmark of samplers: its cases, its table, and that weft draws what a case asks for."""

import numpy as np
import pytest

from benchmarks.graphs import rmat
from benchmarks.operators.remote import save_graph
from benchmarks.sampling.__main__ import show
from benchmarks.sampling.cases import CASES, Case, seeds_of
from benchmarks.sampling.worker import Worker


def test_cases_survive_json_and_seeds_are_different_nodes() -> None:
    assert all(Case.from_json(case.to_json()) == case for case in CASES)
    seeds = seeds_of(rmat(8, 2**10), 100, 3)
    assert len(np.unique(seeds)) == 100


@pytest.mark.parametrize("form", ["blocks", "graph"])
def test_weft_draws_batches(form: str, tmp_path) -> None:
    worker = Worker("weft")
    worker.load(str(save_graph(rmat(8, 2**10), tmp_path, "small")))
    edges = worker.prepare(Case((2, 3), 16, form).to_json())["edges"]
    assert 16 < edges < 16 * (2 + 2 * 3 + 3)
    assert worker.time("draw", 2)["seconds"] > 0


def test_table_shows_ratios() -> None:
    case = {"graph": "rmat", "case": "[5] 16 blocks", "edges": {"weft": 80.0}, "speed_up": 1.5}
    case["ms"] = {"weft": [1.0, 2.0, 9.0], "dgl": [4.0, 4.0, 5.0]}
    assert "80      2.00        0.0  2.00x    -    1.50x" in show([case])
