"""Cora and Citeseer on their public split: 20 training nodes of each class, 500 for validation, 1,000 for test."""

from __future__ import annotations

from typing import Any

from weft.nn.models import APPNP, ARMA, DAGNN, GAT, GCN, GCNII, SGC, GraphSAGE

from ..experiment import Experiment, Figure
from ..protocol import Protocol

DGL_PAGE = "DGL, performance page, 100 runs"
DGL_EXAMPLE = "DGL, README of the example"
PYG_PAPER = "Fey and Lenssen 2019, table 1 (recalled)"
ALL = (("*", 5e-4),)

# The source allows the training to end before epoch 200; on Cora that gives a lower validation accuracy.
KIPF = Protocol(
    model=GCN,
    widths=(16,),
    options={"num_layers": 2, "dropout": 0.5},
    input_dropout=0.5,
    learning_rate=0.01,
    weight_decay=(("layers.0.weight", 5e-4),),
    num_epochs=200,
)
VELICKOVIC = Protocol(
    model=GAT,
    widths=(64,),
    options={"num_layers": 2, "num_heads": 8, "num_out_heads": 1, "dropout": 0.6, "attention_dropout": 0.6},
    input_dropout=0.6,
    learning_rate=0.005,
    weight_decay=(("*bias", 0.0), ("*", 5e-4)),
    num_epochs=100_000,
    stopping="loss_or_accuracy",
    patience=100,
    penalised=True,
)
# DGL's example. Today it has self loops beside the aggregator that counts each node itself; as it was when its figures were
# written it has none, which on Cora is better by 0.9 on validation nodes.
DGL_SAGE = Protocol(
    model=GraphSAGE,
    widths=(16,),
    options={"num_layers": 2, "aggregator": "gcn", "dropout": 0.5},
    input_dropout=0.5,
    learning_rate=0.01,
    weight_decay=ALL,
    num_epochs=200,
    self_loops=False,
)
# PyG's benchmark and DGL's example drop no edges, which the source does. The validation loss chooses, as in PyG's, which on
# Cora is better by 0.5 on validation nodes than the last weights, which DGL tests.
PYG_APPNP = Protocol(
    model=APPNP,
    widths=(64,),
    options={"num_hops": 10, "alpha": 0.1, "dropout": 0.5},
    learning_rate=0.01,
    weight_decay=ALL,
    num_epochs=200,
    stopping="loss",
    patience=10,
)


def sgc(decay: float, num_epochs: int) -> Protocol:
    """Two hops, and logistic regression: on Cora with the source's weight decay, on Citeseer as DGL's example has it."""
    return Protocol(
        model=SGC,
        options={"num_hops": 2},
        learning_rate=0.2,
        weight_decay=(("*", decay),),
        num_epochs=num_epochs,
    )


def gcnii(hidden: int, **options: Any) -> Protocol:
    """The source's, with its two factors of weight decay."""
    return Protocol(
        model=GCNII,
        widths=(hidden,),
        options={"alpha": 0.1, **options},
        learning_rate=0.01,
        weight_decay=(("layers.*", 0.01), ("*", 5e-4)),
        num_epochs=1500,
        stopping="loss",
        patience=100,
    )


def dagnn(num_hops: int, decay: float) -> Protocol:
    """DGL's example, which has the source's options and stops by the validation loss."""
    return Protocol(
        model=DAGNN,
        widths=(64,),
        options={"num_hops": num_hops, "dropout": 0.8},
        learning_rate=0.01,
        weight_decay=(("*", decay),),
        num_epochs=1500,
        stopping="loss",
        patience=100,
    )


def arma(num_stacks: int) -> Protocol:
    """The source's options, without self loops; the accuracy on validation nodes ends it, as in DGL's example."""
    return Protocol(
        model=ARMA,
        widths=(16,),
        options={"num_layers": 2, "num_stacks": num_stacks, "dropout": 0.75, "skip_dropout": 0.75},
        learning_rate=0.01,
        weight_decay=ALL,
        num_epochs=2000,
        stopping="accuracy",
        patience=100,
        self_loops=False,
    )


KIPF_2 = "Kipf and Welling 2017, table 2"
VELICKOVIC_2 = "Velickovic et al. 2018, table 2 (recalled)"
WU_2 = "Wu et al. 2019, table 2"
CHEN_2 = "Chen et al. 2020, table 2; README of the source"
LIU_2 = "Liu et al. 2020, in DGL's README, 100 runs"
OLDER = (
    "The row is of the code of its commit, whose model had the same two layers, the first projection drawn from Glorot's uniform "
    "distribution in the place of the normal one."
)
ONE_RUN = "DGL's README does not say of how many runs its figure is; validation nodes know no better option than these."
BIANCHI_1 = "Bianchi et al. 2019, table 1, in DGL's README"
PYG_ARMA = "PyG, in DGL's README"

PLANETOID = (
    Experiment(
        "cora",
        "gcn",
        KIPF,
        (Figure(81.5, None, KIPF_2), Figure(81.31, 0.88, DGL_PAGE), Figure(81.0, None, DGL_EXAMPLE)),
        seeds=20,
    ),
    Experiment(
        "citeseer",
        "gcn",
        KIPF,
        (Figure(70.3, None, KIPF_2), Figure(70.98, 0.68, DGL_PAGE), Figure(70.7, None, DGL_EXAMPLE)),
        seeds=20,
    ),
    Experiment(
        "cora",
        "gat",
        VELICKOVIC,
        (Figure(83.0, 0.7, VELICKOVIC_2), Figure(83.98, 0.52, DGL_PAGE), Figure(82.1, None, DGL_EXAMPLE)),
        seeds=20,
        remark=OLDER,
    ),
    Experiment(
        "citeseer",
        "gat",
        VELICKOVIC,
        (Figure(72.5, 0.7, VELICKOVIC_2), Figure(69.96, 0.53, DGL_PAGE), Figure(71.0, None, DGL_EXAMPLE)),
        seeds=20,
        remark=OLDER,
    ),
    Experiment("cora", "sage", DGL_SAGE, (Figure(83.3, None, DGL_EXAMPLE),), remark=ONE_RUN),
    Experiment("citeseer", "sage", DGL_SAGE, (Figure(71.1, None, DGL_EXAMPLE),), remark=ONE_RUN),
    Experiment("cora", "appnp", PYG_APPNP, (Figure(83.7, None, DGL_EXAMPLE), Figure(83.3, 0.5, PYG_PAPER))),
    Experiment("citeseer", "appnp", PYG_APPNP, (Figure(71.5, None, DGL_EXAMPLE), Figure(71.8, 0.5, PYG_PAPER))),
    Experiment("cora", "sgc", sgc(1.3e-5, 100), (Figure(81.0, 0.0, WU_2), Figure(81.9, None, DGL_EXAMPLE))),
    Experiment("citeseer", "sgc", sgc(5e-5, 150), (Figure(71.9, 0.1, WU_2), Figure(72.5, None, DGL_EXAMPLE))),
    Experiment(
        "cora",
        "arma",
        arma(2),
        (Figure(83.4, 0.6, BIANCHI_1), Figure(82.3, 0.5, PYG_ARMA), Figure(82.2, 0.3, DGL_EXAMPLE)),
    ),
    Experiment(
        "citeseer",
        "arma",
        arma(3),
        (Figure(72.5, 0.4, BIANCHI_1), Figure(70.9, 1.1, PYG_ARMA), Figure(72.5, 0.2, DGL_EXAMPLE)),
    ),
    Experiment("cora", "dagnn", dagnn(12, 0.005), (Figure(84.4, 0.5, LIU_2), Figure(84.3, 0.5, DGL_EXAMPLE))),
    Experiment("citeseer", "dagnn", dagnn(16, 0.02), (Figure(73.3, 0.6, LIU_2), Figure(73.1, 0.9, DGL_EXAMPLE))),
    Experiment(
        "cora",
        "gcnii",
        gcnii(64, num_layers=64, theta=0.5, dropout=0.6),
        (Figure(85.5, 0.5, CHEN_2),),
        seeds=5,
        remark="The source has 100 trainings (recalled); the mean of five is known to 0.3.",
    ),
    Experiment(
        "citeseer", "gcnii", gcnii(256, num_layers=32, theta=0.6, dropout=0.7), (Figure(73.4, 0.6, CHEN_2),), seeds=3
    ),
)
