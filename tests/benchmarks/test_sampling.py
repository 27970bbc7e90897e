"""The benchmark of samplers: its cases, its table, and that weft draws what a case asks for."""

import numpy as np
import pytest

from benchmarks.graphs import EdgeList, rmat
from benchmarks.operators.remote import save_graph
from benchmarks.sampling.__main__ import chosen, show
from benchmarks.sampling.cases import (
    CASES,
    KINDS,
    Case,
    Walks,
    case_from,
    metapath,
    questions_of,
    times_of,
    typed_edges,
    typed_nodes,
    weights_of,
)
from benchmarks.sampling.worker import Worker


def test_cases_survive_json_and_seeds_are_different_nodes() -> None:
    assert all(case_from(case.to_json()) == case for case in [*CASES, *chosen([])])
    (question,) = questions_of(Case((1,), 100, "blocks"), rmat(8, 2**10), 1)
    assert len(np.unique(question.ids)) == 100
    assert question.times is None


def test_first_cases_keep_names_and_order() -> None:
    assert [str(case) for case in chosen(None)][:3] == [
        "[5, 10, 15] 1,024 blocks",
        "[5, 10, 15] 1,024 graph",
        "[5, 10, 15] 8,192 blocks",
    ]
    assert [str(case) for case in chosen(["links"])] == ["links [10, 10] 1,024 blocks"]
    assert len({str(case) for case in [*CASES, *chosen([])]}) == len(CASES) + sum(map(len, KINDS.values()))


def test_typed_edges_are_all_edges() -> None:
    edges = EdgeList(np.array([0, 5, 6, 9]), np.array([1, 4, 3, 6]), 10)
    of_type = typed_edges(edges)
    found = {
        (4 * int(source) + int(name[0][1]), 4 * int(target) + int(name[2][1]))
        for name, ends in of_type.items()
        for source, target in zip(*ends, strict=True)
    }
    assert len(of_type) == 16
    assert found == {(0, 1), (5, 4), (6, 3), (9, 6)}
    assert typed_nodes(edges) == {"n0": 3, "n1": 3, "n2": 2, "n3": 2}
    assert metapath(5)[3:] == [("n3", "r30", "n0"), ("n0", "r01", "n1")]


def test_times_and_weights_are_in_their_ranges() -> None:
    edges = rmat(8, 2**10)
    assert 0 <= int(times_of(edges).min()) <= int(times_of(edges).max()) < 1_000_000
    assert 0.1 <= float(weights_of(edges).min()) <= float(weights_of(edges).max()) < 1.1


def prepared(case: Case | Walks, folder, scale: int = 8) -> tuple[Worker, float]:
    worker = Worker("weft")
    worker.load(str(save_graph(rmat(scale, 2 ** (scale + 2)), folder, "small")))
    return worker, worker.prepare(case.to_json())[case.unit]


@pytest.mark.parametrize("form", ["blocks", "graph"])
def test_weft_draws_batches(form: str, tmp_path) -> None:
    worker, edges = prepared(Case((2, 3), 16, form), tmp_path)
    assert 16 < edges < 16 * (2 + 2 * 3 + 3)
    assert worker.time("draw", 2)["seconds"] > 0


def test_nodes_of_a_typed_graph_draw_of_each_type(tmp_path) -> None:
    _, untyped = prepared(Case((2,), 16, "blocks"), tmp_path)
    _, typed = prepared(Case((2,), 16, "blocks", "typed"), tmp_path)
    assert untyped < typed <= 16 * 4 * 2


def test_past_has_about_half_of_the_edges(tmp_path) -> None:
    _, every = prepared(Case((-1,), 64, "blocks"), tmp_path)
    _, past = prepared(Case((-1,), 64, "blocks", "temporal"), tmp_path)
    assert 0.3 * every < past < 0.7 * every


def test_weights_leave_no_edge_out(tmp_path) -> None:
    _, alike = prepared(Case((3,), 64, "blocks"), tmp_path)
    _, weighted = prepared(Case((3,), 64, "blocks", "weighted"), tmp_path)
    assert weighted == alike


def test_links_are_drawn_around(tmp_path) -> None:
    _, edges = prepared(Case((2, 2), 8, "blocks", "links"), tmp_path)
    assert 8 < edges < 4 * 8 * (2 + 2 * 2 + 2)


@pytest.mark.parametrize("case", KINDS["walks"], ids=str)
def test_walks_take_steps(case: Walks, tmp_path) -> None:
    case = Walks(**{**case.to_json(), "count": 200})
    _, steps = prepared(case, tmp_path)
    assert 200 <= steps <= 200 * case.length or case.stop


def test_stops_shorten_walks(tmp_path) -> None:
    _, steps = prepared(Walks(2000, 1, stop=0.25), tmp_path)
    assert abs(steps / 2000 - 0.75) < 0.04


def test_table_shows_ratios_of_edges_and_of_steps() -> None:
    case = {"graph": "rmat", "case": "[5] 16 blocks", "edges": {"weft": 80.0}, "speed_up": 1.5}
    case["ms"] = {"weft": [1.0, 2.0, 9.0], "dgl": [4.0, 4.0, 5.0], "graphbolt": [1.0, 1.0, 1.0]}
    walks = {"graph": "rmat", "case": "walks", "steps": {"weft": 4e6}, "ms": {"weft": [2.0]}}
    first, second = show([case, walks]).splitlines()[2:]
    assert first.split()[4:] == ["80", "edges", "2.00", "0.0", "2.00x", "-", "0.50x", "-", "1.50x"]
    assert second.split()[2:] == ["4,000,000", "steps", "2.00", "2000.0", "-", "-", "-", "-", "-"]
