"""The commands as a user runs them: processes of their own, in a folder of their own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

import weft
from weft.train import RUN_FILES

ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(Path(weft.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]),
    "PYTHONWARNINGS": "error::UserWarning",
}


def weft_process(folder, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "weft.cli", *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell lets what it runs in the background ignore Ctrl-C, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def run(folder, *arguments):
    process = weft_process(folder, *arguments)
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def files(folder):
    return {name: (folder / name).read_bytes() for name in RUN_FILES}


@pytest.fixture
def folder(tmp_path):
    """A folder with two tables: unicode, quoted and Windows-ended, with weights, gaps and a node without label."""
    nodes = ["Key;größe;town;label"]
    edges = ["from;to;weight"]
    for i in range(60):
        town = '"Bad ""Ems"""' if i % 3 else "Zürich"
        nodes.append(
            f"名{i};{'' if i % 9 == 5 else (i * 7) % 11 + i % 2};{town};{'' if i == 3 else 'früh' if i % 2 else 'spät'}"
        )
        edges.append(f"名{i};名{(i + 2) % 60};{1 + i % 3}")
    (tmp_path / "nodes.csv").write_bytes("\r\n".join(nodes).encode("utf-8-sig"))
    (tmp_path / "edges.csv").write_bytes("\r\n".join(edges).encode())
    return tmp_path


CALL = ("train", "nodes.csv", "edges.csv", "--target", "label", "--epochs", "20")


def test_two_processes_write_the_same_bytes_wherever_they_run(folder):
    for name in ("one", "two"):
        assert run(folder, *CALL, "--out", name)[0] == 0
    assert files(folder / "one") == files(folder / "two")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    arguments = ["train", str(folder / "nodes.csv"), "../edges.csv", *CALL[3:]]
    assert run(elsewhere, *arguments)[0] == 0
    assert files(elsewhere / "weft-run") == files(folder / "one")


def test_predictions_carry_the_original_keys(folder):
    status, out, err = run(folder, *CALL)
    assert (status, err) == (0, "")
    assert "nodes.csv: 60 nodes" in out
    rows = duckdb.connect().execute(f"SELECT * FROM '{folder}/weft-run/predictions.parquet'").fetchall()
    assert [row[0] for row in rows] == [f"名{i}" for i in range(60)]
    assert rows[3][3:] == ("unlabelled", None)
    assert {row[1] for row in rows} <= {"früh", "spät"}


def test_errors_are_one_line_and_status_2(folder):
    with (folder / "edges.csv").open("a", encoding="utf-8") as stream:
        stream.write("\r\n名1;nobody;1")
    status, out, err = run(folder, *CALL)
    assert (status, out) == (2, "")
    assert err == (
        'error: edges.csv, row 62, column "to": expected a key from column "Key" of nodes.csv, got "nobody", which is '
        "no node there; hint: add the node to nodes.csv or remove the edge\n"
    )
    assert not (folder / "weft-run").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_training_leaves_the_former_run_whole(folder, number):
    assert run(folder, *CALL)[0] == 0
    before = files(folder / "weft-run")
    with weft_process(folder, *CALL[:-1], "1000000", "--patience", "1000000", "--overwrite") as process:
        try:
            line = ""
            while not line.startswith("split"):
                line = process.stdout.readline()
                assert line, process.stderr.read()
            time.sleep(0.2)
            process.send_signal(number)
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()
    if number == signal.SIGINT:
        assert (process.returncode, err.strip()) == (130, "interrupted; no file is half-written")
    else:
        assert process.returncode == -number
    assert files(folder / "weft-run") == before
    assert {path.name for path in (folder / "weft-run").iterdir()} == set(RUN_FILES)


def test_parquet_tables_give_the_same_model_as_csv(folder):
    connection = duckdb.connect()
    for name in ("nodes", "edges"):
        connection.execute(f"COPY (FROM read_csv('{folder}/{name}.csv')) TO '{folder}/{name}.parquet'")
    assert run(folder, *CALL, "--out", "one")[0] == 0
    assert run(folder, "train", "nodes.parquet", "edges.parquet", *CALL[3:], "--out", "two")[0] == 0
    one, two = files(folder / "one"), files(folder / "two")
    for name in set(RUN_FILES) - {"config.json"}:  # it names the files
        assert one[name] == two[name]


def test_a_million_edges_are_read_in_seconds(tmp_path):
    import numpy as np

    from weft.tables import read_edges, read_nodes

    draw = np.random.default_rng(0)
    ends = draw.integers(0, 100_000, (1_000_000, 2))
    (tmp_path / "n.csv").write_text("id,x,label\n" + "".join(f"user-{i},1,{i % 2}\n" for i in range(100_000)))
    (tmp_path / "e.csv").write_text("source,target\n" + "".join(f"user-{s},user-{t}\n" for s, t in ends.tolist()))
    nodes = read_nodes(tmp_path / "n.csv", "label")
    start = time.process_time()
    edges = read_edges(tmp_path / "e.csv", nodes)
    assert time.process_time() - start < 20
    assert np.array_equal(np.stack([edges.source, edges.target], axis=1), ends)


def test_demo_trains_on_the_digits_and_the_edges_help(tmp_path):
    pytest.importorskip("sklearn")
    status, out, err = run(tmp_path, "demo")
    assert (status, err) == (0, "")
    assert "weft learned from 50 labelled digits and read" in out
    assert "the edges helped" in out
    for name in ("nodes.csv", "edges.csv", *(f"run/{name}" for name in RUN_FILES)):
        assert (tmp_path / "weft-demo" / name).exists()
        assert f"weft-demo/{name}" in out[out.index("Everything is in") :]
    assert run(tmp_path, "demo")[0] == 0
