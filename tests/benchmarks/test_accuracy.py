import dataclasses
import json

import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import parquet
from torch import nn
from torch.nn import functional

from benchmarks.accuracy import stopping
from benchmarks.accuracy.__main__ import chosen, run
from benchmarks.accuracy.experiment import Experiment, Figure
from benchmarks.accuracy.experiments import EXPERIMENTS
from benchmarks.accuracy.nodes import NodeTask, read_nodes
from benchmarks.accuracy.protocol import Protocol
from benchmarks.accuracy.results import page, report, store, stored_rows
from benchmarks.accuracy.sparse import SparseFeatures, SparseRows
from weft.nn.models import APPNP, ARMA, DAGNN, GAT, GCN, GCNII, GraphSAGE

TWO = {"num_layers": 2, "dropout": 0.3}
GCN_2 = Protocol(
    model=GCN,
    widths=(8,),
    options=TWO,
    input_dropout=0.3,
    learning_rate=0.05,
    weight_decay=(("layers.0.weight", 1e-4),),
    num_epochs=40,
    stopping="loss",
    patience=20,
    penalised=True,
)
GAT_2 = dataclasses.replace(
    GCN_2, model=GAT, options={**TWO, "num_heads": 2, "num_out_heads": 1}, stopping="loss_or_accuracy"
)
MODELS = {
    GAT: {"num_layers": 2, "num_heads": 2},
    GraphSAGE: {"num_layers": 2},
    APPNP: {},
    ARMA: {"num_layers": 2, "skip_dropout": 0.25},
    DAGNN: {},
    GCNII: {"num_layers": 2},
}


@pytest.fixture
def folder(tmp_path):
    """Two communities of 30 nodes whose features hint at them, and a third, far component of two nodes."""
    draw = np.random.default_rng(0)
    labels = np.array([0, 1] * 30 + [0, 1], dtype=np.int8)
    ends = draw.integers(0, 60, (600, 2))
    ends = np.concatenate([ends[labels[ends[:, 0]] == labels[ends[:, 1]]], [[i, i + 1] for i in range(59)]])
    ends = np.unique(np.sort(ends[ends[:, 0] != ends[:, 1]], axis=1), axis=0)
    ends = np.concatenate([ends, [[60, 61]]]).astype(np.int32)
    features = (draw.random((62, 12)) < 0.2 + 0.3 * (np.arange(12) % 2 == labels[:, None])).astype(np.float32)
    row, column = np.nonzero(features)
    path = tmp_path / "tiny"
    path.mkdir()
    parquet.write_table(pa.table({"src": ends[:, 0], "dst": ends[:, 1]}), path / "edges.parquet")
    np.savez(
        path / "features.npz",
        data=features[row, column],
        indices=column.astype(np.uint16),
        indptr=np.searchsorted(row, np.arange(63)),
        shape=np.array(features.shape),
        format=np.array(b"csr"),
    )
    np.save(path / "labels.npy", labels)
    np.save(path / "largest_component_mask.npy", np.arange(62) < 60)
    place = np.arange(62)
    masks = {"train": place < 10, "val": (place >= 10) & (place < 25), "test": (place >= 25) & (place < 60)}
    np.savez(path / "splits.npz", **{part: np.stack([mask, mask]) for part, mask in masks.items()})
    return tmp_path


def test_edges_are_mirrored_and_only_the_largest_component_stays(folder):
    data = read_nodes(folder, "tiny")
    assert data.num_nodes == 60
    assert data.num_classes == 2
    assert len(data.splits) == 2
    half = len(data.source) // 2
    assert torch.equal(data.source[:half], data.target[half:])
    assert int(data.source.max()) < 60


def test_a_missing_folder_says_how_to_name_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="hint: give its parent by --data or WEFT_DATA"):
        read_nodes(tmp_path, "cora")


def test_overlapping_splits_are_refused(folder):
    everything = np.ones((1, 62), dtype=bool)
    np.savez(folder / "tiny" / "splits.npz", train=everything, val=everything, test=everything)
    with pytest.raises(ValueError, match="split 0 of tiny has an id in two parts"):
        read_nodes(folder, "tiny")


def test_sparse_features_are_multiplied_as_dense_ones(folder):
    rows = read_nodes(folder, "tiny").features.row_normalised()
    x, sparse = rows.dense(), SparseFeatures(rows)
    torch.testing.assert_close(x.sum(1), torch.ones(60))
    weight, bias = torch.randn(5, rows.num_columns), torch.randn(5)
    torch.testing.assert_close(functional.linear(sparse, weight, bias), functional.linear(x, weight, bias))
    torch.testing.assert_close(sparse @ weight.T, x @ weight.T)
    assert (sparse.shape, sparse.dtype) == (x.shape, x.dtype)


def test_dropout_of_stored_values_keeps_the_mean(folder):
    x = SparseFeatures(read_nodes(folder, "tiny").features.binary())
    weight = torch.ones(x.shape[1], 1)
    torch.manual_seed(0)
    dropped = torch.stack([functional.dropout(x, 0.5) @ weight for _ in range(400)])
    assert set((dropped % 2).unique().tolist()) == {0.0}
    assert abs(float(dropped.mean() / (x @ weight).mean()) - 1) < 0.05
    assert functional.dropout(x, 0.5, training=False) is x


def test_sparse_features_refuse_what_would_read_them(folder):
    x = SparseFeatures(read_nodes(folder, "tiny").features)
    with pytest.raises(TypeError, match="sparse features know linear maps and dropout"):
        x.relu()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_models_read_sparse_features_as_dense_ones(folder, model):
    data = read_nodes(folder, "tiny")
    task = NodeTask(data, dataclasses.replace(GCN_2, model=model, widths=(4,), options=MODELS[model]))
    made, rows = task.build().eval(), data.features.row_normalised()
    torch.testing.assert_close(made(task.graph, SparseFeatures(rows)), made(task.graph, rows.dense()))


def test_features_of_many_values_are_dense(folder):
    rows = read_nodes(folder, "tiny").features
    assert type(rows.features()) is torch.Tensor
    few = SparseRows(rows.row[:9], rows.column[:9], rows.value[:9], rows.num_rows, rows.num_columns)
    assert isinstance(few.features(), SparseFeatures)


@pytest.mark.parametrize("protocol", [GCN_2, GAT_2], ids=["gcn", "gat"])
def test_models_learn_the_communities(folder, protocol):
    task = NodeTask(read_nodes(folder, "tiny"), protocol)
    assert task.run(task.splits[0], seed=0).test > 85


def test_test_labels_change_neither_training_nor_choice(folder):
    task = NodeTask(read_nodes(folder, "tiny"), GCN_2)
    split = task.splits[0]
    before = task.run(split, seed=3)
    task.labels[split.test] = 1 - task.labels[split.test]
    after = task.run(split, seed=3)
    assert (after.validation, after.num_epochs) == (before.validation, before.num_epochs)
    assert after.test == pytest.approx(100 - before.test, abs=1e-3)


def test_the_first_pattern_that_fits_a_parameter_gives_its_decay():
    protocol = dataclasses.replace(GCN_2, weight_decay=(("*bias", 0.0), ("layers.0.*", 0.5), ("*", 0.25)))
    model = protocol.build(4, 2)
    decays = {id(p): group["weight_decay"] for group in protocol.groups(model) for p in group["params"]}
    found = {name: decays[id(parameter)] for name, parameter in model.named_parameters()}
    assert found == {"layers.0.weight": 0.5, "layers.0.bias": 0.0, "layers.1.weight": 0.25, "layers.1.bias": 0.0}


def test_a_protocol_is_described_in_values_of_json():
    protocol = dataclasses.replace(GCN_2, options={"norm": nn.BatchNorm1d})
    described = json.loads(json.dumps(protocol.described()))
    assert described["model"] == "GCN"
    assert described["options"] == {"norm": "BatchNorm1d"}
    assert described["weight_decay"] == [["layers.0.weight", 1e-4]]


def test_stopping_by_loss_keeps_the_best_weights():
    rule = stopping.Loss(2)
    costs = [3.0, 1.0, 2.0, 2.0]
    ended = [rule.ended(cost, 0.0, lambda at=at: {"w": torch.tensor(at)}) for at, cost in enumerate(costs)]
    assert ended == [False, False, False, True]
    assert int(rule.best["w"]) == 1


def test_stopping_by_loss_or_accuracy_waits_for_both():
    rule = stopping.LossOrAccuracy(2)
    epochs = [(2.0, 50.0), (3.0, 60.0), (1.0, 55.0), (1.5, 55.0), (1.5, 55.0)]
    ended = [rule.ended(*epoch, lambda at=at: {"w": torch.tensor(at)}) for at, epoch in enumerate(epochs)]
    assert ended == [False, False, False, False, True]
    assert int(rule.best["w"]) == 0


def test_stopping_by_accuracy_takes_the_lower_loss_of_equals():
    rule = stopping.Accuracy(2)
    epochs = [(2.0, 50.0), (1.0, 50.0), (1.5, 50.0), (0.5, 40.0)]
    ended = [rule.ended(*epoch, lambda at=at: {"w": torch.tensor(at)}) for at, epoch in enumerate(epochs)]
    assert ended == [False, False, False, True]
    assert int(rule.best["w"]) == 1


def row_of_tiny(folder, figure=(99.0, 15.0)):
    return run(Experiment("tiny", "gcn", GCN_2, (Figure(*figure, "nowhere"),)), folder, 2, {"threads": 1})


def test_a_row_says_whether_it_is_within_the_published_spread(folder):
    row = row_of_tiny(folder)
    assert row["within"]
    assert len(row["test"]) == row["seeds"] == 2
    json.dumps(row)
    assert "within" in report([row])
    assert "below" in report([{**row, "within": False, "mean": 10.0}])
    assert (
        page([row])
        .splitlines()[2]
        .startswith(f"| tiny/gcn | {row['mean']:.2f} ± {row['deviation']:.2f} | 99.0 ± 15.0 |")
    )


def test_a_figure_without_a_deviation_takes_the_one_of_the_runs():
    row = Experiment("tiny", "gcn", GCN_2, (Figure(80.0, None, "here"), Figure(82.0, 1.0, "there")))
    assert row.spread(0.5) == (79.5, 83.0)


def test_a_new_row_takes_the_place_of_the_old_one_and_leaves_the_others(tmp_path):
    path, order = tmp_path / "accuracy.json", ["a/gcn", "b/gcn", "c/gcn"]
    for name, mean in (("c/gcn", 1), ("a/gcn", 2), ("b/gcn", 3), ("c/gcn", 4)):
        store(path, {"experiment": name, "mean": mean}, order)
    assert [(row["experiment"], row["mean"]) for row in stored_rows(path)] == [("a/gcn", 2), ("b/gcn", 3), ("c/gcn", 4)]


def test_patterns_choose_rows():
    assert {row.name for row in chosen(["cora/g*"])} == {"cora/gcn", "cora/gat", "cora/gcnii"}
    assert chosen([]) == list(EXPERIMENTS)
    with pytest.raises(ValueError, match="no such row: nowhere/gcn"):
        chosen(["nowhere/gcn"])


def test_every_row_of_the_table_is_named_once():
    names = [experiment.name for experiment in EXPERIMENTS]
    assert len(set(names)) == len(names)
