"""The options of a training."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from ..errors import OptionError, message

LayerName = Literal["gcn", "sage", "gat"]
LAYER_NAMES: tuple[LayerName, ...] = ("gcn", "sage", "gat")


@dataclass(frozen=True)
class TrainOptions:
    """How to split, what to train and for how long.

    Attributes:
        layer: gcn (GraphConv), sage (SAGEConv with the mean) or gat (GATConv).
        hidden: width of a hidden layer; all heads of a gat layer together.
        layers: number of layers, and so of steps that a feature can travel along edges.
        heads: attention heads of a hidden gat layer; other layers have none.
        epochs: the most passes over the graph; `patience` passes without a better validation end the training before.
        train_fraction: share of the labelled nodes of each class to train on, where the table has no split column;
            `val_fraction` of them choose the best epoch, and the rest is the test.
        directed: edges carry features from source to target only; otherwise both ways.
        max_categories: words that are known of a column of text.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    layer: LayerName = "gcn"
    hidden: int = 64
    layers: int = 2
    heads: int = 8
    dropout: float = 0.5
    learning_rate: float = 0.01
    weight_decay: float = 5e-4
    epochs: int = 300
    patience: int = 50
    train_fraction: float = 0.6
    val_fraction: float = 0.2
    directed: bool = False
    max_categories: int = 64
    seed: int = 0

    def __post_init__(self) -> None:
        if self.layer not in LAYER_NAMES:
            raise _error("layer", "gcn, sage or gat", self.layer)
        for name in ("hidden", "layers", "heads", "epochs", "patience", "max_categories"):
            if getattr(self, name) < 1:
                raise _error(name, "at least 1", getattr(self, name))
        if self.layer == "gat" and self.hidden % self.heads:
            raise _error("hidden", f"a multiple of the {self.heads} heads", self.hidden)
        if not 0 <= self.dropout < 1:
            raise _error("dropout", "a share from 0 to below 1", self.dropout)
        if not (self.learning_rate > 0 and math.isfinite(self.learning_rate)):
            raise _error("learning_rate", "a positive number", self.learning_rate)
        if not (self.weight_decay >= 0 and math.isfinite(self.weight_decay)):
            raise _error("weight_decay", "a number that is not negative", self.weight_decay)
        for name in ("train_fraction", "val_fraction"):
            if not 0 < getattr(self, name) < 1:
                raise _error(name, "a share between 0 and 1", getattr(self, name))
        if self.train_fraction + self.val_fraction >= 1:
            raise _error("train_fraction", "less than 1 together with val_fraction", self.train_fraction)
        if not 0 <= self.seed < 2**63:
            raise _error("seed", "an integer from 0 to 2**63 - 1", self.seed)


def _error(name: str, expected: str, got: object) -> OptionError:
    return OptionError(message(name, expected, str(got), f"change --{name.replace('_', '-')}"))
