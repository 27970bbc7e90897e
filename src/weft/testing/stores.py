"""The contract of a store of features, as checks. `check_store(store, expected)` runs them all."""

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ..errors import DtypeError, FeatureError, IdError, ShapeError
from ..storage import FeatureKey, FeatureSpec, FeatureStore

_THREADS, _ROUNDS = 4, 5


def check_store(store: FeatureStore, expected: Mapping[FeatureKey, Tensor]) -> None:
    """Run every check of the contract on a store.

    Args:
        expected: the features that it has to have, whole. Bits are compared, also of NaN.

    Raises:
        AssertionError: naming the check, and the feature that broke it.

    >>> from weft.storage import MemoryFeatures
    >>> check_store(MemoryFeatures({"node": {"x": torch.arange(5)}}), {("node", "x"): torch.arange(5)})
    """
    check_description(store, expected)
    for key, rows in expected.items():
        check_rows(store, key, rows)
        check_own_memory(store, key, rows)
        check_hints(store, key, rows)
        check_refusals(store, key, rows)
    check_threads(store, expected)


def check_description(store: FeatureStore, expected: Mapping[FeatureKey, Tensor]) -> None:
    """Keys and specs are those of the expected features."""
    assert set(store.keys) == set(expected), f"check_description: keys {list(store.keys)}, expected {list(expected)}"
    assert len(store.keys) == len(expected), f"check_description: a key stands twice among {list(store.keys)}"
    for key, rows in expected.items():
        wanted = FeatureSpec(rows.shape[0], tuple(rows.shape[1:]), rows.dtype)
        assert tuple(store.spec(key)) == wanted, f"check_description: {key} is {store.spec(key)}, expected {wanted}"
    absent = [("no such type", "no such feature")]
    _refuses("check_description", store.spec, absent, FeatureError, "the spec of a feature that is not there")
    fetch = lambda key: store.fetch(key, _ids([]))  # noqa: E731
    _refuses("check_description", fetch, absent, FeatureError, "a feature that is not there")


def check_rows(store: FeatureStore, key: FeatureKey, rows: Tensor) -> None:
    """Rows come in the order asked for, of both id types: all, none, some, repeated, one, from ids that are not contiguous."""
    count = rows.shape[0]
    generator = torch.Generator().manual_seed(count)
    asked = {"all": torch.arange(count), "none": _ids([]), "backwards": torch.arange(count).flip(0)}
    if count:
        asked["at random"] = torch.randint(count, (3 * count + 7,), generator=generator)
        asked["repeated"] = torch.randint(count, (1,), generator=generator).expand(9)
        asked["every second"] = torch.arange(count)[::2]
        asked["the last"] = _ids([count - 1])
        asked["sorted"] = asked["at random"].sort().values
    for what, ids in asked.items():
        before, wanted = ids.clone(), rows[ids]
        for dtype in (torch.int64, torch.int32):
            given = ids.to(dtype)
            _assert_rows(f"check_rows, {what} by {dtype}", key, store.fetch(key, given), wanted)
            assert torch.equal(given.long(), before), f"check_rows, {what}: {key} changed the ids"


def check_own_memory(store: FeatureStore, key: FeatureKey, rows: Tensor) -> None:
    """What is done to rows that were fetched does not change the store."""
    ids = torch.arange(rows.shape[0])
    for turn in range(2):
        found = store.fetch(key, ids)
        _assert_rows(f"check_own_memory, turn {turn}", key, found, rows)
        found.zero_()
        found.add_(1) if rows.dtype is not torch.bool else found.logical_not_()


def check_hints(store: FeatureStore, key: FeatureKey, rows: Tensor) -> None:
    """Hints of rows, also of those that are not asked for then, change nothing."""
    ids = torch.arange(rows.shape[0])
    for hinted in (ids, ids.flip(0).int(), _ids([])):
        store.will_need(key, hinted)
        _assert_rows("check_hints", key, store.fetch(key, ids), rows)


def check_refusals(store: FeatureStore, key: FeatureKey, rows: Tensor) -> None:
    """Ids that name no row, or are none, get typed errors, and the store goes on."""
    count = rows.shape[0]
    floats, table = torch.zeros(1), torch.zeros(1, 1, dtype=torch.int64)
    for method in (store.fetch, store.will_need):
        call = functools.partial(method, key)
        for wrong in (-1, count, -count - 1, 2**31 - 1, 2**62, -(2**62)):
            ids = _ids([*range(count), wrong, *range(count)])
            text = _refuses("check_refusals", call, [ids], IdError, f"id {wrong}")
            names_both = str(count) in text and str(wrong) in text
            assert names_both, f"check_refusals: id {wrong} at position {count} is refused without naming both: {text}"
        others = [floats, floats.bool(), floats.to(torch.int16)]
        _refuses("check_refusals", call, others, DtypeError, "ids of another dtype")
        _refuses("check_refusals", call, [table, torch.tensor(0)], ShapeError, "ids of another shape")
    _assert_rows("check_refusals, afterwards", key, store.fetch(key, torch.arange(count)), rows)


def check_threads(store: FeatureStore, expected: Mapping[FeatureKey, Tensor]) -> None:
    """Several threads at once get what one gets."""
    wrong: list[BaseException] = []

    def fetch(thread: int) -> None:
        generator = torch.Generator().manual_seed(thread)
        try:
            for _ in range(_ROUNDS):
                for key, rows in expected.items():
                    ids = torch.randint(max(1, rows.shape[0]), (min(200, 4 * rows.shape[0]),), generator=generator)
                    store.will_need(key, ids)
                    _assert_rows(f"check_threads, thread {thread}", key, store.fetch(key, ids), rows[ids])
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=fetch, args=(number,)) for number in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise AssertionError(f"check_threads: {wrong[0]}") from wrong[0]


def _ids(values: list[int]) -> Tensor:
    return torch.tensor(values, dtype=torch.int64)


def _assert_rows(check: str, key: FeatureKey, found: Tensor, rows: Tensor) -> None:
    assert found.dtype is rows.dtype, f"{check}: {key} comes as {found.dtype}, expected {rows.dtype}"
    assert found.shape == rows.shape, f"{check}: {key} comes as {tuple(found.shape)}, expected {tuple(rows.shape)}"
    assert found.device.type == "cpu", f"{check}: {key} comes on {found.device}"
    flat = (part.contiguous().view(-1).view(torch.uint8) for part in (found, rows))
    assert torch.equal(*flat), f"{check}: {key} has other rows than expected"


def _refuses(
    check: str, call: Callable[[Any], object], arguments: Sequence[Any], wanted: type[Exception], what: str
) -> str:
    """See that each of some arguments is refused, and give the last text."""
    text = ""
    for argument in arguments:
        try:
            call(argument)
        except wanted as error:
            text = str(error)
            continue
        except Exception as error:
            got = f"{type(error).__name__} ({error})"
            raise AssertionError(f"{check}: {what} gets {got}, expected {wanted.__name__}") from error
        raise AssertionError(f"{check}: {what} is not refused, expected {wanted.__name__}")
    return text
