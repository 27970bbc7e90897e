"""Columns that a loader fetches: how they are asked for, and how they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .._frames import Frame
from .._graph import DGLGraph
from .._later_rows import LazyFeature
from ..base import EID, NID
from ..storages import FeatureStorage, wrap_storage

Names = Sequence[str] | Mapping[Any, Sequence[str]] | None


def set_node_lazy_features(g: DGLGraph, feature_names: Names) -> None:
    """Ask for columns of nodes: names, or for several types a mapping from node types to names.

    >>> import weft.dgl as dgl
    >>> g = dgl.graph(([0], [1]))
    >>> set_node_lazy_features(g, ["feat"])
    >>> isinstance(g.ndata["feat"], dgl.LazyFeature)
    True
    """
    _ask(g.ndata, feature_names)


def set_edge_lazy_features(g: DGLGraph, feature_names: Names) -> None:
    """The same for edges."""
    _ask(g.edata, feature_names)


def set_src_lazy_features(g: DGLGraph, feature_names: Names) -> None:
    """The same for sources."""
    _ask(g.srcdata, feature_names)


def set_dst_lazy_features(g: DGLGraph, feature_names: Names) -> None:
    """The same for targets."""
    _ask(g.dstdata, feature_names)


def _ask(columns: Any, names: Names) -> None:
    if names is None:
        return
    if isinstance(names, Mapping):
        by_name: dict[str, dict[Any, LazyFeature]] = {}
        for kind, of_type in names.items():
            for name in of_type:
                by_name.setdefault(name, {})[kind] = LazyFeature(name)
        for name, by_type in by_name.items():
            columns[name] = by_type
        return
    for name in [names] if isinstance(names, str) else names:
        columns[name] = LazyFeature(name)


def get_node_storage(self: DGLGraph, key: str, ntype: str | None = None) -> FeatureStorage:
    """Where rows of a column of nodes are fetched from."""
    return wrap_storage(self._nodes[self._types.node_frame(ntype)][key])


def get_edge_storage(self: DGLGraph, key: str, etype: Any = None) -> FeatureStorage:
    """Where rows of a column of edges are fetched from."""
    return wrap_storage(self._edges[self._types.edge(etype)][key])


def materialize_data(self: DGLGraph) -> DGLGraph:
    """Take the rows of columns that were left for later; gives the graph itself back."""
    for frame in (*self._nodes, *self._edges):
        _ = frame.values()
    return self


def fetched(batch: Any, graph: Any, others: Mapping[str, FeatureStorage], device: Any) -> Any:
    """A batch, on a device unless that is None, with everything that stood for a feature replaced by it."""
    if isinstance(batch, DGLGraph):
        return _with_columns(batch, graph, device)
    if isinstance(batch, LazyFeature):
        return others[str(batch.name)].fetch(batch.id_, "cpu" if device is None else device)
    if isinstance(batch, Mapping):
        return {name: fetched(part, graph, others, device) for name, part in batch.items()}
    if isinstance(batch, (list, tuple)):
        parts = [fetched(part, graph, others, device) for part in batch]
        if isinstance(batch, list):
            return parts
        return type(batch)(*parts) if hasattr(batch, "_fields") else tuple(parts)
    return batch.to(device) if device is not None and hasattr(batch, "to") else batch


def _with_columns(part: DGLGraph, graph: Any, device: Any) -> DGLGraph:
    types, device = part._types, part.device if device is None else device
    found = [
        *[_fetch(frame, NID, graph.get_node_storage, name, device) for name, frame in zip(types.nodes, part._nodes, strict=True)],
        *[_fetch(frame, EID, graph.get_edge_storage, name, device) for name, frame in zip(types.edges, part._edges, strict=True)],
    ]  # fmt: skip
    if part.device != device:
        part = part.to(device)
    for frame, columns in zip((*part._nodes, *part._edges), found, strict=True):
        frame.update(columns)
    return part


def _fetch(frame: Frame, ids: str, storage: Callable[[str, Any], FeatureStorage], kind: Any, device: Any) -> Any:
    return {
        name: storage(column.name or name, kind).fetch(frame[ids] if column.id_ is None else column.id_, device)
        for name, column in list(frame.held())
        if isinstance(column, LazyFeature)
    }
