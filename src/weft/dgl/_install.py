"""`import dgl` for packages that say so, in this process."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from ..errors import AbsentImportError, OptionError, message
from ._later import reason_of_module

_HERE = __name__.rpartition(".")[0]
_ELSEWHERE = {
    "heterograph": "_graph",
    "utils": "_pairs",
    "sampling.utils": "sampling._excluder",
    "nn.pytorch.utils": "nn.pytorch",
    "_ffi": "base",
    "_ffi.base": "base",
    "function.message": "function",
    "function.reducer": "function",
}
"""Modules of DGL whose names lie in another one here."""


class _Finder(importlib.abc.MetaPathFinder):
    """Says of modules of DGL that are not there why, before Python looks for another dgl."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        top, _, module = fullname.partition(".")
        if top != "dgl":
            return None
        reason = reason_of_module(module) or "weft.dgl has no such module"
        raise AbsentImportError(f"{fullname} is not there: {reason}", name=fullname)


_FINDER = _Finder()


def install() -> None:
    """Let `import dgl`, `from dgl.nn.pytorch import GraphConv` and the like give this interface, in this process.

    Raises:
        OptionError: if DGL itself was imported before.

    >>> import weft.dgl
    >>> weft.dgl.install()
    >>> import dgl
    >>> dgl.graph(([0], [1])).num_nodes()
    2
    >>> weft.dgl.uninstall()
    """
    ours = sys.modules[_HERE]
    found = sys.modules.get("dgl")
    if found is not None and found is not ours:
        got = f"the one of {getattr(found, '__file__', None)}"
        raise OptionError(
            message("install", "no other dgl in this process", got, "call install before anything imports dgl")
        )
    aliases: dict[str, Any] = {
        f"dgl{name.removeprefix(_HERE)}": module
        for name, module in sys.modules.items()
        if name == _HERE or name.startswith(f"{_HERE}.")
    }
    for name, home in _ELSEWHERE.items():
        aliases.setdefault(f"dgl.{name}", sys.modules[f"{_HERE}.{home}"])
    sys.modules.update(aliases)
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


def uninstall() -> None:
    """Undo `install`: what was imported as dgl stays as it is, and `import dgl` looks for DGL itself again."""
    if _FINDER in sys.meta_path:
        sys.meta_path.remove(_FINDER)
    if sys.modules.get("dgl") is sys.modules[_HERE]:
        for name in [name for name in sys.modules if name == "dgl" or name.startswith("dgl.")]:
            del sys.modules[name]
