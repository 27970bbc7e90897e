"""How a published figure was obtained, as far as it can be said in numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

from torch import nn

from .sparse import Scaling
from .stopping import Stopping


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A model with its options, and how it is trained, stopped and fed.

    Args:
        model: called as `model(in_features, *widths, num_classes, **options)`.
        weight_decay: pairs of a pattern of parameter names and a factor; the first that fits counts, and none is 0.
        stopping: a rule of `stopping.py`, with its patience.
        penalised: counts weight decay in the validation loss.
        features: how values of the features of nodes are changed; sets of graphs and entities keep theirs.
        input_dropout: probability of dropping values of the features in training.
        batch_size: graphs of a step; None for all.
        by_rows: sends against the edges as the raw data direct them, loops of the data included, and passes the model weights of
            edges that are normalised by the edges that enter each node; the model has no norm of its own.
        halved_every: epochs after which the learning rate is halved, again and again; None for never.
    """

    model: Callable[..., nn.Module]
    widths: tuple[int, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    learning_rate: float
    weight_decay: tuple[tuple[str, float], ...] = ()
    num_epochs: int
    stopping: Stopping = "never"
    patience: int = 0
    penalised: bool = False
    features: Scaling = "row_normalised"
    self_loops: bool = True
    by_rows: bool = False
    input_dropout: float = 0.0
    batch_size: int | None = None
    halved_every: int | None = None

    def build(self, in_features: int, num_classes: int) -> nn.Module:
        """Make the model with new weights."""
        return self.model(in_features, *self.widths, num_classes, **self.options)

    def groups(self, model: nn.Module) -> list[dict[str, Any]]:
        """Group the parameters by their weight decay, as optimisers take them."""
        by_decay: dict[float, list[nn.Parameter]] = {}
        for name, parameter in model.named_parameters():
            decay = next((factor for pattern, factor in self.weight_decay if fnmatchcase(name, pattern)), 0.0)
            by_decay.setdefault(decay, []).append(parameter)
        return [{"params": params, "weight_decay": decay} for decay, params in by_decay.items()]

    def described(self) -> dict[str, Any]:
        """Say all of it in values that JSON has; classes and functions by their names."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    return value.__name__ if callable(value) else value
