"""Neighbours that nodes share."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ...errors import OptionError, message
from ...ops import Draws
from .._graph import DGLGraph
from ._drawn import draw_hops, edges_of, frontier_of, refuse_repeats
from ._importance import importances
from ._prepared import check_direction, edges_by_type, fanouts_of, ids_by_type, weights_of


def sample_labors(
    g: DGLGraph,
    nodes: Any,
    fanout: Any,
    edge_dir: str = "in",
    prob: Any = None,
    importance_sampling: int = 0,
    random_seed: Any = None,
    seed2_contribution: float = 0,
    copy_ndata: bool = True,
    copy_edata: bool = True,
    exclude_edges: Any = None,
    output_device: Any = None,
) -> tuple[DGLGraph, list[Tensor]]:
    """Draw edges at some nodes so that nodes share neighbours: an edge is kept by the draw of its neighbour.

    The second result has for each edge type what its edges weigh, so that sums weighted by it estimate those over all
    edges, with a mean of 1 for each node; it is empty without `prob`, where all weigh the same.

    Args:
        nodes, edge_dir, prob, copy_ndata, copy_edata, exclude_edges, output_device: as for `sample_neighbors`.
        fanout: how many edges of each type a node draws in the mean.
        importance_sampling: 0; weft draws LABOR-0.
        random_seed: a number, or a tensor of one; the same one gives the same draws.
        seed2_contribution: 0; draws of two seeds are not mixed.

    Raises:
        OptionError: if it asks for what is not there, or as `sample_neighbors` does; so are the other errors.

    >>> import weft.dgl as dgl
    >>> g = dgl.graph(([0, 1, 2], [3, 3, 3]))
    >>> part, weights = dgl.sampling.sample_labors(g, [3], 5)
    >>> part.num_edges(), weights[0].shape
    (3, torch.Size([0]))
    """
    where = "sample_labors"
    check_direction(where, g, edge_dir)
    refuse_iterations(where, importance_sampling)
    if seed2_contribution:
        raise OptionError(message(where, "`seed2_contribution` 0", str(seed2_contribution), "give one random_seed"))
    weights = weights_of(where, g, prob)
    exclude = None if exclude_edges is None else edges_by_type(g, exclude_edges)
    seeds, number = ids_by_type(where, g, nodes), fanouts_of(where, g, fanout)
    batch = draw_hops(
        g, seeds, [number], weights=weights, direction=edge_dir, shared="hop", exclude=exclude,
        draws=draws_of(random_seed),
    )  # fmt: skip
    refuse_repeats(where, seeds, batch)
    found = edges_of(g, batch, edge_dir)
    made = frontier_of(g, found, copy_ndata=copy_ndata, copy_edata=copy_edata, output_device=output_device)
    shares = []
    for name, (source, target, ids) in zip(g._types.edges, found, strict=True):
        if name not in weights:
            shares.append(torch.empty(0, device=made.device))
            continue
        ends = (target, 2) if edge_dir == "in" else (source, 0)
        share = importances(g, name, weights[name], (ids, ends[0]), number[name], edge_dir)
        shares.append(share.to(made.device))
    return made, shares


def refuse_iterations(where: str, importance_sampling: int) -> None:
    """Refuse the variants of LABOR that weft does not draw.

    Raises:
        OptionError: if one is asked for.
    """
    if importance_sampling:
        hint = "0, or weft.sampling.ImportanceLaborSampler"
        raise OptionError(message(where, "`importance_sampling` 0, which is LABOR-0", str(importance_sampling), hint))


def draws_of(random_seed: Any) -> Draws | None:
    """The draws that a seed names."""
    if random_seed is None:
        return None
    value = int(torch.as_tensor(random_seed).flatten()[0]) % 2**48
    return Draws(0, value >> 28, value % 2**28)
