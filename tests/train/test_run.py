"""A whole run: repeatable, rebuilt from its files, with every node and its own key in the predictions."""

import json

import duckdb
import pytest
import torch

from weft.errors import TableError, WeftError
from weft.tables import read_edges, read_nodes
from weft.train import RUN_FILES, TrainOptions, load_model, metrics, prepare, save_run, train
from weft.train._graph import build_graph

QUICK = {"epochs": 15, "hidden": 16}


def files(folder):
    return {name: (folder / name).read_bytes() for name in RUN_FILES}


@pytest.mark.parametrize("layer", ["gcn", "sage", "gat"])
@pytest.mark.parametrize("weight", [False, True])
def test_the_same_run_gives_the_same_bytes(tables, tmp_path, layer, weight):
    for name in ("one", "two"):
        torch.manual_seed(len(name) + id(name) % 7)
        nodes, edges = tables(weight=weight)
        save_run(train(prepare(nodes, edges, TrainOptions(layer=layer, **QUICK))), tmp_path / name)
    assert files(tmp_path / "one") == files(tmp_path / "two")


@pytest.mark.parametrize("layer", ["gcn", "sage", "gat"])
@pytest.mark.parametrize("weight", [False, True])
def test_model_rebuilt_from_its_files_predicts_the_same(tables, tmp_path, layer, weight):
    result = train(prepare(*tables(weight=weight), TrainOptions(layer=layer, **QUICK)))
    save_run(result, tmp_path / "run")
    model, config = load_model(tmp_path / "run")
    nodes = read_nodes(
        tmp_path / "nodes.csv",
        config.nodes.label,
        key=config.nodes.key,
        kinds=config.features.kinds,
    )
    edges = read_edges(
        tmp_path / "edges.csv",
        nodes,
        source=config.edges.source,
        target=config.edges.target,
        weight=config.edges.weight,
    )
    graph = build_graph(edges, nodes.num_nodes, options=config.options)
    with torch.no_grad():
        scores = model(graph.adjacency, torch.from_numpy(config.features.apply(nodes.features)), graph.edge_weight)
    assert torch.equal(scores.softmax(dim=1), result.probability)


def test_predictions_have_every_key_once_in_order(tables, tmp_path):
    result = train(prepare(*tables(split=True, unlabelled=4), TrainOptions(**QUICK)))
    save_run(result, tmp_path / "run")
    table = duckdb.connect().execute(f"SELECT * FROM '{tmp_path}/run/predictions.parquet'")
    assert [column[0] for column in table.description] == ["key", "predicted", "probability", "split", "label"]
    rows = table.fetchall()
    assert [row[0] for row in rows] == [f"n{i}" for i in range(60)]
    assert [row[4] for row in rows] == [None] * 4 + ["red", "blue"] * 28
    assert [row[3] for row in rows] == ["unlabelled"] * 4 + [["train", "val", "test"][i // 2 % 3] for i in range(4, 60)]
    assert all(row[1] in ("red", "blue") and 0.5 <= row[2] <= 1 for row in rows)
    right = [row[1] == row[4] for row in rows if row[3] == "test"]
    assert sum(right) / len(right) == pytest.approx(result.graph.test.accuracy)


@pytest.mark.parametrize(
    ("reason", "told"), [("IO: {No space left on device}", "got No space left"), ("odd", "got odd")]
)
def test_predictions_that_cannot_be_written_leave_no_file(tables, tmp_path, monkeypatch, reason, told):
    def fails(_nodes, path, _columns):
        path.write_bytes(b"ha")
        raise duckdb.IOException(reason)

    result = train(prepare(*tables(), TrainOptions(epochs=1)))
    monkeypatch.setattr("weft.tables.NodeTable.write", fails)
    with pytest.raises(WeftError, match=f"expected a folder that can be written to, {told}"):
        save_run(result, tmp_path / "run")
    assert list((tmp_path / "run").iterdir()) == []


def test_metrics_tell_all_three_on_both_parts(tables, tmp_path):
    result = train(prepare(*tables(split=True), TrainOptions(**QUICK)))
    save_run(result, tmp_path / "run")
    told = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert told == metrics(result)
    assert told["nodes"] == {"train": 20, "val": 20, "test": 20, "labelled": 60, "all": 60}
    assert told["majority"]["test"] == {"accuracy": 0.5, "macro_f1": pytest.approx(1 / 3), "num_nodes": 20}
    for name in ("features_only", "graph"):
        assert set(told[name]["validation"]) == {"accuracy", "macro_f1", "num_nodes"}
        assert 1 <= told[name]["fit"]["best_epoch"] <= told[name]["fit"]["epochs"] <= 15


def test_the_graph_model_uses_the_graph(tables):
    result = train(prepare(*tables(200), TrainOptions(epochs=100, hidden=16)))
    assert result.graph.test.accuracy > result.features_only.test.accuracy + 0.1


def test_no_test_nodes_give_no_test_score(tables, tmp_path):
    path = tmp_path / "n.csv"
    path.write_text("id,x,label,split\na,1,u,train\nb,2,v,train\nc,1,u,val\nd,5,,test\n")
    (tmp_path / "e.csv").write_text("source,target\na,c\nb,d\n")
    nodes = read_nodes(path, "label")
    result = train(prepare(nodes, read_edges(tmp_path / "e.csv", nodes), TrainOptions(**QUICK)))
    assert (result.graph.test, result.majority.test) == (None, None)
    assert result.graph.validation.num_nodes == 1


def test_no_features(tmp_path):
    (tmp_path / "n.csv").write_text("id,label\n" + "".join(f"{i},{i % 2}\n" for i in range(8)))
    (tmp_path / "e.csv").write_text("source,target\n1,2\n")
    nodes = read_nodes(tmp_path / "n.csv", "label")
    with pytest.raises(TableError, match=r"n\.csv: expected columns with features of the nodes, got only empty"):
        prepare(nodes, read_edges(tmp_path / "e.csv", nodes), TrainOptions())


def test_the_callers_state_is_left_alone(tables):
    preparation = prepare(*tables(), TrainOptions(**QUICK))
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    train(preparation)
    assert torch.get_num_threads() == threads
    assert torch.equal(before, torch.get_rng_state())
    assert not torch.are_deterministic_algorithms_enabled()


def test_every_epoch_is_told(tables):
    seen = []
    train(prepare(*tables(), TrainOptions(**QUICK)), on_epoch=lambda *told: seen.append(told[:2]))
    assert seen == [(name, epoch) for name in ("features only", "gcn") for epoch in range(1, 16)]


def test_folder_without_a_run(tmp_path):
    with pytest.raises(WeftError, match="expected the folder of a run, got No such file or directory; hint: "):
        load_model(tmp_path)


def test_model_of_another_run(tables, tmp_path):
    for name, hidden in (("one", 8), ("two", 16)):
        save_run(train(prepare(*tables(), TrainOptions(epochs=1, hidden=hidden))), tmp_path / name)
    (tmp_path / "one" / "model.safetensors").write_bytes((tmp_path / "two" / "model.safetensors").read_bytes())
    with pytest.raises(WeftError, match=r"expected the weights of the model in config\.json"):
        load_model(tmp_path / "one")
    (tmp_path / "one" / "model.safetensors").write_bytes(b"\x80\x04pickle")
    with pytest.raises(WeftError, match=r"expected the weights of the model in config\.json"):
        load_model(tmp_path / "one")
