"""What an adjacency knows of its edges: order, symmetry, self loops, parallel edges."""

import copy
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch._subclasses import FakeTensorMode

from tests.graph.strategies import ID_DTYPES, adjacencies, edges
from weft.errors import OptionError
from weft.graph import Adjacency

FACTS = ("is_sorted_by_target", "is_sorted_by_source", "is_symmetric", "has_self_loops", "has_parallel_edges")


def facts_of(adjacency):
    return {name: getattr(adjacency, name) for name in FACTS}


def expected_facts(adjacency):
    source, target = adjacency.source.tolist(), adjacency.target.tolist()
    pairs = list(zip(source, target, strict=True))
    is_square = adjacency.num_sources == adjacency.num_targets
    return {
        "is_sorted_by_target": target == sorted(target),
        "is_sorted_by_source": source == sorted(source),
        "is_symmetric": is_square and Counter(pairs) == Counter(zip(target, source, strict=True)),
        "has_self_loops": is_square and any(first == last for first, last in pairs),
        "has_parallel_edges": len(set(pairs)) < len(pairs),
    }


@st.composite
def symmetric_adjacencies(draw):
    """Every edge both ways, in any order, with a self loop or not."""
    count = draw(st.integers(1, 5))
    source, target = draw(edges(count, count))
    pairs = draw(st.permutations([*zip(source, target, strict=True), *zip(target, source, strict=True)]))
    ends = torch.tensor(pairs, dtype=draw(ID_DTYPES)).reshape(-1, 2)
    return Adjacency(ends[:, 0], ends[:, 1], num_sources=count, num_targets=count)


@given(st.one_of(adjacencies(), symmetric_adjacencies()), st.booleans())
def test_facts_hold_before_and_after_compression(adjacency, compressed):
    if compressed:
        assert adjacency.by_target
    assert facts_of(adjacency) == expected_facts(adjacency)


@given(st.one_of(adjacencies(), symmetric_adjacencies()))
def test_facts_hold_for_edges_that_are_turned_round(adjacency):
    before = facts_of(adjacency.reversed())
    facts_of(adjacency)
    after = adjacency.reversed()
    assert after._facts.keys() == adjacency._facts.keys()
    assert facts_of(after) == before == expected_facts(after)


def test_order_beyond_symmetric_pointers_is_seen():
    ring = Adjacency([0, 1, 2], [1, 2, 0])  # as many edges in as out everywhere
    assert not ring.is_symmetric
    assert Adjacency([2, 0, 1, 0], [0, 1, 0, 2]).is_symmetric


def test_rows_that_end_and_begin_alike_have_no_parallel_edges():
    assert not Adjacency([0, 1, 1, 2], [0, 0, 1, 1], num_targets=9).has_parallel_edges
    assert not Adjacency([1, 1], [0, 5], num_sources=3, num_targets=9).has_parallel_edges
    assert Adjacency([1, 1, 0], [4, 4, 5], num_targets=9).has_parallel_edges


def test_facts_are_found_once_and_move_along(monkeypatch):
    adjacency = Adjacency([0, 1], [1, 0])
    expected = facts_of(adjacency)
    sorted_rows = adjacency.by_target_and_source
    monkeypatch.setattr(torch, "equal", None)
    assert facts_of(adjacency) == expected
    moved = adjacency.to("meta")
    assert facts_of(moved) == expected
    assert moved.by_target_and_source.source.is_meta
    assert moved.by_target_and_source.source.shape == sorted_rows.source.shape


def test_copies_find_facts_again():
    adjacency = Adjacency([0, 1], [1, 0])
    expected = facts_of(adjacency)
    assert copy.deepcopy(adjacency)._facts == {}
    assert facts_of(copy.deepcopy(adjacency)) == expected


@pytest.mark.parametrize("name", FACTS)
def test_facts_of_ids_that_cannot_be_looked_at_are_refused(name):
    text = f"Adjacency.{name}: expected ids to look at, .* ask for `{name}` before; the answer is kept"
    adjacency = Adjacency([0, 1], [1, 0])
    with pytest.raises(OptionError, match=text):
        getattr(adjacency.to("meta"), name)
    with FakeTensorMode() as mode:
        ids = mode.from_tensor(adjacency.source)
        with pytest.raises(OptionError, match=text):
            getattr(Adjacency(ids, ids, num_sources=2, num_targets=2), name)


def test_a_fact_that_was_found_before_is_a_constant_of_a_compiled_function():
    @torch.compile(fullgraph=True, backend="aot_eager")
    def use(adjacency, x):
        return x + 1 if adjacency.is_symmetric else x - 1

    one_way, both_ways = Adjacency([0, 1], [1, 0]), Adjacency([0, 1], [1, 1])
    assert (one_way.is_symmetric, both_ways.is_symmetric) == (True, False)
    assert use(one_way, torch.zeros(1)).item() == 1
    assert use(both_ways, torch.zeros(1)).item() == -1


def test_a_fact_that_nobody_asked_for_cannot_be_found_while_compiling():
    compiled = torch.compile(lambda adjacency, x: x + adjacency.has_self_loops, fullgraph=True, backend="aot_eager")
    with pytest.raises(Exception, match=r"has_self_loops|OptionError"):
        compiled(Adjacency([0, 1], [1, 0]), torch.zeros(1))
