"""The nodes and edges of a graph with other features, or as another batch."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ._feature_set import EdgeSet, FeatureSet, NodeSet
from ._graph import Graph
from ._naming import EdgeType
from ._rows import Rows


def refilled(
    graph: Graph,
    *,
    features: Mapping[Any, Mapping[str, Tensor | Rows]] | None = None,
    offsets: Mapping[Any, Tensor] | None = None,
) -> Graph:
    """Make a graph with the structure of another, and with the features and offsets that are given for each type.

    Features and offsets stay as they were where None is given, and a type that is not named has none.
    """

    def parts(name: str | EdgeType, found: FeatureSet) -> tuple[Mapping[str, Tensor | Rows], Tensor | None]:
        return (
            found._features if features is None else features.get(name, {}),
            found.offsets if offsets is None else offsets.get(name),
        )

    node_sets = {
        name: NodeSet._trusted(name, found.count, graph.device, *parts(name, found))
        for name, found in graph.node_sets.items()
    }
    edge_sets = {
        name: EdgeSet._trusted(name, found.adjacency, graph.device, *parts(name, found))
        for name, found in graph.edge_sets.items()
    }
    return Graph._trusted(node_sets, edge_sets, graph.device)
