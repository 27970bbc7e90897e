"""A call as text, played under DGL or under weft.dgl, and what came of it as plain data and tensors.

A record is a dictionary: `setup` names a list of statements and their tensors, `program` is a list of statements and
`result` an expression; `gradients` names tensors of which gradients are wanted. Nothing here imports either library.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

FIXTURES = Path(__file__).parent / "fixtures"
DTYPES = {"f32": torch.float32, "f64": torch.float64, "i64": torch.int64, "i32": torch.int32, "bool": torch.bool}
_SHORT = {dtype: name for name, dtype in DTYPES.items()}


def play(record: dict[str, Any], setup: dict[str, Any], dgl: Any) -> dict[str, Any]:
    """Run a record; `output` and perhaps `gradients`, or `error`: its class, and the error."""
    tensors = {name: tensor.clone() for name, tensor in {**setup["tensors"], **record.get("tensors", {})}.items()}
    for name in record.get("gradients", ()):
        tensors[name].requires_grad_()
    names: dict[str, Any] = {"dgl": dgl, "fn": dgl.function, "torch": torch, "np": np, **tensors}
    for statement in setup["statements"]:
        exec(statement, names)
    try:
        for statement in record["program"]:
            exec(statement, names)
        value = eval(record["result"], names)
    except Exception as error:
        return {"error": [type(error).__name__, error]}
    found = {"output": told(value)}
    if "gradients" in record:
        total = sum((part * _cotangent(part)).sum() for part in floats(value) if part.requires_grad)
        leaves = [tensors[name] for name in record["gradients"]]
        try:
            grads = torch.autograd.grad(total, leaves, allow_unused=True)
            found["gradients"] = [None if grad is None else grad.detach() for grad in grads]
        except Exception as error:
            found["gradients"] = {"error": [type(error).__name__]}
    return found


def floats(value: Any) -> Iterator[torch.Tensor]:
    """The tensors of real numbers in a value, in order."""
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from floats(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from floats(part)


def _cotangent(part: torch.Tensor) -> torch.Tensor:
    return (torch.arange(part.numel(), dtype=part.dtype) * 7 % 5 - 1.5).reshape(part.shape)


def told(value: Any) -> Any:
    """A value as plain data and tensors: graphs as counts, edges and columns, matrices as sorted entries."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, torch.Tensor):
        return value.detach().to_dense() if value.is_sparse else value.detach().clone()
    if isinstance(value, (np.ndarray, np.generic)):
        return torch.as_tensor(value)
    if isinstance(value, (torch.dtype, torch.device)):
        return str(value)
    if hasattr(value, "canonical_etypes") and hasattr(value, "ndata"):
        return told_graph(value)
    if hasattr(value, "tocoo"):
        entries = value.tocoo()
        order = np.lexsort((entries.col, entries.row))
        parts = [torch.as_tensor(np.asarray(part)[order]).long() for part in (entries.row, entries.col)]
        return {"format": value.format, "shape": list(value.shape), "entries": [*parts, told(entries.data[order])]}
    if hasattr(value, "is_directed"):
        edges = value.edges(keys=True, data=True) if value.is_multigraph() else value.edges(data=True)
        nodes = [[node, told(data)] for node, data in value.nodes(data=True)]
        return {"directed": value.is_directed(), "nodes": nodes, "edges": [told(list(edge)) for edge in edges]}
    if hasattr(value, "items"):
        return {
            "pairs": [[told(key), told(part)] for key, part in sorted(value.items(), key=lambda item: str(item[0]))]
        }
    return [told(part) for part in value]


def told_graph(g: Any) -> dict[str, Any]:
    """A graph as types, counts, edges in order, columns and the sizes of its batch."""
    sources = g.srctypes if g.is_block else g.ntypes
    targets = g.dsttypes if g.is_block else []
    count, at = (g.num_src_nodes, g.srcnodes) if g.is_block else (g.num_nodes, g.nodes)
    return {
        "block": bool(g.is_block),
        "idtype": str(g.idtype),
        "nodes": [[name, count(name), columns(at[name].data)] for name in sources],
        "targets": [[name, g.num_dst_nodes(name), columns(g.dstnodes[name].data)] for name in targets],
        "edges": [
            [":".join(name), [end.long() for end in g.edges(etype=name)], columns(g.edges[name].data)]
            for name in g.canonical_etypes
        ],
        "batch": None if g.batch_size == 1 else _batch(g),
    }


def _batch(g: Any) -> list[Any]:
    nodes = [] if g.is_block else [g.batch_num_nodes(name).long() for name in g.ntypes]
    return [nodes, [g.batch_num_edges(name).long() for name in g.canonical_etypes]]


def columns(data: Any) -> dict[str, Any]:
    """Columns by name, in the order of names."""
    return {"pairs": [[name, told(data[name])] for name in sorted(data.keys())]}


class Pool:
    """Tensors of a file, one behind the other in one tensor for each dtype; equal ones once."""

    def __init__(self, stored: dict[str, torch.Tensor] | None = None) -> None:
        self.stored = stored or {}
        self._parts: dict[str, list[torch.Tensor]] = {}
        self._sizes: dict[str, int] = {}
        self._known: dict[Any, Any] = {}

    def put(self, value: Any) -> Any:
        """Plain data, with the place of each tensor in its stead."""
        if isinstance(value, torch.Tensor):
            name = _SHORT[value.dtype]
            key = name, tuple(value.shape), value.contiguous().numpy().tobytes()
            if key not in self._known:
                begin = self._sizes.get(name, 0)
                self._sizes[name] = begin + value.numel()
                self._parts.setdefault(name, []).append(value.reshape(-1))
                self._known[key] = " ".join(["@", name, *map(str, (begin, *value.shape))])
            return self._known[key]
        if isinstance(value, dict):
            return {key: self.put(part) for key, part in value.items()}
        return [self.put(part) for part in value] if isinstance(value, (list, tuple)) else value

    def get(self, value: Any) -> Any:
        """The data with its tensors."""
        if isinstance(value, str) and value.startswith("@ "):
            name, begin, *shape = [int(part) if part.isdigit() else part for part in value[2:].split()]
            size = int(np.prod(shape)) if shape else 1
            if not size:
                return torch.empty(shape, dtype=DTYPES[name])
            return self.stored[name][begin : begin + size].reshape(shape)
        if isinstance(value, dict):
            return {key: self.get(part) for key, part in value.items()}
        return [self.get(part) for part in value] if isinstance(value, list) else value

    def joined(self) -> dict[str, torch.Tensor]:
        """What a file holds."""
        return {name: torch.cat(parts) for name, parts in self._parts.items() if self._sizes[name]}


def load(name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The setups and records of a file."""
    from safetensors.torch import load_file

    pool = Pool(load_file(FIXTURES / f"{name}.safetensors"))
    content = json.loads((FIXTURES / f"{name}.json").read_text())
    return pool.get(content["setups"]), pool.get(content["records"])
