import dataclasses
import json

import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import parquet
from torch import nn
from torch.nn import functional

import weft
from benchmarks.accuracy import stopping
from benchmarks.accuracy.__main__ import chosen, run
from benchmarks.accuracy.entities import EntityTask, read_entities
from benchmarks.accuracy.experiment import Experiment, Figure
from benchmarks.accuracy.experiments import EXPERIMENTS
from benchmarks.accuracy.graphs import GraphTask, read_graphs
from benchmarks.accuracy.han import HAN
from benchmarks.accuracy.metapaths import MetapathTask, read_metapaths
from benchmarks.accuracy.nodes import NodeTask, read_nodes
from benchmarks.accuracy.one_hot_rgcn import OneHotRGCN
from benchmarks.accuracy.protocol import Protocol
from benchmarks.accuracy.readout_classifier import ReadoutClassifier
from benchmarks.accuracy.results import page, report, store, stored_rows
from benchmarks.accuracy.sparse import SparseFeatures, SparseRows
from benchmarks.accuracy.tasks import prepare
from weft.graph import unbatch
from weft.nn.models import APPNP, ARMA, DAGNN, GAT, GCN, GCNII, GIN, GraphSAGE

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
    assert task.run(task.data.splits[0], seed=0).test > 85


def test_test_labels_change_neither_training_nor_choice(folder):
    task = NodeTask(read_nodes(folder, "tiny"), GCN_2)
    split = task.data.splits[0]
    before = task.run(split, seed=3)
    task.data.labels[split.test] = 1 - task.data.labels[split.test]
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


def as_masks(*parts):
    return dict(zip(("train", "val", "test"), (np.stack([part, part]) for part in parts), strict=True))


@pytest.fixture
def graph_folder(tmp_path):
    """60 graphs: even ones are cycles, odd ones are paths, of 3 to 8 nodes, all of one node label but the first node."""
    path = tmp_path / "rings"
    path.mkdir()
    sizes, ends, starts = np.array([3 + at // 2 % 6 for at in range(60)]), [], [0]
    begins = np.append(0, np.cumsum(sizes))[:-1]
    for at, (begin, size) in enumerate(zip(begins, sizes, strict=True)):
        ends += [(begin + i, begin + i + 1) for i in range(size - 1)] + [(begin, begin + size - 1)] * (at % 2 == 0)
        starts.append(len(ends))
    ends = np.array(ends, dtype=np.int32)
    label = np.isin(np.arange(sizes.sum()), begins).astype(np.int16) + 5
    nodes = {"graph": np.repeat(np.arange(60), sizes), "label": label, "attr_0": np.ones(len(label), np.float32)}
    parquet.write_table(pa.table(nodes), path / "nodes.parquet")
    parquet.write_table(pa.table({"src": ends[:, 0], "dst": ends[:, 1]}), path / "edges.parquet")
    graphs = {"label": np.arange(60, dtype=np.int8) % 2, "node_start": begins, "edge_start": np.array(starts[:-1])}
    parquet.write_table(pa.table(graphs), path / "graphs.parquet")
    place = np.arange(60)
    np.savez(path / "splits.npz", **as_masks(place < 36, (place >= 36) & (place < 48), place >= 48))
    return tmp_path


def test_graphs_are_read_one_by_one(graph_folder):
    data = read_graphs(graph_folder, "rings")
    assert (data.graphs.num_graphs, data.num_features, data.num_classes, len(data.splits)) == (60, 2, 2, 2)
    ring, path = unbatch(data.graphs)[:2]
    assert (ring.nodes.count, ring.edges.count, path.nodes.count, path.edges.count) == (3, 6, 3, 4)
    assert ring.nodes["x"].tolist() == [[0, 1], [1, 0], [1, 0]]
    assert read_graphs(graph_folder, "rings", attributes=True).num_features == 3


def test_degrees_stand_in_for_labels_of_nodes(graph_folder):
    path = graph_folder / "rings" / "nodes.parquet"
    parquet.write_table(parquet.read_table(path, columns=["graph"]), path)
    graphs = unbatch(read_graphs(graph_folder, "rings").graphs)
    assert graphs[0].nodes["x"].tolist() == [[2], [2], [2]]
    assert graphs[1].nodes["x"].tolist() == [[1], [2], [1]]


@pytest.mark.parametrize(
    "options",
    [
        {"stack": GIN, "norm": nn.BatchNorm1d, "reduce": "mean", "dropout": 0.1},
        {"stack": GraphSAGE, "aggregator": "sum", "reduce": "max", "head": True},
    ],
    ids=["gin", "sage"],
)
def test_graph_classifiers_tell_rings_from_paths(graph_folder, options):
    protocol = Protocol(
        model=ReadoutClassifier,
        widths=(16,),
        options={"num_layers": 2, **options},
        learning_rate=0.02,
        num_epochs=40,
        stopping="accuracy",
        patience=40,
        batch_size=12,
        halved_every=15,
    )
    data = read_graphs(graph_folder, "rings")
    assert GraphTask(data, protocol).run(data.splits[0], seed=0).test > 85


def test_a_step_sees_each_training_graph_once(graph_folder):
    data = read_graphs(graph_folder, "rings")
    task = GraphTask(data, dataclasses.replace(GCN_2, batch_size=10))
    steps = list(task.batches(data.splits[0].train))
    assert [len(ids) for ids in steps] == [10, 10, 10, 6]
    assert sorted(torch.cat(steps).tolist()) == list(range(36))


@pytest.fixture
def entity_folder(tmp_path):
    """40 entities; an edge of type 0 leads from one of two hubs to each of the others, and says its class; type 1 is noise."""
    draw, path = np.random.default_rng(0), tmp_path / "facts"
    path.mkdir()
    labels = np.arange(40) % 2
    labels[:2] = -1
    hubs, others = np.arange(38) % 2, np.arange(2, 40)
    noise = draw.integers(0, 40, (2, 30))
    columns = {
        "src": np.concatenate([hubs, noise[0]]),
        "dst": np.concatenate([others, noise[1]]),
        "type": np.repeat([0, 1], [38, 30]),
    }
    parquet.write_table(
        pa.table({name: value.astype(np.int32) for name, value in columns.items()}), path / "edges.parquet"
    )
    np.save(path / "labels.npy", labels.astype(np.int8))
    np.save(path / "train_mask.npy", (np.arange(40) >= 2) & (np.arange(40) < 25))
    np.save(path / "test_mask.npy", np.arange(40) >= 25)
    return tmp_path


def test_entities_have_edges_back_of_types_of_their_own(entity_folder):
    data = read_entities(entity_folder, "facts")
    half = len(data.edge_type) // 2
    ends = data.graph.adjacency
    assert data.num_types == 4
    assert torch.equal(data.edge_type[half:], data.edge_type[:half] + 2)
    assert torch.equal(ends.source[:half], ends.target[half:])


def test_one_hot_rgcn_is_the_relational_layer_on_the_identity(entity_folder):
    data = read_entities(entity_folder, "facts")
    num_nodes = len(data.labels)
    model = OneHotRGCN(num_nodes, 5, 2, edges=(data.graph, data.edge_type, data.num_types))
    first = weft.nn.RelGraphConv(num_nodes, 5, data.num_types, aggregator="mean", bias=False)
    with torch.no_grad():
        pairs = torch.unique(data.edge_type * num_nodes + data.graph.adjacency.source)
        first.linear_r.W[pairs // num_nodes, pairs % num_nodes] = model.table
        first.loop_weight.copy_(model.own)
    h = first(data.graph, torch.eye(num_nodes), edge_type=data.edge_type).relu()
    torch.testing.assert_close(model(), model.second(data.graph, h, edge_type=data.edge_type))


def test_entities_are_classified_without_a_validation_part(entity_folder):
    data = read_entities(entity_folder, "facts")
    protocol = Protocol(model=OneHotRGCN, widths=(8,), learning_rate=0.02, num_epochs=40)
    outcome = EntityTask(data, protocol).run(data.splits[0], seed=0)
    assert outcome.validation is None
    assert outcome.test > 85


@pytest.fixture
def typed_folder(tmp_path):
    """30 papers of 2 classes, each by one of 6 authors who keep to their class and on one of 3 subjects that do not."""
    path = tmp_path / "library"
    path.mkdir()
    paper = np.arange(30, dtype=np.int32)
    for name, other in (("author", paper % 6), ("subject", paper % 3)):
        parquet.write_table(pa.table({"src": paper, "dst": other}), path / f"edges__paper__to__{name}.parquet")
    np.save(path / "labels_paper.npy", (paper % 2).astype(np.int8))
    np.savez(
        path / "features_paper.npz",
        data=np.ones(30, np.float32),
        indices=paper.astype(np.uint16),
        indptr=np.arange(31),
        shape=np.array([30, 30]),
        format=np.array(b"csr"),
    )
    np.savez(path / "split_few.npz", train=paper < 12, val=(paper >= 12) & (paper < 18), test=paper >= 18)
    return tmp_path


def test_metapaths_lead_to_papers_that_share_a_node(typed_folder):
    data = read_metapaths(typed_folder, "library", "paper", through=["author", "subject"], split="split_few.npz")
    counts = {name: data.graph[name].count for name in data.graph.edge_types}
    assert counts == {("paper", "author", "paper"): 6 * 25, ("paper", "subject", "paper"): 3 * 100}


@pytest.mark.parametrize(("features", "row_sum"), [("row_normalised", 1.0), ("binary", 2.0)])
def test_a_metapath_task_scales_features_as_its_protocol_says(typed_folder, features, row_sum):
    data = read_metapaths(typed_folder, "library", "paper", through=["author"], split="split_few.npz")
    data = dataclasses.replace(
        data, features=SparseRows(torch.tensor([0, 0]), torch.tensor([0, 2]), torch.tensor([3.0, 1.0]), 1, 3)
    )
    protocol = Protocol(model=HAN, learning_rate=0.02, num_epochs=1, features=features)
    assert MetapathTask(data, protocol).x.sum() == row_sum


def test_han_learns_from_the_metapath_that_tells(typed_folder):
    data = read_metapaths(typed_folder, "library", "paper", through=["author", "subject"], split="split_few.npz")
    protocol = Protocol(
        model=HAN,
        widths=(8,),
        options={"num_heads": 2, "dropout": 0.1, "attention_dropout": 0.1},
        learning_rate=0.02,
        num_epochs=60,
        stopping="loss",
        patience=60,
    )
    assert MetapathTask(data, protocol).run(data.splits[0], seed=0).test > 85


def test_edges_by_rows_are_those_of_the_raw_data_normalised_as_a_matrix(folder):
    ends = np.array([[0, 1], [0, 2], [3, 0], [4, 4]], dtype=np.int32)
    parquet.write_table(pa.table({"src": ends[:, 0], "dst": ends[:, 1]}), folder / "tiny" / "edges_directed.parquet")
    task = prepare(folder, Experiment("tiny", "any", dataclasses.replace(GCN_2, by_rows=True), ()))
    matrix = torch.eye(60)
    for row, column in ends:
        matrix[row, column] += 1
    size = matrix.sum(1).rsqrt()
    found = torch.zeros(60, 60).index_put((task.graph.edges.adjacency.target.long(), task.graph.edges.adjacency.source.long()),
                                          task.edge_weight[0], accumulate=True)  # fmt: skip
    torch.testing.assert_close(found, size[:, None] * matrix * size)
    model = weft.nn.models.GCNII(12, 4, 2, norm="none")
    assert task.logits(model, torch.arange(3)).shape == (3, 2)


@pytest.mark.parametrize(
    ("kind", "name", "folder_name"),
    [("nodes", "tiny", "folder"), ("graphs", "rings", "graph_folder"), ("entities", "facts", "entity_folder")],
)
def test_a_row_finds_the_reader_of_its_kind(kind, name, folder_name, request):
    task = prepare(request.getfixturevalue(folder_name), Experiment(name, "any", GCN_2, (), kind=kind))
    assert len(task.data.labels) > 0


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


def test_stopping_by_the_mean_loss_compares_with_the_epochs_before():
    rule = stopping.MeanLoss(2)
    ended = [rule.ended(loss, 0.0, dict) for loss in (1.0, 5.0, 3.0, 3.0, 3.1)]
    assert ended == [False, False, False, False, True]
    assert rule.best is None


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
        page([row], {})
        .splitlines()[2]
        .startswith(f"| tiny/gcn | {row['mean']:.2f} ± {row['deviation']:.2f} | 99.0 ± 15.0 |")
    )


def test_rows_with_one_remark_share_its_line(folder):
    row = row_of_tiny(folder)
    rows = [{**row, "experiment": name} for name in ("a/b", "c/d", "e/f")]
    lines = page(rows, {"a/b": "Other data.", "e/f": "Other data.", "c/d": ""}).splitlines()
    assert lines[-2:] == ["", "- a/b, e/f: Other data."]
    assert page(rows, {"a/b": "", "g/h": "", "i/j": ""}).splitlines()[-1].endswith("not trained yet: g/h, i/j.")


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
