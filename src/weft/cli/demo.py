"""`weft demo`: the train command on handwritten digits that scikit-learn carries."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from ..errors import OptionError, message
from ..settings import require
from ..train import RUN_FILES, write_files
from .train import train_command

NUM_NEIGHBOURS = 5
_TRAIN_ARGUMENTS = ("--target", "digit", "--train-fraction", "0.03", "--val-fraction", "0.1")


def demo_command() -> Any:
    """Build the click command."""
    click = require("click", "train")
    return click.Command(
        "demo",
        callback=run_demo,
        params=[click.Option(["--folder"], type=click.Path(), default="weft-demo", help="Folder for tables and run.")],
        help="Write 1,797 handwritten digits as tables of nodes and edges, and run `weft train` on them.",
    )


def run_demo(folder: str) -> None:
    """Write the tables, train on them, and say in plain words what happened."""
    root = Path(folder)
    nodes, edges, run = root / "nodes.csv", root / "edges.csv", root / "run"
    node_text, edge_text = digit_tables()
    _write_table(nodes, node_text)
    _write_table(edges, edge_text)
    print(
        f"Each of 1,797 scanned digits is a node with its 64 pixels, joined to the {NUM_NEIGHBOURS} that look most "
        f"like it.\nOnly about 1 in 33 is labelled for training; the others must be guessed.\n"
    )
    arguments = [str(nodes), str(edges), *_TRAIN_ARGUMENTS, "--out", str(run)]
    print(f"$ weft train {' '.join(arguments)}\n")
    train_command().main(args=arguments, prog_name="weft train", standalone_mode=False)
    print(_conclusion(run, nodes, edges))


def digit_tables() -> tuple[str, str]:
    """Make the two tables, as CSV, from the digits and their nearest neighbours in pixel space.

    Source: E. Alpaydin, C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning Repository.
    """
    datasets, neighbours = require("sklearn.datasets", "demo"), require("sklearn.neighbors", "demo")
    pixels, digits = datasets.load_digits(return_X_y=True)
    search = neighbours.NearestNeighbors(n_neighbors=NUM_NEIGHBOURS, algorithm="brute").fit(pixels)
    nearest = search.kneighbors(return_distance=False)
    names = [f"scan-{i:04}" for i in range(len(digits))]
    node_rows = [["id", *(f"pixel_{i // 8}_{i % 8}" for i in range(64)), "digit"]]
    for name, values, digit in zip(names, pixels.astype(int).tolist(), digits.tolist(), strict=True):
        node_rows.append([name, *map(str, values), str(digit)])
    edge_rows = [["source", "target"]]
    for name, others in zip(names, nearest.tolist(), strict=True):
        edge_rows += [[name, names[other]] for other in others]
    return _csv(node_rows), _csv(edge_rows)


def _csv(rows: list[list[str]]) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def _write_table(path: Path, text: str) -> None:
    if path.exists():
        if path.read_text(encoding="utf-8", errors="replace") == text:
            return
        raise OptionError(
            message(str(path), "no file, or the one of an earlier demo", "another file", "give an empty --folder")
        )
    write_files(path.parent, {path.name: lambda target: _write_text(target, text)})


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _conclusion(run: Path, nodes: Path, edges: Path) -> str:
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    alone, graph = (metrics[name]["test"] for name in ("features_only", "graph"))
    count = graph["num_nodes"]
    right = [round(contender["accuracy"] * count) for contender in (alone, graph)]
    if right[1] > right[0]:
        verdict = f"{right[1] - right[0]:,} more than the {right[0]:,} from its pixels alone: the edges helped."
    else:
        verdict = f"no more than the {right[0]:,} from its pixels alone: the edges did not help here."
    files = [nodes, edges, *(run / name for name in RUN_FILES)]
    listing = "\n".join(f"  {path}" for path in files)
    return (
        f"\nweft learned from {metrics['nodes']['train']} labelled digits and read {right[1]:,} of {count:,} new ones "
        f"correctly,\n{verdict}\n\nEverything is in {run.parent}:\n{listing}"
    )
