"""What a cache decides: the native policies against plain Python, request for request, and what bad input gets."""

import pytest
import torch

from weft import native, settings
from weft.errors import DtypeError, IdError, OptionError, ShapeError
from weft.ops import POLICIES, RowCache
from weft.ops.caches.reference import ReferenceCache


def zipf(count, rows, generator):
    weight = 1 / torch.arange(1, rows + 1, dtype=torch.float64)
    return torch.multinomial(weight, count, replacement=True, generator=generator)


def trace(trial):
    """Batches of a random or a skewed trace, small or larger than the cache, of which several may be under way."""
    generator = torch.Generator().manual_seed(trial)

    def number(below):
        return int(torch.randint(below, (1,), generator=generator))

    num_slots, rows = number(60), 1 + number(200)
    hot = torch.randperm(rows, generator=generator)[: number(1 + min(num_slots, rows) // 2)]
    largest = [8, 40, 150][trial % 3]
    batches = []
    for _ in range(60):
        size = number(largest)
        if trial % 2:
            ids = zipf(size, rows, generator) if size else torch.empty(0, dtype=torch.int64)
        else:
            ids = torch.randint(rows, (size,), generator=generator)
        batches.append((ids.to([torch.int64, torch.int32][number(2)]), number(4), number(12) > 0))
    return num_slots, hot, batches


def assert_same(one, other):
    for ours, theirs in zip(one, other, strict=True):
        assert torch.equal(ours, theirs) if isinstance(ours, torch.Tensor) else ours == theirs


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("trial", [*range(16), *(pytest.param(t, marks=pytest.mark.slow) for t in range(16, 200))])
def test_the_native_policy_decides_what_plain_python_decides(policy, trial):
    num_slots, hot, batches = trace(trial)
    ours, theirs = RowCache(num_slots, policy, hot=hot), ReferenceCache(num_slots, policy, hot=hot)
    under_way = []  # (slots, places, whether it can be filled)
    for ticket, (ids, keep, is_ready) in enumerate(batches):
        assert torch.equal(ours.missing(ids), theirs.missing(ids))
        found, expected = (cache.assign(ids, ticket=ticket, num_waits=len(batches)) for cache in (ours, theirs))
        assert_same(found, expected)
        under_way.append((found.slots, found.places, is_ready))
        while len(under_way) > keep:  # batches end in another order than they began
            slots, places, is_ready = under_way.pop(len(under_way) * 5 // 7)
            for cache in (ours, theirs):
                cache.settle(places, is_ready=is_ready)
                cache.release(slots)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("num_slots", [1, 2, 9, 20])
def test_a_long_trace_on_a_small_cache(policy, num_slots):
    ours, theirs = RowCache(num_slots, policy), ReferenceCache(num_slots, policy)
    generator = torch.Generator().manual_seed(num_slots)
    for ids in (torch.rand(1200, 2, generator=generator) ** 2 * 4 * num_slots).long():
        found = ours.assign(ids)
        assert_same(found, theirs.assign(ids))
        for cache in (ours, theirs):
            cache.settle(found.places, is_ready=True)
            cache.release(found.slots)


@pytest.mark.parametrize("policy", POLICIES)
def test_on_every_instruction_set(policy, monkeypatch):
    num_slots, hot, batches = trace(5)
    found = []
    for isa in native.instruction_sets():
        monkeypatch.setattr(settings, "isa", isa)
        cache = RowCache(num_slots, policy, hot=hot)
        found.append([cache.assign(ids, ticket=at) for at, (ids, _, _) in enumerate(batches[:4])])
    for other in found[1:]:
        for one, same in zip(found[0], other, strict=True):
            assert_same(one, same)


def requested(cache, *rows):
    """How many of some rows, each a batch, are hits."""
    hits = []
    for row in rows:
        found = cache.assign(torch.tensor([row]))
        cache.settle(found.places, is_ready=True)
        cache.release(found.slots)
        hits.append(found.num_hits)
    return hits


def held(cache, rows):
    ids = torch.tensor(rows)
    return sorted(set(rows) - set(cache.missing(ids).tolist()))


def test_lru_gives_up_what_was_used_longest_ago():
    cache = RowCache(3, "lru")
    requested(cache, 1, 2, 3, 1, 4)
    assert held(cache, [1, 2, 3, 4]) == [1, 3, 4]


def test_clock_gives_what_was_used_a_second_chance():
    cache = RowCache(3, "clock")
    requested(cache, 1, 2, 3, 1, 4)  # the hand clears 1, takes 2
    assert held(cache, [1, 2, 3, 4]) == [1, 3, 4]
    requested(cache, 5, 6)  # it goes on behind 2: takes 3, then 1
    assert held(cache, [1, 3, 4, 5, 6]) == [4, 5, 6]


def test_sieve_leaves_what_was_used_where_it_is():
    cache = RowCache(3, "sieve")
    requested(cache, 1, 2, 3, 1, 3, 4)  # the hand passes 1, takes 2, stands at 3
    requested(cache, 5)  # passes 3, takes 4: new and not used since
    assert held(cache, [1, 2, 3, 4, 5]) == [1, 3, 5]


def test_s3_fifo_keeps_what_is_used_twice_from_what_is_seen_once():
    cache = RowCache(10, "s3-fifo")
    requested(cache, 0, 1, 0, 1, 0, 1)
    requested(cache, *range(100, 200))
    assert held(cache, [0, 1]) == [0, 1]
    evicted = next(row for row in range(199, 99, -1) if row not in held(cache, list(range(100, 200))))
    requested(cache, evicted)  # known from lately: goes to the main queue at once
    requested(cache, *range(200, 220))
    assert held(cache, [evicted]) == [evicted]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_slot_in_use_stays_and_what_finds_none_passes_by(policy):
    cache = RowCache(2, policy)
    first = cache.assign(torch.tensor([1, 2]))
    second = cache.assign(torch.tensor([3, 2, 4, 3]), ticket=1, num_waits=1)
    assert second.slots.tolist() == [-1, first.slots[1], -2, -1]
    assert second.missing.tolist() == [3, 4]
    assert second.places.tolist() == [-1, -1]
    assert (second.num_hits, second.waits) == (2, (0,))
    cache.release(first.slots)
    third = cache.assign(torch.tensor([3]), ticket=2)
    assert third.slots.tolist() == [first.slots[0]]  # slot 1 is still in use by the second batch


@pytest.mark.parametrize("policy", POLICIES)
def test_a_slot_that_could_not_be_filled_is_missing_again(policy):
    cache = RowCache(2, policy)
    first = cache.assign(torch.tensor([1]))
    cache.settle(first.places, is_ready=False)
    cache.release(first.slots)
    assert cache.missing(torch.tensor([1])).tolist() == [1]
    again = cache.assign(torch.tensor([1, 1]), ticket=1)
    assert (again.missing.tolist(), again.slots.tolist(), again.num_hits) == ([1], [0, 0], 1)


@pytest.mark.parametrize("policy", POLICIES)
def test_hot_rows_stay_for_good(policy):
    cache = RowCache(4, policy, hot=torch.tensor([7, 9]))
    requested(cache, *range(20, 60))
    assert held(cache, [7, 9]) == [7, 9]
    full = RowCache(2, policy, hot=torch.tensor([7, 9]))
    assert requested(full, 7, 8, 9) == [1, 0, 1]


@pytest.mark.parametrize("policy", POLICIES)
def test_no_slots_hold_nothing(policy):
    cache = RowCache(0, policy)
    assert requested(cache, 1, 1) == [0, 0]
    assert cache.assign(torch.empty(0, dtype=torch.int64)).slots.tolist() == []


def test_wrong_arguments_get_typed_errors():
    with pytest.raises(OptionError, match="`policy` to be one of sieve, s3-fifo, clock, lru, got 'fifo'"):
        RowCache(1, "fifo")
    with pytest.raises(OptionError, match="`num_slots` from 2, the number of hot ids"):
        RowCache(1, hot=torch.tensor([1, 2]))
    with pytest.raises(OptionError, match="got -1"):
        RowCache(-1)
    cache = RowCache(2)
    with pytest.raises(DtypeError, match="`ids` of int32 or int64"):
        cache.assign(torch.tensor([1.0]))
    with pytest.raises(ShapeError, match="one-dimensional `ids`"):
        cache.assign(torch.tensor([[1]]))
    for call in (cache.release, lambda slots: cache.settle(slots, is_ready=True)):
        with pytest.raises(IdError, match="`slots` holds 2 at position 1, but there are 2 slots"):
            call(torch.tensor([0, 2]))
    cache.release(torch.tensor([0, 0]))  # never assigned: nothing to give back
    assert cache.assign(torch.tensor([1])).slots.tolist() == [0]
