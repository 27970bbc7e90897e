"""When a training ends, and whose weights are tested."""

from __future__ import annotations

import copy
import statistics
from collections.abc import Callable
from typing import Any, Literal

Stopping = Literal["never", "loss", "mean_loss", "loss_or_accuracy", "accuracy"]
State = Callable[[], dict[str, Any]]


class Never:
    """Use every epoch and test the last weights."""

    def __init__(self, patience: int) -> None:
        self.best = None

    def ended(self, loss: float, right: float, state: State) -> bool:
        """Take in an epoch; never true."""
        return False


class Loss:
    """Stop when the validation loss was no better for `patience` epochs; keep the best weights."""

    def __init__(self, patience: int) -> None:
        self.patience, self.waited, self.least = patience, 0, float("inf")
        self.best: dict[str, Any] | None = None

    def ended(self, loss: float, right: float, state: State) -> bool:
        """Take in an epoch; true if it is the last."""
        if loss <= self.least:
            self.least, self.waited, self.best = loss, 0, copy.deepcopy(state())
        else:
            self.waited += 1
        return self.waited >= self.patience


class MeanLoss:
    """Stop when the validation loss is above the mean of the `patience` losses before it; test the last weights."""

    def __init__(self, patience: int) -> None:
        self.patience, self.best = patience, None
        self.losses: list[float] = []

    def ended(self, loss: float, right: float, state: State) -> bool:
        """Take in an epoch; true if it is the last."""
        before = self.losses[-self.patience :]
        self.losses.append(loss)
        return len(self.losses) > self.patience + 1 and loss > statistics.mean(before)


class Accuracy:
    """Stop when the validation accuracy was no better for `patience` epochs; of equals the lower loss is better."""

    def __init__(self, patience: int) -> None:
        self.patience, self.waited, self.most = patience, 0, (-1.0, 0.0)
        self.best: dict[str, Any] | None = None

    def ended(self, loss: float, right: float, state: State) -> bool:
        """Take in an epoch; true if it is the last."""
        if (right, -loss) > self.most:
            self.most, self.waited, self.best = (right, -loss), 0, copy.deepcopy(state())
        else:
            self.waited += 1
        return self.waited >= self.patience


class LossOrAccuracy:
    """Stop when neither loss nor accuracy was better for `patience` epochs; keep weights best in both."""

    def __init__(self, patience: int) -> None:
        self.patience, self.waited, self.least, self.most = patience, 0, float("inf"), 0.0
        self.best: dict[str, Any] | None = None

    def ended(self, loss: float, right: float, state: State) -> bool:
        """Take in an epoch; true if it is the last."""
        if loss <= self.least or right >= self.most:
            if loss <= self.least and right >= self.most:
                self.best = copy.deepcopy(state())
            self.least, self.most, self.waited = min(loss, self.least), max(right, self.most), 0
        else:
            self.waited += 1
        return self.waited >= self.patience


STOPPING: dict[Stopping, Callable[[int], Never | Loss | MeanLoss | Accuracy | LossOrAccuracy]] = {
    "never": Never,
    "loss": Loss,
    "mean_loss": MeanLoss,
    "accuracy": Accuracy,
    "loss_or_accuracy": LossOrAccuracy,
}
