"""A table file: what is refused before a row is read, and how rows are counted."""

import gzip
import re

import duckdb
import pytest

from weft.errors import TableError
from weft.tables import read_nodes
from weft.tables._file import open_table
from weft.tables._session import connect


def load(path):
    """Open a file and read it into DuckDB; gives its rows."""
    file = open_table(path)
    connection = connect()
    file.load(connection, "t")
    return connection.execute("SELECT * FROM t ORDER BY rowid").fetchall()


def refused(path, *says):
    with pytest.raises(TableError) as caught:
        load(path)
    text = str(caught.value)
    assert text.startswith(str(path))
    assert "; hint: " in text
    for part in says:
        assert part in text, text


def test_missing_file(tmp_path):
    refused(tmp_path / "nodes.csv", "got a path where nothing is")


def test_folder_in_place_of_a_file(tmp_path):
    refused(tmp_path, "got a folder")


def test_empty_file(write):
    refused(write("nodes.csv", b""), "expected a CSV or Parquet file, got an empty file")


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", gzip.compress(b"id\n1\n", mtime=0)])
def test_binary_file(write, content):
    refused(write("nodes.csv", content), "a binary file of another format")


def test_utf16(write):
    refused(write("nodes.csv", "id,x\na,1\n".encode("utf-16")), "a file in UTF-16", "hint: save it as UTF-8")


def test_damaged_parquet(write):
    refused(write("nodes.parquet", b"PAR1" + b"x" * 100 + b"PAR1"), "expected a whole Parquet file")


def test_latin_1_names_row_and_column(write):
    path = write("nodes.csv", "id,name", "a,b", "c,é".encode("latin-1"))
    refused(path, 'row 3, column "name": expected text in UTF-8, got bytes of another encoding')


def test_latin_1_in_the_header(write):
    refused(write("nodes.csv", "id,é\n1,2\n".encode("latin-1")), "expected a header in UTF-8")


@pytest.mark.parametrize(("row", "count"), [("c", 1), ("c,2,3", 3)])
def test_ragged_row(write, row, count):
    refused(write("nodes.csv", "id,x", "a,1", row), f"row 3: expected 2 fields, as in the header, got {count} fields")


def test_unclosed_quote(write):
    refused(write("nodes.csv", "id,x", 'a,"b', "c,d"), "row 2: expected fields that are plain", "close every quote")


def test_text_after_a_quoted_field(write):
    refused(write("nodes.csv", "id,x", 'a,"b"c'), "row 2: expected fields that are plain")


def test_repeated_column_name(write):
    refused(write("nodes.csv", "id,x,x", "a,1,2"), '"x" twice in the header')


def test_column_without_name(write):
    refused(write("nodes.csv", ",id", "0,a"), "no name for column 1", "without a row index")


def test_names_that_differ_in_case_are_two_columns(write):
    assert open_table(write("nodes.csv", "id,ID", "a,b")).header == ("id", "ID")


def test_byte_order_mark_and_spaces_in_the_header_are_dropped(write):
    assert open_table(write("nodes.csv", "\ufeffid, x ,y", "a,1,2")).header == ("id", "x", "y")


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiters(write, mark):
    path = write("nodes.csv", mark.join(["id", '"a,b;c|d"', "z"]), mark.join(["1", "2", "3"]))
    assert open_table(path).header == ("id", "a,b;c|d", "z")
    assert load(path) == [("1", "2", "3")]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings(write, ending):
    assert load(write("nodes.csv", ending.join(["id,x", "a,1", "b,"]).encode())) == [("a", "1"), ("b", None)]


def test_quotes_unicode_and_lines_within_fields(write):
    path = write("nodes.csv", "id,x", '"日本, 語","say ""hi"""', '"two\nlines",é')
    assert load(path) == [("日本, 語", 'say "hi"'), ("two\nlines", "é")]


def test_row_is_the_line_on_which_it_begins(write):
    file = open_table(write("nodes.csv", "id,x", '"a\nb",1', "", "c,2"))
    assert [file.row(0), file.row(1)] == [2, 5]


@pytest.mark.parametrize("name", ["a*.csv", "a?.csv", "[ab].csv", "it's; DROP TABLE nodes.csv", "日本.csv", 'q".csv'])
def test_strange_file_names_are_files(write, name):
    write("ab.csv", "id,x", "wrong,1")
    assert load(write(name, "id,x", "right,1")) == [("right", "1")]


def test_names_of_folders_and_endings_add_nothing(write, tmp_path):
    (tmp_path / "year=2020").mkdir()
    assert load(write("year=2020/nodes.gz", "id,x", "a,1")) == [("a", "1")]
    path = tmp_path / "year=2020" / "nodes.parquet"
    duckdb.connect().execute(f"COPY (SELECT 7 AS id) TO '{path}'")
    assert load(path) == [(7,)]


def test_column_names_never_become_sql(write):
    name = '"); DROP TABLE nodes; --'
    quoted = name.replace('"', '""')
    nodes = read_nodes(write("nodes.csv", f'id,label,"{quoted}"', "a,x,1", "b,y,2"), "label")
    assert nodes.features[0].name == name
    assert nodes.num_nodes == 2


def test_digest_is_of_the_bytes(write):
    first = open_table(write("a.csv", "id,x", "a,1")).digest()
    assert re.fullmatch("[0-9a-f]{64}", first)
    assert first == open_table(write("b.csv", "id,x", "a,1")).digest()
    assert first != open_table(write("c.csv", "id,x", "a,2")).digest()


def test_rows_of_a_large_file_keep_their_order(write):
    path = write("nodes.csv", "id,x", "\n".join(f"n{i},{i}" for i in range(300_000)))
    rows = load(path)
    assert len(rows) == 300_000
    assert all(name == f"n{i}" for i, (name, _) in enumerate(rows))
