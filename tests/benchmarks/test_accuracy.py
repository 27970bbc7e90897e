import json

import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import parquet

from benchmarks.accuracy import training
from benchmarks.accuracy.__main__ import report, run
from benchmarks.accuracy.datasets import read
from benchmarks.accuracy.experiments import EXPERIMENTS, Experiment, Figure
from benchmarks.accuracy.models import Features
from benchmarks.accuracy.training import Protocol, Trial

GCN = Protocol(
    model="gcn",
    hidden=8,
    dropout=0.3,
    learning_rate=0.05,
    weight_decay=1e-4,
    num_epochs=40,
    stopping="loss",
    patience=20,
    features="row_normalised",
    self_loops=True,
)
GAT = Protocol(**{**vars(GCN), "model": "gat", "num_heads": 2, "stopping": "loss_or_accuracy"})


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
    data = read(folder, "tiny")
    assert data.num_nodes == 60
    assert data.num_classes == 2
    assert len(data.splits) == 2
    half = len(data.source) // 2
    assert torch.equal(data.source[:half], data.target[half:])
    assert int(data.source.max()) < 60


def test_a_missing_folder_says_how_to_name_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="hint: give its parent by --data or WEFT_DATA"):
        read(tmp_path, "cora")


def test_overlapping_splits_are_refused(folder):
    everything = np.ones((1, 62), dtype=bool)
    np.savez(folder / "tiny" / "splits.npz", train=everything, val=everything, test=everything)
    with pytest.raises(ValueError, match="split 0 of tiny has a node in two parts"):
        read(folder, "tiny")


def test_sparse_product_is_the_dense_one(folder):
    rows = read(folder, "tiny").features.row_normalised()
    dense = torch.zeros(rows.num_rows, rows.num_columns)
    dense[rows.row, rows.column] = rows.value
    weight = torch.randn(rows.num_columns, 5)
    torch.testing.assert_close(Features(rows).matmul(weight), dense @ weight)
    torch.testing.assert_close(dense.sum(1), torch.ones(60))


def test_dropout_of_stored_values_keeps_the_mean(folder):
    features = Features(read(folder, "tiny").features.binary())
    weight = torch.ones(features.num_features, 1)
    torch.manual_seed(0)
    dropped = torch.stack([features.matmul(weight, dropout=0.5) for _ in range(400)])
    assert set((dropped % 2).unique().tolist()) == {0.0}
    assert abs(float(dropped.mean() / features.matmul(weight).mean()) - 1) < 0.05


def test_only_the_projection_in_front_of_the_first_attention_layer_is_trained(folder):
    data = read(folder, "tiny")
    model = Trial(data, GAT).build()
    fixed = [name for name, parameter in model.named_parameters() if not parameter.requires_grad]
    assert fixed == ["first.fc.weight"]
    assert all(parameter.requires_grad for parameter in model.decayed())


@pytest.mark.parametrize("protocol", [GCN, GAT], ids=["gcn", "gat"])
def test_both_models_learn_the_communities(folder, protocol):
    data = read(folder, "tiny")
    outcome = Trial(data, protocol).run(data.splits[0], seed=0)
    assert outcome.test > 85


def test_test_labels_change_neither_training_nor_choice(folder):
    data = read(folder, "tiny")
    trial = Trial(data, GCN)
    before = trial.run(data.splits[0], seed=3)
    data.labels[data.splits[0].test] = 1 - data.labels[data.splits[0].test]
    after = trial.run(data.splits[0], seed=3)
    assert (after.validation, after.num_epochs) == (before.validation, before.num_epochs)
    assert after.test == pytest.approx(100 - before.test, abs=1e-3)


def test_stopping_by_loss_keeps_the_best_weights():
    stopping = training.Loss(2)
    costs = [3.0, 1.0, 2.0, 2.0]
    ended = [stopping.ended(cost, 0.0, lambda at=at: {"w": torch.tensor(at)}) for at, cost in enumerate(costs)]
    assert ended == [False, False, False, True]
    assert int(stopping.best["w"]) == 1


def test_stopping_by_loss_or_accuracy_waits_for_both():
    stopping = training.LossOrAccuracy(2)
    epochs = [(2.0, 50.0), (3.0, 60.0), (1.0, 55.0), (1.5, 55.0), (1.5, 55.0)]
    ended = [stopping.ended(*epoch, lambda at=at: {"w": torch.tensor(at)}) for at, epoch in enumerate(epochs)]
    assert ended == [False, False, False, False, True]
    assert int(stopping.best["w"]) == 0


def test_a_row_says_whether_it_is_within_the_published_spread(folder):
    row = run(Experiment("tiny", GCN, (Figure(99.0, 15.0, "nowhere"),)), folder, 2)
    assert row["within"]
    assert len(row["test"]) == row["seeds"] == 2
    json.dumps(row)
    assert "within" in report([row])
    assert "below" in report([{**row, "within": False, "mean": 10.0}])


def test_every_row_of_the_table_is_named_once():
    names = [experiment.name for experiment in EXPERIMENTS]
    assert len(set(names)) == len(names) == 6
