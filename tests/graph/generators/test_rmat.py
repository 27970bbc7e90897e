"""R-MAT graphs."""

import math

import pytest
import torch

from weft.errors import OptionError
from weft.graph.convert import to_edge_list
from weft.graph.generators import rmat


def test_every_place_is_as_likely_as_its_quadrants():
    """The probability of a place is the product of those of its quadrant at each level."""
    num_edges, quadrants = 200_000, (0.4, 0.3, 0.2, 0.1)
    p = torch.tensor([[0.4, 0.3], [0.2, 0.1]], dtype=torch.float64)
    expected = p
    for _ in range(4):  # five levels take draws from two words
        expected = torch.kron(expected, p)
    adjacency = rmat(5, num_edges, quadrants=quadrants, directed=True, seed=0).adjacency
    counts = (adjacency.source * 32 + adjacency.target).bincount(minlength=1024).double()
    mean = expected.flatten() * num_edges
    assert bool(((counts - mean).abs() < 5.5 * (mean.sqrt() + 1)).all())
    chi = ((counts - mean) ** 2 / mean).sum().item()
    assert abs(chi - 1023) < 5 * math.sqrt(2 * 1023)


def test_an_undirected_graph_has_both_directions():
    directed = to_edge_list(rmat(4, 50, directed=True, seed=3))
    back = [(target, source) for source, target in directed if source != target]
    assert to_edge_list(rmat(4, 50, seed=3)) == directed + back


@pytest.mark.parametrize(
    "quadrants",
    [
        (0.57, 0.19, 0.19, 0.05),
        (0.7, 0.1, 0.1, 0.1),  # 0.9999999999999999 in floating point
        (0.1, 0.7, 0.2, 0.0),
        tuple(torch.tensor([0.57, 0.19, 0.19, 0.05]).tolist()),
        (0.45, 0.55, 2e-17, 1e-17),
    ],
)
def test_probabilities_add_up_to_1_but_for_rounding(quadrants):
    assert rmat(4, 10, quadrants=quadrants, directed=True, seed=0).num_edges == 10


def test_shuffled_nodes_are_the_same_graph_by_other_names():
    plain, shuffled = (rmat(8, 5000, directed=True, shuffle=shuffle, seed=3) for shuffle in (False, True))
    assert not plain.same_structure(shuffled)
    for degrees in ("in_degrees", "out_degrees"):
        assert torch.equal(
            getattr(plain.adjacency, degrees)().sort().values, getattr(shuffled.adjacency, degrees)().sort().values
        )


def test_graphs_of_one_node_of_no_edges_or_of_two_chunks_have_their_sizes():
    assert rmat(0, 3, directed=True, seed=0).num_nodes == 1
    assert rmat(3, 0, seed=0).num_edges == 0
    assert rmat(4, 2**15 + 1, directed=True, seed=0).num_edges == 2**15 + 1
    corner = rmat(4, 10, quadrants=(0.0, 0.0, 0.0, 1.0), directed=True, seed=0)
    assert set(to_edge_list(corner)) == {(15, 15)}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: rmat(-1, 3, seed=0), "rmat: expected `scale` of at least 0, got -1"),
        (lambda: rmat(63, 3, seed=0), "`scale` of at most 62, got 63"),
        (lambda: rmat(3, -1, seed=0), "`num_edges` of at least 0, got -1"),
        (lambda: rmat(3, 1, quadrants=(1.1, 0.0, 0.0, -0.1), seed=0), "`quadrants` from 0 to 1, got 1.1"),
        (
            lambda: rmat(3, 1, quadrants=(0.57, 0.19, 0.19, 0.04), seed=0),
            "four `quadrants` that add up to 1, got 4 that add up to 0.99; hint: divide each by their sum",
        ),
        (lambda: rmat(3, 1, quadrants=(0.5, 0.3, 0.2), seed=0), "got 3 that add up to 1"),
    ],
)
def test_wrong_numbers_are_told(call, says):
    with pytest.raises(OptionError) as caught:
        call()
    assert says in str(caught.value)
