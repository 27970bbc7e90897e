"""The contract of stores: stores that break it on purpose are found out."""

import time

import pytest
import torch

from tests.storage.examples import by_key, features
from weft.errors import DtypeError, ShapeError
from weft.storage import FeatureSpec, FeatureStore, MemoryFeatures
from weft.testing import check_store

KEY = ("node", "x")
ROWS = torch.arange(20).view(10, 2)


class Own(FeatureStore):
    """A store as a user would write it, with what a test changes about it."""

    keys = (KEY,)

    def __init__(self, spec=None, read=None, hint=None):
        self.given = spec or FeatureSpec(10, (2,), torch.int64)
        self.read, self.hint = read or (lambda ids: ROWS[ids.long()]), hint

    def _spec(self, key):
        return self.given

    def _read(self, key, ids):
        return self.read(ids)

    def _hint(self, key, ids):
        if self.hint:
            self.hint(ids)


def test_a_store_of_ones_own_keeps_the_contract():
    check_store(Own(), {KEY: ROWS})


def test_the_contract_holds_for_features_of_all_kinds():
    check_store(MemoryFeatures(features()), by_key(features()))


def one_thread_at_a_time():
    """Keeps the ids where another thread puts its own meanwhile."""
    kept = {}

    def read(ids):
        kept["ids"] = ids
        time.sleep(1e-3)
        return ROWS[kept["ids"].long()]

    return read


OWN = ROWS.clone()
BROKEN = {
    "check_rows, backwards": Own(read=lambda ids: ROWS[ids.long().sort().values]),
    "check_rows, repeated": Own(read=lambda ids: ROWS[ids.long()] * (len(ids) != 9)),
    "check_rows, all by torch.int32": Own(read=lambda ids: ROWS[ids.long()] + (ids.dtype is torch.int32)),
    "check_rows, at random": Own(read=lambda ids: ROWS[ids.long() % 9] if len(ids) > 10 else ROWS[ids.long()]),
    "changed the ids": Own(read=lambda ids: (ROWS[ids.long()], ids.zero_())[0]),
    "check_own_memory, turn 1": Own(read=lambda ids: OWN if ids.tolist() == list(range(10)) else ROWS[ids.long()]),
    "check_threads": Own(read=one_thread_at_a_time()),
}  # fmt: skip


@pytest.mark.parametrize("says", BROKEN)
def test_a_broken_store_is_found_out(says):
    with pytest.raises(AssertionError, match=says):
        check_store(BROKEN[says], {KEY: ROWS})


def test_a_hint_that_changes_rows_is_found_out():
    rows = ROWS.clone()
    store = Own(read=lambda ids: rows[ids.long()].clone(), hint=lambda ids: rows.zero_())
    with pytest.raises(AssertionError, match="check_hints"):
        check_store(store, {KEY: ROWS})


def test_other_rows_keys_and_specs_are_found_out():
    with pytest.raises(AssertionError, match="check_description: keys"):
        check_store(Own(), {KEY: ROWS, ("node", "y"): ROWS})
    with pytest.raises(
        AssertionError, match=r"expected FeatureSpec\(num_rows=10, row_shape=\(2,\), dtype=torch.int32\)"
    ):
        check_store(Own(), {KEY: ROWS.int()})
    with pytest.raises(AssertionError, match=r"check_rows, all by torch.int64"):
        check_store(Own(), {KEY: ROWS + 1})


class Unchecked(Own):
    """Overrides what it should not, and so loses the checks."""

    def fetch(self, key, ids):
        if key != KEY:
            MemoryFeatures({}).spec(key)
        return ROWS[ids.long()]


def test_a_store_that_checks_no_ids_is_found_out():
    with pytest.raises(AssertionError, match="check_refusals: id -1 is not refused, expected IdError"):
        check_store(Unchecked(), {KEY: ROWS})


def test_rows_of_another_form_are_refused_when_they_are_fetched():
    for wrong in (lambda ids: ROWS[:1], lambda ids: ROWS[ids.long()].int(), lambda ids: ROWS[ids.long(), :1]):
        with pytest.raises(ShapeError, match=r"Own._read: expected rows \(2, 2\) of torch.int64"):
            Own(read=wrong).fetch(KEY, torch.tensor([1, 2]))


def test_texts_teach():
    store = Own()
    with pytest.raises(IndexError, match=r'Own.fetch: `ids` holds 10 at position 1, but \("node", "x"\) has 10 rows'):
        store.fetch(KEY, torch.tensor([0, 10, 11]))
    with pytest.raises(KeyError, match=r'expected one of the features \("node", "x"\), got \("node", "y"\)'):
        store.fetch(("node", "y"), torch.tensor([0]))
    with pytest.raises(DtypeError, match=r"got list; hint: torch.as_tensor"):
        store.fetch(KEY, [0])
    with pytest.raises(ShapeError, match=r"one-dimensional `ids`, got \(1, 1\)"):
        store.will_need(KEY, torch.tensor([[0]]))
