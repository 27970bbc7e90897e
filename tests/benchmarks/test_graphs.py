import numpy as np

from benchmarks.graphs import flat, molecules, rmat, uniform


def test_the_same_seed_draws_the_same_graph_and_another_seed_another():
    one, two, other = rmat(8, 1000), rmat(8, 1000), rmat(8, 1000, seed=1)
    assert np.array_equal(one.source, two.source)
    assert np.array_equal(one.target, two.target)
    assert not np.array_equal(one.source, other.source)


def test_rmat_is_skewed_and_its_ids_are_permuted():
    edges = rmat(12, 2**15)
    assert edges.num_nodes == 2**12
    assert edges.num_edges == 2**15
    degree = np.bincount(edges.target, minlength=edges.num_nodes)
    assert degree.max() > 20 * degree.mean()
    assert (degree == 0).any()
    assert degree.argmax() != 0


def test_rmat_quadrants_have_the_probabilities_asked_for():
    edges = rmat(1, 100_000, corners=(0.5, 0.3, 0.15))
    counted = np.bincount(2 * edges.source + edges.target, minlength=4) / edges.num_edges
    straight, swapped = np.array([0.5, 0.3, 0.15, 0.05]), np.array([0.05, 0.15, 0.3, 0.5])
    assert np.abs(counted - straight).max() < 0.01 or np.abs(counted - swapped).max() < 0.01


def test_flat_graph_gives_every_node_the_same_in_degree_in_random_order():
    edges = flat(500, 10)
    assert (np.bincount(edges.target) == 10).all()
    assert not (np.diff(edges.target) >= 0).all()


def test_uniform_graph_has_the_counts_asked_for():
    edges = uniform(24, 50)
    assert edges.num_edges == 50
    assert edges.source.max() < 24


def test_molecules_are_connected_graphs_of_their_own_with_every_bond_in_both_directions():
    edges = molecules(200)
    assert edges.sizes.sum() == edges.num_nodes
    assert 24 < edges.num_nodes / 200 < 26
    assert 48 < edges.num_edges / 200 < 53
    graph = np.repeat(np.arange(200), edges.sizes)
    assert np.array_equal(graph[edges.source], graph[edges.target])
    places = sorted(zip(edges.source, edges.target, strict=True))
    assert places == sorted(zip(edges.target, edges.source, strict=True))
    reached = np.arange(edges.num_nodes)
    for _ in range(40):
        np.minimum.at(reached, edges.target, reached[edges.source])
    assert len(np.unique(reached)) == 200
    assert np.array_equal(edges.source, molecules(200).source)


def test_in_target_order_the_edges_are_the_same_and_stay_in_turn():
    edges = rmat(5, 200)
    ordered = edges.in_target_order()
    assert (np.diff(ordered.target) >= 0).all()
    for node in range(32):
        assert (ordered.source[ordered.target == node] == edges.source[edges.target == node]).all()
