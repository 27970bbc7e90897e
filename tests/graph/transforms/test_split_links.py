"""Links to predict, and messages that do not tell them."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weft.errors import FeatureError, OptionError
from weft.graph import Graph, batch
from weft.graph.transforms import split_links

EDGE = ("node", "edge", "node")
RATES, RATED = ("user", "rates", "item"), ("item", "rated", "user")
FOLLOWS, FOLLOWED = ("user", "follows", "user"), ("user", "followed", "user")
SHARES = st.sampled_from([0.0, 0.2, 0.5])


@st.composite
def networks(draw):
    """Users who rate items and follow users; reverse types of both, in another order, may lack edges or have more."""
    users, items = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    edges = {}
    for name, other, count in ((RATES, RATED, items), (FOLLOWS, FOLLOWED, users)):
        pairs = draw(st.lists(st.tuples(st.integers(0, users - 1), st.integers(0, count - 1)), max_size=14))
        turned = draw(st.permutations(pairs))[: draw(st.sampled_from([14, 14, 4]))]
        turned += [(0, 0), (users - 1, count - 1)] if draw(st.booleans()) else []
        edges[name] = [list(ends) for ends in zip(*pairs, strict=True)] or [[], []]
        edges[other] = [list(ends) for ends in zip(*turned, strict=True)][::-1] or [[], []]
    graph = Graph(edges, num_nodes={"user": users, "item": items})
    for found in graph.edge_sets.values():
        found["id"] = torch.arange(found.count)
        found["time"] = torch.tensor(
            draw(st.lists(st.integers(0, 8), min_size=found.count, max_size=found.count)), dtype=torch.int64
        )
    return graph


def pairs_of(graph, edge_type, is_turned=False):
    adjacency = graph.edge_sets[edge_type].adjacency
    ends = (adjacency.target, adjacency.source) if is_turned else (adjacency.source, adjacency.target)
    return list(zip(*(end.tolist() for end in ends), strict=True))


def said_by(graph, edge_type, other):
    """The links that edges of a graph tell: pairs as the edge type has them, in either order within one node type."""
    told = set(pairs_of(graph, edge_type)) | (set(pairs_of(graph, other, True)) if other else set())
    return told | {pair[::-1] for pair in told} if edge_type[0] == edge_type[2] else told


def check(graph, parts, partners, *, is_timed=False):
    """No supervised edge, nor its reverse, nor a parallel one, is a message of its own part or an earlier one."""
    parts = [parts.train, parts.val, parts.test]
    for edge_type, other in partners.items():
        whole = said_by(graph, edge_type, other)
        all_pairs = pairs_of(graph, edge_type)
        supervised, without = [], []
        for part in parts:
            pairs = [tuple(pair) for pair in part.pairs[edge_type].tolist()]
            count = len(part.edge_ids[edge_type])
            assert part.labels[edge_type].tolist() == [1.0] * count + [0.0] * (len(pairs) - count)
            assert pairs[:count] == [all_pairs[at] for at in part.edge_ids[edge_type].tolist()]
            supervised.append(set(pairs[:count]))
            without += pairs[count:]
            assert len(supervised[-1]) == count
        for late in range(3):
            for early in range(late + 1):
                assert not supervised[late] & said_by(parts[early].graph, edge_type, other)
                assert early == late or not supervised[late] & supervised[early]
        assert not set(without) & set(pairs_of(graph, edge_type))
        assert not other or not set(without) & set(pairs_of(graph, other, True))
        assert len(set(without)) == len(without)
        assert edge_type[0] != edge_type[2] or all(first != last for first, last in without)
        if not is_timed:
            kept = [set(pairs_of(part.graph, edge_type)) for part in parts]
            assert kept[0] <= kept[1] <= kept[2]
            assert kept[1] >= supervised[0]
            assert kept[2] >= supervised[1]
            told = said_by(parts[2].graph, edge_type, other) | supervised[2] | {pair[::-1] for pair in supervised[2]}
            assert whole <= told


def split_or_shrink(graph, **options):
    """A small graph may have no pairs left without an edge."""
    try:
        return split_links(graph, **options)
    except OptionError as error:
        if "pairs that no edge joins" not in str(error):
            raise
        return split_links(graph, **{**options, "negatives": 0.0})


@given(graph=networks(), val=SHARES, test=SHARES, supervision=st.sampled_from([0.0, 0.5, 1.0]), seed=st.integers(0, 9))
def test_nothing_leaks(graph, val, test, supervision, seed):
    partners = {RATES: RATED, FOLLOWS: FOLLOWED}
    parts = split_or_shrink(
        graph, val=val, test=test, supervision=supervision, edge_types=list(partners), reverse=partners, seed=seed
    )
    check(graph, parts, partners)


@given(graph=networks(), val=SHARES, test=SHARES, seed=st.integers(0, 9), is_directed=st.booleans())
def test_nothing_leaks_without_reverse_types(graph, val, test, seed, is_directed):
    parts = split_or_shrink(
        graph, val=val, test=test, edge_types=["follows"], reverse={}, is_directed=is_directed, seed=seed
    )
    check(graph, parts, {FOLLOWS: None})
    for name in (RATES, RATED, FOLLOWED):
        assert parts.train.graph.edge_sets[name].adjacency.same_structure(graph.edge_sets[name].adjacency)
    if not is_directed:
        for part in (parts.train, parts.val, parts.test):
            pairs = [frozenset(pair) for pair in part.pairs[FOLLOWS].tolist()]
            assert len(pairs) == len(set(pairs))


@given(graph=networks(), val=SHARES, test=SHARES, seed=st.integers(0, 9))
def test_nothing_leaks_from_the_future(graph, val, test, seed):
    partners = {RATES: RATED, FOLLOWS: FOLLOWED}
    parts = split_or_shrink(
        graph, val=val, test=test, edge_types=list(partners), reverse=partners, time="time", seed=seed
    )
    check(graph, parts, partners, is_timed=True)
    for part in (parts.train, parts.val, parts.test):
        asked = [graph.edge_sets[name]["time"][part.edge_ids[name]] for name in partners]
        known = [edges["time"] for edges in part.graph.edge_sets.values()]
        asked, known = torch.cat(asked), torch.cat(known)
        assert not asked.numel() or not known.numel() or known.max() < asked.min()


@given(graph=networks(), seed=st.integers(0, 9))
def test_types_that_mirror_each_other_are_found(graph, seed):
    mirrored = {}
    for edge_type, other in ((RATES, RATED), (FOLLOWS, FOLLOWED)):
        adjacency = graph.edge_sets[edge_type].adjacency
        order = torch.randperm(adjacency.num_edges, generator=torch.Generator().manual_seed(seed))
        mirrored |= {edge_type: adjacency, other: (adjacency.target[order], adjacency.source[order])}
    graph = Graph(mirrored, num_nodes={name: nodes.count for name, nodes in graph.node_sets.items()})
    check(graph, split_or_shrink(graph, edge_types=["rates", "follows"], seed=seed), {RATES: RATED, FOLLOWS: FOLLOWED})


@pytest.mark.parametrize(
    ("back", "is_mirror"),
    [
        (([2, 1, 1], [0, 0, 0]), True),
        (([2, 2, 1], [0, 0, 0]), False),  # another of the edges is there twice
        (([2, 1, 1], [0, 0, 1]), False),
        (([0, 0, 0], [1, 1, 2]), False),  # not turned round
        (([2, 1], [0, 0]), False),
    ],
)
def test_a_type_is_the_reverse_of_another_edge_for_edge(back, is_mirror):
    graph = Graph({FOLLOWS: ([0, 0, 0], [1, 1, 2]), FOLLOWED: back}, num_nodes={"user": 3})
    parts = split_links(graph, 0, 2, edge_types=["follows"], negatives=0, seed=0)
    assert parts.test.graph["followed"].count == (0 if is_mirror else len(back[0]))


def test_messages_carry_features_and_ids():
    graph = Graph(torch.arange(30), torch.arange(30) + 1)
    graph.edges["w"], graph.nodes["x"] = torch.arange(30) * 2, torch.arange(31)
    parts = split_links(graph, 5, 7, supervision=0.5, seed=0)
    for part, count in ((parts.train, 9), (parts.val, 18), (parts.test, 23)):
        assert part.graph.num_edges == count
        assert torch.equal(part.graph.edges["w"], part.message.edge_ids[EDGE] * 2)
        assert part.graph.nodes["x"] is graph.nodes["x"]
    assert [len(part.pairs[EDGE]) for part in (parts.train, parts.val, parts.test)] == [18, 10, 14]
    again, other = (split_links(graph, 5, 7, supervision=0.5, seed=seed) for seed in (0, 1))
    assert torch.equal(again.test.pairs[EDGE], parts.test.pairs[EDGE])
    assert not torch.equal(other.test.pairs[EDGE], parts.test.pairs[EDGE])


def test_directed_links_are_predicted_both_ways_and_others_once():
    ends = torch.arange(20), torch.arange(20) + 1
    graph = Graph(torch.cat(ends), torch.cat(ends[::-1]))
    both, once = (
        split_links(graph, 4, 6, negatives=0, is_directed=is_directed, seed=0).test for is_directed in (True, False)
    )
    assert len(both.pairs[EDGE]) == 12
    assert len(once.pairs[EDGE]) == 6
    assert both.graph.num_edges == once.graph.num_edges == 28


def test_links_begin_between_the_cuts_of_their_part():
    graph = Graph({FOLLOWS: ([0, 0, 0, 1, 1, 0], [1, 2, 3, 2, 3, 1]), FOLLOWED: ([1], [0])})
    graph["follows"]["t"] = torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    graph["followed"]["t"] = torch.tensor([0.0])
    parts = split_links(graph, edge_types=["follows"], time="t", cuts=(1, 3, 4), negatives=0, seed=0)
    assert [part.edge_ids[FOLLOWS].tolist() for part in (parts.train, parts.val, parts.test)] == [[1, 2], [3], [4]]
    assert [part.message.edge_ids[FOLLOWS].tolist() for part in (parts.train, parts.val, parts.test)] == [
        [0],
        [0, 1, 2],
        [0, 1, 2, 3],
    ]
    assert parts.train.graph["followed"].count == 1


def parts_in_time(times, cuts, other=None):
    """The edges that are predicted in each part, of edges that all start at different nodes."""
    edges = {FOLLOWS: (range(len(times)), [len(times)] * len(times))}
    if other is not None:
        edges[RATES] = (range(len(other)), range(len(other)))
    graph = Graph(edges)
    graph["follows"]["t"] = times
    if other is not None:
        graph["rates"]["t"] = other
    parts = split_links(graph, edge_types=["follows"], reverse={}, time="t", cuts=cuts, negatives=0, seed=0)
    return graph, [parts.train, parts.val, parts.test]


def test_seconds_are_cut_where_they_are_told():
    seconds = 1_600_000_000 + torch.arange(8)
    _, parts = parts_in_time(seconds, (1_600_000_000.5, 1_600_000_003, 1_600_000_005.25))
    assert [part.edge_ids[FOLLOWS].tolist() for part in parts] == [[1, 2], [3, 4, 5], [6, 7]]


def test_times_of_types_are_compared_as_numbers_whatever_their_dtypes():
    seconds = 1_600_000_000 + torch.arange(8)
    for other in (seconds.double() - 0.5, seconds + 2**53 - 1_600_000_000):
        graph, parts = parts_in_time(seconds, (1_600_000_001, 1_600_000_003, 1_600_000_005), other)
        for part, cut in zip(parts, (1_600_000_001, 1_600_000_003, 1_600_000_005), strict=True):
            assert part.message.edge_ids[RATES].tolist() == (other < cut).nonzero().flatten().tolist()
            assert part.graph["follows"]["t"].max() < cut <= graph["follows"]["t"][part.edge_ids[FOLLOWS]].min()


def test_shares_of_types_with_other_dtypes_are_cut_at_one_time():
    graph = Graph({FOLLOWS: (range(4), [4] * 4), RATES: (range(4), range(4))})
    graph["follows"]["t"], graph["rates"]["t"] = 1_600_000_000 + torch.arange(4), torch.zeros(4)
    options = {"edge_types": ["follows", "rates"], "reverse": {}, "time": "t", "negatives": 0}
    parts = split_links(graph, 1, 1, supervision=0.5, **options, seed=0)
    found = [
        [part.edge_ids[name].tolist() for name in (FOLLOWS, RATES)] for part in (parts.train, parts.val, parts.test)
    ]
    assert found == [[[0, 1], [0, 1, 2, 3]], [[2], []], [[3], []]]


def test_a_part_of_a_batch_is_a_batch_and_empty_graphs_have_no_links():
    parts = split_links(
        batch([Graph(torch.arange(9), torch.arange(9) + 1), Graph([], [], 0), Graph([0, 1], [1, 2], 5)]), seed=0
    )
    for part in (parts.train, parts.val, parts.test):
        assert part.graph.num_graphs == 3
        assert all((first < 10) == (last < 10) for first, last in part.pairs[EDGE].tolist())
    for graph in (Graph([], [], 0), Graph([], [], 3)):
        assert split_links(graph, seed=0).test.pairs[EDGE].shape == (0, 2)


def test_errors_teach():
    graph = Graph(
        {RATES: ([0, 0], [0, 1]), RATED: ([0, 1], [0, 0]), FOLLOWS: ([0], [1])}, num_nodes={"user": 2, "item": 2}
    )
    for expected, options in {
        "`supervision` from 0 to 1, got 2": {"supervision": 2},
        "`negatives` of at least 0, got -1": {"negatives": -1},
        "a `time` to cut, got `cuts` alone; hint: name the feature of edges": {"cuts": (1, 2, 3)},
        r"`cuts` that rise, got \(1, 3, 2\)": {"cuts": (1, 3, 2), "time": "t"},
        "sizes that ask for no more than the 2 that there are, got 1 and 2": {
            "val": 2,
            "test": 1,
            "edge_types": ["rates"],
        },
        "4 pairs that no edge joins, got 2 such pairs; hint: ask for fewer `negatives`": {
            "val": 1,
            "test": 1,
            "negatives": 1.5,
            "edge_types": ["rates"],
        },
    }.items():
        with pytest.raises(OptionError, match=f"split_links: expected {expected}"):
            split_links(graph, **{"edge_types": ["follows"], "seed": 0, **options})
    for reverse in ({"rates": "follows"}, {"follows": "follows"}, {"rated": "rates"}):
        with pytest.raises(OptionError, match="split_links: expected reverse types of the types to split"):
            split_links(graph, edge_types=["rates", "follows"], reverse=reverse, seed=0)
    with pytest.raises(FeatureError, match="split_links: expected one of the edge types"):
        split_links(graph, seed=0)
    graph["follows"]["t"] = [torch.nan]
    with pytest.raises(OptionError, match='split_links: expected times in "t" that can be put in order, got NaN'):
        split_links(graph, edge_types=["follows"], time="t", seed=0)
    with pytest.raises(FeatureError, match='have no feature "t"'):
        split_links(graph, edge_types=["rates"], time="t", seed=0)
