"""What reads a data set and prepares it for a protocol, for each kind of rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .experiment import Experiment, Kind
from .nodes import NodeTask, read_nodes
from .training import Task

PREPARED: dict[Kind, Callable[[Path, Experiment], Task]] = {
    "nodes": lambda folder, row: NodeTask(read_nodes(folder, row.dataset), row.protocol),
}


def prepare(folder: Path, experiment: Experiment) -> Task:
    """Read the data of a row and prepare them for its protocol."""
    return PREPARED[experiment.kind](folder, experiment)
