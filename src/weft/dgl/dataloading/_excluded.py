"""Edges that must not be drawn around others, since they give them away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ...errors import FeatureError, OptionError, message
from .._graph import DGLGraph

MODES = ("self", "reverse_id", "reverse_types")


def find_exclude_eids(
    g: DGLGraph, seed_edges: Any, exclude: Any, reverse_eids: Any = None, reverse_etypes: Any = None,
    output_device: Any = None,
) -> Any:  # fmt: skip
    """Find the edges that must not be drawn around some edges; None if all may be.

    Args:
        seed_edges: ids of edges, for several types by edge type.
        exclude, reverse_eids, reverse_etypes: as for `as_edge_prediction_sampler`.
        output_device: where the ids go.

    Raises:
        OptionError: if a word is none of those, or what it needs is missing.
        FeatureError: if there is no such edge type.

    >>> import torch, weft.dgl as dgl
    >>> g = dgl.graph(([0, 1], [1, 0]))
    >>> find_exclude_eids(g, torch.tensor([0]), "reverse_id", reverse_eids=torch.tensor([1, 0]))
    tensor([0, 1])
    """
    if exclude is None:
        return None
    if callable(exclude):
        found = exclude(seed_edges)
    elif exclude == "self":
        found = seed_edges
    elif exclude == "reverse_id":
        found = _with_reverse_ids(g, seed_edges, reverse_eids)
    elif exclude == "reverse_types":
        found = _with_reverse_types(g, seed_edges, reverse_etypes)
    else:
        raise OptionError(message("find_exclude_eids", f"`exclude` among {MODES}, None or a function", repr(exclude)))
    if output_device is None or found is None:
        return found
    if isinstance(found, Mapping):
        return {name: ids.to(output_device) for name, ids in found.items()}
    return found.to(output_device)


def _with_reverse_ids(g: DGLGraph, seed_edges: Any, reverse_eids: Any) -> Any:
    if reverse_eids is None:
        raise OptionError(message("find_exclude_eids", '`reverse_eids` for "reverse_id"', "none"))
    if not isinstance(seed_edges, Mapping):
        if isinstance(reverse_eids, Mapping):
            (reverse_eids,) = reverse_eids.values()
        ids = g._as_ids(seed_edges)
        return torch.cat((ids, _reverses(g, reverse_eids, ids, None))).to(g.idtype)
    named = {g.to_canonical_etype(name): back for name, back in reverse_eids.items()}
    found = {}
    for name, given in seed_edges.items():
        key, ids = g.to_canonical_etype(name), g._as_ids(given)
        if key not in named:
            raise FeatureError(message("find_exclude_eids", f"`reverse_eids` of {key}", f"those of {list(named)}"))
        found[key] = torch.cat((ids, _reverses(g, named[key], ids, key))).to(g.idtype)
    return found


def _reverses(g: DGLGraph, reverse_eids: Any, ids: Tensor, name: Any) -> Tensor:
    back = torch.as_tensor(reverse_eids, device=ids.device)
    known = g._known_ids(ids, back.shape[0], "edges")
    return back[known].long()


def _with_reverse_types(g: DGLGraph, seed_edges: Any, reverse_etypes: Any) -> Any:
    if reverse_etypes is None:
        raise OptionError(message("find_exclude_eids", '`reverse_etypes` for "reverse_types"', "none"))
    if not isinstance(seed_edges, Mapping):
        seed_edges = {g.to_canonical_etype(None): seed_edges}
    found = {g.to_canonical_etype(name): ids for name, ids in seed_edges.items()}
    lists: dict[Any, list[Any]] = {name: [ids] for name, ids in found.items()}
    for name, back in reverse_etypes.items():
        key = g.to_canonical_etype(name)
        if key in found:
            lists.setdefault(g.to_canonical_etype(back), []).append(found[key])
    return {name: torch.cat([g._as_ids(each) for each in ids]).unique().to(g.idtype) for name, ids in lists.items()}
