"""Layers on graphs of many types with DGL's arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from ....errors import FeatureError, check_choice, message
from ....nn.hetero.by_type import ByType, reduce_results
from ..._graph import DGLGraph
from .._translated import Translated, translated

AGGREGATES = ("sum", "max", "min", "mean", "stack")
Key = str | tuple[str, str, str]


class HeteroGraphConv(nn.Module):
    """A module for each edge type, called with the graph of that type; their results are reduced for each node type.

    *Shapes* `inputs: {node type: (num_nodes, *)}`, or a pair of such mappings for sources and targets; of a block a row for each
    source -> `{node type: (num_nodes, *)}` for the types that edges enter.

    Args:
        mods: from edge types or their names to modules.
        aggregate: "sum", "max", "min", "mean", "stack", or a function of the list of results and the node type.

    Raises:
        OptionError: if the reduction does not exist.
        FeatureError: in the call, if an edge type with edges has no module.

    >>> import torch, weft.dgl as dgl
    >>> g = dgl.heterograph({("user", "buys", "item"): ([0, 1], [1, 0])})
    >>> layer = HeteroGraphConv({"buys": dgl.nn.GraphConv(4, 2)})
    >>> layer(g, {"user": torch.ones(2, 4), "item": torch.ones(2, 4)})["item"].shape
    torch.Size([2, 2])
    """

    def __init__(
        self, mods: Mapping[Key, nn.Module], aggregate: str | Callable[[list[Tensor], str], Tensor] = "sum"
    ) -> None:
        super().__init__()
        if not callable(aggregate):
            check_choice("HeteroGraphConv", "aggregate", aggregate, AGGREGATES)
        self.mods = ByType(mods)
        for module in self.mods.children():
            allow = getattr(module, "set_allow_zero_in_degree", None)
            if callable(allow):
                allow(True)
        self.agg_fn = aggregate

    def forward(
        self,
        g: DGLGraph,
        inputs: Any,
        mod_args: Mapping[str, tuple[Any, ...]] | None = None,
        mod_kwargs: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> dict[str, Tensor]:
        """Compute the new features of the node types that edges enter; edge types without edges are passed over."""
        if isinstance(inputs, tuple):
            sources, targets = inputs
        elif g.is_block:
            sources, targets = inputs, {name: x[: g.num_dst_nodes(name)] for name, x in inputs.items()}
        else:
            sources = targets = inputs
        found: dict[str, list[Tensor]] = {}
        for first, name, last in g.canonical_etypes:
            part = g[first, name, last]
            if not part.num_edges() or first not in sources or last not in targets:
                continue
            args, options = (mod_args or {}).get(name, ()), (mod_kwargs or {}).get(name, {})
            out = self._module((first, name, last))(part, (sources[first], targets[last]), *args, **options)
            found.setdefault(last, []).append(out)
        return {name: self._reduced(results, name) for name, results in found.items()}

    def _module(self, edge_type: tuple[str, str, str]) -> nn.Module:
        for key in (edge_type, edge_type[1]):
            if key in self.mods:
                module: nn.Module = self.mods[key]
                return module
        raise FeatureError(message("HeteroGraphConv", f"a module for {edge_type}", f"those for {', '.join(self.mods)}"))

    def _reduced(self, results: list[Tensor], node_type: str) -> Tensor:
        if callable(self.agg_fn):
            return self.agg_fn(results, node_type)
        return reduce_results("HeteroGraphConv", results, self.agg_fn)


class HeteroLinear(Translated):
    """A linear map for each key: `weft.nn.HeteroLinear`.

    >>> import torch
    >>> HeteroLinear({"user": 1, ("user", "follows", "user"): 2}, 3)({"user": torch.ones(2, 1)})["user"].shape
    torch.Size([2, 3])
    """

    def __init__(self, in_size: Mapping[Key, int], out_size: int, bias: bool = True) -> None:
        super().__init__(translated("HeteroLinear", {"in_size": in_size, "out_size": out_size, "bias": bias}))

    def forward(self, feat: Mapping[Key, Tensor]) -> dict[Key, Tensor]:
        """Map what is given for each key."""
        found: dict[Key, Tensor] = self._layer(feat)
        return found


class HeteroEmbedding(Translated):
    """A table for each key: `weft.nn.HeteroEmbedding`.

    >>> import torch
    >>> HeteroEmbedding({"user": 3}, 2)({"user": torch.tensor([2, 0])})["user"].shape
    torch.Size([2, 2])
    """

    def __init__(self, num_embeddings: Mapping[Key, int], embedding_dim: int) -> None:
        given = {"num_embeddings": num_embeddings, "embedding_dim": embedding_dim}
        super().__init__(translated("HeteroEmbedding", given))

    @property
    def weight(self) -> dict[Key, Tensor]:
        """All rows of each key."""
        found: dict[Key, Tensor] = self._layer.weight
        return found

    def forward(self, input_ids: Mapping[Key, Tensor]) -> dict[Key, Tensor]:
        """Take the rows of the ids of each key."""
        found: dict[Key, Tensor] = self._layer(input_ids)
        return found
