"""DGL's layers as weft's: constructor words by one table, graphs resolved, and what weft's layers leave to the caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ... import nn as layers
from ...errors import OptionError, ShapeError, StructureError, check_choice, message
from ...graph import Adjacency
from .._graph import DGLGraph
from .._pairs import expand_as_pair
from ._words import WORDS

Activation = Callable[[Tensor], Tensor] | None


def translated(name: str, given: Mapping[str, Any], **more: Any) -> nn.Module:
    """Make weft's layer from the arguments of DGL's constructor, by the table of `_words`.

    Args:
        given: by DGL's names, as `locals()` of the constructor has them; what the table does not name is left.
    """
    words = (word.partition("=") for word in WORDS[name].split())
    named = {ours or theirs: given[theirs] for theirs, _, ours in words}
    made: nn.Module = getattr(layers, name)(**named, **more)
    return made


class Translated(nn.Module):
    """A layer of weft that answers to DGL's names: parameters and submodules are its own, shared, not copied.

    Args:
        layer: the layer of weft; its name for a parameter is DGL's.
        activation: applied to the result.
    """

    _layer: Any

    def __init__(self, layer: nn.Module, activation: Activation = None) -> None:
        super().__init__()
        # The same dictionaries: what is loaded, moved or replaced here is so there, and the names have no prefix.
        self._parameters, self._modules, self._buffers = layer._parameters, layer._modules, layer._buffers
        object.__setattr__(self, "_layer", layer)
        for name, value in vars(layer).items():
            if value is None and not name.startswith("_"):
                self.register_parameter(name, None)
        self.activation = activation

    def train(self, mode: bool = True) -> Translated:
        """Set the mode, of the layer of weft too."""
        super().train(mode)
        self._layer.training = mode
        return self

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        self._layer.reset_parameters()

    def _activated(self, out: Tensor) -> Tensor:
        return out if self.activation is None else self.activation(out)


class NoZeroInDegree(Translated):
    """A layer that refuses graphs where no edge enters a node, unless told otherwise."""

    def __init__(self, layer: nn.Module, activation: Activation, allow_zero_in_degree: bool) -> None:
        super().__init__(layer, activation)
        self._allow_zero_in_degree = allow_zero_in_degree

    def set_allow_zero_in_degree(self, set_value: bool) -> None:
        """Choose whether nodes that no edge enters are no error."""
        self._allow_zero_in_degree = set_value

    def _adjacency(self, graph: DGLGraph) -> Adjacency:
        adjacency = adjacency_of(graph)
        if not self._allow_zero_in_degree:
            missing = (adjacency.in_degrees() == 0).nonzero()
            if missing.shape[0]:
                got = f"{missing.shape[0]} without, the first of them {int(missing[0])}"
                hint = "add self loops with dgl.add_self_loop(g), or pass allow_zero_in_degree=True: they get 0"
                raise StructureError(message(type(self).__name__, "nodes that edges enter", got, hint))
        return adjacency


def adjacency_of(graph: DGLGraph) -> Adjacency:
    """The structure of a graph of one edge type.

    Raises:
        OptionError: if it has several, or is no graph of this interface.
    """
    if not isinstance(graph, DGLGraph):
        raise OptionError(message("weft.dgl.nn", "a DGLGraph", type(graph).__name__, "weft.nn takes weft's graphs"))
    return graph._adjacencies[graph._types.edge(None)]


def both_ends(graph: DGLGraph, feat: Any, drop: nn.Module) -> Any:
    """Features as weft's layers take them, dropped: one draw for one tensor, two for a pair."""
    if isinstance(feat, tuple):
        return drop(feat[0]), drop(feat[1])
    feat = drop(feat)
    return expand_as_pair(feat, graph) if graph.is_block else feat


def flat_weight(where: str, adjacency: Adjacency, edge_weight: Tensor | None) -> Tensor | None:
    """A number for each edge; DGL's users give a column as well.

    Raises:
        ShapeError: if it is neither.
    """
    if edge_weight is None:
        return None
    if edge_weight.shape not in (torch.Size([adjacency.num_edges]), torch.Size([adjacency.num_edges, 1])):
        form = f"`edge_weight` of shape ({adjacency.num_edges},) or ({adjacency.num_edges}, 1)"
        raise ShapeError(message(where, form, str(tuple(edge_weight.shape))))
    return edge_weight.reshape(-1)


def check_option(where: str, option: str, value: object, choices: tuple[str, ...], later: Mapping[str, str]) -> None:
    """Refuse what does not exist, and what comes later.

    Raises:
        OptionError: in both cases.
    """
    check_choice(where, option, value, (*choices, *later))
    if value in later:
        raise OptionError(
            message(where, f"`{option}` to be one of {', '.join(choices)}", repr(value), later[str(value)])
        )
