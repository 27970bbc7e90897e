"""Encoders: fitted to some rows, applied to any, kept in between."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from weft.errors import TableError
from weft.tables import (
    CategoricalColumn,
    CategoricalEncoder,
    FeatureEncoder,
    NumericColumn,
    NumericEncoder,
    fit_encoder,
    read_nodes,
)


def numeric(*values):
    return NumericColumn("x", "numeric", np.array(values, dtype=np.float64))


def words(*values):
    known = tuple(sorted({value for value in values if value is not None}))
    codes = np.array([-1 if value is None else known.index(value) for value in values])
    return CategoricalColumn("w", codes, known)


def every(column):
    return np.ones(len(column.values if isinstance(column, NumericColumn) else column.codes), dtype=bool)


def test_statistics_come_from_the_fitted_rows_only():
    column = numeric(1, 3, 1000, np.nan)
    encoder = fit_encoder([column], np.array([True, True, False, False]))
    assert encoder.columns == (NumericEncoder("x", "numeric", 2.0, 1.0),)
    assert encoder.apply([column]).ravel().tolist() == [-1, 1, 998, 0]


def test_words_come_from_the_fitted_rows_only():
    column = words("a", "b", "c", None)
    encoder = fit_encoder([column], np.array([True, True, False, True]))
    assert encoder.apply([column]).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_the_most_frequent_words_are_known_and_ties_go_by_alphabet():
    column = words("d", "d", "c", "b", "a", "c")
    encoder = fit_encoder([column], every(column), max_categories=3)
    assert encoder.columns[0].words == ("a", "c", "d")


def test_constant_and_unseen_columns_become_zeros():
    for column, rows in [(numeric(0.1, 0.1, 0.1), [True] * 3), (numeric(np.nan, np.nan, 5), [True, True, False])]:
        encoder = fit_encoder([column], np.array(rows))
        assert encoder.apply([column])[:2].ravel().tolist() == [0, 0]


def test_columns_stand_side_by_side():
    columns = [numeric(0, 2), words("a", "b")]
    encoder = fit_encoder(columns, np.array([True, True]))
    assert encoder.width == 4
    assert encoder.apply(columns).tolist() == [[-1, 1, 0, 0], [1, 0, 1, 0]]
    assert encoder.apply(columns[::-1]).tolist() == encoder.apply(columns).tolist()


def test_encoder_is_the_same_after_json(write):
    rows = ["id,x,ok,w,label", "a,1.1,true,p,u", "b,,false,q,v", "c,0.3,,,u"]
    nodes = read_nodes(write("one.csv", *rows), "label")
    encoder = fit_encoder(nodes.features, np.array([True, True, True]))
    read = json.loads(json.dumps(dataclasses.asdict(encoder)))["columns"]
    again = FeatureEncoder(
        tuple(
            CategoricalEncoder(**{**part, "words": tuple(part["words"])}) if "words" in part else NumericEncoder(**part)
            for part in read
        )
    )
    assert again == encoder
    # In this table x and w hold nothing that tells their kind.
    other = read_nodes(write("two.csv", "id,x,ok,w,label", "z,,true,,u", "y,,,7,v"), "label", kinds=again.kinds)
    x, ok, *w = again.apply(other.features).T.tolist()
    assert x == [0, 0]
    assert ok == [1, 0]
    assert w == [[0, 0], [0, 0], [0, 1]]


def test_missing_column_is_named():
    with pytest.raises(TableError, match=r'feature "x": expected a column of this name, got none; hint: .*kinds='):
        fit_encoder([numeric(1, 2)], np.array([True, True])).apply([words("a")])


def test_column_of_another_kind_is_named():
    as_words = CategoricalColumn("x", np.array([0]), ("a",))
    with pytest.raises(TableError, match='feature "x": expected numbers or booleans, got text'):
        fit_encoder([numeric(1, 2)], np.array([True, True])).apply([as_words])
    with pytest.raises(TableError, match='feature "x": expected text, got numbers or booleans'):
        fit_encoder([as_words], np.array([True])).apply([numeric(1)])


def test_numbers_beyond_any_mean_are_refused():
    with pytest.raises(TableError, match=r'feature "x": expected numbers with a finite mean .* got values up to 1e'):
        fit_encoder([numeric(1e308, 1e308, -1e308)], np.array([True, True, True]))


def test_numbers_beyond_float32_are_refused():
    column = numeric(0, 1, 1e300)
    encoder = fit_encoder([column], np.array([True, True, False]))
    with pytest.raises(TableError, match='feature "x": expected values that fit a float32'):
        encoder.apply([column])


@given(arrays.arrays(np.float64, st.integers(2, 30), elements=st.floats(-1e6, 1e6, width=32)))
def test_fitted_rows_get_mean_zero_and_deviation_one_or_zero(values):
    column = numeric(*values)
    encoded = fit_encoder([column], every(column)).apply([column]).astype(np.float64)
    assert abs(encoded.mean()) < 1e-3
    assert encoded.std() < 1e-3 or abs(encoded.std() - 1) < 1e-3
