"""Edges of a diffusion."""

import networkx as nx
import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import graphs
from tests.graph.transforms.dense import assert_matrix, dense, looped, normalised
from weft import settings
from weft.errors import OptionError
from weft.graph import Graph, batch, to_networkx, unbatch
from weft.graph.transforms import PPR, Heat, Powers, diffuse, gdc

POWERS = (0.5, 0.0, 0.3, 0.2)
FORMULAS = {
    PPR(0.2): lambda t: 0.2 * np.linalg.inv(np.eye(len(t)) - 0.8 * t),
    PPR(1.0): lambda t: np.eye(len(t)),
    Heat(2.5): lambda t: scipy.linalg.expm(2.5 * (t - np.eye(len(t)))) if len(t) else t,
    Heat(0.0): lambda t: np.eye(len(t)),
    Powers(POWERS): lambda t: sum(c * np.linalg.matrix_power(t, k) for k, c in enumerate(POWERS)),
}


def ring(count):
    """A ring, and chords both ways."""
    source = torch.arange(count)
    target = (source * 7 + 3) % count
    return Graph(torch.cat((source, target, source)), torch.cat((target, source, (source + 1) % count)), count)


@pytest.mark.parametrize("method", ["power", "exact"])
@given(graph=graphs(), kernel=st.sampled_from(list(FORMULAS)), norm=st.sampled_from(["both", "left", "right"]))
def test_weights_are_the_sum_of_powers(method, kernel, graph, norm):
    graph.edges["w"] = graph.edges["w"] % 4 + 1
    found = diffuse(graph, kernel, norm=norm, weight="w", method=method, tolerance=1e-9)
    assert_matrix(dense(found, "weight"), FORMULAS[kernel](normalised(looped(graph, "w"), norm)))
    found = diffuse(graph, kernel, norm=norm, self_loops=False, method=method, tolerance=1e-9)
    assert_matrix(dense(found, "weight"), FORMULAS[kernel](normalised(dense(graph), norm)))


@given(graph=graphs(), norm=st.sampled_from(["both", "left", "right"]))
def test_pushing_comes_as_near_as_asked(graph, norm):
    expected = FORMULAS[PPR(0.2)](normalised(looped(graph), norm))
    assert_matrix(dense(diffuse(graph, PPR(0.2), norm=norm, method="push", tolerance=1e-6), "weight"), expected, 1e-4)


def test_pushing_keeps_its_promise_where_it_stops_early():
    source, target = torch.randint(100, (2, 400), generator=torch.Generator().manual_seed(0))
    graph = Graph(torch.cat((source, target)), torch.cat((target, source)), 100)
    exact = dense(diffuse(graph, norm="right", method="exact"), "weight")
    for tolerance in (1e-2, 1e-3):
        found = diffuse(graph, norm="right", method="push", tolerance=tolerance)
        missing = exact - dense(found, "weight")
        assert missing.min() > -1e-6
        assert (missing / (graph.adjacency.in_degrees().numpy() + 1)).max() < tolerance
    assert found.num_edges < 0.8 * 100 * 100


@pytest.mark.parametrize("method", ["power", "exact", "push"])
def test_the_largest_of_each_target_stay(method):
    graph = ring(40)
    every = dense(diffuse(graph, PPR(0.2), norm="right", tolerance=1e-9), "weight")
    found = diffuse(graph, PPR(0.2), norm="right", method=method, tolerance=1e-9, top_k=5)
    assert found.adjacency.in_degrees().tolist() == [5] * 40
    matrix = dense(found, "weight")
    assert_matrix(np.sort(matrix, 1)[:, -5:], np.sort(every, 1)[:, -5:])
    assert_matrix(matrix[matrix > 0], every[matrix > 0])
    target, source = found.adjacency.target, found.adjacency.source
    assert torch.equal(target * 40 + source, (target * 40 + source).sort().values)
    above = diffuse(graph, PPR(0.2), norm="right", method=method, tolerance=1e-9, threshold=0.05)
    assert_matrix(dense(above, "weight"), np.where(every > 0.05, every, 0))


def test_of_equal_weights_the_first_sources_stay():
    complete = Graph(*[ends.flatten() for ends in torch.meshgrid(torch.arange(5), torch.arange(5), indexing="ij")])
    for method in ("power", "exact"):
        found = diffuse(complete, Powers((0.0, 1.0)), norm="right", method=method, top_k=2)
        assert found.adjacency.source.reshape(5, 2).tolist() == [[0, 1]] * 5
    found = diffuse(complete, PPR(0.5), norm="right", method="push", top_k=2)
    assert found.adjacency.source.reshape(5, 2).tolist() == [[0, 1], [0, 1], [0, 2], [0, 3], [0, 4]]


def test_chunks_give_what_one_piece_gives(monkeypatch):
    graph = batch([ring(30), ring(7), Graph([], [], 0), ring(18)])
    whole = [diffuse(graph, method=method, top_k=4) for method in ("power", "exact", "push")]
    monkeypatch.setattr(settings, "chunk_bytes", 2000)
    for expected, method in zip(whole, ("power", "exact", "push"), strict=True):
        found = diffuse(graph, method=method, top_k=4)
        assert found.same_structure(expected)
        torch.testing.assert_close(found.edges["weight"], expected.edges["weight"])


@pytest.mark.parametrize("method", ["power", "exact", "push"])
def test_graphs_of_a_batch_are_diffused_each_by_itself(method):
    parts = [ring(5), Graph([], [], 0), ring(12), Graph([], [], 2), Graph([0], [1])]
    found = diffuse(batch(parts), method=method, top_k=3)
    assert found.num_graphs == 5
    for part, alone in zip(unbatch(found), parts, strict=True):
        expected = diffuse(alone, method=method, top_k=3)
        assert part.same_structure(expected)
        torch.testing.assert_close(part.edges["weight"], expected.edges["weight"])


def test_rows_are_what_networkx_calls_personalised_pagerank():
    graph = ring(20)
    found = dense(diffuse(graph, PPR(0.15), norm="left", self_loops=False, tolerance=1e-10), "weight")
    for node in (0, 7):
        rank = nx.pagerank(to_networkx(graph), 0.85, {node: 1}, max_iter=500, tol=1e-10)
        assert_matrix(found[:, node], [rank[i] for i in range(20)])


def test_nodes_and_other_types_keep_their_features():
    graph = Graph({("a", "in", "a"): ([0, 1], [1, 0]), ("a", "to", "b"): ([0], [0])})
    graph["a"]["x"] = torch.arange(2)
    graph["in"]["kind"] = torch.arange(2)
    graph["to"]["w"] = torch.arange(1)
    found = diffuse(graph, name="p", edge_type="in")
    assert found["a"]["x"] is graph["a"]["x"]
    assert found["to"]["w"] is graph["to"]["w"]
    assert set(found["in"]) == {"p"}


def test_gdc_is_a_diffusion_whose_rows_add_up_to_one():
    found = gdc(ring(30), Heat(3.0), "p", top_k=4)
    assert found.adjacency.in_degrees().tolist() == [4] * 30
    assert_matrix(dense(found, "p").sum(1), np.ones(30))


def test_ids_keep_their_dtype():
    graph = Graph(torch.tensor([0, 1], dtype=torch.int32), torch.tensor([1, 0], dtype=torch.int32))
    for method in ("power", "exact", "push"):
        assert diffuse(graph, method=method).adjacency.source.dtype is torch.int32


def test_errors_teach():
    graph = Graph([0], [1])
    for expected, options in {
        "`method` to be one of power, exact, push, got 'fast'": {"method": "fast"},
        'a PPR kernel for the method "push"': {"kernel": Heat(), "method": "push"},
        "`top_k` of at least 1, got 0": {"top_k": 0},
        "`tolerance` between 0 and 1, got 0": {"tolerance": 0},
    }.items():
        with pytest.raises(OptionError, match=f"diffuse: expected {expected}"):
            diffuse(graph, **options)
    for name in ("PPR", "Heat"):
        with pytest.raises(OptionError, match=f"{name}: expected"):
            {"PPR": PPR, "Heat": Heat}[name](-1.0)
    graph.edges["w"] = torch.tensor([-1.0])
    with pytest.raises(OptionError, match="weights of at least 0 to push along"):
        diffuse(graph, weight="w", norm="none", method="push")
