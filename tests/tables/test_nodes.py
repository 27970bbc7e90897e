"""The table of nodes: columns, keys, split, and the predictions written beside its keys."""

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.errors import TableError
from weft.tables import read_nodes

ROWS = ("id,x,label", "a,1,yes", "b,2,no", "c,3,", "d,4,yes")


def refused(path, *says, target="label", **options):
    with pytest.raises(TableError) as caught:
        read_nodes(path, target, **options)
    for part in (str(path), *says, "; hint: "):
        assert part in str(caught.value), str(caught.value)


def keys(nodes):
    return [key for (key,) in nodes.connection.execute("SELECT key FROM node_keys ORDER BY rowid").fetchall()]


def test_nodes_are_the_rows_in_order(write):
    nodes = read_nodes(write("nodes.csv", *ROWS), "label")
    assert nodes.num_nodes == 4
    assert (nodes.key, nodes.key_type, nodes.split_column, nodes.ignored) == ("id", "VARCHAR", None, ())
    assert keys(nodes) == ["a", "b", "c", "d"]
    assert nodes.classes == ("no", "yes")
    assert nodes.labels.tolist() == [1, 0, -1, 1]
    assert [column.name for column in nodes.features] == ["x"]


@pytest.mark.parametrize("name", ["id", "key", "node", "node_id", "ID", "Node_Id"])
def test_conventional_key_names(write, name):
    assert read_nodes(write("nodes.csv", f"x,label,{name}", "1,a,n", "2,b,m"), "label").key == name


def test_named_columns_win(write):
    path = write("nodes.csv", "id,name,x,part,label", "1,n,5,train,a", "2,m,6,val,b")
    nodes = read_nodes(path, "label", key="name", split="part", ignore=["id"])
    assert (nodes.key, nodes.split_column, nodes.ignored) == ("name", "part", ("id",))
    assert [column.name for column in nodes.features] == ["x"]


def test_feature_option_leaves_the_rest_out(write):
    nodes = read_nodes(write("nodes.csv", "id,x,y,z,label", "1,5,6,7,a", "2,5,6,7,b"), "label", features=["z", "x"])
    assert [column.name for column in nodes.features] == ["z", "x"]
    assert nodes.ignored == ("y",)


def test_no_key_column(write):
    refused(write("nodes.csv", "name,label", "a,b"), "for the node key, named id or key or node or node_id", "--key")


def test_missing_label_column_lists_what_there_is(write):
    path = write("nodes.csv", *ROWS)
    refused(path, 'a column "class" for the label, got columns "id", "x", "label"', target="class")
    refused(path, 'did you mean "label"?', target="Label")


@pytest.mark.parametrize("option", [{"key": "k"}, {"split": "k"}, {"features": ["k"]}, {"ignore": ["k"]}])
def test_missing_named_column(write, option):
    refused(write("nodes.csv", *ROWS), 'a column "k"', **option)


def test_label_and_key_must_differ(write):
    refused(write("nodes.csv", *ROWS), '"id" for both', target="id")


def test_duplicate_key_names_both_rows(write):
    path = write("nodes.csv", *ROWS, "b,5,no", "a,1,no")
    refused(path, 'row 6, column "id": expected a key that no other row has, got "b" again', "key of row 3", "1 more")


def test_empty_key(write):
    refused(write("nodes.csv", *ROWS, ",5,no", ",6,no"), 'row 6, column "id": expected a key', "1 more rows have none")


def test_header_without_rows(write):
    refused(write("nodes.csv", "id,x,label"), "a header without rows")


def test_no_labelled_node(write):
    refused(write("nodes.csv", "id,x,label", "a,1,", "b,2,"), 'column "label": expected a label in at least some rows')


@pytest.mark.parametrize(("values", "expected"), [("1 2 -3", "BIGINT"), ("1 02 3", "VARCHAR"), ("1 2 x", "VARCHAR")])
def test_csv_keys_are_integers_only_if_nothing_is_lost(write, values, expected):
    rows = [f"{value},1,a" for value in values.split()]
    nodes = read_nodes(write("nodes.csv", "id,x,label", *rows), "label")
    assert nodes.key_type == expected
    assert [str(key) for key in keys(nodes)] == values.split()


def parquet(path, query):
    duckdb.connect().execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path


def test_float_keys_are_refused(tmp_path):
    path = parquet(tmp_path / "n.parquet", "SELECT 1.5::DOUBLE AS id, 'a' AS label, 1 AS x")
    refused(path, 'column "id": expected keys that are text or integers, got the type DOUBLE')


@pytest.mark.parametrize("kind", ["TINYINT", "INTEGER", "UBIGINT", "VARCHAR", "UUID"])
def test_keys_are_written_with_their_own_type(tmp_path, kind):
    value = "'00000000-0000-0000-0000-00000000000' || i" if kind == "UUID" else "i"
    path = parquet(
        tmp_path / "n.parquet", f"SELECT ({value})::{kind} AS id, i AS x, i % 2 = 0 AS label FROM range(9) t(i)"
    )
    nodes = read_nodes(path, "label")
    nodes.write(tmp_path / "out.parquet", {"p": np.arange(9)})
    rows = duckdb.connect().execute(f"SELECT typeof(key), key, p, label FROM '{tmp_path}/out.parquet'").fetchall()
    given_keys = duckdb.connect().execute(f"SELECT id FROM '{path}'").fetchall()
    assert [row[0] for row in rows] == [kind] * 9
    assert [(row[1],) for row in rows] == given_keys
    assert [row[2:] for row in rows] == [(i, i % 2 == 0) for i in range(9)]


def test_the_same_table_is_written_with_the_same_bytes(write, tmp_path):
    rows = [f"n{i},{i},{'ab'[i % 2]}" for i in range(200_000)]
    nodes = read_nodes(write("nodes.csv", "id,x,label", *rows), "label")
    for name in ("one.parquet", "two.parquet"):
        nodes.write(tmp_path / name, {"p": np.arange(200_000, dtype=np.float32)})
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    wrong = f"SELECT count(*) FROM '{tmp_path}/one.parquet' WHERE key != 'n' || p::BIGINT"
    assert duckdb.connect().execute(wrong).fetchall() == [(0,)]


def test_split_column_is_found_and_read(write):
    rows = ["id,x,label,Split", "a,1,u,train", "b,2,v, Validation ", "c,3,u,TEST", "d,4,v,"]
    nodes = read_nodes(write("nodes.csv", *rows), "label")
    assert nodes.split_column == "Split"
    assert nodes.split.tolist() == [0, 1, 2, -1]


def test_unknown_split_value(write):
    path = write("nodes.csv", "id,x,label,split", "a,1,u,train", "b,2,v,holdout")
    refused(path, 'row 3, column "split": expected train, val, test or an empty field, got "holdout"', "--ignore")


def test_split_column_can_be_ignored(write):
    path = write("nodes.csv", "id,x,label,split", "a,1,u,7", "b,2,v,8")
    assert read_nodes(path, "label", ignore=["split"]).split is None


def test_parquet_equals_csv(write, tmp_path):
    path = write("nodes.csv", "id,x,ok,town,label,split", "7,1.5,true,Bern,2,train", "8,,false,,0,val", "9,3,,Ulm,,")
    query = (
        f"SELECT id::BIGINT AS id, x::DOUBLE AS x, ok::BOOLEAN AS ok, town, label::INT AS label, split FROM '{path}'"
    )
    one, two = read_nodes(path, "label"), read_nodes(parquet(tmp_path / "n.parquet", query), "label")
    assert (one.key_type, one.classes, one.ignored) == (two.key_type, two.classes, two.ignored)
    assert one.labels.tolist() == two.labels.tolist()
    assert one.split.tolist() == two.split.tolist()
    for left, right in zip(one.features, two.features, strict=True):
        assert (left.name, left.kind) == (right.name, right.kind)
        values = ("values",) if left.kind != "categorical" else ("codes", "words")
        for name in values:
            np.testing.assert_array_equal(getattr(left, name), getattr(right, name))


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
        min_size=1,
        max_size=9,
        unique=True,
    )
)
def test_any_text_is_a_key(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("keys") / "nodes.csv"
    rows = [f'"{text.replace(chr(34), chr(34) * 2)}",1,a\r\n' for text in texts]
    path.write_bytes("".join(["id,x,label\r\n", *rows]).encode())
    assert [str(key) for key in keys(read_nodes(path, "label"))] == texts
