"""Graphs whose neighbours are mostly of other classes, on the ten splits of Geom-GCN."""

from __future__ import annotations

from weft.nn.models import GCN, GCNII, GraphSAGE

from ..experiment import Experiment, Figure
from ..protocol import Protocol

ZHU = "Zhu et al. 2020 (H2GCN), table 5 (recalled)"
CHEN = "Chen et al. 2020, README of the source, the better of GCNII and GCNII*"
SAMPLED = "The source samples 5 neighbours of a node and trains by SGD; here all neighbours are seen, and Adam trains."
BY_ROWS = (
    "Edges as the source has them, one way. With both directions, in a run before, it was 55.5 ± 2.9, and 55.8 on validation "
    "nodes, which here say 61.0."
)
DIRECTED = "The source sends over directed edges; the data here have them in both directions."


# The source trains Kipf's code, 64 wide; of its three patiences, 40, 100 and 200, this is the middle one for all sets.
GCN_64 = Protocol(
    model=GCN,
    widths=(64,),
    options={"num_layers": 2, "dropout": 0.5},
    input_dropout=0.5,
    learning_rate=0.01,
    weight_decay=(("layers.0.weight", 5e-4),),
    num_epochs=2000,
    stopping="mean_loss",
    patience=100,
    penalised=True,
)
# Fixed beforehand for all sets.
SAGE_64 = Protocol(
    model=GraphSAGE,
    widths=(64,),
    options={"num_layers": 2, "dropout": 0.5},
    input_dropout=0.5,
    learning_rate=0.01,
    weight_decay=(("*", 5e-4),),
    num_epochs=1000,
    stopping="accuracy",
    patience=100,
    self_loops=False,
)


def gcnii(num_layers: int, theta: float, alpha: float, decay: float, *, by_rows: bool = False) -> Protocol:
    """GCNII* with the source's options for this data set."""
    options = {"num_layers": num_layers, "theta": theta, "alpha": alpha, "shared_weights": False, "dropout": 0.5}
    options |= {"norm": "none"} if by_rows else {}
    return Protocol(
        model=GCNII,
        widths=(64,),
        options=options,
        learning_rate=0.01,
        weight_decay=(("*", decay),),
        num_epochs=1500,
        stopping="loss",
        patience=100,
        by_rows=by_rows,
    )


REMARKS = {
    "cornell": "Validation nodes say the same, 49 with a patience of 40 or 100. Zhu et al. give their graph an edge "
    "homophily of 0.30 (recalled); that of the data here is 0.12, and its splits are those of Geom-GCN.",
    "chameleon": "The source chooses among three patiences by validation nodes, which here say 55 for the middle one; its graph "
    "keeps the 50 self loops of the raw data, which are dropped here before every node gets one.",
    "squirrel": "The source chooses among three patiences by validation nodes; here it is the middle one.",
}
GCN_FIGURES = {
    "texas": (59.46, 5.25),
    "wisconsin": (59.80, 6.99),
    "cornell": (57.03, 4.67),
    "actor": (30.26, 0.79),
    "chameleon": (59.82, 2.58),
    "squirrel": (36.89, 1.34),
}
SAGE_FIGURES = {
    "texas": (82.43, 6.14),
    "wisconsin": (81.18, 5.56),
    "cornell": (75.95, 5.01),
    "actor": (34.23, 0.99),
    "chameleon": (58.73, 1.68),
    "squirrel": (41.61, 0.74),
}
GCNII_ROWS = {
    "texas": (gcnii(32, 1.5, 0.5, 1e-4), 77.84),
    "wisconsin": (gcnii(16, 1.0, 0.5, 5e-4), 81.57),
    "cornell": (gcnii(16, 1.0, 0.5, 1e-3), 76.49),
    # With the edges in both directions validation nodes of the first five splits say 55.4, as the source has them 61.3.
    "chameleon": (gcnii(8, 1.5, 0.2, 5e-4, by_rows=True), 62.48),
}

HETEROPHILOUS = (
    *(
        Experiment(name, "gcn", GCN_64, (Figure(*figure, ZHU),), remark=REMARKS.get(name, ""))
        for name, figure in GCN_FIGURES.items()
    ),
    *(
        Experiment(name, "sage", SAGE_64, (Figure(*figure, ZHU),), remark=SAMPLED)
        for name, figure in SAGE_FIGURES.items()
    ),
    *(
        Experiment(
            name, "gcnii", protocol, (Figure(mean, None, CHEN),), remark=BY_ROWS if protocol.by_rows else DIRECTED
        )
        for name, (protocol, mean) in GCNII_ROWS.items()
    ),
)
