"""Random graphs with independent edges, or as many as wanted, and blocks of them."""

import math
from collections import Counter
from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weft.errors import OptionError, ShapeError
from weft.graph import generators
from weft.graph.convert import to_edge_list
from weft.graph.generators import erdos_renyi, random_bipartite, stochastic_block


def allowed(num_nodes, directed, loops):
    """All pairs that may be edges, as the graph has them: an undirected one each in both directions."""
    return {pair for pair in product(range(num_nodes), repeat=2) if loops or pair[0] != pair[1]}


def once(graph, directed):
    """The pairs that were drawn, in order."""
    edges = to_edge_list(graph)
    return edges if directed else [edge for edge in edges if edge[0] <= edge[1]]


@given(st.integers(0, 7), st.sampled_from([0.0, 0.3, 0.9, 1.0]), st.booleans(), st.booleans(), st.integers(0, 99))
def test_edges_are_pairs_that_may_be_and_no_two_are_parallel(num_nodes, p, directed, loops, seed):
    graph = erdos_renyi(num_nodes, p, directed=directed, loops=loops, seed=seed)
    edges = to_edge_list(graph)
    assert len(set(edges)) == len(edges)
    assert set(edges) <= allowed(num_nodes, directed, loops)
    assert once(graph, directed) == sorted(once(graph, directed))
    if not directed:
        assert {(target, source) for source, target in edges} == set(edges)
    if p in (0, 1):
        assert set(edges) == (allowed(num_nodes, directed, loops) if p else set())


@given(st.integers(0, 7), st.floats(0, 1), st.booleans(), st.booleans(), st.integers(0, 99))
def test_there_are_as_many_edges_as_wanted(num_nodes, share, directed, loops, seed):
    size = len(allowed(num_nodes, directed, loops))
    if not directed:
        size = num_nodes * (num_nodes - 1) // 2 + loops * num_nodes
    count = round(share * size)
    graph = erdos_renyi(num_nodes, num_edges=count, directed=directed, loops=loops, seed=seed)
    drawn = once(graph, directed)
    assert len(drawn) == len(set(drawn)) == count
    assert drawn == sorted(drawn)
    assert set(to_edge_list(graph)) <= allowed(num_nodes, directed, loops)


@pytest.mark.parametrize(
    ("directed", "loops", "num_edges"), [(False, False, 3), (False, True, 7), (True, False, 3), (True, True, 7)]
)
def test_every_pair_is_as_likely_as_any_other(directed, loops, num_edges):
    """300 graphs on 4 nodes: each count within five deviations of its mean, by chance and by number."""
    draws, pairs = 300, sorted(allowed(4, directed, loops))
    size = len(pairs) if directed else sum(first <= last for first, last in pairs)
    for options, p in (({"p": 0.3}, 0.3), ({"num_edges": num_edges}, num_edges / size)):
        seen = Counter()
        for seed in range(draws):
            seen.update(to_edge_list(erdos_renyi(4, **options, directed=directed, loops=loops, seed=seed)))
        assert all(abs(seen[pair] - draws * p) < 5 * math.sqrt(draws * p * (1 - p)) for pair in pairs)


def test_sparse_graphs_have_the_expected_number_of_edges_and_degrees():
    num_nodes, p = 100_000, 5e-5
    graph = erdos_renyi(num_nodes, p, directed=True, seed=0)
    mean = num_nodes * (num_nodes - 1) * p
    assert abs(graph.num_edges - mean) < 5 * math.sqrt(mean)
    for degrees in (graph.adjacency.in_degrees().double(), graph.adjacency.out_degrees().double()):
        assert abs(degrees.var().item() - 5) < 0.2  # of a Poisson distribution, variance is mean
        assert abs((degrees == 0).double().mean().item() - math.exp(-5)) < 0.002


def test_few_of_very_many_pairs_are_drawn():
    assert erdos_renyi(3_000_000, 1e-18, seed=0).num_edges == 0
    assert erdos_renyi(3_000_000, num_edges=10, seed=0).num_edges == 20


@given(st.integers(0, 6), st.integers(0, 6), st.floats(0, 1), st.integers(0, 99))
def test_edges_of_two_types_run_between_them(first, last, share, seed):
    count = round(share * first * last)
    graph = random_bipartite((first, last), num_edges=count, edge_type=("user", "rates", "item"), seed=seed)
    assert (graph["user"].count, graph["item"].count, graph["rates"].count) == (first, last, count)
    edges = to_edge_list(graph)
    assert edges == sorted(set(edges))
    by_chance = random_bipartite((first, last), share, seed=seed)
    assert set(to_edge_list(by_chance)) <= set(product(range(first), range(last)))


@given(st.lists(st.integers(0, 5), max_size=4), st.booleans(), st.booleans(), st.integers(0, 99))
def test_blocks_have_all_edges_that_are_sure_and_none_that_is_impossible(sizes, directed, loops, seed):
    p = [[float((first + last) % 2 == 0) for last in range(len(sizes))] for first in range(len(sizes))]
    graph = stochastic_block(sizes, p, directed=directed, loops=loops, seed=seed)
    block = graph.nodes["block"].tolist()
    assert block == [at for at, size in enumerate(sizes) for _ in range(size)]
    expected = {(i, j) for i, j in allowed(sum(sizes), directed, loops) if (block[i] + block[j]) % 2 == 0}
    edges = to_edge_list(graph)
    assert len(edges) == len(set(edges))
    assert set(edges) == expected


def test_blocks_are_as_dense_as_wanted():
    sizes, p = [400, 600], torch.tensor([[0.1, 0.02], [0.3, 0.05]])
    graph = stochastic_block(sizes, p, directed=True, seed=0)
    block = graph.nodes["block"]
    for first, last in product(range(2), repeat=2):
        found = int(((block[graph.adjacency.source] == first) & (block[graph.adjacency.target] == last)).sum())
        pairs = sizes[first] * (sizes[last] - (first == last))
        mean = pairs * p[first, last].item()
        assert abs(found - mean) < 5 * math.sqrt(mean)


CALLS = {
    "gnp": lambda seed: erdos_renyi(3000, 0.01, seed=seed),
    "gnm": lambda seed: erdos_renyi(3000, num_edges=50_000, seed=seed),
    "bipartite": lambda seed: random_bipartite((3000, 2000), 0.01, seed=seed),
    "blocks": lambda seed: stochastic_block([1000, 2000], [[0.02, 0.01], [0.01, 0.03]], seed=seed),
    "attachment": lambda seed: generators.barabasi_albert(20_000, 5, seed=seed),
    "small world": lambda seed: generators.watts_strogatz(20_000, 6, 0.3, seed=seed),
    "rmat": lambda seed: generators.rmat(14, 80_000, shuffle=True, seed=seed),
    "tree": lambda seed: generators.random_tree(50_000, seed=seed),
    "motifs": lambda seed: generators.attach_motifs(generators.grid([200, 200]), generators.house(), 5000, seed=seed),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_seed_gives_one_graph_on_any_number_of_threads(name):
    threads = torch.get_num_threads()
    digests = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            digests.append(CALLS[name](7).digest())
    finally:
        torch.set_num_threads(threads)
    assert len(set(digests)) == 1
    assert CALLS[name](8).digest() != digests[0]


def test_other_random_numbers_are_left_alone():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    CALLS["gnp"](1)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: erdos_renyi(3, seed=0), OptionError, "erdos_renyi: expected one of `p` and `num_edges`, got neither"),
        (lambda: erdos_renyi(3, 0.1, num_edges=1, seed=0), OptionError, "expected one of `p` and `num_edges`, got both"),
        (lambda: erdos_renyi(3, 1.5, seed=0), OptionError, "erdos_renyi: expected `p` from 0 to 1, got 1.5"),
        (lambda: erdos_renyi(3, math.nan, seed=0), OptionError, "expected `p` from 0 to 1, got nan"),
        (lambda: erdos_renyi(-1, 0.5, seed=0), OptionError, "expected `num_nodes` of at least 0, got -1"),
        (lambda: erdos_renyi(3, num_edges=4, seed=0), OptionError, "`num_edges` from 0 to 3, the number of pairs, got 4"),
        (lambda: random_bipartite((2, 3), num_edges=7, seed=0), OptionError, "`num_edges` from 0 to 6"),
        (lambda: random_bipartite((2, -3), 0.5, seed=0), OptionError, "`num_targets` of at least 0, got -3"),
        (lambda: random_bipartite((2, 3), 0.5, edge_type=("a", "to", "a"), seed=0), OptionError,
         "`edge_type` between two node types, got ('a', 'to', 'a'); hint: erdos_renyi draws edges within one type"),
        (lambda: stochastic_block([2, 3], [[0.5]], seed=0), ShapeError, "expected `p` of shape (2, 2), got (1, 1)"),
        (lambda: stochastic_block([2], [[2.0]], seed=0), OptionError, "expected `p` from 0 to 1, got 2.0"),
        (lambda: stochastic_block([-2], [[0.0]], seed=0), OptionError, "expected `sizes` of at least 0, got -2"),
        (lambda: stochastic_block([1, 1], [[0, 0.5], [0.1, 0]], seed=0), OptionError,
         "expected a symmetric `p` for an undirected graph, got another; hint: directed=True takes any"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told(make, error, says):
    with pytest.raises(error) as caught:
        make()
    assert says in str(caught.value)
