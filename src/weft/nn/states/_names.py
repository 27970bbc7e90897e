"""The names of a peer's parameters, turned into weft's by the tables `from_dgl` and `from_pyg`."""

import re
from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ..hetero import HeteroGraphConv
from . import from_dgl, from_pyg
from ._joined import joined

Peer = Literal["dgl", "pyg"]
NAMES: dict[str, dict[str, str]] = {"dgl": from_dgl.NAMES, "pyg": from_pyg.NAMES}


def renamed(
    module: nn.Module, state: Mapping[str, Tensor], peer: Peer, expected: Mapping[str, Any]
) -> dict[str, Tensor]:
    """The state under weft's names, as far as the tables of the layers in a module speak of it.

    Layers come from the outside in: what the table of one puts into another inside waits there for that one's table.

    Args:
        expected: what the module calls its parameters.
    """
    layers = {f"{name}." if name else "": each for name, each in module.named_modules()}
    tables = {prefix: _rules(NAMES[peer].get(type(each).__name__, "")) for prefix, each in layers.items()}
    prefixes = [prefix for prefix, rules in tables.items() if rules]
    waiting, found = dict(state), dict[str, Tensor]()
    for prefix, each in layers.items():
        places = _places(prefix, each) if peer == "pyg" and isinstance(each, HeteroGraphConv) else {}
        inside = tuple(other for other in prefixes if other != prefix and other.startswith(prefix))
        mine = {key: waiting.pop(key) for key in [*waiting] if key.startswith(prefix)}
        for theirs, value in joined(mine, prefix, tables[prefix]).items():
            key = _placed(theirs, places)
            ours = _renamed(prefix, key, value, tables[prefix], expected, inside)
            if ours == key:
                waiting[key] = value
            elif ours is not None:
                name, changed = _changed(ours, value)
                (found if name in expected else waiting)[name] = changed
    return found | waiting


def _places(prefix: str, layer: HeteroGraphConv) -> dict[str, str]:
    """Where a layer on typed graphs has its layers for each edge type: the peer's prefix to weft's."""
    found: dict[str, str] = {}
    for key in layer.mods:
        parts = re.findall(r"'([^']*)'", key)
        found[f"{prefix}convs.<{'___'.join(parts)}>."] = f"{prefix}mods.{key}."
    return found


def _placed(key: str, prefixes: Mapping[str, str]) -> str:
    """A name with the prefix that weft has."""
    theirs = next((prefix for prefix in prefixes if key.startswith(prefix)), None)
    return key if theirs is None else prefixes[theirs] + key.removeprefix(theirs)


def _rules(text: str) -> list[tuple[str, str]]:
    pairs = [rule.partition("->") for rule in text.split(";") if rule.strip()]
    return [(theirs.strip(), ours.strip()) for theirs, _, ours in pairs]


def _renamed(
    prefix: str,
    key: str,
    value: Tensor,
    rules: list[tuple[str, str]],
    expected: Mapping[str, Any],
    inside: tuple[str, ...],
) -> str | None:
    """The name that weft gives a parameter, with what has to be done to it; None if weft has no use for it.

    Args:
        inside: prefixes of layers within, whose tables may change what stands for `*` at the end.
    """
    name = key.removeprefix(prefix)
    for theirs, ours in rules:
        pattern = re.escape(theirs).replace(r"\#", r"(\d+)").replace(r"\*", "(.+)")
        whole = re.fullmatch(pattern, name)
        if whole:
            if not ours or (ours == "1" and bool((value == 1).all())):
                return None
            parts = iter(whole.groups())
            renamed = re.sub(r"[#*]", lambda _, parts=parts: next(parts), ours)  # type: ignore[misc]
            # Rules of several layers of the peer may share a line: the one that names what is there counts.
            placed = prefix + _changed(renamed)[0]
            if placed in expected or (ours.endswith("*") and placed.startswith(inside)):
                return prefix + renamed
    return key


def _changed(name: str, value: Tensor | None = None) -> tuple[str, Any]:
    """A name without what has to be done, and the tensor after it."""
    if name.endswith(".T"):
        return name.removesuffix(".T"), None if value is None else value.mT
    if name.endswith(".swapped"):
        name = name.removesuffix(".swapped")
        if value is None:
            return name, None
        rows = value.shape[0]
        return name, torch.cat((value[:, rows : 2 * rows], value[:, :rows], value[:, 2 * rows :]), 1)
    return name, value
