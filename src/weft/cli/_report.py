"""What `weft train` says on the terminal."""

from collections import Counter
from pathlib import Path
from typing import Any

from ..settings import require
from ..tables import EdgeTable, NodeTable
from ..train import RUN_FILES, Contender, Preparation, Result

_SHOWN_NAMES = 5


def print_columns(console: Any, nodes: NodeTable, edges: EdgeTable) -> None:
    """Tell what each column was taken for."""
    kinds = Counter(column.kind for column in nodes.features)
    lines = [
        f"{nodes.file.path}: {nodes.num_nodes:,} nodes",
        f"  key       {nodes.key}",
        f"  label     {nodes.label}: {len(nodes.classes):,} classes ({_names(nodes.classes)})",
        f"  features  {len(nodes.features):,}: {', '.join(f'{count:,} {kind}' for kind, count in kinds.items())}"
        f" ({_names([column.name for column in nodes.features])})",
    ]
    if nodes.split_column is not None:
        lines.append(f"  split     {nodes.split_column}")
    if nodes.ignored:
        lines.append(f"  not used  {_names(nodes.ignored)}")
    lines += [
        f"{edges.file.path}: {edges.num_edges:,} edges",
        f"  source    {edges.source_column}",
        f"  target    {edges.target_column}",
        f"  weight    {edges.weight_column or 'none, every edge weighs 1'}",
    ]
    if edges.ignored:
        lines.append(f"  not used  {_names(edges.ignored)}")
    _print(console, lines)


def print_split(console: Any, preparation: Preparation) -> None:
    """Tell how the graph was built and which nodes play which part."""
    graph, split, nodes = preparation.graph, preparation.split, preparation.nodes
    options = preparation.config.options
    if options.directed:
        direction = "directed, features travel from source to target"
    elif graph.mirrored:
        direction = "undirected, every edge was added the other way round too (--directed leaves them as they are)"
    else:
        direction = "undirected, the table lists every edge both ways already"
    loops = f"; {graph.num_self_loops:,} self loops added for {options.layer}" if graph.num_self_loops else ""
    num_labelled = int((preparation.labels >= 0).sum())
    how = f"column {nodes.split_column}" if nodes.split_column is not None else f"random, seed {options.seed}"
    unlabelled = nodes.num_nodes - num_labelled
    _print(
        console,
        [
            f"graph: {direction}{loops}",
            f"split ({how}): {int(split.train.sum()):,} nodes to train on, {int(split.val.sum()):,} to validate, "
            f"{int(split.test.sum()):,} to test"
            + (f"; {unlabelled:,} without label are only predicted" if unlabelled else ""),
        ],
    )


def print_result(console: Any, result: Result, folder: Path) -> None:
    """Print the accuracies side by side, and the files."""
    table = require("rich.table", "train").Table(box=require("rich.box", "train").SIMPLE)
    table.add_column("accuracy")
    table.add_column("validation", justify="right")
    table.add_column("test", justify="right")
    options = result.preparation.config.options
    table.add_row("majority class", *_accuracies(result.majority))
    table.add_row("features only, no edges", *_accuracies(result.features_only))
    table.add_row(f"graph model ({options.layer})", *_accuracies(result.graph))
    console.print(table)
    fit = result.graph.fit
    assert fit is not None, "the graph model was trained"
    lines = [f"best epoch {fit.best_epoch} of {fit.epochs}", "wrote"]
    _print(console, lines + [f"  {folder / name}" for name in RUN_FILES])


def _accuracies(contender: Contender) -> tuple[str, str]:
    validation, test = contender.validation, contender.test
    return (
        "-" if validation is None else f"{validation.accuracy:.1%}",
        "-" if test is None else f"{test.accuracy:.1%}",
    )


def _names(names: Any) -> str:
    shown = ", ".join(str(name) for name in names[:_SHOWN_NAMES])
    return shown + (", ..." if len(names) > _SHOWN_NAMES else "")


def _print(console: Any, lines: list[str]) -> None:
    # markup off: a file or column may have brackets in its name
    console.print("\n".join(lines), markup=False)
