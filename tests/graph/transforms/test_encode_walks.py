"""What comes back to a node."""

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given

from tests.graph.strategies import graphs
from tests.graph.transforms.dense import assert_matrix, dense
from tests.graph.transforms.test_diffuse import ring
from weft import settings
from weft.errors import OptionError
from weft.graph import Graph, batch, unbatch
from weft.graph.transforms import encode_heat, encode_walks


@given(graph=graphs())
def test_walks_return_as_often_as_the_powers_say(graph):
    graph.edges["w"] = graph.edges["w"] % 3 + 1
    matrix = dense(graph, "w").T
    leaving = matrix.sum(1, keepdims=True)
    walk = matrix / np.where(leaving > 0, leaving, 1)
    expected = [np.diag(np.linalg.matrix_power(walk, k)) for k in range(1, 6)]
    assert_matrix(encode_walks(graph, 5, weight="w").nodes["walk"], np.stack(expected, 1))


@given(graph=graphs())
def test_heat_stays_as_the_exponential_says(graph):
    matrix = dense(graph)
    matrix = (matrix + matrix.T) / 2
    degree = matrix.sum(1)
    root = np.where(degree > 0, degree, np.inf) ** -0.5
    laplacian = np.diag((degree > 0) * 1.0) - root[:, None] * matrix * root[None]
    times = [0.0, 0.5, 4.0]
    expected = [np.diag(scipy.linalg.expm(-t * laplacian)) if len(laplacian) else np.zeros(0) for t in times]
    assert_matrix(encode_heat(graph, times).nodes["heat"], np.stack(expected, 1))


def test_graphs_of_a_batch_and_chunks_give_the_same(monkeypatch):
    parts = [ring(9), Graph([], [], 0), ring(20), Graph([], [], 2)]
    walks = torch.cat([encode_walks(part, 4).nodes["walk"] for part in parts])
    heat = torch.cat([encode_heat(part, [1.0]).nodes["heat"] for part in parts])
    monkeypatch.setattr(settings, "chunk_bytes", 800)
    together = batch(parts)
    torch.testing.assert_close(encode_walks(together, 4).nodes["walk"], walks)
    torch.testing.assert_close(encode_heat(together, [1.0]).nodes["heat"], heat)
    assert len(unbatch(encode_heat(together, []))) == 4


def test_errors_teach():
    with pytest.raises(OptionError, match="encode_walks: expected `steps` of at least 1, got 0"):
        encode_walks(Graph([0], [1]), 0)
    with pytest.raises(OptionError, match="Heat: expected `t` of at least 0, got -1"):
        encode_heat(Graph([0], [1]), [-1])
