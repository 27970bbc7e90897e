"""What a library shows to the worker: its ways to load, and a step of training on one of its batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.graphs import EdgeList

from .cases import Case


@contextmanager
def model_threads(case: Case | None) -> Iterator[None]:
    """Let the model have its number of threads within the block, and what comes after it all; None changes nothing."""
    if case is None:
        yield
        return
    torch.set_num_threads(case.model_threads)
    try:
        yield
    finally:
        torch.set_num_threads(case.threads)


class Library(ABC):
    """A library, a graph with features, and a model of the library's own layers."""

    packages: tuple[str, ...]
    beside: tuple[str, ...] = ()  # the ways whose model has threads of its own beside those that load

    def __init__(self, edges: EdgeList, case: Case) -> None:
        self.edges, self.case = edges, case
        torch.manual_seed(0)
        self.layers = nn.ModuleList(self.layer(*sizes) for sizes in zip(case.widths, case.widths[1:]))  # noqa: B905
        self.optimizer = torch.optim.Adam(self.layers.parameters(), lr=1e-3)

    def passes(self) -> dict[str, Callable[[], None]]:
        """Everything that is timed, by name: an epoch that only loads, and one that trains, for each way; then parts."""
        found: dict[str, Callable[[], None]] = {}
        for way in self.ways():
            found[f"load/{way}"] = partial(self.load, way)
            found[f"epoch/{way}"] = partial(self.epoch, way)
        return {**found, **self.parts()}

    def load(self, way: str) -> None:
        """Load the batches of an epoch, and use none."""
        for _ in self.batches(way):
            pass

    def epoch(self, way: str) -> None:
        """Load the batches of an epoch, and train on each."""
        with model_threads(self.case if way in self.beside else None):
            for batch in self.batches(way):
                self.train(batch)

    def count(self) -> int:
        """Load an epoch in the first way and count its edges."""
        return sum(self.num_edges(batch) for batch in self.batches(self.ways()[0]))

    def step(self, run: Callable[[int, nn.Module, Tensor], Tensor], x: Tensor, labels: Tensor) -> float:
        """Train on one batch: `run` gives what layer i makes of its input; the loss."""
        for at, layer in enumerate(self.layers):
            x = run(at, layer, torch.relu(x) if at else x)
        loss = nn.functional.cross_entropy(x[: labels.shape[0]], labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    @abstractmethod
    def layer(self, in_features: int, out_features: int) -> nn.Module:
        """Make the library's SAGEConv with the mean."""

    @abstractmethod
    def ways(self) -> list[str]:
        """Name the ways to load, the best known first."""

    @abstractmethod
    def batches(self, way: str) -> Iterable[Any]:
        """Begin an epoch."""

    @abstractmethod
    def train(self, batch: Any) -> float:
        """Train on one batch; the loss."""

    @abstractmethod
    def num_edges(self, batch: Any) -> int:
        """Count the edges of a batch, in all layers."""

    @abstractmethod
    def parts(self) -> dict[str, Callable[[], None]]:
        """What else is timed, each for as many batches as an epoch has."""

    @abstractmethod
    def overlap(self) -> list[dict[str, float]]:
        """When each batch of an epoch was asked for, made and used."""
