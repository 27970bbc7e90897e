"""weft: deep learning on graphs.

The names below are the face of the package. Rooms load on first use, so that `import weft` needs torch and numpy only.

>>> import torch, weft
>>> graph = weft.Graph(torch.tensor([0, 1]), torch.tensor([1, 2]), num_nodes=3)
>>> weft.aggregate(graph, torch.tensor([1.0, 2.0, 3.0]))
tensor([0., 1., 2.])
"""

import importlib
from typing import TYPE_CHECKING

from . import errors as errors
from . import settings as settings
from ._version import __version__ as __version__

if TYPE_CHECKING:
    from . import graph as graph
    from . import loading as loading
    from . import native as native
    from . import nn as nn
    from . import ops as ops
    from . import sampling as sampling
    from . import storage as storage
    from . import tables as tables
    from . import testing as testing
    from . import train as train
    from .graph import Adjacency as Adjacency
    from .graph import Batch as Batch
    from .graph import Block as Block
    from .graph import Graph as Graph
    from .graph import batch as batch
    from .graph import readout as readout
    from .graph import unbatch as unbatch
    from .native import keep_freed_memory as keep_freed_memory
    from .nn import aggregate as aggregate
    from .nn import apply_edges as apply_edges
    from .nn import explain_plan as explain_plan
    from .nn import formula as formula

_ROOMS = ("dgl", "graph", "loading", "native", "nn", "ops", "sampling", "storage", "tables", "testing", "train")
_FACE = {
    "graph": ("Adjacency", "Batch", "Block", "Graph", "batch", "readout", "unbatch"),
    "native": ("keep_freed_memory",),
    "nn": ("aggregate", "apply_edges", "explain_plan", "formula"),
}
_HOME = {name: room for room, names in _FACE.items() for name in names}

__all__ = ["__version__", "errors", "settings", *_ROOMS, *_HOME]


def __getattr__(name: str) -> object:
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOME:
        found = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
