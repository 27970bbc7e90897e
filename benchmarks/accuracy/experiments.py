"""The rows of the table: data set, protocol, and the figures that were published for it."""

from __future__ import annotations

from dataclasses import dataclass

from .training import Protocol

# The source allows the training to end before epoch 200; on Cora that gives a lower validation accuracy.
GCN_PLANETOID = Protocol(
    model="gcn",
    hidden=16,
    dropout=0.5,
    learning_rate=0.01,
    weight_decay=5e-4,
    num_epochs=200,
    stopping="never",
    patience=0,
    features="row_normalised",
    self_loops=True,
)
GAT_PLANETOID = Protocol(
    model="gat",
    hidden=8,
    num_heads=8,
    dropout=0.6,
    learning_rate=0.005,
    weight_decay=5e-4,
    num_epochs=100_000,
    stopping="loss_or_accuracy",
    patience=100,
    features="row_normalised",
    self_loops=True,
)
# The published code drops the self loops that its text describes. We keep them: on Coauthor CS the validation accuracy
# over four splits is 90.2 with and 89.2 without.
GCN_PITFALLS = Protocol(
    model="gcn",
    hidden=64,
    dropout=0.8,
    learning_rate=0.01,
    weight_decay=1e-3,
    num_epochs=100_000,
    stopping="loss",
    patience=50,
    features="binary",
    self_loops=True,
)


@dataclass(frozen=True)
class Figure:
    """A published mean in percent, its deviation where one was given, and where it stands."""

    mean: float
    deviation: float | None
    where: str


@dataclass(frozen=True)
class Experiment:
    """One row of the table."""

    dataset: str
    protocol: Protocol
    published: tuple[Figure, ...]

    @property
    def name(self) -> str:
        """Name the row as the command line does."""
        return f"{self.dataset}/{self.protocol.model}"

    @property
    def spread(self) -> tuple[float, float]:
        """Give the range that the published figures span with their deviations."""
        low = min(figure.mean - (figure.deviation or 0.0) for figure in self.published)
        high = max(figure.mean + (figure.deviation or 0.0) for figure in self.published)
        return low, high


KIPF = "Kipf and Welling 2017, table 2"
VELICKOVIC = "Velickovic et al. 2018, table 2 (recalled)"
SHCHUR = "Shchur et al. 2018, arXiv 1811.05868 (recalled)"
DGL_PAGE = "DGL, performance page, 100 runs"
DGL_EXAMPLE = "DGL, README of the example"

EXPERIMENTS = (
    Experiment(
        "cora",
        GCN_PLANETOID,
        (Figure(81.5, None, KIPF), Figure(81.31, 0.88, DGL_PAGE), Figure(81.0, None, DGL_EXAMPLE)),
    ),
    Experiment(
        "citeseer",
        GCN_PLANETOID,
        (Figure(70.3, None, KIPF), Figure(70.98, 0.68, DGL_PAGE), Figure(70.7, None, DGL_EXAMPLE)),
    ),
    Experiment(
        "cora",
        GAT_PLANETOID,
        (Figure(83.0, 0.7, VELICKOVIC), Figure(83.98, 0.52, DGL_PAGE), Figure(82.1, None, DGL_EXAMPLE)),
    ),
    Experiment(
        "citeseer",
        GAT_PLANETOID,
        (Figure(72.5, 0.7, VELICKOVIC), Figure(69.96, 0.53, DGL_PAGE), Figure(71.0, None, DGL_EXAMPLE)),
    ),
    Experiment("amazon_computers", GCN_PITFALLS, (Figure(82.6, 2.4, SHCHUR),)),
    Experiment("coauthor_cs", GCN_PITFALLS, (Figure(91.1, 0.5, SHCHUR),)),
)
