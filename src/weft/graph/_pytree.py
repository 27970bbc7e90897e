"""Graphs as pytrees: `torch.export`, `torch.func` and tree maps then see tensors, while counts and names are context.

torch has no public name for this registration of classes that are not dataclasses, so all private names that it takes
stand here. A torch that lacks one of them loses export of graphs as arguments, and nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

import torch

from ._adjacency import Adjacency
from ._batch import Batch
from ._block import Block
from ._feature_set import EdgeSet, NodeSet
from ._graph import Graph

try:
    from torch.fx._pytree import register_pytree_flatten_spec
    from torch.utils._pytree import GetAttrKey, register_pytree_node

    HAS_PYTREE = True
except ImportError:  # pragma: no cover
    HAS_PYTREE = False

Parts = tuple[dict[str, Any], tuple[Any, ...]]
"""Children by name, which hold all tensors, and a context of nested tuples of names and counts."""

_T = TypeVar("_T")
_ID_DTYPES = {"int32": torch.int32, "int64": torch.int64}


def _split_adjacency(adjacency: Adjacency) -> Parts:
    dtype = str(adjacency._id_dtype).removeprefix("torch.")
    return {"source": adjacency.source, "target": adjacency.target}, (
        adjacency.num_sources,
        adjacency.num_targets,
        dtype,
    )


def _join_adjacency(children: dict[str, Any], context: tuple[Any, ...]) -> Adjacency:
    num_sources, num_targets, dtype = context
    return Adjacency._trusted(children["source"], children["target"], num_sources, num_targets, _ID_DTYPES[dtype])


def _split_graph(graph: Graph) -> Parts:
    nodes, edges = list(graph.node_sets.values()), list(graph.edge_sets.values())
    children = {
        "adjacencies": [found.adjacency for found in edges],
        "node_features": [dict(found) for found in nodes],
        "edge_features": [dict(found) for found in edges],
        "offsets": [found.offsets for found in [*nodes, *edges] if found.offsets is not None],
    }
    return children, (
        tuple((found.type, found.count, found.offsets is not None) for found in nodes),
        tuple((found.type, found.offsets is not None) for found in edges),
    )


def _join_graph(children: dict[str, Any], context: tuple[Any, ...]) -> Graph:
    offsets = iter(children["offsets"])
    tensors = [adjacency.source for adjacency in children["adjacencies"]]
    tensors += [feature for features in children["node_features"] for feature in features.values()]
    device = next((tensor.device for tensor in tensors if hasattr(tensor, "device")), torch.device("cpu"))
    nodes = {
        name: NodeSet._trusted(name, count, device, features, next(offsets) if batched else None)
        for (name, count, batched), features in zip(context[0], children["node_features"], strict=True)
    }
    edges = {
        name: EdgeSet._trusted(name, adjacency, device, features, next(offsets) if batched else None)
        for (name, batched), adjacency, features in zip(
            context[1], children["adjacencies"], children["edge_features"], strict=True
        )
    }
    return Graph._trusted(nodes, edges, device)


def _split_block(block: Block) -> Parts:
    parts: dict[str, Mapping[Any, Any]] = {
        "adjacencies": block.adjacencies,
        "node_ids": block.node_ids,
        "edge_ids": block.edge_ids,
    }
    children = {name: list(part.values()) for name, part in parts.items()}
    return children, (*(tuple(part) for part in parts.values()), tuple(block.num_targets.values()))


def _join_block(children: dict[str, Any], context: tuple[Any, ...]) -> Block:
    *names, num_targets = context
    adjacencies, node_ids, edge_ids = (
        dict(zip(keys, values, strict=True)) for keys, values in zip(names, children.values(), strict=True)
    )
    return Block._trusted(adjacencies, node_ids, dict(zip(node_ids, num_targets, strict=True)), edge_ids)


_MAPPINGS = ("seeds", "node_ids", "edge_ids", "features", "labels", "times", "seed_rows", "negative_of", "trees")


def _split_batch(batch: Batch) -> Parts:
    mappings = {name: getattr(batch, name) for name in _MAPPINGS}
    children: dict[str, Any] = {name: list(mapping.values()) for name, mapping in mappings.items()}
    children["features"] = [dict(features) for features in batch.features.values()]
    children["blocks"] = list(batch.blocks)
    children["graph"] = [] if batch.graph is None else [batch.graph]
    children["edge_features"] = [[dict(features) for features in part.values()] for part in batch.edge_features]
    parts = {*children, "hop_sizes"}
    assert parts == {part.name for part in fields(Batch)}, "every field of a Batch is a child, or context"
    edge_types = tuple(tuple(part) for part in batch.edge_features)
    return children, (*(tuple(mapping) for mapping in mappings.values()), edge_types, tuple(batch.hop_sizes.items()))


def _join_batch(children: dict[str, Any], context: tuple[Any, ...]) -> Batch:
    *names, edge_types, hop_sizes = context
    parts: dict[str, Any] = {
        name: dict(zip(keys, children[name], strict=True)) for name, keys in zip(_MAPPINGS, names, strict=True)
    }
    parts["edge_features"] = tuple(
        dict(zip(keys, part, strict=True)) for keys, part in zip(edge_types, children["edge_features"], strict=True)
    )
    graph = next(iter(children["graph"]), None)
    return Batch(**parts, blocks=tuple(children["blocks"]), graph=graph, hop_sizes=dict(hop_sizes))


def _tuples(context: Any) -> Any:
    """Context as it was before JSON made lists of its tuples."""
    return tuple(map(_tuples, context)) if isinstance(context, list) else context


def _register(
    cls: type[_T], split: Callable[[_T], Parts], join: Callable[[dict[str, Any], tuple[Any, ...]], _T]
) -> None:
    def flatten(value: _T) -> tuple[list[Any], tuple[Any, ...]]:
        children, context = split(value)
        return list(children.values()), (tuple(children), context)

    def flatten_with_keys(value: _T) -> tuple[list[tuple[Any, Any]], tuple[Any, ...]]:
        children, context = split(value)
        return [(GetAttrKey(name), child) for name, child in children.items()], (tuple(children), context)

    def unflatten(children: Any, context: tuple[Any, ...]) -> _T:
        return join(dict(zip(context[0], children, strict=True)), context[1])

    register_pytree_node(
        cls,
        flatten,
        unflatten,
        serialized_type_name=f"weft.graph.{cls.__name__}",
        to_dumpable_context=lambda context: context,
        from_dumpable_context=_tuples,
        flatten_with_keys_fn=flatten_with_keys,
    )
    register_pytree_flatten_spec(cls, lambda value, _spec: flatten(value)[0])


if HAS_PYTREE:
    _register(Adjacency, _split_adjacency, _join_adjacency)
    _register(Graph, _split_graph, _join_graph)
    _register(Block, _split_block, _join_block)
    _register(Batch, _split_batch, _join_batch)
