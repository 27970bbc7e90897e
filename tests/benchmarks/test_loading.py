"""The benchmark of loading: weft's epochs and parts run, and an epoch is watched."""

import itertools
import sys
from collections.abc import Iterator

import pytest
import torch

from benchmarks.graphs import rmat
from benchmarks.loading import overlap
from benchmarks.loading.__main__ import Pass, ratio, show
from benchmarks.loading.cases import Case
from benchmarks.loading.worker import Worker
from benchmarks.operators.remote import save_graph

CASE = Case(num_batches=4, batch_size=16, fanouts=(3, 2), features=5, hidden=8, classes=3)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Worker, dict]]:
    before = torch.get_num_threads()
    worker = Worker("weft")
    worker.load(str(save_graph(rmat(8, 2**11), tmp_path_factory.mktemp("graph"), "small")))
    yield worker, worker.prepare(CASE.to_json())
    torch.set_num_threads(before)


def test_case_survives_json_and_has_widths() -> None:
    assert Case.from_json(CASE.to_json()) == CASE
    assert CASE.widths == [5, 8, 3]
    assert Case().widths == [100, 256, 256, 47]


def test_everything_that_is_named_runs(prepared: tuple[Worker, dict]) -> None:
    worker, found = prepared
    ways = [f"{what}/{way}" for way in ("prefetch 2", "prefetch 0") for what in ("load", "epoch")]
    assert found["passes"] == [*ways, "sample", "gather", "train"]
    assert all(worker.time(name, 1)["seconds"] > 0 for name in found["passes"])


def test_epoch_has_the_edges_of_its_batches(prepared: tuple[Worker, dict]) -> None:
    worker, found = prepared
    assert worker.library is not None
    batches = list(worker.library.batches("prefetch 0"))
    assert [batch.seeds["node"].shape[0] for batch in batches] == [16] * 4
    assert batches[0].features["node"]["x"].shape[1] == 5
    assert 4 * 16 < found["edges"] <= 4 * 16 * (3 + (1 + 3) * 2)


def test_training_learns_a_batch(prepared: tuple[Worker, dict]) -> None:
    worker, _ = prepared
    assert worker.library is not None
    batch = next(iter(worker.library.batches("prefetch 0")))
    losses = [worker.library.train(batch) for _ in range(150)]
    assert losses[-1] < 0.7 * losses[0]


def test_watched_epoch_tells_events_in_order(prepared: tuple[Worker, dict]) -> None:
    worker, _ = prepared
    rows = worker.overlap()["batches"]
    assert len(rows) == 4
    for row in rows:
        assert row["begun"] <= row["sampled"] <= row["made"] <= row["got"] <= row["used"]
        assert row["asked"] <= row["got"]
    assert all(after["asked"] >= before["used"] for before, after in itertools.pairwise(rows))
    assert "the model waited" in overlap.show(rows)


def test_watched_loader_gives_the_same_batches(prepared: tuple[Worker, dict]) -> None:
    library = prepared[0].library
    watched = library.loader(overlap.Watched(library.sampler, overlap.Timeline()), 2)
    for ours, theirs in zip(library.loader(library.sampler, 0), watched, strict=True):
        assert torch.equal(ours.features["node"]["x"], theirs.features["node"]["x"])
        assert torch.equal(ours.labels["node"], theirs.labels["node"])


def test_ratio_is_to_the_longest_part_and_waiting_leaves_out_the_first() -> None:
    seconds = {
        "weft/epoch/prefetch 2": [3.0, 2.0, 9.0],
        "weft/sample": [1.0],
        "weft/gather": [2.0],
        "weft/train": [1.5],
    }
    assert ratio(seconds) == 1.5
    assert overlap.waited([{"asked": 0.0, "got": 5.0}, {"asked": 6.0, "got": 6.5}]) == 0.5


def test_table_divides_by_weft() -> None:
    row = dict.fromkeys(overlap.EVENTS, 0.5)
    seconds = {f"weft/{what}/prefetch 2": [2.0] for what in ("load", "epoch")}
    seconds |= {f"weft/{part}": [1.0] for part in ("sample", "gather", "train")} | {"dgl/load/thread": [3.0]}
    case = {"graph": "rmat", "case": "x", **CASE.to_json(), "seconds": seconds, "ratio": 2.0, "overlap": [row]}
    text = show({**case, "missing": {"dgl/epoch/thread": "died"}})
    assert "dgl      thread        3.000    1.50x         -        -" in text
    assert "takes 2.00 times the longest" in text
    assert "dgl/epoch/thread: died" in text


def test_pass_asks_for_its_own_name() -> None:
    class Remote:
        def ask(self, do: str, **arguments: object) -> dict:
            return {"do": do, **arguments}

    assert Pass(Remote(), "load/x").ask("time", what="epoch", number=1) == {"do": "time", "what": "load/x", "number": 1}


def test_plot_without_matplotlib_says_what_to_install(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ModuleNotFoundError, match="hint: python -m pip install matplotlib"):
        overlap.plot([], tmp_path / "plot.png")
