"""Weights of edges by the tags of the nodes at their other ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ...errors import FeatureError, ShapeError, message
from .._graph import DGLGraph
from ..transforms._made import only_adjacency
from ._prepared import prepared


def tag_weights(g: DGLGraph, bias: Sequence[float] | Tensor, direction: str, tag_offset_name: str) -> Tensor:
    """A number for each edge: the bias of the tag of its neighbour, whose edges stand in the order of tags.

    Raises:
        FeatureError: if there is no column of offsets.
        ShapeError: if there is not one bias for each tag.
    """
    where = "sample_neighbors_biased"
    adjacency = only_adjacency(where, g)
    if tag_offset_name not in g._nodes[0]:
        hint = "sort_csc_by_tag" if direction == "in" else "sort_csr_by_tag"
        raise FeatureError(message(where, "a column of offsets of tags", f'no "{tag_offset_name}"', hint))
    offset, shares = g._nodes[0][tag_offset_name], torch.as_tensor(bias, dtype=torch.float64).cpu()
    if shares.shape != (offset.shape[1] - 1,):
        got = f"shape {tuple(shares.shape)}"
        raise ShapeError(message(where, f"a bias for each of {offset.shape[1] - 1} tags", got))

    def make() -> Tensor:
        rows = (adjacency.by_target if direction == "in" else adjacency.by_source)[:3]
        indptr, edge = rows[0].cpu(), None if rows[2] is None else rows[2].cpu()
        lengths = offset.cpu().diff(dim=1)  # how many edges of each tag a node has, in their order
        by_position = shares.repeat(lengths.shape[0]).repeat_interleave(lengths.flatten())
        if by_position.shape[0] != int(indptr[-1]):
            got = f"{by_position.shape[0]} of {int(indptr[-1])}"
            raise ShapeError(message(where, "offsets that count every edge of the graph", got))
        return by_position if edge is None else torch.empty_like(by_position).index_copy_(0, edge.long(), by_position)

    key: Any = "bias", direction, tag_offset_name, tuple(shares.tolist())
    return prepared(g, key, {("", "", ""): offset}, make)
