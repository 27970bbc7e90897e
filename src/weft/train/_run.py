"""A whole run: encode, split, train the baselines and the graph model, score them, write the result."""

import errno
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import WeftError, message
from ..settings import require
from ..tables import EdgeTable, NodeTable, fit_encoder
from ._config import RunConfig, make_config, parse_config
from ._folder import CONFIG, METRICS, MODEL, PREDICTIONS, write_files
from ._graph import TrainGraph, build_graph
from ._loop import Fit, fit
from ._metrics import Score, score
from ._model import FeatureClassifier, GraphClassifier
from ._options import TrainOptions
from ._split import Split, split_nodes

OnEpoch = Callable[[str, int, float], None]

# Values in the largest tensor of an operator, in a graph that is trained on one thread.
_SMALL = 1 << 22


@dataclass(frozen=True)
class Preparation:
    """Tables that are ready for a training: encoded, split and connected.

    *Shapes*: x: (num_nodes, width), labels: (num_nodes,) with -1 for a node without label
    """

    nodes: NodeTable
    config: RunConfig
    x: Tensor
    labels: Tensor
    split: Split
    graph: TrainGraph


@dataclass(frozen=True)
class Contender:
    """One way to predict, and how well it does; no test score without labelled test nodes."""

    validation: Score | None
    test: Score | None
    fit: Fit | None


@dataclass(frozen=True)
class Result:
    """What a training gave.

    Attributes:
        majority: always the class that is most frequent in training.
        features_only: the same stack trained by the same loop, with linear maps in place of the graph layers.
        probability: (num_nodes, num_classes) of the graph model.
    """

    preparation: Preparation
    model: GraphClassifier
    probability: Tensor
    majority: Contender
    features_only: Contender
    graph: Contender


def prepare(nodes: NodeTable, edges: EdgeTable, options: TrainOptions) -> Preparation:
    """Split the nodes, fit the encoder to the training nodes, encode all, and build the graph.

    Raises:
        TableError: if there is nothing to learn from: no features, too few classes, too few labels.
    """
    if not nodes.features:
        raise nodes.error(
            "columns with features of the nodes", "only empty or ignored ones", "add columns that describe the nodes"
        )
    split = split_nodes(nodes, options)
    encoder = fit_encoder(nodes.features, split.train.numpy(), max_categories=options.max_categories)
    return Preparation(
        nodes=nodes,
        config=make_config(nodes, edges, options, encoder=encoder),
        x=torch.from_numpy(encoder.apply(nodes.features)),
        labels=torch.from_numpy(nodes.labels),
        split=split,
        graph=build_graph(edges, nodes.num_nodes, options=options),
    )


def train(preparation: Preparation, *, on_epoch: OnEpoch | None = None) -> Result:
    """Train the features-only baseline and the graph model, and score both beside the majority class.

    The caller's random state is left as it was. The same preparation gives the same result on the same machine with
    the same number of threads.

    Args:
        on_epoch: called after every epoch with the name of the model, the epoch and its validation accuracy.
    """
    options, x, graph = preparation.config.options, preparation.x, preparation.graph
    num_classes = len(preparation.config.classes)
    train_labels = preparation.labels[preparation.split.train]
    most_frequent = torch.bincount(train_labels, minlength=num_classes).argmax()
    majority = _contender(preparation, most_frequent.expand(len(preparation.labels)))
    with _repeatable(preparation):
        features_model = FeatureClassifier(x.shape[1], num_classes, options=options)
        features_fit = _fit(preparation, features_model, (x,), name="features only", on_epoch=on_epoch)
        features_scores = _scores(features_model, (x,))
    with _repeatable(preparation):
        model = GraphClassifier(x.shape[1], num_classes, options=options, weighted=graph.edge_weight is not None)
        inputs = (graph.adjacency, x, graph.edge_weight)
        graph_fit = _fit(preparation, model, inputs, name=options.layer, on_epoch=on_epoch)
        graph_scores = _scores(model, inputs)
    return Result(
        preparation=preparation,
        model=model,
        probability=graph_scores.softmax(dim=1),
        majority=majority,
        features_only=_contender(preparation, features_scores.argmax(dim=1), features_fit),
        graph=_contender(preparation, graph_scores.argmax(dim=1), graph_fit),
    )


def save_run(result: Result, folder: Path) -> None:
    """Write model, configuration, metrics and predictions; the same result gives the same bytes.

    Raises:
        WeftError: if the folder cannot be written to; its files are then what they were before.
    """
    safetensors = require("safetensors.torch", "train")
    weights = {name: value.contiguous() for name, value in result.model.state_dict().items()}
    writers: dict[str, Callable[[Path], None]] = {
        MODEL: partial(_write_bytes, safetensors.save(weights)),
        CONFIG: partial(_write_bytes, result.preparation.config.to_json().encode()),
        METRICS: partial(_write_bytes, (json.dumps(metrics(result), indent=2) + "\n").encode()),
        PREDICTIONS: partial(_write_predictions, result),
    }
    write_files(folder, writers)


def metrics(result: Result) -> dict[str, Any]:
    """Collect the contents of `metrics.json`."""
    split, labels = result.preparation.split, result.preparation.labels
    return {
        "nodes": {
            "train": int(split.train.sum()),
            "val": int(split.val.sum()),
            "test": int(split.test.sum()),
            "labelled": int((labels >= 0).sum()),
            "all": labels.numel(),
        },
        "majority": asdict(result.majority),
        "features_only": asdict(result.features_only),
        "graph": asdict(result.graph),
    }


def load_model(folder: Path | str) -> tuple[GraphClassifier, RunConfig]:
    """Rebuild the model of a run from its folder, ready to predict.

    Apply it to tables that were read with the column names and `kinds=config.features.kinds` of the configuration.

    Raises:
        WeftError: if the folder holds no run of this version.
    """
    safetensors = require("safetensors.torch", "train")
    folder = Path(folder)
    try:
        config = parse_config((folder / CONFIG).read_bytes(), where=str(folder / CONFIG))
        data = (folder / MODEL).read_bytes()
    except OSError as error:
        raise WeftError(
            message(str(folder), "the folder of a run", str(error.strerror), "give the --out of weft train")
        ) from None
    model = GraphClassifier(
        config.features.width,
        len(config.classes),
        options=config.options,
        weighted=config.edges.weight is not None,
    )
    try:
        model.load_state_dict(safetensors.load(data))
    except Exception as error:
        raise WeftError(
            message(
                str(folder / MODEL),
                f"the weights of the model in {CONFIG}",
                str(error).splitlines()[0],
                "train again; the two files are not of one run",
            )
        ) from None
    return model.eval(), config


@contextmanager
def _repeatable(preparation: Preparation) -> Iterator[None]:
    """Seed torch and forbid operators that give other bits in another run; afterwards all is as before.

    A small graph is trained on one thread: to wake a second one for each operator gains nothing there, and costs many
    times the work itself where other programs use the cores.
    """
    options, adjacency = preparation.config.options, preparation.graph.adjacency
    is_small = max(adjacency.num_edges, len(preparation.labels)) * options.hidden < _SMALL
    threads = torch.get_num_threads()
    strict, warn = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        torch.use_deterministic_algorithms(True)
        torch.set_num_threads(1 if is_small else threads)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(strict, warn_only=warn)


def _fit(
    preparation: Preparation,
    model: torch.nn.Module,
    inputs: tuple[Any, ...],
    *,
    name: str,
    on_epoch: OnEpoch | None,
) -> Fit:
    return fit(
        model,
        inputs,
        preparation.labels,
        split=preparation.split,
        options=preparation.config.options,
        on_epoch=None if on_epoch is None else lambda epoch, accuracy: on_epoch(name, epoch, accuracy),
    )


def _scores(model: torch.nn.Module, inputs: tuple[Any, ...]) -> Tensor:
    with torch.no_grad():
        scores: Tensor = model(*inputs)
    return scores


def _contender(preparation: Preparation, predicted: Tensor, fitted: Fit | None = None) -> Contender:
    labels, split = preparation.labels, preparation.split
    return Contender(
        validation=score(predicted[split.val], labels[split.val]),
        test=score(predicted[split.test], labels[split.test]),
        fit=fitted,
    )


def _write_bytes(data: bytes, path: Path) -> None:
    path.write_bytes(data)


def _write_predictions(result: Result, path: Path) -> None:
    duckdb = require("duckdb", "train")
    preparation = result.preparation
    probability, predicted = result.probability.max(dim=1)
    classes = preparation.config.classes
    values = np.array(classes, dtype=object if isinstance(classes[0], str) else None)
    try:
        preparation.nodes.write(
            path,
            {
                "predicted": values[predicted.numpy()],
                "probability": probability.numpy(),
                "split": np.array(preparation.split.names(preparation.labels), dtype=object),
            },
        )
    except duckdb.Error as error:
        # DuckDB wraps the system's words in its own; a full disk should read the same for all four files.
        is_full = os.strerror(errno.ENOSPC) in str(error)
        raise (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) if is_full else OSError(str(error))) from error
