"""Options that exclude a training are refused when they are given."""

import pytest

from weft.errors import OptionError
from weft.train import TrainOptions


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"layer": "gin"}, "layer: expected gcn, sage or gat, got gin; hint: change --layer"),
        ({"hidden": 0}, "hidden: expected at least 1, got 0"),
        ({"layer": "gat", "hidden": 30}, "hidden: expected a multiple of the 8 heads, got 30"),
        ({"dropout": 1.0}, "dropout: expected a share from 0 to below 1"),
        ({"learning_rate": 0.0}, "learning_rate: expected a positive number, got 0.0; hint: change --learning-rate"),
        ({"learning_rate": float("nan")}, "learning_rate: expected a positive number"),
        ({"weight_decay": -1.0}, "weight_decay: expected a number that is not negative"),
        ({"train_fraction": 0.0}, "train_fraction: expected a share between 0 and 1"),
        ({"train_fraction": 0.7, "val_fraction": 0.3}, "less than 1 together with val_fraction"),
        ({"seed": -1}, "seed: expected an integer from 0"),
    ],
)
def test_wrong_option(options, says):
    with pytest.raises(OptionError) as caught:
        TrainOptions(**options)
    assert says in str(caught.value)
