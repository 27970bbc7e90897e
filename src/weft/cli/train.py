"""`weft train`: from two tables to a trained model and a prediction for every node."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..native import keep_freed_memory
from ..settings import require
from ..tables import read_edges, read_nodes
from ..train import LAYER_NAMES, OnEpoch, TrainOptions, check_folder, prepare, save_run, train
from ._report import print_columns, print_result, print_split

_OPTION_FIELDS = (
    "layer", "hidden", "layers", "heads", "dropout", "learning_rate", "weight_decay", "epochs", "patience",
    "train_fraction", "val_fraction", "directed", "max_categories", "seed",
)  # fmt: skip


def train_command() -> Any:
    """Build the click command."""
    click = require("click", "train")
    return click.Command(
        "train",
        callback=_run_train,
        params=[*_arguments(click), *_column_options(click), *_model_options(click), *_run_options(click)],
        help="Learn the classes of the nodes in a table from their features and edges, and predict one for every node."
        "\n\nNODES and EDGES are CSV or Parquet files. NODES has a key, a label and features; an empty label is what "
        "you want predicted. EDGES has the keys at both ends, and a weight if you like.",
    )


def _run_train(**options: Any) -> None:
    """Read the tables, train, print what came out, write the run."""
    rich_console = require("rich.console", "train")
    console = rich_console.Console(highlight=False, soft_wrap=True)
    train_options = TrainOptions(**{name: options[name] for name in _OPTION_FIELDS})
    for module in ("safetensors", "pydantic"):
        require(module, "train")
    node_table = read_nodes(
        options["nodes"],
        options["target"],
        key=options["key"],
        split=options["split"],
        features=options["feature"],
        ignore=options["ignore"],
        kinds=dict.fromkeys(options["categorical"], "categorical"),
    )
    edge_table = read_edges(
        options["edges"],
        node_table,
        source=options["edge_source"],
        target=options["edge_target"],
        weight=options["edge_weight"],
    )
    print_columns(console, node_table, edge_table)
    preparation = prepare(node_table, edge_table, train_options)
    print_split(console, preparation)
    keep_freed_memory()  # this process does nothing else
    folder = Path(options["out"])
    check_folder(folder, preparation.config, overwrite=options["overwrite"])
    with _progress(console, train_options) as on_epoch:
        result = train(preparation, on_epoch=on_epoch)
    save_run(result, folder)
    print_result(console, result, folder)


@contextmanager
def _progress(console: Any, options: TrainOptions) -> Iterator[OnEpoch | None]:
    """Show a bar for each model while it trains, and none where nobody would see it move."""
    if not console.is_terminal:
        yield None
        return
    progress = require("rich.progress", "train")
    with progress.Progress(console=console, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def on_epoch(name: str, epoch: int, accuracy: float) -> None:
            if name not in tasks:
                for done in tasks.values():
                    bars.remove_task(done)
                tasks[name] = bars.add_task(name, total=options.epochs)
            bars.update(tasks[name], completed=epoch, description=f"{name}: validation accuracy {accuracy:.3f}")

        yield on_epoch


def _arguments(click: Any) -> list[Any]:
    return [
        click.Argument(["nodes"], type=click.Path()),
        click.Argument(["edges"], type=click.Path()),
        click.Option(["--target"], required=True, metavar="COLUMN", help="Column of NODES with the class to learn."),
    ]


def _column_options(click: Any) -> list[Any]:
    def column(name: str, text: str, *, multiple: bool = False) -> Any:
        return click.Option([name], metavar="COLUMN", multiple=multiple, help=text)

    return [
        column("--key", "Key of a node.  [default: id, key, node or node_id]"),
        column("--feature", "Learn from this column and no others; repeat for more.", multiple=True),
        column("--ignore", "Leave this column out; repeat for more.", multiple=True),
        column("--categorical", "Read this column as categories even if it holds numbers; repeat.", multiple=True),
        column("--split", "Column that says train, val or test.  [default: split, if there is one]"),
        column("--edge-source", "Key where an edge starts.  [default: source, src or from]"),
        column("--edge-target", "Key where it ends.  [default: target, dst or to]"),
        column("--edge-weight", "Weight of an edge.  [default: weight, if there is one]"),
        click.Option(
            ["--directed/--undirected"],
            default=False,
            help="Whether edges carry features from source to target only, or both ways.",
        ),
    ]


def _model_options(click: Any) -> list[Any]:
    defaults = TrainOptions()

    def number(name: str, text: str) -> Any:
        default = getattr(defaults, name)
        return click.Option([f"--{name.replace('_', '-')}"], type=type(default), default=default, help=text)

    return [
        click.Option(["--layer"], type=click.Choice(LAYER_NAMES), default=defaults.layer, help="Kind of graph layer."),
        number("hidden", "Width of a hidden layer."),
        number("layers", "Number of layers: how many edges away a node can look."),
        number("heads", "Attention heads of a hidden gat layer."),
        number("dropout", "Share of hidden values dropped in training."),
        number("learning_rate", "Step size of Adam."),
        number("weight_decay", "Weight decay of Adam."),
        number("epochs", "Most passes over the graph."),
        number("patience", "Stop after so many passes without a better validation."),
        number("train_fraction", "Share of each class to train on, without a split column."),
        number("val_fraction", "Share of each class to choose the best epoch by."),
        number("max_categories", "Words known of a column of text."),
        number("seed", "Seed of split, weights and dropout."),
    ]


def _run_options(click: Any) -> list[Any]:
    return [
        click.Option(["--out"], type=click.Path(), default="weft-run", help="Folder to write the run to."),
        click.Option(["--overwrite"], is_flag=True, help="Replace a run of other tables or options in that folder."),
    ]
