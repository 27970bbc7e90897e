"""Hot rows on a device, and rows that a GPU takes from page-locked memory."""

import copy

import pytest
import torch

from tests.elsewhere import assert_alike, elsewhere, waits
from tests.storage.examples import by_key, features
from tests.storage.test_check_store import Own
from weft.errors import DeviceError, FeatureError, IdError
from weft.ops import gather_pinned, synchronize
from weft.storage import CachedFeatures, CacheReport, FeatureSpec, HotFeatures, MemoryFeatures
from weft.testing import check_store

KEY = "node", "x"
X = torch.randn(50, 3, generator=torch.Generator().manual_seed(0))
IDS = torch.tensor([4, 9, 4, 49, 0, 17, 9])


def hot_of(share):
    return {key: torch.arange(0, rows.shape[0], share) if share else [] for key, rows in by_key(features()).items()}


@pytest.mark.parametrize("share", [0, 1, 3])
def test_hot_features_keep_the_contract_of_stores(share):
    check_store(HotFeatures(MemoryFeatures(features()), hot_of(share), device="cpu"), by_key(features()))


def test_features_without_hot_rows_come_from_the_store():
    check_store(HotFeatures(MemoryFeatures(features()), {}, device="cpu"), by_key(features()))


def test_hits_and_misses_are_counted():
    store = HotFeatures(MemoryFeatures({"node": {"x": X}}), {KEY: [4, 9]}, device="cpu")
    assert torch.equal(store.fetch(KEY, IDS), X[IDS])
    assert store.report(KEY) == store.report() == CacheReport(hits=4, misses=3)
    assert copy.deepcopy(store).report().hits == 0
    with pytest.raises(FeatureError, match=r"HotFeatures\.report"):
        store.report(("node", "y"))


def test_hot_rows_that_are_not_there_are_told():
    store = MemoryFeatures({"node": {"x": X}})
    with pytest.raises(IdError, match="holds 50 at position 1"):
        HotFeatures(store, {KEY: [4, 50]}, device="cpu")
    with pytest.raises(FeatureError, match="HotFeatures, `hot`"):
        HotFeatures(store, {("node", "y"): [4]}, device="cpu")


@pytest.fixture
def pinned(monkeypatch):
    """As if memory of the host were page-locked, which needs a GPU."""
    monkeypatch.setattr(torch.Tensor, "is_pinned", lambda tensor: tensor.device.type == "cpu")
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor.clone())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64, torch.bool, torch.uint8])
def test_a_device_takes_rows_of_page_locked_memory_by_itself(pinned, dtype):
    store = MemoryFeatures({"node": {"x": (4 * X).to(dtype)}}).pin_memory()
    expected = store.fetch(KEY, IDS)
    with elsewhere() as device:
        ids = IDS.to(device)
        waits.clear()
        found = [store.fetch(KEY, ids), store.fetch(KEY, ids[:0])]
        assert waits == []
        assert_alike(found, [expected, expected[:0]])
        assert_alike(gather_pinned(X[:, 1:], ids.int()), X[IDS, 1:])
        gather_pinned(X, ids + 10)
        with pytest.raises(IdError, match="gather_rows"):
            synchronize()


@pytest.mark.parametrize("hot", [[], [4, 9], range(50)])
def test_hot_rows_are_held_on_a_device(pinned, hot):
    with elsewhere() as device:
        store = HotFeatures(MemoryFeatures({"node": {"x": X}}).pin_memory(), {KEY: hot}, device=device)
        ids = IDS.to(device)
        waits.clear()
        found = store.fetch(KEY, ids)
        assert waits == (["nonzero"] if hot else [])
        assert_alike(found, X[IDS])
        assert store.report().hits == sum(int(i) in hot for i in IDS) if hot else True
        assert torch.equal(store.fetch(KEY, IDS), X[IDS])  # ids of the CPU go there, and rows come back


@pytest.mark.parametrize(
    ("hot", "hinted"), [({KEY: [4, 9]}, [49, 0, 17]), ({KEY: []}, IDS.tolist()), ({}, IDS.tolist())]
)
def test_hints_go_on_for_rows_that_are_not_hot(hot, hinted):
    slow = Own(FeatureSpec(50, (3,), torch.float32), lambda ids: X[ids.long()])
    seen = []
    slow.hint = lambda ids: seen.append(ids.tolist())
    HotFeatures(slow, hot, device="cpu").will_need(KEY, IDS)
    with elsewhere() as device:
        HotFeatures(slow, hot, device=device).will_need(KEY, IDS.to(device))
    assert seen == [hinted, hinted]


def test_no_device_is_waited_for_where_hints_prepare_nothing():
    with elsewhere() as device:
        store = HotFeatures(MemoryFeatures({"node": {"x": X}}), {KEY: [4]}, device=device)
        ids = IDS.to(device)
        waits.clear()
        store.will_need(KEY, ids)
        assert not waits


def test_other_stores_serve_ids_on_a_device():
    memory = MemoryFeatures({"node": {"x": X}})
    with elsewhere() as device:
        for store in (memory, CachedFeatures(memory, num_rows=5), MemoryFeatures({"node": {"x": X.to(device)}})):
            assert_alike(store.fetch(KEY, IDS.to(device)), X[IDS])
            store.will_need(KEY, IDS.to(device))
            with pytest.raises(IdError):
                store.fetch(KEY, IDS.to(device) + 10)


def test_what_gather_pinned_does_not_take_is_told():
    with pytest.raises(DeviceError, match=r"`index` on a GPU, got cpu"):
        gather_pinned(X, IDS)
    with (
        elsewhere() as device,
        pytest.raises(DeviceError, match=r"page-locked `x`, got other memory of cpu"),
    ):
        gather_pinned(X, IDS.to(device))
