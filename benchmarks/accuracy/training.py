"""Train one model on one split and test it once, at the weights that the validation part chose."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .protocol import Protocol
from .stopping import STOPPING


@dataclass(frozen=True)
class Split:
    """Ids for training, validation and test; they share none. There may be none for validation."""

    train: Tensor
    validation: Tensor
    test: Tensor


@dataclass(frozen=True)
class Outcome:
    """What one training gave, in percent."""

    validation: float | None
    test: float
    num_epochs: int


class Task(ABC):
    """A data set prepared for a protocol: nodes or graphs with labels."""

    protocol: Protocol
    labels: Tensor
    splits: Sequence[Split]

    @abstractmethod
    def build(self) -> nn.Module:
        """Make the model with new weights."""

    @abstractmethod
    def logits(self, model: nn.Module, ids: Tensor) -> Tensor:
        """Compute (len(ids), num_classes)."""

    def batches(self, ids: Tensor) -> Iterable[Tensor]:
        """Cut the training ids of an epoch into steps; without a batch size they are one."""
        size = self.protocol.batch_size
        return (ids,) if size is None else ids[torch.randperm(len(ids))].split(size)

    def run(self, split: Split, seed: int) -> Outcome:
        """Train with `seed` and test once."""
        torch.manual_seed(seed)
        model, protocol = self.build(), self.protocol
        groups = protocol.groups(model)
        optimizer = torch.optim.Adam(groups, lr=protocol.learning_rate)
        stopping = STOPPING[protocol.stopping](protocol.patience)
        epochs = 0
        for _ in range(protocol.num_epochs):
            if protocol.halved_every and epochs and epochs % protocol.halved_every == 0:
                for group in optimizer.param_groups:
                    group["lr"] /= 2
            model.train()
            for ids in self.batches(split.train):
                optimizer.zero_grad()
                functional.cross_entropy(self.logits(model, ids), self.labels[ids]).backward()
                optimizer.step()
            epochs += 1
            if protocol.stopping != "never":
                loss, right = self._validate(model, split.validation, groups)
                if stopping.ended(loss, right, model.state_dict):
                    break
        if stopping.best is not None:
            model.load_state_dict(stopping.best)
        model.eval()
        with torch.no_grad():
            validation = self._accuracy(model, split.validation) if len(split.validation) else None
            return Outcome(validation, self._accuracy(model, split.test), epochs)

    def _validate(self, model: nn.Module, ids: Tensor, groups: Sequence[dict[str, Any]]) -> tuple[float, float]:
        model.eval()
        with torch.no_grad():
            logits = self.logits(model, ids)
            loss = functional.cross_entropy(logits, self.labels[ids])
            if self.protocol.penalised:
                for group in groups:
                    loss += group["weight_decay"] / 2 * sum((p**2).sum() for p in group["params"])
        return float(loss), accuracy(logits, self.labels[ids])

    def _accuracy(self, model: nn.Module, ids: Tensor) -> float:
        return accuracy(self.logits(model, ids), self.labels[ids])


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Give the percentage of rows whose largest logit is their label."""
    return 100 * float((logits.argmax(1) == labels).float().mean())
