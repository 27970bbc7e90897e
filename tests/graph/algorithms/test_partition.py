import math
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.algorithms.models import networks
from weft.errors import DtypeError, IdError, MissingExtraError, OptionError, ShapeError
from weft.graph import Graph
from weft.graph.algorithms import partition, partition_quality


def caves(count, size):
    """Cliques in a ring, each joined with the next by an edge."""
    first = torch.arange(count).repeat_interleave(size * size) * size
    place = torch.arange(size * size).repeat(count)
    source, target = first + place // size, first + place % size
    keep = source != target
    bridge = torch.arange(count) * size
    return Graph(torch.cat((source[keep], bridge)), torch.cat((target[keep], bridge.roll(-1) + 1)), count * size)


@given(networks(max_edges=60), st.integers(1, 5), st.sampled_from([0.0, 0.3, 2.0]), st.integers(1, 3))
def test_parts_are_there_and_within_their_size(graph, num_parts, imbalance, passes):
    part = partition(graph, num_parts, imbalance=imbalance, passes=passes)
    assert part.shape == (graph.num_nodes,)
    sizes = torch.bincount(part, minlength=num_parts)
    assert sizes.shape == (num_parts,)
    most = max(-(-graph.num_nodes // num_parts), int(graph.num_nodes / num_parts * (1 + imbalance)))
    assert sizes.sum() == graph.num_nodes
    assert int(sizes.max()) <= most


def test_cliques_stay_whole():
    found = partition_quality(caves(40, 8), partition(caves(40, 8), 4))
    assert found.cut < 0.05
    assert found.balance <= 1.05


def test_hubs_do_not_gather_in_one_part():
    generator = torch.Generator().manual_seed(0)
    graph = Graph(*(2000 * torch.rand(2, 20000, generator=generator) ** 4).long(), 2000)
    free = partition_quality(graph, partition(graph, 4, edge_imbalance=math.inf))
    even = partition_quality(graph, partition(graph, 4, edge_imbalance=0.2))
    assert free.edge_balance > 2 > 1.4 > even.edge_balance
    assert max(free.balance, even.balance) <= 1.05


def test_a_hash_spreads_ids_and_depends_on_the_seed():
    graph = Graph([], [], 10_000)
    part = partition(graph, 4, method="hash")
    assert torch.bincount(part).tolist() == pytest.approx([2500] * 4, rel=0.1)
    assert torch.equal(part, partition(graph, 4, method="hash"))
    assert not torch.equal(part, partition(graph, 4, method="hash", seed=1))


@given(st.data(), networks())
def test_quality_counts_what_it_says(data, graph):
    num = graph.num_nodes
    part = data.draw(st.lists(st.integers(0, 3), min_size=num, max_size=num))
    found = partition_quality(graph, torch.tensor(part, dtype=torch.int64))
    edges = list(zip(graph.adjacency.source.tolist(), graph.adjacency.target.tolist(), strict=True))
    cut = sum(part[first] != part[last] for first, last in edges) / max(len(edges), 1)
    count = max(part, default=0) + 1
    sizes, entering = (
        [sum(part[node] == number for node in nodes) for number in range(count)]
        for nodes in (range(num), [e[1] for e in edges])
    )
    assert found.cut == pytest.approx(cut)
    assert found.balance == pytest.approx(max(sizes) * count / num if num else 1)
    assert found.edge_balance == pytest.approx(max(entering) * count / len(edges) if edges else 1)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"num_parts": 0}, "`num_parts` of at least 1, got 0"),
        ({"method": "spectral"}, "`method` to be one of ldg, hash, metis, kahypar, got 'spectral'"),
        ({"imbalance": -0.1}, "`imbalance` of at least 0, got -0.1"),
        ({"edge_imbalance": -1.0}, "`edge_imbalance` of at least 0, got -1.0"),
        ({"passes": 0}, "`passes` of at least 1, got 0"),
    ],
)
def test_wrong_options_are_refused(options, text):
    with pytest.raises(OptionError, match=f"partition: expected {text}"):
        partition(Graph([0], [1]), **({"num_parts": 2} | options))


def test_wrong_parts_are_refused():
    graph = Graph([0], [1])
    with pytest.raises(ShapeError, match=r"partition_quality: expected `part` of shape \(2,\), got \(1,\)"):
        partition_quality(graph, torch.tensor([0]))
    with pytest.raises(DtypeError, match=r"partition_quality: expected integers as `part`, got torch\.float32"):
        partition_quality(graph, torch.zeros(2))
    with pytest.raises(IdError, match="-1"):
        partition_quality(graph, torch.tensor([0, -1]))


@pytest.mark.parametrize(("method", "package"), [("metis", "pymetis"), ("kahypar", "mtkahypar")])
def test_a_method_of_another_package_asks_for_it(method, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"{package} is not installed; hint: pip install 'weft\[partition\]'"):
        partition(caves(4, 4), 2, method=method)


@pytest.mark.parametrize(("method", "package"), [("metis", "pymetis"), ("kahypar", "mtkahypar")])
def test_methods_of_other_packages_keep_cliques_whole(method, package):
    pytest.importorskip(package)
    found = partition_quality(caves(40, 8), partition(caves(40, 8), 4, method=method))
    assert found.cut < 0.01
    assert found.balance <= 1.05
    for num_parts, graph in (
        (1, caves(4, 4)),
        (3, Graph([], [], 0)),
        (5, Graph([0], [1])),
        (3, Graph([0, 1], [1, 0], 9)),
    ):
        part = partition(graph, num_parts, method=method)
        assert part.shape == (graph.num_nodes,)
        assert int(torch.bincount(part, minlength=num_parts).max()) <= -(-graph.num_nodes // num_parts) + 1
