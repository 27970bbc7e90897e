"""The label column: classes of one type, in ascending order."""

import duckdb
import pytest

from weft.errors import TableError
from weft.tables import read_nodes


def read(write, *values):
    rows = [f"{i},1,{value}" for i, value in enumerate(values)]
    return read_nodes(write("nodes.csv", "id,x,label", *rows), "label")


@pytest.mark.parametrize(
    ("values", "classes", "labels"),
    [
        (("b", "a", "", "b"), ("a", "b"), [1, 0, -1, 1]),
        (("10", "9", "-1", "10"), (-1, 9, 10), [2, 1, 0, 2]),
        (("1.0", "", "0.0", "1"), (0, 1), [1, -1, 0, 1]),
        (("true", "False", "TRUE"), (False, True), [1, 0, 1]),
        (("01", "1"), ("01", "1"), [0, 1]),
        (("Zug", "ähnlich", "apfel"), ("Zug", "apfel", "ähnlich"), [0, 2, 1]),
    ],
    ids=["text", "integers", "integers kept as floats", "booleans", "leading zero", "code points"],
)
def test_classes(write, values, classes, labels):
    nodes = read(write, *values)
    assert nodes.classes == classes
    assert [type(value) for value in nodes.classes] == [type(value) for value in classes]
    assert nodes.labels.tolist() == labels


def test_real_numbers_are_no_classes(write):
    with pytest.raises(
        TableError, match=r'row 4, column "label": expected classes .* got the real number "0.75".* hint: '
    ):
        read(write, "1.0", "2", "0.75")


@pytest.mark.parametrize(
    ("values", "says"),
    [("1.0::DOUBLE, 1.5", 'row 2, column "label"'), ("DATE '2020-01-01'", "the type DATE"), ("[1]", "the type ")],
)
def test_types_of_parquet_that_are_no_classes(tmp_path, values, says):
    path = tmp_path / "n.parquet"
    query = f"SELECT row_number() OVER () AS id, 1 AS x, label FROM (SELECT unnest([{values}]) AS label)"
    duckdb.connect().execute(f"COPY ({query}) TO '{path}'")
    with pytest.raises(TableError, match=says):
        read_nodes(path, "label")


def test_whole_floats_of_parquet_are_integers(tmp_path):
    path = tmp_path / "n.parquet"
    query = "SELECT unnest([1, 2, 3]) AS id, 1 AS x, unnest([3.0::DOUBLE, NULL, 1.0]) AS label"
    duckdb.connect().execute(f"COPY ({query}) TO '{path}'")
    nodes = read_nodes(path, "label")
    assert nodes.classes == (1, 3)
    assert nodes.labels.tolist() == [1, -1, 0]
