"""The loop: the best epoch is kept, patience ends it, a broken loss is told."""

import pytest
import torch
from torch import nn

from weft.errors import WeftError
from weft.train import FeatureClassifier, Split, TrainOptions, fit

LABELS = torch.tensor([0, 1, 0, 1, 0, 1])
SPLIT = Split(*(torch.arange(6) // 2 == i for i in range(3)))


class Scripted(nn.Module):
    """Gives the validation node scores of a script, one entry an epoch."""

    def __init__(self, script):
        super().__init__()
        self.script = script
        self.epoch = nn.Parameter(torch.zeros(()), requires_grad=False)
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self):
        scores = torch.zeros(6, 2) + 0 * self.weight
        if self.training:
            self.epoch += 1
        else:
            right, sure = self.script[int(self.epoch) - 1]
            scores[2, 0] = sure
            scores[3, 1 if right == 2 else 0] = sure
        return scores


def run(script, **options):
    model = Scripted(script)
    seen = []
    fitted = fit(
        model,
        (),
        LABELS,
        split=SPLIT,
        options=TrainOptions(**options),
        on_epoch=lambda *told: seen.append(told),
    )
    return model, fitted, seen


def test_highest_accuracy_wins_then_the_lowest_loss():
    script = [(1, 1.0), (2, 0.5), (2, 2.0), (2, 1.0), (1, 9.0)]
    model, fitted, seen = run(script, epochs=5)
    assert (fitted.best_epoch, fitted.epochs) == (3, 5)
    assert int(model.epoch) == 3
    assert not model.training
    assert seen == [(1, 0.5), (2, 1.0), (3, 1.0), (4, 1.0), (5, 0.5)]


def test_patience_ends_the_training():
    _, fitted, _ = run([(2, 1.0)] + [(1, 1.0)] * 50, epochs=50, patience=4)
    assert (fitted.best_epoch, fitted.epochs) == (1, 5)


def test_loss_that_is_no_number_is_told():
    model = FeatureClassifier(2, 2, options=TrainOptions())
    with pytest.raises(
        WeftError, match=r"training: the loss is nan in epoch 1; hint: lower --learning-rate, now 0\.01"
    ):
        fit(model, (torch.full((6, 2), torch.nan),), LABELS, split=SPLIT, options=TrainOptions())


def test_it_learns():
    x = torch.nn.functional.one_hot(LABELS, 2).float()
    model = FeatureClassifier(2, 2, options=TrainOptions())
    fit(model, (x,), LABELS, split=SPLIT, options=TrainOptions(epochs=50))
    assert torch.equal(model(x).argmax(dim=1), LABELS)
