"""How good predicted classes are."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor


@dataclass(frozen=True)
class Score:
    """Accuracy and macro F1 over some nodes.

    Attributes:
        accuracy: share of right predictions.
        macro_f1: mean over the classes that occur, as label or as prediction, of the harmonic mean of precision and
            recall.
        num_nodes: how many nodes it is over.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    accuracy: float
    macro_f1: float
    num_nodes: int


def score(predicted: Tensor, labels: Tensor) -> Score | None:
    """Compare predicted with true classes; None if there is nothing to compare.

    *Shapes*: predicted: (num_nodes,), labels: (num_nodes,)

    Example:
        >>> score(torch.tensor([0, 1, 1, 1]), torch.tensor([0, 0, 1, 1]))
        Score(accuracy=0.75, macro_f1=0.7333333333333334, num_nodes=4)
    """
    if not labels.numel():
        return None
    num_classes = int(torch.maximum(predicted.max(), labels.max())) + 1
    right = torch.bincount(labels[predicted == labels], minlength=num_classes).double()
    times = torch.bincount(labels, minlength=num_classes) + torch.bincount(predicted, minlength=num_classes)
    f1 = 2 * right[times > 0] / times[times > 0]
    return Score(
        accuracy=float((predicted == labels).double().mean()),
        macro_f1=float(f1.mean()),
        num_nodes=labels.numel(),
    )
