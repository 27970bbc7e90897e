"""Parameters that PyG keeps under the names of types, as weft has them: numbered and stacked."""

from collections.abc import Mapping, Sequence

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


def _of_hgt(rest: dict[str, Tensor], metadata: Metadata, num_heads: int) -> dict[str, Tensor]:
    """One layer: keys, queries and values lie side by side there, and the matrices of heads and edge types in one."""
    node_types, edge_types = metadata
    found: dict[str, Tensor] = {}

    def take(theirs: str, kinds: Sequence[str], ours: Sequence[str]) -> None:
        """Stack what the types have, if all have it in one size, and cut it into what weft has."""
        names = [theirs.replace("*", kind) for kind in kinds]
        if rest.keys() >= set(names) and len({rest[name].shape for name in names}) == 1:
            stacked = torch.stack([rest.pop(name) for name in names])
            found.update(zip(ours, stacked.chunk(len(ours), 1), strict=True))

    for letters, linear in (("kqv", "kqv_lin"), ("a", "out_lin")):
        take(f"{linear}.lins.*.bias", node_types, [f"linear_{letter}.bias" for letter in letters])
        take(f"{linear}.lins.*.weight", node_types, [f"linear_{letter}.W" for letter in letters])
    take("skip.*", node_types, ["skip"])
    found = {name: value.mT if name.endswith(".W") else value for name, value in found.items()}
    take("p_rel.*", ["__".join(each) for each in edge_types], ["relation_pri"])
    if "relation_pri" in found:
        found |= {f"relation_pri.{head}": each for head, each in enumerate(found.pop("relation_pri").unbind(2))}
    for ours, theirs in (("relation_att", "k_rel.weight"), ("relation_msg", "v_rel.weight")):
        if theirs in rest:
            found |= {f"{ours}.{head}.W": each for head, each in enumerate(rest.pop(theirs).chunk(num_heads))}
    return rest | found
