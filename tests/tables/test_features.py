"""Feature columns: their kinds, and values that are no features."""

import duckdb
import numpy as np
import pytest

from weft.errors import TableError
from weft.tables import read_nodes


def read(write, *values, **options):
    rows = [f'{i},"{value}",{"ab"[i % 2]}' for i, value in enumerate(values)]
    return read_nodes(write("nodes.csv", "id,x,label", *rows), "label", **options).features


def refused(write, *values, says, **options):
    with pytest.raises(TableError) as caught:
        read(write, *values, **options)
    for part in (*says, "; hint: "):
        assert part in str(caught.value), str(caught.value)


def test_numbers_with_gaps(write):
    (column,) = read(write, "1", "", "-2.5e3", " 4 ")
    assert column.kind == "numeric"
    np.testing.assert_array_equal(column.values, [1, np.nan, -2500, 4])


def test_booleans_with_gaps(write):
    (column,) = read(write, "true", "", "FALSE")
    assert column.kind == "boolean"
    np.testing.assert_array_equal(column.values, [1, np.nan, 0])


def test_words_with_gaps(write):
    (column,) = read(write, "red", "", "blue", "red")
    assert column.kind == "categorical"
    assert column.words == ("blue", "red")
    assert column.codes.tolist() == [1, -1, 0, 1]


def test_empty_column_is_left_out(write):
    assert read(write, "", "") == ()


@pytest.mark.parametrize("value", ["nan", "inf", "-Infinity", "1e999"])
def test_not_finite_names_row_and_value(write, value):
    says = ['nodes.csv, row 3, column "x": expected a finite number', f'"{value}"', "leave the field empty", "1 more"]
    refused(write, "1", value, "", "2", value, says=says)


def test_text_among_numbers_names_row_and_value(write):
    says = ['row 4, column "x": expected a number, as in most rows of this column, got "n/a"', '--categorical "x"']
    refused(write, "1", "2", "n/a", "3", says=says)


def test_numbers_among_text_are_words(write):
    (column,) = read(write, "a", "b", "3")
    assert column.words == ("3", "a", "b")


def test_kind_can_be_given(write):
    (column,) = read(write, "1", "2", "1", kinds={"x": "categorical"})
    assert column.words == ("1", "2")


@pytest.mark.parametrize(
    ("kind", "value", "expected"), [("numeric", "x", "a finite number"), ("boolean", "2", "true or false")]
)
def test_value_that_does_not_fit_a_given_kind(write, kind, value, expected):
    refused(write, value, says=[f'row 2, column "x": expected {expected}, got "{value}"'], kinds={"x": kind})


def test_types_of_parquet(tmp_path):
    path = tmp_path / "n.parquet"
    query = """
        SELECT i AS id, i % 2 AS label, i::DECIMAL(9, 2) AS a, i::FLOAT AS b, i > 1 AS c, i::HUGEINT AS d,
               ('w' || i % 2)::VARCHAR AS e FROM range(4) t(i)
    """
    duckdb.connect().execute(f"COPY ({query}) TO '{path}'")
    features = read_nodes(path, "label").features
    assert [column.kind for column in features] == ["numeric", "numeric", "boolean", "numeric", "categorical"]
    assert features[2].values.tolist() == [0, 0, 1, 1]
    assert features[4].codes.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("value", ["DATE '2020-01-01'", "[1, 2]", "{'a': 1}", "'x'::BLOB"])
def test_types_that_are_no_features(tmp_path, value):
    path = tmp_path / "n.parquet"
    duckdb.connect().execute(f"COPY (SELECT 1 AS id, 'a' AS label, {value} AS x) TO '{path}'")
    with pytest.raises(TableError, match=r'column "x": expected a feature .* got the type .* hint: .*--ignore "x"'):
        read_nodes(path, "label")


def test_nan_of_parquet(tmp_path):
    path = tmp_path / "n.parquet"
    duckdb.connect().execute(f"COPY (SELECT 1 AS id, 'a' AS label, 'nan'::DOUBLE AS x) TO '{path}'")
    with pytest.raises(TableError, match='row 1, column "x": expected a finite number, got "nan"'):
        read_nodes(path, "label")


def test_more_columns_than_are_read_at_once(write):
    header = ",".join(["id", "label", *(f"f{i}" for i in range(600))])
    rows = [",".join([str(i), "ab"[i % 2], *(str(i * j) for j in range(600))]) for i in range(3)]
    features = read_nodes(write("nodes.csv", header, *rows), "label").features
    assert [column.name for column in features] == [f"f{i}" for i in range(600)]
    assert all(column.values.tolist() == [0, j, 2 * j] for j, column in enumerate(features))
