"""Sets of ids."""

import torch
from hypothesis import strategies as st

from tests.graph.strategies import for_all
from weft.graph._id_set import IdSet, ascending

IDS = st.lists(st.integers(0, 9), max_size=12)


@for_all(st.lists(IDS, max_size=4))
def test_ids_are_in_the_set_once_and_know_their_place(parts):
    found = IdSet(10, device=torch.device("cpu"))
    found._table.fill_(3)  # as if memory had been used before
    seen = set()
    for ids in parts:
        new = found.add(torch.tensor(ids, dtype=torch.int64))
        assert sorted(new.tolist()) == sorted(set(ids) - seen)
        seen |= set(ids)
        assert sorted(found.ids.tolist()) == sorted(seen)
        places = found.places(torch.arange(10)).tolist()
        assert [place >= 0 for place in places] == [node in seen for node in range(10)]
        assert all(found.ids[place] == node for node, place in enumerate(places) if place >= 0)
        assert found.mask().tolist() == [node in seen for node in range(10)]


def test_ids_that_come_once_keep_their_order():
    found = IdSet(10, device=torch.device("cpu"))
    assert found.add(torch.tensor([7, 2, 5])).tolist() == [7, 2, 5]
    assert found.add(torch.tensor([5, 9, 2, 1])).tolist() == [9, 1]
    assert found.ids.tolist() == [7, 2, 5, 9, 1]


@for_all(st.sets(st.integers(0, 99)), st.sampled_from([100, 10000]))
def test_few_ids_and_many_are_brought_into_order(ids, count):
    mixed = torch.tensor(list(ids), dtype=torch.int64).flip(0)
    assert ascending(mixed, count).tolist() == sorted(ids)
