"""TU sets on the ten folds of Errica et al.: a validation part of each fold chooses the epoch, the test part is looked at once.

The source chooses among 32 or more sets of options in each fold; here all folds of all sets have one, fixed beforehand: for
GIN four layers of 32 and a mean over the graph, for GraphSAGE three layers of 64 and a maximum.
"""

from __future__ import annotations

from torch import nn

from weft.nn.models import GIN, GraphSAGE

from ..experiment import Experiment, Figure
from ..protocol import Protocol
from ..readout_classifier import ReadoutClassifier

ERRICA = "Errica et al. 2020, table in the README of the source"
ERRICA_3 = "Errica et al. 2020, table 3 (recalled)"
ONE_SET = "The source chooses options in each fold by the validation part; here one set serves all folds."

GIN_4 = Protocol(
    model=ReadoutClassifier,
    widths=(32,),
    options={"stack": GIN, "num_layers": 4, "norm": nn.BatchNorm1d, "reduce": "mean"},
    learning_rate=0.01,
    halved_every=50,
    num_epochs=150,
    stopping="accuracy",
    patience=50,
    batch_size=128,
)
SAGE_3 = Protocol(
    model=ReadoutClassifier,
    widths=(64,),
    options={"stack": GraphSAGE, "num_layers": 3, "reduce": "max", "head": True},
    learning_rate=0.001,
    num_epochs=150,
    stopping="accuracy",
    patience=50,
    batch_size=32,
)

GRAPH_SETS = (
    Experiment("enzymes", "gin", GIN_4, (Figure(59.6, 4.5, ERRICA_3),), kind="graphs", remark=ONE_SET),
    Experiment("enzymes", "sage", SAGE_3, (Figure(58.2, 6.0, ERRICA_3),), kind="graphs", remark=ONE_SET),
    Experiment("proteins", "gin", GIN_4, (Figure(73.3, 4.0, ERRICA),), kind="graphs", remark=ONE_SET),
    Experiment("proteins", "sage", SAGE_3, (Figure(73.0, 4.5, ERRICA),), kind="graphs", remark=ONE_SET),
    Experiment("imdb_binary", "gin", GIN_4, (Figure(71.2, 3.9, ERRICA),), kind="graphs", remark=ONE_SET),
    Experiment("imdb_binary", "sage", SAGE_3, (Figure(68.8, 4.5, ERRICA),), kind="graphs", remark=ONE_SET),
    Experiment("nci1", "gin", GIN_4, (Figure(80.0, 1.4, ERRICA),), kind="graphs", remark=ONE_SET),
    Experiment("nci1", "sage", SAGE_3, (Figure(76.0, 1.8, ERRICA),), kind="graphs", remark=ONE_SET),
)
