"""Graphs from and to named tensors, as files, processes and other frameworks exchange them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

import torch
from torch import Tensor
from torch.utils import dlpack

from ...errors import DtypeError, FeatureError, message
from .._batching import sets_of, with_offsets
from .._feature_set import EdgeSet
from .._graph import Graph
from .._naming import EdgeType, listed, quoted


def to_tensors(graph: Graph) -> dict[str, Tensor]:
    """Name every tensor of a graph: counts, ids, features, and where the graphs of a batch begin.

    Nodes of a type are `nodes/TYPE/count`, `nodes/TYPE/feature/NAME` and, in a batch, `nodes/TYPE/offsets`; edges are
    `edges/FROM/RELATION/TO/source`, `target` and `feature/NAME`. What is no letter, digit or one of `_.-~` in a
    name is escaped as in a URL. The tensors are those of the graph, not copies, but for counts, (), int64. Nothing is
    left behind.

    Each tensor speaks DLPack, so that `numpy.from_dlpack`, `jax.dlpack.from_dlpack` or `cupy.from_dlpack` takes it as
    it is.

    >>> graph = Graph([0, 1], [1, 2])
    >>> graph.nodes["x"] = torch.zeros(3, 8)
    >>> {name: tuple(tensor.shape) for name, tensor in to_tensors(graph).items()}
    {'nodes/node/count': (), 'nodes/node/feature/x': (3, 8), 'edges/node/edge/node/source': (2,),
     'edges/node/edge/node/target': (2,)}
    """
    tensors: dict[str, Tensor] = {}
    for name, found in sets_of(graph).items():
        words = ("nodes", name) if isinstance(name, str) else ("edges", *name)
        prefix = "/".join(map(_escaped, words))
        if isinstance(found, EdgeSet):
            tensors[f"{prefix}/source"], tensors[f"{prefix}/target"] = found.adjacency.source, found.adjacency.target
        else:
            tensors[f"{prefix}/count"] = torch.tensor(found.count)
            if found.offsets is not None:
                tensors[f"{prefix}/offsets"] = found.offsets
        for feature, values in found.items():
            tensors[f"{prefix}/feature/{_escaped(feature)}"] = values
    return tensors


def from_tensors(tensors: Mapping[str, Any]) -> Graph:
    """Make a graph of named tensors, as `to_tensors` names them; types come in the order of the names.

    Args:
        tensors: tensors, or whatever speaks DLPack: arrays of NumPy, JAX, CuPy. They are kept, not copied.

    Raises:
        FeatureError: if a name is of another form, or a count, a source or a target is missing.
        ShapeError, DtypeError, DeviceError, IdError: if they do not fit each other.

    >>> import numpy
    >>> source, target = numpy.array([0, 1]), numpy.array([1, 2])
    >>> parts = {"nodes/page/count": torch.tensor(3), "edges/page/links/page/source": source}
    >>> from_tensors({**parts, "edges/page/links/page/target": target})
    Graph(1 node type, 1 edge type, on cpu)
      "page": 3 nodes
      ("page", "links", "page"): 2 edges
    """
    parts: dict[Any, dict[str, Tensor]] = {}
    features: dict[Any, dict[str, Tensor]] = {}
    for name, given in tensors.items():
        key, what, feature = _read_name(name)
        tensor = given if isinstance(given, Tensor) else _exchanged(name, given)
        parts.setdefault(key, {})
        if feature is None:
            parts[key][what] = tensor
        else:
            features.setdefault(key, {})[feature] = tensor
    for key, found in parts.items():
        missing = [what for what in (("count",) if isinstance(key, str) else ("source", "target")) if what not in found]
        if missing:
            raise FeatureError(f"from_tensors: {quoted(key)} has no {listed(missing)}; known: {listed(tensors)}")
    counts = {key: int(found["count"]) for key, found in parts.items() if isinstance(key, str)}
    ends = {key: (found["source"], found["target"]) for key, found in parts.items() if isinstance(key, tuple)}
    graph = Graph(ends, num_nodes=counts)
    for key, values in features.items():
        sets_of(graph)[key].update(values)
    offsets = {key: found["offsets"] for key, found in parts.items() if "offsets" in found}
    return with_offsets("from_tensors", graph, offsets) if offsets else graph


def _escaped(name: str) -> str:
    return quote(name, safe="")


def _read_name(name: str) -> tuple[str | EdgeType, str, str | None]:
    """The type that a name is about, which of its tensors, and the name of the feature if it is one."""
    kind, *path = name.split("/")
    words = [unquote(word) for word in path]
    if kind == "nodes" and words[1:] in (["count"], ["offsets"]):
        return words[0], words[1], None
    if kind == "nodes" and len(words) == 3 and words[1] == "feature":
        return words[0], "feature", words[2]
    if kind == "edges" and len(words) >= 4:
        edge_type = words[0], words[1], words[2]
        if words[3:] in (["source"], ["target"]):
            return edge_type, words[3], None
        if len(words) == 5 and words[3] == "feature":
            return edge_type, "feature", words[4]
    expected = "names such as nodes/TYPE/count or edges/FROM/RELATION/TO/source"
    raise FeatureError(message("from_tensors", expected, name, "to_tensors names all that there are"))


def _exchanged(name: str, given: Any) -> Tensor:
    """What another framework holds, as a tensor of the same memory."""
    try:
        made: Tensor = dlpack.from_dlpack(given)
    except Exception as error:  # whatever the other framework raises
        got = f"{type(given).__name__} ({error})"
        raise DtypeError(message("from_tensors", f"a tensor, or what speaks DLPack, for {name}", got)) from error
    return made
