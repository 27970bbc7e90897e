"""A cache around a slower store: the same rows, fewer fetches, several threads, failures."""

import pickle
import threading

import pytest
import torch

from tests.storage.examples import by_key, features
from tests.storage.test_check_store import KEY, Own
from weft.errors import FeatureError, IdError, OptionError
from weft.ops import POLICIES
from weft.ops.caches.reference import ReferenceCache
from weft.storage import CachedFeatures, CacheReport, FeatureSpec, FileFeatures, MemoryFeatures
from weft.testing import check_store

WIDE = torch.arange(4000).view(1000, 4)


class Slow(Own):
    """A store of 1,000 rows that remembers what it was asked for, may be held up, and may fail."""

    def __init__(self):
        super().__init__(FeatureSpec(1000, (4,), torch.int64), self.rows)
        self.asked, self.gate, self.error, self.hinted = [], threading.Event(), None, []
        self.hint = lambda ids: self.hinted.extend(ids.tolist())
        self.gate.set()
        self.is_asked = threading.Event()

    def rows(self, ids):
        self.asked.append(ids.tolist())
        gate, error = self.gate, self.error
        self.is_asked.set()
        gate.wait()
        if error is not None:
            raise error
        return WIDE[ids.long()]


@pytest.mark.parametrize(
    ("policy", "room"),
    [
        *((policy, {"num_rows": 5}) for policy in POLICIES),
        *(("sieve", room) for room in ({"num_rows": 0}, {"num_rows": 1000}, {"num_bytes": 10_000}, {"num_bytes": 0})),
    ],
)
def test_a_cache_keeps_the_contract_of_its_store(policy, room):
    check_store(CachedFeatures(MemoryFeatures(features()), policy=policy, **room), by_key(features()))


def test_a_cache_around_files_keeps_the_contract(tmp_path):
    FileFeatures.write(tmp_path, features())
    check_store(CachedFeatures(FileFeatures(tmp_path), num_bytes=9000), by_key(features()))


@pytest.mark.parametrize("policy", POLICIES)
def test_rows_are_fetched_as_the_policy_says(policy):
    slow = Slow()
    store, model = CachedFeatures(slow, num_rows=30, policy=policy), ReferenceCache(30, policy)
    generator = torch.Generator().manual_seed(0)
    hits = misses = 0
    for _ in range(100):
        ids = (torch.rand(20, generator=generator) ** 3 * 100).long()
        slow.asked.clear()
        assert torch.equal(store.fetch(KEY, ids), WIDE[ids])
        expected = model.assign(ids)
        model.settle(expected.places, is_ready=True)
        model.release(expected.slots)
        assert slow.asked == ([expected.missing.tolist()] if expected.missing.numel() else [])
        hits, misses = hits + expected.num_hits, misses + expected.missing.numel()
    assert store.report(KEY) == store.report() == CacheReport(hits, misses)
    assert 0 < store.report().hit_rate < 1


def test_counts_are_kept_for_each_feature():
    given = {"node": {"x": torch.arange(10), "y": torch.arange(10)}}
    store = CachedFeatures(MemoryFeatures(given), num_rows={("node", "x"): 10})
    for _ in range(4):
        store.fetch(("node", "x"), torch.tensor([1, 2]))
        store.fetch(("node", "y"), torch.tensor([1]))  # not cached
    assert store.report(("node", "x")) == (6, 2)
    assert store.report().hit_rate == 0.75
    with pytest.raises(FeatureError, match=r"CachedFeatures.report: expected one of the features"):
        store.report(("node", "y"))


def test_memory_is_shared_out_by_rows():
    given = {"node": {"x": torch.zeros(100, 3), "y": torch.zeros(1000, dtype=torch.int8)}}
    store = CachedFeatures(MemoryFeatures(given), num_bytes=550)  # a quarter of 2,200
    for key, count in ((("node", "x"), 100), (("node", "y"), 1000)):
        store.fetch(key, torch.arange(count))
        before = store.report(key)
        store.fetch(key, torch.arange(count // 4))
        assert store.report(key).misses == before.misses  # the first quarter found slots, the rest passed by


def test_hot_rows_are_fetched_once_and_held():
    slow = Slow()
    store = CachedFeatures(slow, num_rows=5, hot={KEY: torch.tensor([7, 900, 7])})
    assert slow.asked == [[7, 900]]
    for first in range(0, 500, 50):
        ids = torch.cat([torch.arange(first, first + 50), torch.tensor([900, 7])])
        assert torch.equal(store.fetch(KEY, ids), WIDE[ids])
    assert not {7, 900} & {row for asked in slow.asked[1:] for row in asked}
    static = CachedFeatures(slow, num_rows=2, hot={KEY: torch.tensor([7, 900])})
    static.fetch(KEY, torch.tensor([1, 7]))
    static.fetch(KEY, torch.tensor([1, 7]))
    assert static.report() == CacheReport(2, 2)


def test_hints_go_on_for_what_is_not_held():
    slow = Slow()
    store = CachedFeatures(slow, num_rows=10)
    store.fetch(KEY, torch.tensor([1, 2]))
    store.will_need(KEY, torch.tensor([1, 5, 2, 6]))
    assert slow.hinted == [5, 6]


def in_thread(call):
    found = []

    def run():
        try:
            found.append(call())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, found


def held_up(slow, store, ids):
    """A thread that has asked the slow store for some rows and waits for them, what it finds, and the gate before it."""
    gate = slow.gate = threading.Event()
    slow.is_asked.clear()
    thread, found = in_thread(lambda: store.fetch(KEY, torch.tensor(ids)))
    assert slow.is_asked.wait(10)
    slow.gate = threading.Event()
    slow.gate.set()
    return thread, found, gate


def test_a_row_that_two_threads_miss_is_fetched_once():
    slow = Slow()
    store = CachedFeatures(slow, num_rows=10)
    first, of_first, gate = held_up(slow, store, [1, 2, 3])
    second, of_second = in_thread(lambda: store.fetch(KEY, torch.tensor([3, 4])))
    second.join(0.2)
    assert second.is_alive()  # it waits for row 3
    assert slow.asked == [[1, 2, 3], [4]]
    assert torch.equal(store.fetch(KEY, torch.tensor([7, 4])), WIDE[[7, 4]])  # whoever needs nothing of it goes on
    gate.set()
    first.join(), second.join()
    assert slow.asked == [[1, 2, 3], [4], [7]]
    assert torch.equal(of_first[0], WIDE[1:4])
    assert torch.equal(of_second[0], WIDE[3:5])


def test_a_failure_is_the_error_of_who_fetched_and_of_nobody_else():
    slow = Slow()
    store = CachedFeatures(slow, num_rows=10)
    slow.error = OSError("out of reach")
    first, of_first, gate = held_up(slow, store, [1, 2])
    slow.error = None
    second, of_second = in_thread(lambda: store.fetch(KEY, torch.tensor([2, 3])))
    second.join(0.2)
    assert second.is_alive()
    gate.set()
    first.join(), second.join()
    assert str(of_first[0]) == "out of reach"
    assert torch.equal(of_second[0], WIDE[2:4])
    assert slow.asked == [[1, 2], [3], [2, 3]]
    slow.asked.clear()
    assert torch.equal(store.fetch(KEY, torch.tensor([1, 2, 3])), WIDE[1:4])
    assert slow.asked == [[1, 2]]  # they were never held; row 3 is
    assert torch.equal(store.fetch(KEY, torch.tensor([2, 1, 3])), WIDE[[2, 1, 3]])
    assert slow.asked == [[1, 2]]


@pytest.mark.parametrize("policy", POLICIES)
def test_many_threads_on_a_small_cache_get_their_rows(policy):
    store = CachedFeatures(
        MemoryFeatures({"node": {"x": WIDE}}), num_rows=50, policy=policy, hot={KEY: torch.arange(5)}
    )
    wrong = []

    def work(seed):
        generator = torch.Generator().manual_seed(seed)
        for _ in range(150):
            ids = (torch.rand(40, generator=generator) ** 4 * 1000).long()
            if not torch.equal(store.fetch(KEY, ids), WIDE[ids]):
                wrong.append(seed)

    threads = [in_thread(lambda seed=seed: work(seed)) for seed in range(6)]
    for thread, _ in threads:
        thread.join()
    assert wrong == []
    assert [found for _, found in threads] == [[None]] * 6
    assert sum(store.report()) == 6 * 150 * 40
    # nothing is in use any more: every slot but the hot ones can be given to other rows
    store.fetch(KEY, torch.arange(500, 545))
    before = store.report().misses
    store.fetch(KEY, torch.arange(500, 545))
    assert store.report().misses == before


def test_a_cache_travels_to_another_process_empty(tmp_path):
    FileFeatures.write(tmp_path, {"node": {"x": WIDE}})
    store = CachedFeatures(FileFeatures(tmp_path), num_rows=10)
    store.fetch(KEY, torch.arange(5))
    again = pickle.loads(pickle.dumps(store))
    assert torch.equal(again.fetch(KEY, torch.arange(5)), WIDE[:5])
    assert again.report() == CacheReport(0, 5)


def test_wrong_options_get_typed_errors():
    slow = Slow()
    for options, error, text in (
        ({}, OptionError, "one of `num_rows` and `num_bytes`, got neither"),
        ({"num_rows": 1, "num_bytes": 1}, OptionError, "got both"),
        ({"num_rows": -1}, OptionError, "`num_rows` of at least 0, got -1 for"),
        ({"num_bytes": -1}, OptionError, "`num_bytes` of at least 0"),
        ({"num_rows": {("node", "y"): 1}}, FeatureError, "`num_rows`: expected one of the features"),
        ({"num_rows": 1, "policy": "fifo"}, OptionError, "`policy` to be one of sieve"),
        ({"num_rows": 1, "hot": {KEY: torch.arange(2)}}, OptionError, "room for the 2 hot rows of .*, got room for 1 rows"),
        ({"num_rows": 1, "hot": {("node", "y"): torch.arange(2)}}, FeatureError, "`hot`: expected one of the features"),
        ({"num_rows": 1, "hot": {KEY: torch.tensor([1000])}}, IdError, "holds 1000 at position 0"),
    ):  # fmt: skip
        with pytest.raises(error, match=text):
            CachedFeatures(slow, **options)
