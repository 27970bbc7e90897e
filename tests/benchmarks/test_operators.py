import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import machine, memory
from benchmarks.graphs import EdgeList, molecules, rmat
from benchmarks.operators import __main__ as program
from benchmarks.operators import agreement, cases, compared, driver, goals, remote, report, stored, summary
from benchmarks.operators.cases import Case
from benchmarks.operators.driver import Measured
from benchmarks.operators.families import FAMILIES, FAMILY_OF, OPERATORS
from benchmarks.operators.families.operator import LAYER, NO_GRADIENT
from benchmarks.operators.families.segments import segment_lengths
from benchmarks.operators.families.sparse import MOST_PATHS, compressed, thinned
from benchmarks.operators.library import Prepared
from benchmarks.operators.remote import Remote, Settings, WorkerError
from benchmarks.operators.worker import Worker, rounded
from benchmarks.serving import answer
from benchmarks.stopwatch import cotangent

pytestmark = pytest.mark.filterwarnings("ignore:.*[Ss]parse.*:UserWarning")
SPARSE = tuple(FAMILIES["sparse"])
SEGMENTS = tuple(FAMILIES["segments"])
IN_TORCH = ("copy_sum", "weighted_sum", "max", "min", "gcn", *SEGMENTS, *SPARSE)
IN_SCIPY = ("copy_sum", "weighted_sum", *SPARSE, "knn", "radius")
NARROW = [name for name, operator in OPERATORS.items() if "bfloat16" in operator.dtypes]


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    return remote.save_graph(rmat(6, 300), tmp_path_factory.mktemp("graph"), "rmat")


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    return remote.save_graph(molecules(7), tmp_path_factory.mktemp("batch"), "molecules")


def loaded(name, path):
    worker = Worker(name)
    worker.load(str(path))
    return worker


@pytest.fixture(scope="module")
def weft_worker(graph):
    return loaded("weft", graph)


@pytest.fixture(scope="module")
def torch_worker(graph):
    return loaded("torch", graph)


@pytest.fixture(scope="module")
def scipy_worker(graph):
    return loaded("scipy", graph)


@pytest.fixture(scope="module")
def on_molecules(batch):
    return {name: loaded(name, batch) for name in ("weft", "torch", "scipy")}


def case(operator, width=16, dtype="float32"):
    return Case(operator, "rmat", 0 if OPERATORS[operator].least_width is None else width, dtype)


def computed(worker, chosen):
    return worker.prepare(chosen.to_json())["results"]


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_case_runs_native_kernels_and_is_timed(weft_worker, operator):
    chosen = case(operator)
    prepared = weft_worker.prepare(chosen.to_json())
    composed = operator in ("batch", "unbatch")  # of torch's operators alone
    assert prepared["kernels"].startswith("weft.graph: " if composed else "native ")
    assert prepared["backward"] == (chosen.passes != NO_GRADIENT)
    assert len(prepared["results"]) > prepared["backward"]
    for what in chosen.passes:
        assert weft_worker.time(what, 2)["seconds"] > 0


@pytest.mark.parametrize("operator", NARROW)
def test_weft_in_bfloat16_is_near_float32(weft_worker, operator):
    chosen = case(operator, dtype="bfloat16")
    exact = weft_worker.exact(chosen.to_json())["results"]
    results = {"weft": computed(weft_worker, chosen)}
    assert agreement.accurate(chosen, exact, results, {}) == ["weft"]


@pytest.mark.parametrize("operator", IN_TORCH)
@pytest.mark.parametrize("width", [pytest.param(1, marks=pytest.mark.slow), 16])
def test_weft_and_torch_compute_the_same(weft_worker, torch_worker, operator, width):
    chosen = case(operator, width)
    agreement.compare(chosen, {"weft": computed(weft_worker, chosen), "torch": computed(torch_worker, chosen)})


@pytest.mark.parametrize("operator", IN_SCIPY)
def test_weft_and_scipy_compute_the_same(weft_worker, scipy_worker, operator):
    chosen = case(operator)
    agreement.compare(chosen, {"weft": computed(weft_worker, chosen), "scipy": computed(scipy_worker, chosen)})


@pytest.mark.parametrize(("operator", "other"), [("knn", "scipy"), ("radius", "scipy"), ("segment_topk", "torch")])
def test_the_graphs_of_a_batch_are_clouds_and_segments(on_molecules, operator, other):
    chosen = case(operator)
    agreement.compare(chosen, {name: computed(on_molecules[name], chosen) for name in ("weft", other)})


def test_farthest_points_of_every_cloud_are_found(on_molecules):
    chosen = case("farthest_points")
    assert computed(on_molecules["weft"], chosen)["point"]["shape"] == [7 * 8, 3]


def test_scipy_says_that_it_has_no_bfloat16(scipy_worker):
    found = answer(scipy_worker, {"do": "prepare", "case": case("copy_sum", dtype="bfloat16").to_json()})
    assert (found["kind"], found["why"]) == ("unsupported", "no bfloat16")


def test_a_peer_that_fails_in_bfloat16_is_unsupported_and_in_float32_an_error(torch_worker, monkeypatch):
    def fail(problem):
        raise RuntimeError("\nnot implemented for these\nat some place")

    monkeypatch.setattr(torch_worker.library, "prepare", fail)
    ask = {dtype: {"do": "prepare", "case": case("copy_sum", dtype=dtype).to_json()} for dtype in cases.DTYPES}
    found = answer(torch_worker, ask["bfloat16"])
    assert (found["kind"], found["why"]) == ("unsupported", "bfloat16: not implemented for these")
    assert answer(torch_worker, ask["float32"])["kind"] == "error"


def test_an_inaccurate_peer_is_left_out_and_an_inaccurate_weft_refused():
    exact, near, far = ({"out": {"shape": [2], "entries": entries}} for entries in ([1, 2], [1, 2.01], [1, 3]))
    chosen, missing = case("mean", dtype="bfloat16"), {}
    assert agreement.accurate(chosen, exact, {"weft": near, "dgl": far}, missing) == ["weft"]
    assert missing["dgl"].startswith("inaccurate: out differs by 4.5e-01")
    with pytest.raises(WorkerError, match="float32 and weft: out differs"):
        agreement.accurate(chosen, exact, {"weft": far}, {})


def test_ids_are_compared_exactly():
    one, other = ({"place": {"shape": [1], "exact": True, "entries": [entry]}} for entry in (10_000.0, 10_001.0))
    with pytest.raises(WorkerError, match="place differs in 1 of 1 places"):
        agreement.compare(case("transpose"), {"weft": one, "scipy": other})


def test_which_of_equal_values_won_is_not_compared_in_bfloat16():
    one, other = ({"x": {"shape": [1], "entries": [entry]}} for entry in (0.0, 1.0))
    assert agreement.difference(case("max", dtype="bfloat16"), one, other) is None
    assert agreement.difference(case("max"), one, other) is not None


def test_rounded_numbers_are_those_of_the_dtype_and_ids_stay():
    given = {"x": np.array([1.0, 1.001], np.float32), "id": np.array([257])}
    found = rounded(given, "bfloat16")
    assert found["x"].tolist() == [1.0, 1.0]
    assert found["id"].tolist() == [257]
    assert rounded(given, "float32") is given


def test_a_fallback_to_the_reference_is_refused(weft_worker, monkeypatch):
    monkeypatch.setattr("weft.ops._kernels.choose", lambda op, args: ("native", "the test took the kernel away"))
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
    with pytest.raises(WorkerError, match="weft and dgl: out differs by"):
        agreement.compare(case("max"), {"weft": one, "dgl": other})
    nan = {"out": {"shape": [2], "sum": 3.1, "entries": [1.0, float("nan")]}}
    with pytest.raises(WorkerError, match="differs by nan"):
        agreement.compare(case("max"), {"weft": one, "dgl": nan})


def test_workers_take_turns_and_a_dead_one_comes_back(graph):
    settings = Settings(threads=1, repeat=2, memory=0)
    remotes = {name: Remote(name, Path(sys.executable), settings) for name in ("torch",)}
    try:
        remotes["torch"].load(graph)
        measured = driver.measure(case("copy_sum"), remotes, settings)
        assert [len(rounds) for rounds in measured.seconds["backward"].values()] == [2]
        assert measured.memory["torch"]["method"] in (memory.HIGH_WATER, memory.SAMPLED, memory.UNKNOWN)
        remotes["torch"].ask("prepare", case=case("copy_sum").to_json())
        assert driver.speed_up(remotes["torch"], "forward", Settings(threads=2, repeat=1)) > 0
        process = remotes["torch"]._process
        process.kill()
        process.wait()
        assert remotes["torch"].ask("drop")["kind"] == "died"
        assert remotes["torch"].ask("prepare", case=case("copy_sum").to_json())["ok"]
        assert remotes["torch"].ask("prepare", case=case("gat").to_json())["kind"] == "unsupported"
    finally:
        remotes["torch"].stop()


def test_a_worker_that_cannot_start_says_why(graph):
    broken = Remote("dgl", Path(sys.executable), Settings(memory=0))
    with pytest.raises(WorkerError, match="dgl: the worker does not start"):
        broken.load(graph)
    broken.stop()


def test_inputs_depend_on_the_case_alone():
    edges = EdgeList(np.array([0, 1]), np.array([1, 2]), 3)
    for operator in OPERATORS:
        one, two = (cases.inputs(case(operator), edges) for _ in range(2))
        assert one.keys() == two.keys()
        assert all(np.array_equal(one[name], two[name]) for name in one)


def test_cotangent_repeats_its_rows_with_a_prime_period():
    drawn = cotangent((8191 * 2 + 5, 2))
    assert np.array_equal(drawn[:5], drawn[8191 * 2 :])
    assert not np.array_equal(drawn[0], drawn[1])


def test_segments_cover_every_row_once():
    lengths = segment_lengths(1000)
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
    found = {goal["goal"]: goal for goal in goals.goals([*good, measured("copy_sum", "small", weft=20e-6, dgl=1e-4)])}
    assert found["no case slower than the fastest peer"]["holds"] is True
    assert found["max at least 5 times faster than DGL"]["holds"] is True
    assert found["gat at least 5 times faster than DGL"]["failing"].keys() == {
        "rmat gat 16 forward",
        "rmat gat 16 step",
    }
    assert found["weighted_sum at least 5 times faster than DGL"]["holds"] is None
    assert found["small call, forward: at most 15 us"]["holds"] is False
    assert found["small call, forward with grad: at most 30 us"]["holds"] is True
    lines = goals.goal_lines(list(found.values()))
    assert "FAILS  gat at least 5 times faster than DGL" in lines
    slower = goals.goals([measured("copy_sum", weft=0.02, dgl=0.06, torch=0.01)])[0]
    assert slower["failing"] == {"rmat copy_sum 16 forward": 0.5, "rmat copy_sum 16 backward": 0.5}


def test_a_measured_case_is_stored_whole_and_read_again():
    whole = measured("gcn", weft=0.01, dgl=0.05)
    whole.memory, whole.speed_up = {"weft": {"bytes": 5_000_000, "method": memory.HIGH_WATER}}, {"step": 1.5}
    found = stored.to_json(whole)
    assert json.loads(json.dumps(found)) == found
    assert found["passes"]["step"]["dgl"]["median_ms"] == 50.0
    assert stored.from_json(found) == whole


@pytest.mark.parametrize("path", sorted(machine.RESULTS.glob("operators*.json")), ids=lambda path: path.stem)
def test_stored_results_can_be_shown(path, capsys):
    program.show(json.loads(path.read_text()))
    assert "no slower than it" in capsys.readouterr().out


def test_result_files_are_shown_together():
    one, two = ({"versions": {name: {}}, "threads": 2, "cases": [name]} for name in ("weft", "dgl"))
    found = stored.together([one, {**two, "errors": ["no"]}])
    assert (found["cases"], found["errors"], found["threads"]) == (["weft", "dgl"], ["no"], 2)
    assert found["versions"].keys() == {"weft", "dgl"}


def test_a_run_of_one_case_writes_and_prints_what_it_found(tmp_path, capsys):
    arguments = "--quick --graphs small --libraries weft torch --repeat 1 --memory 0 --threads 1"
    options = program.parse(arguments.split())
    found = program.run(options, tmp_path / "found.json")
    assert json.loads((tmp_path / "found.json").read_text()) == found
    assert found["errors"] == []
    program.show(found)
    printed = capsys.readouterr().out
    assert "small copy_sum 16  forward" in printed
    assert "small call, forward: at most 15 us" in printed


def test_layers_are_timed_as_steps_and_operators_backward_alone():
    layers = ("gcn", "sage", "gat", "gatv2", "dot_attention", "rgcn", "gine", "edge_conv")
    assert [name for name, operator in OPERATORS.items() if operator.passes == LAYER] == sorted(
        layers, key=list(OPERATORS).index
    )
    assert case("max").passes == ("forward", "backward")
    assert case("knn").passes == ("forward",)


def test_every_operator_has_one_family_and_weft_has_every_operator(weft_worker):
    assert sum(len(operators) for operators in FAMILIES.values()) == len(FAMILY_OF)
    assert weft_worker.library.operators.keys() == OPERATORS.keys()


def test_cases_have_the_widths_and_dtypes_that_their_operator_knows():
    found = cases.cases(["rmat", "small"], [1, 8], ["gat", "mean", "knn", "copy_sum"], cases.DTYPES)
    names = [each.name for each in found]
    assert "rmat gat 1" not in names
    assert {"rmat gat 8", "rmat mean 1 bfloat16", "rmat knn", "small copy_sum 16"} <= set(names)
    assert names.count("rmat knn") == 1
    assert "rmat knn bfloat16" not in names


def test_the_full_run_has_every_graph_width_and_dtype():
    everything = program.chosen_cases(program.parse(["--full"]))
    assert {each.graph for each in everything} == set(cases.GRAPHS)
    assert {each.width for each in everything} == {0, *cases.ALL_WIDTHS}
    assert {each.dtype for each in everything} == set(cases.DTYPES)
    quick = program.chosen_cases(program.parse(["--quick", "--families", "points", "--graphs", "flat"]))
    assert [each.operator for each in quick] == list(FAMILIES["points"])


def test_families_have_geometric_means_and_count_what_is_no_slower():
    found = summary.families(
        [measured("max", weft=0.01, dgl=0.04, pyg=0.02), measured("min", weft=0.01, dgl=0.01, pyg=0.005)]
    )
    assert found.keys() == {"extrema", "all"}
    assert found["extrema"].mean("dgl") == pytest.approx(2)
    assert found["extrema"].mean("pyg") == pytest.approx(1)
    assert found["extrema"].mean("fastest") == pytest.approx(1)
    assert found["extrema"].mean("torch") is None
    assert found["extrema"].num_not_slower() == 2
    text = summary.family_table(found, ["weft", "dgl", "pyg", "torch"])
    assert "2.00x (4)" in text
    assert "2 of 4" in text


def test_memory_is_told_beside_the_leanest_peer():
    one, tiny = measured("max", weft=0.01, dgl=0.04), measured("min", weft=0.01, dgl=0.04)
    one.memory = {"weft": {"bytes": 3_000_000}, "dgl": {"bytes": 9_000_000}, "pyg": {"bytes": 6_000_000}}
    tiny.memory = {"weft": {"bytes": 8_192}, "dgl": {"bytes": 4_096}}
    text = report.memory_table([one, tiny], ["weft", "dgl", "pyg", "torch"])
    assert text.splitlines()[2].split()[-5:] == ["3.0", "9.0", "6.0", "-", "0.50x"]
    assert text.splitlines()[3].endswith("-")


def test_further_threads_are_told_for_long_passes():
    one = measured("gcn", weft=0.02)
    one.seconds["forward"]["weft"] = [0.001]
    one.speed_up = {"forward": 1.1, "step": 1.9}
    lines = report.speed_up_table([one]).splitlines()[2:]
    assert [line.split()[-1] for line in lines] == ["1.90x"]


def test_reasons_are_told_once_with_their_cases():
    cases_of = [measured(name, weft=0.01) for name in ("max", "min", "mean", "copy_sum")]
    for each in cases_of:
        each.missing["scipy"] = "unsupported: no gradient"
    (line,) = report.missing_lines(cases_of)
    assert line == "scipy: unsupported: no gradient (rmat max 16, rmat min 16, rmat mean 16 and 1 more)"


@pytest.mark.skipif(not memory.STATUS.exists(), reason="the system tells no resident set")
@pytest.mark.parametrize("writable", [True, False])
def test_the_peak_of_a_call_counts_what_it_frees_again(writable):
    # In a process of its own, whose memory no other test has used.
    lines = [
        "import torch",
        "from benchmarks import memory",
        "" if writable else "memory._reset_peak = lambda: False",
        "print(*memory.extra_bytes(lambda: [torch.ones(2**23).sum() for _ in range(20)]), sep='|')",  # 32 MiB each
    ]
    ran = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    found, method = ran.stdout.strip().split("|")
    assert 0.7 * 2**25 < int(found) < 3 * 2**25
    assert writable or method == memory.SAMPLED


def test_products_are_thinned_until_few_enough_entries_meet():
    hub = EdgeList(
        np.append(np.arange(20_000), np.zeros(20_000, int)), np.append(np.zeros(20_000, int), np.arange(20_000)), 20_000
    )
    kept = thinned(hub)
    assert np.dot(np.bincount(kept.source, minlength=20_000), np.bincount(kept.target, minlength=20_000)) <= MOST_PATHS
    assert kept.num_edges == 20_000


def test_compressed_edges_have_every_place_once():
    indptr, column = compressed(EdgeList(np.array([2, 0, 2]), np.array([1, 1, 1]), 3))
    assert indptr.tolist() == [0, 0, 2, 2]
    assert column.tolist() == [0, 2]


def test_neighbours_are_compared_by_distance():
    points = torch.tensor([[0.0], [1.0], [-1.0]])
    one, other = (compared.neighbors(points, torch.tensor([far]), torch.tensor([0])) for far in (1, 2))
    assert torch.equal(one["distance"], other["distance"])


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
    environment = {**os.environ, **(remote.KEEP_MEMORY if kept else {})}
    found = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    faults = int(found.stdout)
    assert faults < 100 if kept else faults > 10_000
