"""The first linear map of a network on edges, taken to the nodes: they are fewer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from ._steps import has_hooks, numbered, run, steps_of


class FirstMap(NamedTuple):
    """What a network begins with, as far as it reads the source alone, and what is left of it.

    *Shapes* `of_source: (num_sources, width)`; `weight: (width, edge_width)`, for what an edge adds.
    """

    of_source: Tensor
    weight: Tensor
    steps: dict[str, nn.Module]


def first_map(network: nn.Module, x_source: Tensor, edge_width: int, *, edge_first: bool = False) -> FirstMap | None:
    """Apply the first linear map of a network to the features of sources, which it reads beside those of edges.

    Args:
        edge_first: whether what belongs to the edge stands before the features.

    Returns:
        None if the network begins with something else, has hooks, or is so wide that reading what it gives costs more than
        the product.
    """
    first, *rest = steps_of(network)
    width = x_source.shape[1]
    if (
        type(first) is not nn.Linear
        or has_hooks(network, first)
        or first.in_features != width + edge_width
        or first.out_features > 2 * width
    ):
        return None
    cut = edge_width if edge_first else width
    before, after = first.weight[:, :cut], first.weight[:, cut:]
    of_source = functional.linear(x_source, after if edge_first else before, first.bias)
    return FirstMap(of_source, before if edge_first else after, numbered(rest))


def follow(of_source: Any, edge: Any, shared: Mapping[str, Any]) -> Any:
    """What the network gives for edges: `shared` holds the steps, and the weight of what they add."""
    return run(of_source + functional.linear(edge, shared["weight"]), shared)
