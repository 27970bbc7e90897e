from collections import Counter

import networkx as nx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.algorithms.models import networks, undirected
from weft.errors import DtypeError, OptionError, ShapeError
from weft.graph import Graph
from weft.graph.algorithms import label_communities, propagate_labels


@given(networks(max_edges=60), st.integers(0, 3))
def test_every_node_is_in_the_community_of_most_of_its_neighbours(graph, seed):
    found = label_communities(graph, seed=seed)
    group = found.group.tolist()
    for node, neighbours in undirected(graph).adjacency():
        counts = Counter(group[other] for other in neighbours)
        assert not counts or counts[group[node]] == max(counts.values())
    firsts = [group.index(number) for number in range(found.num_groups)]
    assert firsts == sorted(firsts)


@given(networks())
def test_communities_lie_within_components(graph):
    parts = [set(part) for part in nx.connected_components(undirected(graph))]
    group = label_communities(graph).group
    for number in range(int(group.max()) + 1 if graph.num_nodes else 0):
        assert any(set((group == number).nonzero().flatten().tolist()) <= part for part in parts)


def test_no_round_leaves_everybody_alone():
    assert label_communities(Graph([0, 1], [1, 0]), max_rounds=0).num_groups == 2
    with pytest.raises(OptionError, match="label_communities: expected `max_rounds` of at least 0, got -1"):
        label_communities(Graph([0], [0]), max_rounds=-1)


@given(st.data(), networks(), st.sampled_from(["spread", "clamp"]))
def test_scores_are_those_of_the_formula(data, graph, method):
    num = graph.num_nodes
    label = torch.tensor(data.draw(st.lists(st.integers(-1, 2), min_size=num, max_size=num)), dtype=torch.int64)
    found = propagate_labels(graph, label, num_classes=3, method=method, alpha=0.7, num_iterations=4)
    places = graph.adjacency.target.long(), graph.adjacency.source.long()
    dense = torch.zeros(num, num).index_put(places, torch.tensor(1.0), accumulate=True)
    entering, leaving = dense.sum(1).clamp(min=1), dense.sum(0).clamp(min=1)
    known = label >= 0
    start = torch.nn.functional.one_hot(label.clamp(min=0), 3) * known.unsqueeze(1).float()
    expected = start
    for _ in range(4):
        if method == "spread":
            moved = dense / (entering.unsqueeze(1) * leaving).sqrt()
            expected = 0.7 * moved @ expected + 0.3 * start
        else:
            expected = torch.where(known.unsqueeze(1), start, (dense / entering.unsqueeze(1)) @ expected)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    ("label", "options", "error", "text"),
    [
        ([0.5, 1.0], {}, DtypeError, "integers as `label`, got torch.float32"),
        ([0], {}, ShapeError, r"`label` of shape \(2,\), got \(1,\)"),
        ([0, 3], {"num_classes": 2}, OptionError, "labels below 2, got 3"),
        ([0, 1], {"method": "push"}, OptionError, "`method` to be one of spread, clamp, got 'push'"),
        ([0, 1], {"alpha": 2.0}, OptionError, "`alpha` from 0 to 1, got 2.0"),
    ],
)
def test_wrong_arguments_are_refused(label, options, error, text):
    with pytest.raises(error, match=f"propagate_labels: expected {text}"):
        propagate_labels(Graph([0], [1]), torch.tensor(label), **options)
