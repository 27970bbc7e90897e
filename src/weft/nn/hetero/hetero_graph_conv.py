"""A layer for each edge type, and their results reduced for each node type."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, final

from torch import Tensor, nn

from ...errors import FeatureError, OptionError, check_choice, message
from ...graph import Adjacency, EdgeType, Graph
from .by_type import ByType, Key, Named, TypedFeatures, TypedGraph, adjacencies_of, reduce_results, split_ends

Across = Literal["sum", "mean", "max", "min", "stack", "cat"]
ACROSS = ("sum", "mean", "max", "min", "stack", "cat")


@final
class HeteroGraphConv(nn.Module):
    """A layer for each edge type; what those into one node type give is reduced.

    `out[t] = reduce over edge types r = (s, name, t) of layer[r](edges of r, x[s], x[t])`

    *Shapes* `x: {node type: (num_nodes, *)}`, of a block a row for each source, or a pair of such mappings for sources and
    targets -> `{node type: (num_targets, *)}` for the types that a layer has edges into; with "stack" `(num_targets,
    num_edge_types, *)` and with "cat" widths added up, both in the order of the graph's edge types.

    Args:
        layers: from edge types, or relations, which then serve all edge types of that name, to layers.
        aggregator: "sum", "mean", "max", "min", "stack", "cat", or a function of the list of results and the node type.

    Raises:
        OptionError: in the constructor, if the reduction does not exist, and in the call, if features have no types.
        FeatureError: in the call, if no layer is for an edge type of the graph.
        ShapeError: in the call, if features fit neither graph nor layers, or results are not of one shape.

    *Source* Schlichtkrull, Kipf, Bloem, van den Berg, Titov and Welling, 2017, Modeling Relational Data with Graph
    Convolutional Networks, arXiv:1703.06103, equation 2, of which this is the general form.

    *Differs from the source* any layer, and any reduction over edge types.
    *Differs from DGL* an edge type that has no edges is run like others, so that all parameters have gradients; one without a
    layer or without features of its sources is passed over. Parameters are DGL's, `mods.TYPE.*`.
    *Differs from PyG* node types that no edge enters are no warning; its HeteroConv has `convs` for `mods`. Names of types may
    be anything, also those of methods.

    *Cost* that of the layers, one after the other.

    >>> import torch
    >>> from weft.graph import Graph
    >>> from weft.nn import GATConv, SAGEConv
    >>> shop = Graph({("user", "buys", "item"): ([0, 1], [2, 0]), ("user", "follows", "user"): ([0], [1])})
    >>> layer = HeteroGraphConv({"buys": SAGEConv((4, 3), 2), ("user", "follows", "user"): GATConv(4, 2, 1)})
    >>> out = layer(shop, {"user": torch.randn(2, 4), "item": torch.randn(3, 3)})
    >>> out["item"].shape, out["user"].shape
    (torch.Size([3, 2]), torch.Size([2, 2]))
    """

    def __init__(
        self,
        layers: Mapping[Key, nn.Module],
        *,
        aggregator: Across | Callable[[list[Tensor], str], Tensor] = "sum",
    ) -> None:
        super().__init__()
        if not callable(aggregator):
            check_choice("HeteroGraphConv", "aggregator", aggregator, ACROSS)
        if not layers:
            raise OptionError(message("HeteroGraphConv", "a layer for an edge type", "none"))
        self.aggregator = aggregator
        self.mods = ByType(layers)

    def reset_parameters(self) -> None:
        """Draw the parameters of all layers anew."""
        for name in self.mods:
            self.mods[name].reset_parameters()

    def forward(
        self, graph: TypedGraph, x: TypedFeatures, inputs: Mapping[Key, Mapping[str, Any]] | None = None
    ) -> dict[str, Tensor]:
        """Compute the new features of all node types that edges enter.

        Args:
            inputs: what else layers take, by edge type or relation and by name: `{"buys": {"edge_weight": w}}`.
        """
        adjacencies = adjacencies_of("HeteroGraphConv", graph)
        sources, targets = split_ends("HeteroGraphConv", graph, x)
        found: dict[str, list[Tensor]] = {}
        for edge_type, adjacency in adjacencies.items():
            key = edge_type if edge_type in self.mods else edge_type[1]
            if key in self.mods and edge_type[0] in sources:
                given = {} if inputs is None else inputs.get(edge_type, inputs.get(edge_type[1], {}))
                place, ends = relation(graph, edge_type, adjacency, (sources, targets))
                found.setdefault(edge_type[2], []).append(self.mods[key](place, ends, **given))
        if not found and adjacencies:
            expected = f"features and a layer for one of the edge types {', '.join(map(str, adjacencies))}"
            got = f"features of {', '.join(sources) or 'nothing'} and layers for {', '.join(self.mods)}"
            raise FeatureError(message("HeteroGraphConv", expected, got))
        return {name: self._reduced(results, name) for name, results in found.items()}

    def extra_repr(self) -> str:
        """The reduction over edge types."""
        return f"aggregator={self.aggregator!r}"

    def _reduced(self, results: list[Tensor], node_type: str) -> Tensor:
        if callable(self.aggregator):
            return self.aggregator(results, node_type)
        return reduce_results("HeteroGraphConv", results, self.aggregator)


def relation(
    graph: TypedGraph, edge_type: EdgeType, adjacency: Adjacency, x: tuple[Named, Named]
) -> tuple[Graph | Adjacency, Any]:
    """The edges of one type and the features of their ends, as a layer for one type of edges takes them."""
    first, _, last = edge_type
    sources, targets = x
    if last not in targets:
        # A graph of two node types, so that a layer sees that its targets are no sources, whatever their counts.
        return Graph({edge_type: adjacency}), sources[first]
    # One tensor, not the same one twice, which layers would project twice.
    return adjacency, sources[first] if sources[first] is targets[last] else (sources[first], targets[last])
