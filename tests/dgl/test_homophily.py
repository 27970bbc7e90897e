"""Homophily and label informativeness, against their formulas."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from tests.dgl.graphs_of_dgl import messy, pairs, random_graphs, typed
from weft.dgl import DGLError, graph
from weft.dgl.homophily import adjusted_homophily, edge_homophily, linkx_homophily, node_homophily
from weft.dgl.label_informativeness import edge_label_informativeness, node_label_informativeness
from weft.dgl.transforms import to_bidirected

LABELS = torch.tensor([0, 1, 0, 1, 2, 0])


def same(found, want):
    assert_close(torch.tensor(found), torch.tensor(want), equal_nan=True, check_dtype=False, atol=1e-6, rtol=1e-6)


@given(random_graphs(), st.integers(0, 9))
def test_shares_of_edges_within_classes(g, seed):
    y = torch.randint(2, (g.num_nodes(),), generator=torch.Generator().manual_seed(seed))
    alike = [float(y[u] == y[v]) for u, v in pairs(g)]
    same(edge_homophily(g, y), sum(alike) / len(alike) if alike else math.nan)
    shares = []
    for node in range(g.num_nodes()):
        mine = [share for share, (_, v) in zip(alike, pairs(g), strict=True) if v == node]
        shares.append(sum(mine) / len(mine) if mine else 0.0)
    same(node_homophily(g, y), sum(shares) / len(shares))


def test_sizes_and_degrees_of_classes_are_taken_off():
    assert linkx_homophily(messy(), LABELS) == pytest.approx((2 / 3 - 3 / 6) / 2)
    degrees = (5 / 9) ** 2 + (4 / 9) ** 2  # of the nine edges of the undirected graph
    assert adjusted_homophily(messy(), LABELS) == pytest.approx((3 / 9 - degrees) / (1 - degrees))


def informativeness(g, y, by_node):
    edges = pairs(to_bidirected(g))
    degree = [sum(u == node for u, _ in edges) for node in range(g.num_nodes())]
    classes = range(int(y.max()) + 1)
    weight = [1 / degree[u] if by_node else 1.0 for u, _ in edges]
    total = sum(weight)
    ends = [sum(int(y[u]) == c for u, _ in edges) / len(edges) for c in classes]
    own = [float((y == c).float().mean()) for c in classes] if by_node else ends
    shared = 0.0
    for c in classes:
        for d in classes:
            p = sum(w for w, (u, v) in zip(weight, edges, strict=True) if (int(y[u]), int(y[v])) == (c, d)) / total
            shared += p * math.log(p / (own[c] * ends[d])) if p else 0.0
    return shared / -sum(q * math.log(q) for q in own if q)


@pytest.mark.parametrize("labels", [[0, 1, 0, 1, 1, 0], [0, 1, 0, 1, 2, 0], [0, 0, 1, 2, 2, 1]])
def test_what_a_neighbour_tells(labels):
    y = torch.tensor(labels)
    assert edge_label_informativeness(messy(), y) == pytest.approx(informativeness(messy(), y, by_node=False))
    assert node_label_informativeness(messy(torch.int32), y) == pytest.approx(informativeness(messy(), y, by_node=True))


def test_graphs_without_edges_have_no_homophily():
    empty, y = graph(([], []), num_nodes=3), torch.tensor([0, 1, 0])
    assert node_homophily(empty, y) == 0
    for measure in (edge_homophily, linkx_homophily, adjusted_homophily, edge_label_informativeness):
        assert math.isnan(measure(empty, y))


def test_what_does_not_fit_is_refused():
    for measure in (node_homophily, edge_homophily, linkx_homophily, adjusted_homophily, edge_label_informativeness):
        with pytest.raises(DGLError):
            measure(typed(), LABELS)
        with pytest.raises(DGLError):
            measure(messy(), LABELS[:3])
