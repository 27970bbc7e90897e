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

    Args:
        expected: what the module calls its parameters.
    """
    tables = {prefix: _rules(NAMES[peer][name]) for prefix, name in _layers(module, peer)}
    of_edge_types = _wrapped(module, peer)
    found: dict[str, Tensor] = {}
    for theirs, value in joined(state, tables).items():
        key = _placed(theirs, of_edge_types)
        # What the table of a layer does not speak of may be that of a layer inside, which was given to it.
        ours: str | None = key
        for prefix in sorted(p for p in tables if key.startswith(p)):
            ours = _renamed(prefix, key, value, tables[prefix], expected)
            if ours != key:
                break
        if ours is not None:
            ours, value = _changed(ours, value)
            found[ours] = value
    return found


def _layers(module: nn.Module, peer: Peer) -> list[tuple[str, str]]:
    """The layers with a table, by the prefix of their parameters."""
    named = ((f"{name}." if name else "", type(each).__name__) for name, each in module.named_modules())
    return [(prefix, name) for prefix, name in named if name in NAMES[peer]]


def _wrapped(module: nn.Module, peer: Peer) -> dict[str, str]:
    """Where the layers of typed graphs have their layers for each edge type: the peer's prefix to weft's."""
    found: dict[str, str] = {}
    for name, each in module.named_modules():
        if peer == "pyg" and isinstance(each, HeteroGraphConv):
            place = f"{name}." if name else ""
            for key in each.mods:
                parts = re.findall(r"'([^']*)'", key)
                found[f"{place}convs.<{'___'.join(parts)}>."] = f"{place}mods.{key}."
    return found


def _placed(key: str, prefixes: Mapping[str, str]) -> str:
    """A name with the prefix that weft has."""
    theirs = next((prefix for prefix in prefixes if key.startswith(prefix)), None)
    return key if theirs is None else prefixes[theirs] + key.removeprefix(theirs)


def _rules(text: str) -> list[tuple[str, str]]:
    pairs = [rule.partition("->") for rule in text.split(";") if rule.strip()]
    return [(theirs.strip(), ours.strip()) for theirs, _, ours in pairs]


def _renamed(
    prefix: str, key: str, value: Tensor, rules: list[tuple[str, str]], expected: Mapping[str, Any]
) -> str | None:
    """The name that weft gives a parameter, with what has to be done to it; None if weft has no use for it."""
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
            if prefix + _changed(renamed)[0] in expected:
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
