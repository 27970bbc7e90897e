"""Train one model on one split and test it once, at the weights that the validation part chose."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

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


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """What is classified, nodes or graphs: its labels, -1 for none, and splits.

    Raises:
        ValueError: if a split overlaps or holds what has no label.
    """

    name: str
    labels: Tensor
    splits: tuple[Split, ...]

    def __post_init__(self) -> None:
        """Refuse splits that say nothing."""
        for number, split in enumerate(self.splits):
            together = torch.cat([split.train, split.validation, split.test])
            if len(together.unique()) != len(together):
                raise ValueError(f"accuracy: split {number} of {self.name} has an id in two parts")
            if bool((self.labels[together] < 0).any()):
                raise ValueError(f"accuracy: split {number} of {self.name} holds an id without a label")

    @property
    def num_classes(self) -> int:
        """Count the classes."""
        return int(self.labels.max()) + 1


Data = TypeVar("Data", bound=Labelled)


@dataclass(frozen=True)
class Outcome:
    """What one training gave, in percent."""

    validation: float | None
    test: float
    num_epochs: int


class Task(ABC, Generic[Data]):
    """A data set prepared for a protocol."""

    def __init__(self, data: Data, protocol: Protocol) -> None:
        self.data, self.protocol = data, protocol

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
                functional.cross_entropy(self.logits(model, ids), self.data.labels[ids]).backward()
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
            loss = functional.cross_entropy(logits, self.data.labels[ids])
            if self.protocol.penalised:
                for group in groups:
                    loss += group["weight_decay"] / 2 * sum((p**2).sum() for p in group["params"])
        return float(loss), accuracy(logits, self.data.labels[ids])

    def _accuracy(self, model: nn.Module, ids: Tensor) -> float:
        return accuracy(self.logits(model, ids), self.data.labels[ids])


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Give the percentage of rows whose largest logit is their label."""
    return 100 * float((logits.argmax(1) == labels).float().mean())
