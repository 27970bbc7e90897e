"""What is timed on devices computes the same in every library, and the bytes it is said to move are those."""

import pytest
import torch

from benchmarks.device.cases import cases
from benchmarks.device.contract import check_draws
from benchmarks.device.graphs import flat, rmat
from benchmarks.device.timing import Clock, difference
from weft.ops.draws import on_device


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support:UserWarning")
@pytest.mark.parametrize("adjacency", [rmat(5, 100, "cpu"), flat(20, 3, "cpu")], ids=["rmat", "flat"])
def test_every_call_of_a_case_computes_the_same(adjacency):
    for case in cases(adjacency, [64], torch.float32):
        expected = case.calls["weft"]()
        for name, call in case.calls.items():
            if name != "compiled":
                assert difference(call(), expected) < 1e-5, (case.name, name)


def test_every_way_of_drawing_is_held_against_the_cpu(monkeypatch):
    found = {record["operator"]: record["outcome"] for record in check_draws("cpu", 80, 200)}
    assert len(found) == 14
    assert set(found.values()) == {"agrees"}
    monkeypatch.setattr(on_device, "_chosen", lambda indptr, positions, keeps: (indptr, positions))
    wrong = {record["operator"] for record in check_draws("cpu", 80, 200) if record["outcome"] == "fails"}
    assert wrong == {"neighbors by source", "neighbors by source and weight", "induced graph"}


def test_calls_take_turns_and_one_that_fails_is_named():
    def fails():
        raise RuntimeError("out of memory")

    found = Clock("cpu").in_turns(
        {"weft": lambda: torch.ones(3), "torch": lambda: torch.full((3,), 2.0), "other": fails}, 3
    )
    assert found["weft"]["difference"] == 0
    assert found["torch"]["difference"] == 1
    assert len(found["torch"]["rounds"]) == 3
    assert found["other"] == {"error": "RuntimeError: out of memory"}
