import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import weft
from benchmarks.graphs import EdgeList, rmat
from benchmarks.operators import cases, driver, report
from benchmarks.operators.cases import LAYERS, PASSES, Case
from benchmarks.operators.driver import Measured, Remote, Settings, WorkerError
from benchmarks.operators.library import Prepared
from benchmarks.operators.worker import Worker, answer

pytestmark = pytest.mark.filterwarnings("ignore:.*[Ss]parse.*:UserWarning")
IN_TORCH = ("copy_sum", "weighted_sum", "max", "segment_sum", "gcn")


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    return driver.save_graph(rmat(6, 300), tmp_path_factory.mktemp("graph"), "rmat")


@pytest.fixture(scope="module")
def weft_worker(graph):
    worker = Worker("weft")
    worker.load(str(graph))
    return worker


@pytest.fixture(scope="module")
def torch_worker(graph):
    worker = Worker("torch")
    worker.load(str(graph))
    return worker


def case(operator, width=16):
    return Case(operator, "rmat", 0 if operator == "edge_softmax" else width)


@pytest.mark.parametrize("operator", PASSES)
def test_every_case_runs_native_kernels_and_is_timed(weft_worker, operator):
    chosen = case(operator)
    prepared = weft_worker.prepare(chosen.to_json())
    assert prepared["kernels"].startswith("native ")
    assert len(prepared["results"]) > 1
    for what in chosen.passes:
        assert weft_worker.time(what, 2)["seconds"] > 0


@pytest.mark.parametrize("operator", IN_TORCH)
def test_weft_and_torch_sparse_compute_the_same(weft_worker, torch_worker, operator):
    chosen = case(operator)
    results = {
        w: worker.prepare(chosen.to_json())["results"] for w, worker in (("weft", weft_worker), ("torch", torch_worker))
    }
    driver.compare(chosen, results)


def test_a_fallback_to_the_reference_is_refused(weft_worker, monkeypatch):
    operator = type(weft.ops.spmm)
    monkeypatch.setattr(operator, "_why_not_native", lambda self, args: "the test took the kernel away")
    found = answer(weft_worker, {"do": "prepare", "case": case("copy_sum").to_json()})
    assert not found["ok"]
    assert "the test took the kernel away" in found["why"]


def test_a_case_that_runs_no_operator_of_weft_is_refused(weft_worker):
    x = torch.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="expected an operator of weft to run"):
        weft_worker.library.kernels(Prepared(lambda: 2 * x, [x], ("x",), "nothing"))


def test_different_results_are_refused():
    one = {"out": {"shape": [2], "sum": 3.0, "entries": [1.0, 2.0]}}
    other = {"out": {"shape": [2], "sum": 3.1, "entries": [1.0, 2.1]}}
    with pytest.raises(WorkerError, match="out of weft and dgl differ by"):
        driver.compare(case("max"), {"weft": one, "dgl": other})
    nan = {"out": {"shape": [2], "sum": 3.1, "entries": [1.0, float("nan")]}}
    with pytest.raises(WorkerError, match="differ by nan"):
        driver.compare(case("max"), {"weft": one, "dgl": nan})


def test_workers_take_turns_and_a_dead_one_comes_back(graph):
    settings = Settings(threads=1, repeat=2, memory=0)
    remotes = {name: Remote(name, Path(sys.executable), settings) for name in ("torch",)}
    try:
        for remote in remotes.values():
            remote.load(graph)
        measured = driver.measure(case("copy_sum"), remotes, settings)
        assert [len(rounds) for rounds in measured.seconds["backward"].values()] == [2]
        process = remotes["torch"]._process
        process.kill()
        process.wait()
        assert remotes["torch"].ask("drop")["kind"] == "died"
        assert remotes["torch"].ask("prepare", case=case("copy_sum").to_json())["ok"]
        assert remotes["torch"].ask("prepare", case=case("gat").to_json())["kind"] == "unsupported"
    finally:
        for remote in remotes.values():
            remote.stop()


def test_a_worker_that_cannot_start_says_why(graph):
    remote = Remote("dgl", Path(sys.executable), Settings(memory=0))
    with pytest.raises(WorkerError, match="dgl: the worker does not start"):
        remote.load(graph)
    remote.stop()


def test_inputs_depend_on_the_case_alone():
    edges = EdgeList(np.array([0, 1]), np.array([1, 2]), 3)
    for operator in PASSES:
        one, two = (cases.inputs(case(operator), edges) for _ in range(2))
        assert one.keys() == two.keys()
        assert all(np.array_equal(one[name], two[name]) for name in one)


def test_cotangent_repeats_its_rows_with_a_prime_period():
    drawn = cases.cotangent((8191 * 2 + 5, 2))
    assert np.array_equal(drawn[:5], drawn[8191 * 2 :])
    assert not np.array_equal(drawn[0], drawn[1])


def test_segments_cover_every_row_once():
    lengths = cases.segment_lengths(1000)
    assert lengths.sum() == 1000
    assert lengths.min() >= 1
    assert lengths.max() < 64


def measured(operator, graph="rmat", **seconds):
    chosen = Case(operator, graph, 16)
    return Measured(chosen, {what: {n: [s, s, 9.0] for n, s in seconds.items()} for what in chosen.passes})


def test_ratios_name_the_fastest_peer():
    text = report.ratio_table([measured("max", weft=0.01, dgl=0.05, pyg=0.02)], ["weft", "dgl", "pyg"])
    assert "10.00 ms" in text
    assert "5.00x " in text
    assert "2.00x*" in text


def test_goals_hold_or_name_the_cases_that_fail():
    good = [measured("max", weft=0.01, dgl=0.06, pyg=0.02), measured("gat", weft=0.01, dgl=0.04)]
    found = {goal["goal"]: goal for goal in report.goals([*good, measured("copy_sum", "small", weft=20e-6, dgl=1e-4)])}
    assert found["no case slower than the fastest peer"]["holds"] is True
    assert found["max at least 5 times faster than DGL"]["holds"] is True
    assert found["gat at least 5 times faster than DGL"]["failing"].keys() == {
        "rmat gat 16 forward",
        "rmat gat 16 step",
    }
    assert found["weighted_sum at least 5 times faster than DGL"]["holds"] is None
    assert found["small call, forward: at most 15 us"]["holds"] is False
    assert found["small call, forward with grad: at most 30 us"]["holds"] is True
    lines = report.goal_lines(list(found.values()))
    assert "FAILS  gat at least 5 times faster than DGL" in lines
    slower = report.goals([measured("copy_sum", weft=0.02, dgl=0.06, torch=0.01)])[0]
    assert slower["failing"] == {"rmat copy_sum 16 forward": 0.5, "rmat copy_sum 16 backward": 0.5}


def test_a_measured_case_is_stored_whole():
    stored = report.to_json(measured("gcn", weft=0.01, dgl=0.05))
    assert json.loads(json.dumps(stored)) == stored
    assert stored["passes"]["step"]["dgl"]["median_ms"] == 50.0


def test_layers_are_timed_as_steps_and_operators_backward_alone():
    assert all(PASSES[layer] == ("forward", "step") for layer in LAYERS)
    assert PASSES["max"] == ("forward", "backward")


@pytest.mark.parametrize("kept", [False, True])
def test_kept_memory_costs_no_page_faults_when_it_is_used_again(kept):
    program = """if True:
        import resource, torch
        for _ in range(20):  # the heap has a place for it after some
            torch.ones(2**24)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        torch.ones(2**24)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    """
    environment = {**os.environ, **(driver.KEEP_MEMORY if kept else {})}
    found = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    faults = int(found.stdout)
    assert faults < 100 if kept else faults > 10_000
