"""What reads a data set and prepares it for a protocol, for each kind of rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .entities import EntityTask, read_entities
from .experiment import Experiment
from .graphs import GraphTask, read_graphs
from .metapaths import MetapathTask, read_metapaths
from .nodes import NodeTask, read_nodes
from .training import Task

WITH_ATTRIBUTES = ("enzymes",)  # as the source has it
METAPATHS = {"acm": {"node_type": "paper", "through": ("author", "subject"), "split": "split_60.npz"}}


def prepare(folder: Path, row: Experiment) -> Task[Any]:
    """Read the data of a row and prepare them for its protocol."""
    if row.kind == "graphs":
        return GraphTask(read_graphs(folder, row.dataset, attributes=row.dataset in WITH_ATTRIBUTES), row.protocol)
    if row.kind == "entities":
        return EntityTask(read_entities(folder, row.dataset), row.protocol)
    if row.kind == "metapaths":
        return MetapathTask(read_metapaths(folder, row.dataset, **METAPATHS[row.dataset]), row.protocol)
    return NodeTask(read_nodes(folder, row.dataset, against=row.protocol.by_rows), row.protocol)
