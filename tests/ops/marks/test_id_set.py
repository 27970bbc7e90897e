"""Sets of ids."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from weft.graph import Adjacency
from weft.ops import IdSet

IDS = st.lists(st.integers(0, 149), max_size=60)


def set_of(ids):
    return IdSet.of(torch.tensor(ids, dtype=torch.int64), 150)


@given(IDS, IDS)
def test_sets_are_those_of_python(some, others):
    one, other = set_of(some), set_of(others)
    for found, expected in (
        (one, set(some)),
        (one | other, set(some) | set(others)),
        (one - other, set(some) - set(others)),
        (IdSet.none(150, device=torch.device("cpu")), set()),
    ):
        assert found.ids().tolist() == sorted(expected)
        assert len(found) == len(expected)


@given(IDS, st.sampled_from([torch.int32, torch.int64]))
def test_ids_know_their_place(ids, dtype):
    expected = [sorted(set(ids)).index(node) if node in ids else -1 for node in range(150)]
    every = torch.arange(150, dtype=dtype)
    assert set_of(ids).places(every).tolist() == expected
    assert set_of(ids).places(every, torch.tensor([149, 0])).tolist() == [expected[149], expected[0]]
    assert set_of(ids).places(every).dtype is dtype


def test_many_ids_are_shared_among_threads():
    ids = torch.randint(100_000, (50_000,), generator=torch.Generator().manual_seed(0))
    assert torch.equal(IdSet.of(ids, 100_000).ids(), ids.unique())


def test_the_sources_at_nodes_are_a_set():
    adjacency = Adjacency([3, 0, 3, 2], [1, 1, 1, 0])
    assert IdSet.at(adjacency.by_target, torch.tensor([1, 1]), 4).ids().tolist() == [0, 3]
