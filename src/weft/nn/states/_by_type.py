"""Parameters that PyG keeps under the names of types, as weft has them: numbered and stacked."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import OptionError, message
from ..conv.hgt_conv import HGTConv

Metadata = tuple[Sequence[str], Sequence[tuple[str, str, str]]]


def numbered(module: nn.Module, state: Mapping[str, Tensor], metadata: Metadata | None) -> dict[str, Tensor]:
    """The state of PyG with what its HGTConv calls by types under the names of weft's HGTConv.

    Raises:
        OptionError: if there is such a layer and no `metadata`.
    """
    found = dict(state)
    for name, layer in module.named_modules():
        if isinstance(layer, HGTConv):
            if metadata is None:
                hint = "it numbers types by it, and a state tells their order only in part"
                raise OptionError(message("load_peer_state", "`metadata` of PyG's HGTConv", "None", hint))
            prefix = f"{name}." if name else ""
            theirs = {key.removeprefix(prefix): found.pop(key) for key in state if key.startswith(prefix)}
            found |= {prefix + key: value for key, value in _of_hgt(theirs, metadata, layer.num_heads).items()}
    return found


def _of_hgt(state: dict[str, Tensor], metadata: Metadata, num_heads: int) -> dict[str, Tensor]:
    """One layer: keys, queries and values lie side by side there, and the matrices of heads and edge types in one."""
    node_types, edge_types = metadata
    rest, found = dict(state), dict[str, Any]()

    def taken(name: str, kinds: Sequence[str]) -> Tensor | None:
        """The parameters of the types, if all are there."""
        names = [name.replace("*", kind) for kind in kinds]
        return torch.stack([rest.pop(each) for each in names]) if all(each in rest for each in names) else None

    for ours, theirs, parts in (("kqv", "kqv_lin", 3), ("a", "out_lin", 1)):
        for part, (kind, axis) in {"W": ("weight", 1), "bias": ("bias", 1)}.items():
            value = taken(f"{theirs}.lins.*.{kind}", node_types)
            for letter, piece in zip(ours, () if value is None else value.chunk(parts, axis), strict=False):
                found[f"linear_{letter}.{part}"] = piece.mT if part == "W" else piece
    for ours, theirs in (("relation_att", "k_rel.weight"), ("relation_msg", "v_rel.weight")):
        if theirs in rest:
            heads = rest.pop(theirs).chunk(num_heads)
            found |= {f"{ours}.{head}.W": matrices for head, matrices in enumerate(heads)}
    priors = taken("p_rel.*", ["__".join(each) for each in edge_types])
    if priors is not None:
        found |= {f"relation_pri.{head}": priors[:, 0, head] for head in range(num_heads)}
    skip = taken("skip.*", node_types)
    return rest | found | ({} if skip is None else {"skip": skip.flatten()})
