"""Train one model on one split and test it once, at the weights that the validation nodes chose."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

import weft

from .datasets import NodeData, Split
from .models import Features, Gat, Gcn

Stopping = Literal["never", "loss", "loss_or_accuracy"]


@dataclass(frozen=True)
class Protocol:
    """How a published figure was obtained.

    `stopping` is "never" (the weights of the last epoch are tested), "loss" (when the validation loss was no
    better for `patience` epochs; the best weights are tested) or "loss_or_accuracy" (when neither was better;
    the weights that were best in both are tested).
    """

    model: Literal["gcn", "gat"]
    hidden: int
    dropout: float
    learning_rate: float
    weight_decay: float
    num_epochs: int
    stopping: Stopping
    patience: int
    features: Literal["row_normalised", "binary"]
    self_loops: bool
    num_heads: int = 1


@dataclass(frozen=True)
class Outcome:
    """What one training gave, in percent."""

    validation: float
    test: float
    num_epochs: int


class Trial:
    """A data set prepared for a protocol; `run` trains once."""

    def __init__(self, data: NodeData, protocol: Protocol) -> None:
        self.data, self.protocol = data, protocol
        loops = torch.arange(data.num_nodes if protocol.self_loops else 0)
        ends = torch.cat([data.source, loops]), torch.cat([data.target, loops])
        self.graph = weft.Graph(*ends, num_nodes=data.num_nodes)
        rows = data.features
        self.features = Features(rows.row_normalised() if protocol.features == "row_normalised" else rows.binary())

    def build(self) -> Gcn | Gat:
        """Construct the model with new weights."""
        protocol, sizes = self.protocol, (self.features.num_features, self.data.num_classes)
        if protocol.model == "gcn":
            return Gcn(*sizes, hidden=protocol.hidden, dropout=protocol.dropout)
        return Gat(*sizes, hidden=protocol.hidden, num_heads=protocol.num_heads, dropout=protocol.dropout)

    def run(self, split: Split, seed: int) -> Outcome:
        """Train with `seed` and test once."""
        torch.manual_seed(seed)
        model, labels, protocol = self.build(), self.data.labels, self.protocol
        decayed = model.decayed()
        plain = [p for p in model.parameters() if p.requires_grad and all(p is not other for other in decayed)]
        groups: list[dict[str, Any]] = [{"params": decayed, "weight_decay": protocol.weight_decay}, {"params": plain}]
        optimizer = torch.optim.Adam(groups, lr=protocol.learning_rate)
        stopping = STOPPING[protocol.stopping](protocol.patience)
        epochs = 0
        for _ in range(protocol.num_epochs):
            model.train()
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(self.graph, self.features)[split.train], labels[split.train])
            loss.backward()
            optimizer.step()
            model.eval()
            with torch.no_grad():
                logits = model(self.graph, self.features)
                cost = functional.cross_entropy(logits[split.validation], labels[split.validation])
                cost += protocol.weight_decay / 2 * sum((p**2).sum() for p in decayed)
            epochs += 1
            right = accuracy(logits, labels, split.validation)
            if stopping.ended(float(cost), right, model.state_dict):
                break
        if stopping.best is not None:
            model.load_state_dict(stopping.best)
        with torch.no_grad():
            logits = model(self.graph, self.features)
        return Outcome(accuracy(logits, labels, split.validation), accuracy(logits, labels, split.test), epochs)


def accuracy(logits: Tensor, labels: Tensor, nodes: Tensor) -> float:
    """Give the percentage of `nodes` whose largest logit is their label."""
    return 100 * float((logits[nodes].argmax(1) == labels[nodes]).float().mean())


class Never:
    """Use every epoch and test the last weights."""

    def __init__(self, patience: int) -> None:
        self.best = None

    def ended(self, loss: float, right: float, state: Callable[[], dict[str, Tensor]]) -> bool:
        """Take in an epoch; never true."""
        return False


class Loss:
    """Stop when the validation loss was no better for `patience` epochs; keep the best weights."""

    def __init__(self, patience: int) -> None:
        self.patience, self.waited, self.least = patience, 0, float("inf")
        self.best: dict[str, Tensor] | None = None

    def ended(self, loss: float, right: float, state: Callable[[], dict[str, Tensor]]) -> bool:
        """Take in an epoch; true if it is the last."""
        if loss <= self.least:
            self.least, self.waited, self.best = loss, 0, copy.deepcopy(state())
        else:
            self.waited += 1
        return self.waited >= self.patience


class LossOrAccuracy:
    """Stop when neither loss nor accuracy was better for `patience` epochs; keep weights best in both."""

    def __init__(self, patience: int) -> None:
        self.patience, self.waited, self.least, self.most = patience, 0, float("inf"), 0.0
        self.best: dict[str, Tensor] | None = None

    def ended(self, loss: float, right: float, state: Callable[[], dict[str, Tensor]]) -> bool:
        """Take in an epoch; true if it is the last."""
        if loss <= self.least or right >= self.most:
            if loss <= self.least and right >= self.most:
                self.best = copy.deepcopy(state())
            self.least, self.most, self.waited = min(loss, self.least), max(right, self.most), 0
        else:
            self.waited += 1
        return self.waited >= self.patience


STOPPING: dict[Stopping, Callable[[int], Never | Loss | LossOrAccuracy]] = {
    "never": Never,
    "loss": Loss,
    "loss_or_accuracy": LossOrAccuracy,
}
