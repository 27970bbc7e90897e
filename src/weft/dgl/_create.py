"""Graphs of edge lists and compressed matrices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ..errors import OptionError, ShapeError
from ..graph import Adjacency, EdgeType
from ._frames import Frame
from ._graph import DGLBlock, DGLGraph
from ._types import HOMOGENEOUS, Types

Counts = Mapping[str, int] | None


def graph(
    data: Any,
    *,
    num_nodes: int | None = None,
    idtype: torch.dtype | None = None,
    device: Any = None,
    row_sorted: bool = False,
    col_sorted: bool = False,
) -> DGLGraph:
    """Make a graph of one type.

    Args:
        data: `(sources, targets)`; or a list of pairs; or `("coo", (sources, targets))`, `("csr", (indptr, indices,
            edge_ids))`, `("csc", ...)`, where empty edge ids number edges by position.
        num_nodes: one more than the largest id if not given.
        idtype: torch.int64 or torch.int32; that of the ids if not given.
        row_sorted, col_sorted: accepted and not needed: what is sorted is found out.

    Raises:
        IdError, ShapeError, OptionError: if ids do not fit each other or the number of nodes, or data has another form.

    >>> graph(([0, 1], [1, 2]), num_nodes=4).num_nodes()
    4
    """
    if isinstance(data, DGLGraph):
        raise OptionError("graph: expected edges, got a graph; hint: g.clone() copies it")
    source, target = _ends("graph", data, idtype)
    kept = idtype or source.dtype
    least = max((int(end.max()) + 1 for end in (source, target) if end.shape[0]), default=0)
    if num_nodes is not None and num_nodes < least:
        raise OptionError(
            f"graph: expected `num_nodes` of at least {least}, since the highest id is {least - 1}, got {num_nodes}"
        )
    count = least if num_nodes is None else num_nodes
    adjacency = _adjacency(source, target, count, count, kept, device)
    place = adjacency.device
    frames = [Frame(count, place)], [Frame(adjacency.num_edges, place)]
    return DGLGraph._made(HOMOGENEOUS, [adjacency], *frames, kept, place)


def heterograph(
    data_dict: Mapping[EdgeType, Any],
    num_nodes_dict: Counts = None,
    idtype: torch.dtype | None = None,
    device: Any = None,
) -> DGLGraph:
    """Make a graph of several types; types stand in alphabetical order.

    Args:
        data_dict: from `(source type, relation, target type)` to edges as `graph` takes them.
        num_nodes_dict: from node types to numbers, for all node types; found from the ids if not given.

    Raises:
        OptionError: if numbers are missing or too small, or a key is no triple.

    >>> g = heterograph({("user", "rates", "item"): ([0, 1], [1, 2])})
    >>> g.ntypes, g.num_nodes("item")
    (['item', 'user'], 3)
    """
    ends = {name: _ends("heterograph", data, idtype) for name, data in data_dict.items()}
    for name in ends:
        if not isinstance(name, tuple) or len(name) != 3:
            raise OptionError(f"heterograph: expected (source type, relation, target type), got {name!r}")
    kept = _idtype(ends, idtype)
    least: dict[str, int] = {}
    for name, pair in ends.items():
        for node_type, end in ((name[0], pair[0]), (name[2], pair[1])):
            least[node_type] = max(least.get(node_type, 0), int(end.max()) + 1 if end.shape[0] else 0)
    counts = dict(num_nodes_dict) if num_nodes_dict is not None else least
    for node_type, number in least.items():
        if node_type not in counts:
            raise OptionError(f'heterograph: expected a number of nodes for "{node_type}", got {dict(counts)}')
        if counts[node_type] < number:
            raise OptionError(
                f'heterograph: expected at least {number} nodes of type "{node_type}", since the highest id is {number - 1}, '
                f"got {counts[node_type]}"
            )
    names, node_types = sorted(ends), sorted(counts)
    adjacencies = [_adjacency(*ends[n], counts[n[0]], counts[n[2]], kept, device) for n in names]
    place = adjacencies[0].device if adjacencies else torch.device(device or "cpu")
    nodes = [Frame(counts[node_type], place) for node_type in node_types]
    edges = [Frame(adjacency.num_edges, place) for adjacency in adjacencies]
    return DGLGraph._made(Types(names, node_types), adjacencies, nodes, edges, kept, place)


def create_block(
    data_dict: Any,
    num_src_nodes: Counts | int = None,
    num_dst_nodes: Counts | int = None,
    idtype: torch.dtype | None = None,
    device: Any = None,
    node_count_check: bool = True,
) -> DGLBlock:
    """Make a block: edges from sources to targets that are different nodes.

    Args:
        data_dict: edges as `graph` takes them, or a mapping from edge types to such edges.
        num_src_nodes, num_dst_nodes: numbers, of several types by type; found from the ids if not given.
        node_count_check: accepted and not needed: ids are checked in any case.

    >>> create_block(([0, 1, 2], [0, 0, 1]))
    Block(num_src_nodes=3, num_dst_nodes=2, num_edges=3)
    """
    if not isinstance(data_dict, Mapping):
        data_dict = {("_N", "_E", "_N"): data_dict}
        num_src_nodes = {"_N": num_src_nodes} if isinstance(num_src_nodes, int) else num_src_nodes
        num_dst_nodes = {"_N": num_dst_nodes} if isinstance(num_dst_nodes, int) else num_dst_nodes
    if isinstance(num_src_nodes, int) or isinstance(num_dst_nodes, int):
        raise OptionError("create_block: expected numbers of nodes by type for edges by type, got one number")
    ends = {name: _ends("create_block", data, idtype) for name, data in data_dict.items()}
    kept = _idtype(ends, idtype)
    counts: list[dict[str, int]] = []
    for given, place_of_type, at in ((num_src_nodes, 0, 0), (num_dst_nodes, 2, 1)):
        found = dict(given or {})
        for name, pair in ends.items():
            least = int(pair[at].max()) + 1 if pair[at].shape[0] else 0
            node_type = name[place_of_type]
            if given is not None and found.get(node_type, -1) < least:
                raise OptionError(
                    f"create_block: expected at least {least} nodes of type {node_type}, got {found.get(node_type)}"
                )
            found[node_type] = max(found.get(node_type, 0), least)
        counts.append(found)
    names, sources, targets = sorted(ends), sorted(counts[0]), sorted(counts[1])
    adjacencies = [_adjacency(*ends[n], counts[0][n[0]], counts[1][n[2]], kept, device) for n in names]
    place = adjacencies[0].device if adjacencies else torch.device(device or "cpu")
    nodes = [Frame(counts[0][name], place) for name in sources] + [Frame(counts[1][name], place) for name in targets]
    edges = [Frame(adjacency.num_edges, place) for adjacency in adjacencies]
    made = DGLGraph._made(Types(names, sources, targets), adjacencies, nodes, edges, kept, place)
    assert isinstance(made, DGLBlock), "types with targets of their own are those of a block"
    return made


def _idtype(ends: Mapping[Any, tuple[Tensor, Tensor]], idtype: torch.dtype | None) -> torch.dtype:
    """The dtype of ids that all edge types share."""
    found = {source.dtype for source, _ in ends.values()}
    if idtype is None and len(found) > 1:
        raise OptionError("expected edges of all types with ids of one dtype, got int32 and int64; hint: pass idtype")
    return idtype or next(iter(found), torch.int64)


def _adjacency(
    source: Tensor, target: Tensor, num_sources: int, num_targets: int, idtype: torch.dtype, device: Any
) -> Adjacency:
    source, target = (end.to(device=device, dtype=idtype) for end in (source, target))
    return Adjacency(source, target, num_sources=num_sources, num_targets=num_targets)


def _ends(where: str, data: Any, idtype: torch.dtype | None) -> tuple[Tensor, Tensor]:
    """Sources and targets of edges in any of the forms that DGL takes."""
    if isinstance(data, list) and all(isinstance(pair, tuple) and len(pair) == 2 for pair in data):
        data = ([u for u, _ in data], [v for _, v in data])
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise OptionError(f"{where}: expected (sources, targets), got {type(data).__name__}")
    if not isinstance(data[0], str):
        return _pair(where, data[0], data[1])
    fmt, arrays = data
    if fmt == "coo":
        return _pair(where, *arrays)
    if fmt not in ("csr", "csc"):
        raise OptionError(f'{where}: expected "coo", "csr" or "csc", got {fmt!r}')
    indptr, indices, edge_ids = (_as_ids(where, part) for part in arrays)
    try:
        row = torch.repeat_interleave(
            torch.arange(indptr.shape[0] - 1), indptr.diff().long(), output_size=indices.shape[0]
        )
    except RuntimeError as error:
        raise ShapeError(f"{where}: `indptr` does not divide the {indices.shape[0]} indices") from error
    row, column = row.to(indices.dtype), indices
    if edge_ids.shape[0]:
        if edge_ids.shape != indices.shape:
            raise ShapeError(
                f"{where}: expected an edge id for each of {indices.shape[0]} indices, got {edge_ids.shape[0]}"
            )
        order = torch.argsort(edge_ids)
        row, column = row[order], column[order]
    return (row, column) if fmt == "csr" else (column, row)


def _pair(where: str, source: Any, target: Any) -> tuple[Tensor, Tensor]:
    source, target = _as_ids(where, source), _as_ids(where, target)
    if source.shape != target.shape:
        raise ShapeError(f"{where}: expected as many sources as targets, got {source.shape[0]} and {target.shape[0]}")
    return source, target


def _as_ids(where: str, given: Any) -> Tensor:
    ids = torch.as_tensor(given)
    if ids.numel() == 0 or (not isinstance(given, Tensor) and not ids.is_floating_point() and ids.dtype != torch.bool):
        ids = ids.long()
    if ids.is_floating_point() or ids.dtype is torch.bool:
        raise OptionError(f"{where}: expected integers for ids, got {ids.dtype}")
    ids = ids.reshape(-1)
    return ids if ids.dtype in (torch.int32, torch.int64) else ids.long()
