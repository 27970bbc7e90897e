"""Nodes and edges in three parts, as masks."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import graphs, typed_graphs
from weft.errors import FeatureError, OptionError, ShapeError
from weft.graph import Graph, batch
from weft.graph.transforms import number_pairs, split_by_time, split_classes, split_random

MASKS = ("train_mask", "val_mask", "test_mask")


def masks(found):
    return [found[name] for name in MASKS]


def counts(found):
    return [int(mask.sum()) for mask in masks(found)]


def assert_apart(found):
    assert int(sum(mask.long() for mask in masks(found)).max() if found.count else 0) <= 1


def labelled(count, labels):
    graph = Graph([], [], count)
    graph.nodes["y"] = torch.tensor(labels)
    return graph


@given(graph=graphs(), train=st.floats(0, 1), rest=st.floats(0, 1), seed=st.integers(0, 9))
def test_parts_have_their_sizes_and_never_overlap(graph, train, rest, seed):
    sizes = (train, (1 - train) * rest, (1 - train) * (1 - rest))
    found = split_random(graph, sizes, seed=seed).nodes
    assert_apart(found)
    ends = [round(sum(sizes[: at + 1]) * graph.num_nodes) for at in range(3)]
    assert counts(found) == [ends[0], ends[1] - ends[0], ends[2] - ends[1]]
    assert counts(split_random(graph, seed=seed, of="edge").edges)[0] == round(0.8 * graph.num_edges)


def test_sizes_are_counts_or_shares_and_the_rest_is_in_no_part():
    graph = Graph([], [], 50)
    assert counts(split_random(graph, (10, 5, 3), seed=0).nodes) == [10, 5, 3]
    assert counts(split_random(graph, (10, 0.2, 0.1), seed=0).nodes) == [10, 10, 5]
    first, second = (split_random(graph, seed=seed).nodes["train_mask"] for seed in (0, 1))
    assert not torch.equal(first, second)
    assert torch.equal(first, split_random(graph, seed=0).nodes["train_mask"])


def test_every_row_is_drawn_as_often():
    graph = Graph([], [], 6)
    drawn = sum(split_random(graph, (2, 2, 2), seed=seed).nodes["val_mask"].long() for seed in range(600))
    assert (drawn - 200).abs().max() < 60


def test_only_rows_among_those_given_are_split():
    graph = Graph([], [], 40)
    graph.nodes["known"] = torch.arange(40) % 2 == 0
    for among in ("known", graph.nodes["known"], range(0, 40, 2)):
        found = split_random(graph, (0.5, 0.25, 0.25), among=among, seed=3).nodes
        assert counts(found) == [10, 5, 5]
        assert not any(mask[1::2].any() for mask in masks(found))


def test_each_label_is_split_by_the_same_shares():
    labels = [0] * 40 + [1] * 20 + [2] * 10 + [-1] * 7
    order = torch.randperm(77, generator=torch.Generator().manual_seed(0))
    graph = labelled(77, torch.tensor(labels)[order].tolist())
    found = split_random(graph, (0.5, 0.2, 0.3), stratify="y", seed=1).nodes
    assert_apart(found)
    for label, sizes in {0: [20, 8, 12], 1: [10, 4, 6], 2: [5, 2, 3], -1: [0, 0, 0]}.items():
        assert [int(mask[graph.nodes["y"] == label].sum()) for mask in masks(found)] == sizes


def test_groups_are_in_one_part():
    graph = Graph([], [], 60)
    graph.nodes["group"] = torch.arange(60) // 3 * 5
    found = split_random(graph, (0.5, 0.25, 0.25), groups="group", seed=1).nodes
    assert counts(found) == [30, 15, 15]
    assert not torch.equal(found["train_mask"], torch.arange(60) < 30)
    assert all(torch.equal(mask[::3], mask[1::3]) and torch.equal(mask[::3], mask[2::3]) for mask in masks(found))


@given(graph=graphs(), seed=st.integers(0, 5))
def test_an_edge_and_its_reverse_are_in_one_part(graph, seed):
    found = split_random(number_pairs(graph), (0.4, 0.3, 0.3), groups="pair", of="edge", seed=seed)
    ends = [
        frozenset(ends) for ends in zip(found.adjacency.source.tolist(), found.adjacency.target.tolist(), strict=True)
    ]
    part = {}
    for at, pair in enumerate(ends):
        mine = [bool(mask[at]) for mask in masks(found.edges)]
        assert sum(mine) == 1
        assert part.setdefault(pair, mine) == mine
    assert len(set(found.edges["pair"].tolist())) == len(part)


def test_planetoid_takes_so_many_of_each_class():
    labels = torch.arange(200) % 4
    labels[:10] = -1
    graph = labelled(200, labels.tolist())
    found = split_classes(graph, per_class=7, val=50, test=60, seed=2).nodes
    assert_apart(found)
    assert counts(found) == [28, 50, 60]
    assert torch.bincount(graph.nodes["y"][found["train_mask"]]).tolist() == [7, 7, 7, 7]
    assert not any(mask[:10].any() for mask in masks(found))


@given(
    times=st.lists(st.integers(0, 5), max_size=12),
    shares=st.sampled_from([(0.8, 0.1, 0.1), (0.4, 0.3, 0.3), (1.0, 0.0, 0.0)]),
)
def test_nobody_trains_on_what_comes_later(times, shares):
    graph = Graph([], [], len(times))
    graph.nodes["time"] = torch.tensor(times, dtype=torch.int64)
    found = split_by_time(graph, sizes=shares).nodes
    parts = [set(found["time"][mask].tolist()) for mask in masks(found)]
    assert sum(counts(found)) == len(times)
    for early in range(3):
        for late in range(early + 1, 3):
            assert not parts[early] or not parts[late] or max(parts[early]) < min(parts[late])
    assert counts(found)[0] <= round(shares[0] * len(times))


def test_cuts_belong_to_what_follows():
    graph = Graph([0] * 5, [0] * 5)
    graph.edges["t"] = torch.tensor([0.0, 1.0, 1.5, 2.0, 9.0])
    found = split_by_time(graph, "t", cuts=(1.0, 2.0), of="edge").edges
    assert [mask.nonzero().flatten().tolist() for mask in masks(found)] == [[0], [1, 2], [3, 4]]


def parts_in_time(times, **options):
    graph = Graph([], [], len(times))
    graph.nodes["time"] = times
    return [mask.nonzero().flatten().tolist() for mask in masks(split_by_time(graph, **options).nodes)]


@pytest.mark.parametrize("dtype", [torch.int64, torch.float64])
def test_seconds_are_cut_where_they_are_told(dtype):
    seconds = (1_600_000_000 + torch.arange(6)).to(dtype)
    assert parts_in_time(seconds, cuts=(1_600_000_001.5, 1_600_000_004)) == [[0, 1], [2, 3], [4, 5]]
    halves = seconds.double() + 0.5
    assert parts_in_time(halves, cuts=(1_600_000_001, 1_600_000_003.5)) == [[0], [1, 2], [3, 4, 5]]


def test_integers_that_no_float_holds_are_cut_exactly():
    times = 2**53 + torch.arange(6)
    assert parts_in_time(times, cuts=(2**53 + 1, 2**53 + 3)) == [[0], [1, 2], [3, 4, 5]]
    assert parts_in_time(times, cuts=(2.0**53 + 2, 2.0**53 + 4)) == [[0, 1], [2, 3], [4, 5]]
    assert parts_in_time(times, sizes=(1, 2, 3)) == [[0], [1, 2], [3, 4, 5]]
    # Between the float64 numbers 2^53 and 2^53 + 2, of which only the second has reached the cut.
    assert parts_in_time(times[::2].double(), cuts=(2**53 + 1, 2**53 + 3)) == [[0], [1], [2]]


@given(
    base=st.sampled_from([0, 1_600_000_000, 2**53, -(2**53), 2**63 - 4, -(2**63)]),
    times=st.lists(st.integers(0, 3), max_size=8),
    cuts=st.tuples(*[st.one_of(st.integers(0, 4), st.sampled_from([0.5, 1.0, 1.5, torch.inf, -torch.inf]))] * 2),
)
def test_times_reach_cuts_as_numbers_of_python_do(base, times, cuts):
    cuts = tuple(sorted(base + cut for cut in cuts))
    for dtype in (torch.int64, torch.float64):
        held = torch.tensor([base + time for time in times], dtype=dtype)
        stages = [sum(time >= cut for cut in cuts) for time in held.tolist()]
        expected = [[row for row, stage in enumerate(stages) if stage == part] for part in range(3)]
        assert parts_in_time(held, cuts=cuts) == expected


@pytest.mark.parametrize("times", [[3, 255, 255], [0.0, torch.inf, torch.inf]])
def test_the_last_time_of_its_dtype_is_a_time_like_others(times):
    times = torch.tensor(times, dtype=torch.uint8 if 255 in times else torch.float32)
    assert parts_in_time(times, sizes=(1.0, 0.0, 0.0)) == [[0, 1, 2], [], []]


@given(graph=typed_graphs())
def test_one_type_of_many_is_split(graph):
    found = split_random(graph, of="rates", seed=0)
    assert sum(counts(found["rates"])) == graph["rates"].count
    assert "train_mask" not in found["user"]
    assert sum(counts(split_random(graph, of="user", seed=0)["user"])) == graph["user"].count


def test_a_batch_stays_one():
    assert split_random(batch([Graph([0], [1])] * 4), seed=0).num_graphs == 4


def test_errors_teach():
    graph = labelled(4, [0, 1, 0, 1])
    graph.nodes["z"] = torch.ones(4, 2)
    for expected, options in {
        "three sizes, for train, val and test": {"sizes": (0.5, 0.5)},
        "sizes of at least 0, of which the shares add up to at most 1, got 0.9 and 0.2 and 0.1; hint: divide shares": {
            "sizes": (0.9, 0.2, 0.1)
        },
        "sizes of at least 0, of which the shares add up to at most 1, got 0.9 and 0.3 and 0.1": {
            "sizes": (0.9, 0.3, 0.1),
            "stratify": "y",
        },
        "sizes of at least 0, of which the shares add up to at most 1, got -1": {"sizes": (-1, 1, 1)},
        "sizes that ask for no more than the 4 that there are, got 3 and 1 and 1": {"sizes": (3, 1, 1)},
        "`stratify` or `groups`, got both": {"stratify": "y", "groups": "y"},
        r"`sizes` that are shares, to split each value of `stratify`, got \(1, 1, 1\); hint: write each as a float, such "
        r"as \(0.8, 0.1, 0.1\); split_classes takes so many rows of each class": {"sizes": (1, 1, 1), "stratify": "y"},
    }.items():
        with pytest.raises(OptionError, match=f"split_random: expected {expected}"):
            split_random(graph, seed=0, **options)
    with pytest.raises(ShapeError, match='split_random: expected an integer for each row in "z"'):
        split_random(graph, stratify="z", seed=0)
    with pytest.raises(OptionError, match="split_by_time: expected three sizes, for train, val and test"):
        split_by_time(graph, "y", sizes=(0.5, 0.5))
    with pytest.raises(
        OptionError, match="split_classes: expected sizes that ask for no more than the 2 that there are"
    ):
        split_classes(graph, per_class=1, seed=0)
    with pytest.raises(OptionError, match="split_classes: expected counts of at least 0, got -1, 500 and 1000"):
        split_classes(graph, per_class=-1, seed=0)
    for cuts in ((2, 1), (torch.nan, 1)):
        with pytest.raises(OptionError, match=rf"split_by_time: expected `cuts` that rise, got \({cuts[0]}, 1\)"):
            split_by_time(graph, "y", cuts=cuts)
    graph.nodes["late"] = [0.0, torch.nan, 1.0, 2.0]
    with pytest.raises(OptionError, match='split_by_time: expected times in "late" that can be put in order, got NaN'):
        split_by_time(graph, "late")
    assert counts(split_by_time(graph, "late", among=[0, 2, 3], cuts=(1, 2)).nodes) == [1, 1, 1]
    with pytest.raises(ShapeError, match='split_by_time: expected one time for each row in "z"'):
        split_by_time(graph, "z")
    with pytest.raises(FeatureError, match="have no feature"):
        split_by_time(graph)
