"""The training loop: the whole graph in every step, the best epoch kept."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import WeftError
from ._options import TrainOptions
from ._split import Split


@dataclass(frozen=True)
class Fit:
    """How a training went: the epoch whose weights were kept, counted from 1, and how many there were."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    best_epoch: int
    epochs: int


def fit(
    model: nn.Module,
    inputs: tuple[Any, ...],
    labels: Tensor,
    *,
    split: Split,
    options: TrainOptions,
    on_epoch: Callable[[int, float], None] | None = None,
) -> Fit:
    """Train `model(*inputs)` to give the scores of the classes, and leave it with the weights of its best epoch.

    The best epoch has the highest accuracy on the validation nodes and, of epochs that are equal in this, the lowest
    loss on them.

    *Shapes*: labels: (num_nodes,); the model gives (num_nodes, num_classes)

    Args:
        on_epoch: called after every epoch with its number and its validation accuracy.

    Raises:
        WeftError: if the loss is no finite number any more.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
    train_labels, val_labels = labels[split.train], labels[split.val]
    best, best_epoch, best_weights = (-1.0, 0.0), 0, {}
    epoch = 0
    for epoch in range(1, options.epochs + 1):
        model.train()
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(*inputs)[split.train], train_labels)
        if not torch.isfinite(loss):
            raise WeftError(
                f"training: the loss is {loss.item()} in epoch {epoch}; hint: lower --learning-rate, now "
                f"{options.learning_rate:g}"
            )
        loss.backward()
        optimizer.step()
        accuracy, val_loss = _validate(model, inputs, val_labels, split.val)
        if (accuracy, -val_loss) > best or not best_epoch:
            best, best_epoch = (accuracy, -val_loss), epoch
            best_weights = {name: value.clone() for name, value in model.state_dict().items()}
        if on_epoch is not None:
            on_epoch(epoch, accuracy)
        if epoch - best_epoch >= options.patience:
            break
    model.load_state_dict(best_weights)
    model.eval()
    return Fit(best_epoch=best_epoch, epochs=epoch)


def _validate(model: nn.Module, inputs: tuple[Any, ...], labels: Tensor, rows: Tensor) -> tuple[float, float]:
    model.eval()
    with torch.no_grad():
        scores = model(*inputs)[rows]
        accuracy = (scores.argmax(dim=1) == labels).double().mean()
        return float(accuracy), float(functional.cross_entropy(scores, labels))
