"""Graphs of many types: entities of AIFB, and papers of ACM in the version and the splits of HeCo."""

from __future__ import annotations

from ..experiment import Experiment, Figure
from ..han import HAN
from ..one_hot_rgcn import OneHotRGCN
from ..protocol import Protocol

RGCN_50 = Protocol(model=OneHotRGCN, widths=(16,), learning_rate=0.01, num_epochs=50, self_loops=False)
HAN_64 = Protocol(
    model=HAN,
    widths=(64,),
    options={"num_heads": 8, "dropout": 0.6, "attention_dropout": 0.6},
    input_dropout=0.6,
    learning_rate=0.005,
    weight_decay=(("*", 1e-3),),
    num_epochs=100,
    stopping="loss",
    patience=30,
    features="binary",
    self_loops=False,
)

TYPED = (
    Experiment(
        "aifb",
        "rgcn",
        RGCN_50,
        (Figure(95.83, 0.62, "Schlichtkrull et al. 2018, table 2 (recalled)"),),
        kind="entities",
        remark="The test part has 36 nodes, one of which is 2.8 percent.",
    ),
    Experiment(
        "acm",
        "han",
        HAN_64,
        (Figure(88.10, 1.2, "Wang et al. 2021 (HeCo), table 2, micro F1 of HAN, 60 per class (recalled)"),),
        seeds=3,
        kind="metapaths",
        remark="The papers and splits are HeCo's, not the 3,025 papers of HAN. Features are 0 or 1. "
        "As stored, in rows that sum to one, they gave 56.2 ± 5.0 in a run before: "
        "52 to 61 on validation nodes, where 0 or 1 gives 91.",
    ),
)
