"""The benchmark of layers: its graphs, its table, and layers that exist."""

import numpy as np
import pytest

import weft.nn
from benchmarks.fixtures.recipe import build
from benchmarks.graphs import EdgeList
from benchmarks.layers.__main__ import mirrored, ratios, show
from benchmarks.layers.cases import LAYERS


def test_every_edge_is_there_in_both_directions_and_no_self_loop() -> None:
    found = mirrored(EdgeList(np.array([0, 2]), np.array([1, 2]), 3))
    assert list(zip(found.source.tolist(), found.target.tolist(), strict=True)) == [(0, 1), (1, 0)]


@pytest.mark.parametrize("name", LAYERS)
def test_layer_can_be_made_and_has_a_peer(name: str) -> None:
    timed = LAYERS[name]
    getattr(weft.nn, timed.weft)(**{key: build(value) for key, value in timed.ours.items()})
    assert timed.dgl or timed.pyg


def test_table_shows_ratios_and_means() -> None:
    case = {"graph": "rmat", "layer": "gcn", "bytes": {"weft": 50, "dgl": 100, "pyg": 200}}
    case["rounds_ms"] = {"weft": [1.0, 2.0, 9.0], "dgl": [4.0, 4.0, 5.0], "pyg": [1.0]}
    assert ratios(case) == {"dgl": 2.0, "pyg": 0.5}
    text = show([case])
    assert "rmat   gcn    2.0 ms  2.00x  0.50x              0.50" in text
    assert text.endswith("fastest peer: geometric mean 0.50x; no slower in 0 of 1 steps")
