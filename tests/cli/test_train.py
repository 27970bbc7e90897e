"""`weft train`: what it says, what it writes, and what it refuses to write over."""

import json

import pytest

from weft.cli import main
from weft.train import RUN_FILES, TrainOptions

CALL = ["train", "nodes.csv", "edges.csv", "--target", "label", "--epochs", "5", "--hidden", "8"]


def test_it_tells_what_it_recognised_and_ends_with_the_scores_and_files(folder, capsys):
    assert main(CALL) == 0
    out = capsys.readouterr().out
    for part in (
        "nodes.csv: 40 nodes",
        "key       id",
        "label     label: 2 classes (u, v)",
        "features  2: 1 numeric, 1 categorical (size, town)",
        "edges.csv: 40 edges",
        "weight    none, every edge weighs 1",
        "graph: undirected, every edge was added the other way round too",
        "40 self loops added for gcn",
        "split (random, seed 0): 22 nodes to train on, 8 to validate, 6 to test; 4 without label are only predicted",
        "majority class",
        "features only, no edges",
        "graph model (gcn)",
    ):
        assert part in out, out
    assert out.rstrip().endswith("\n".join(["wrote", *(f"  weft-run/{name}" for name in RUN_FILES)]))


def test_no_progress_bar_where_there_is_no_terminal(folder, capsys):
    assert main(CALL) == 0
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out
    assert "\r" not in printed.out
    assert printed.err == ""


def test_printed_scores_are_the_written_ones(folder, capsys):
    assert main(CALL) == 0
    told = json.loads((folder / "weft-run" / "metrics.json").read_text())
    out = capsys.readouterr().out
    for line, name in [("majority class", "majority"), ("features only", "features_only"), ("graph model", "graph")]:
        (row,) = (text for text in out.splitlines() if line in text)
        assert row.split()[-2:] == [f"{told[name][part]['accuracy']:.1%}" for part in ("validation", "test")]


def test_options_reach_the_run(folder):
    assert main([*CALL, "--layer", "gat", "--heads", "4", "--directed", "--seed", "5", "--categorical", "size"]) == 0
    config = json.loads((folder / "weft-run" / "config.json").read_text())
    expected = TrainOptions(epochs=5, hidden=8, layer="gat", heads=4, directed=True, seed=5)
    assert config["options"] == vars(expected)
    assert [column["kind"] for column in config["features"]["columns"]] == ["categorical", "categorical"]


def test_column_options(folder):
    (folder / "n.csv").write_text("name,a,b,c,part,kind\n" + "".join(
        f"x{i},{i % 2},{i},{i},{['train', 'val', 'test'][i // 2 % 3]},{i % 2}\n" for i in range(12)
    ))  # fmt: skip
    (folder / "e.csv").write_text("p,q,r\nx1,x2,0.5\n")
    call = ["train", "n.csv", "e.csv", "--target", "kind", "--key", "name", "--split", "part", "--ignore", "c"]
    call += ["--edge-source", "p", "--edge-target", "q", "--edge-weight", "r", "--epochs", "2", "--out", "o"]
    assert main(call) == 0
    config = json.loads((folder / "o" / "config.json").read_text())
    assert config["nodes"]["ignored"] == ["c"]
    assert config["nodes"]["split"] == "part"
    assert [column["column"] for column in config["features"]["columns"]] == ["a", "b"]
    assert main([*call, "--feature", "a", "--overwrite"]) == 0
    config = json.loads((folder / "o" / "config.json").read_text())
    assert [column["column"] for column in config["features"]["columns"]] == ["a"]


def test_the_same_call_again_replaces_and_another_refuses(folder, capsys):
    assert main(CALL) == 0
    before = {name: (folder / "weft-run" / name).read_bytes() for name in RUN_FILES}
    assert main(CALL) == 0
    assert main([*CALL, "--seed", "1"]) == 2
    assert "got a run of others; hint: choose another folder with --out" in capsys.readouterr().err
    assert {name: (folder / "weft-run" / name).read_bytes() for name in RUN_FILES} == before
    assert main([*CALL, "--seed", "1", "--overwrite"]) == 0
    assert (folder / "weft-run" / "config.json").read_bytes() != before["config.json"]


def test_refusal_comes_before_the_training(folder, capsys, monkeypatch):
    (folder / "weft-run").mkdir()
    (folder / "weft-run" / "config.json").write_text("{}")
    monkeypatch.setattr("weft.train._run.fit", lambda *_args, **_options: pytest.fail("it trained"))
    assert main(CALL) == 2
    assert "a config.json that this version did not write" in capsys.readouterr().err


def test_names_with_brackets_are_printed_as_they_are(folder, capsys):
    (folder / "[bold]n.csv").write_text((folder / "nodes.csv").read_text().replace("size", "[red]size"))
    assert main([*CALL[:1], "[bold]n.csv", *CALL[2:]]) == 0
    out = capsys.readouterr().out
    assert "[bold]n.csv: 40 nodes" in out
    assert "([red]size, town)" in out


def test_wrong_option_is_told(folder, capsys):
    assert main([*CALL, "--dropout", "1.5"]) == 2
    assert capsys.readouterr().err == (
        "error: dropout: expected a share from 0 to below 1, got 1.5; hint: change --dropout\n"
    )
