"""The table of edges: both ends, weights, and ends that lead nowhere."""

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.errors import TableError
from weft.tables import read_edges, read_nodes


@pytest.fixture
def nodes(write):
    """Four nodes with the keys a, b, 7 and ü."""
    return read_nodes(write("nodes.csv", "id,x,label", "a,1,u", "b,2,v", "7,3,u", "ü,3,u"), "label")


def refused(path, nodes, *says, **options):
    with pytest.raises(TableError) as caught:
        read_edges(path, nodes, **options)
    for part in (str(path), *says, "; hint: "):
        assert part in str(caught.value), str(caught.value)


def test_ends_become_node_numbers_in_the_order_of_the_rows(write, nodes):
    edges = read_edges(write("edges.csv", "source,target", "b,a", "7,ü", "a,a", "b,a"), nodes)
    assert edges.source.tolist() == [1, 2, 0, 1]
    assert edges.target.tolist() == [0, 3, 0, 0]
    assert (edges.num_edges, edges.weight, edges.ignored) == (4, None, ())


@pytest.mark.parametrize("names", [("source", "target"), ("src", "dst"), ("from", "to"), ("SRC", "Target")])
def test_conventional_names(write, nodes, names):
    edges = read_edges(write("edges.csv", f"since,{names[1]},{names[0]}", "1999,a,b"), nodes)
    assert (edges.source_column, edges.target_column, edges.ignored) == (*names, ("since",))
    assert (edges.source.tolist(), edges.target.tolist()) == ([1], [0])


def test_named_columns(write, nodes):
    path = write("edges.csv", "a,b,c", "a,b,0.5")
    edges = read_edges(path, nodes, source="b", target="a", weight="c")
    assert (edges.source.tolist(), edges.target.tolist(), edges.weight.tolist()) == ([1], [0], [0.5])


def test_unrecognised_columns_are_listed(write, nodes):
    path = write("edges.csv", "35,1033", "35,887")
    refused(path, nodes, "for the start of an edge, named source or src or from", '"35", "1033"', "--edge-source")
    refused(path, nodes, "for the end of an edge", "--edge-target", source="35")


def test_one_column_for_both_ends(write, nodes):
    refused(write("edges.csv", "source,x", "a,1"), nodes, '"source" for both', target="source")


def test_unknown_end_names_row_value_and_how_many_more(write, nodes):
    path = write("edges.csv", "source,target", "a,b", "b,zz", "yy,b", "xx,ww")
    refused(path, nodes, 'row 3, column "target"', '"zz", which is no node there', "3 more edge ends name no node")


def test_unknown_end_in_a_row_shows_the_source_first(write, nodes):
    refused(write("edges.csv", "source,target", "q,zz"), nodes, 'row 2, column "source"', '"q"', "1 more edge ends")


def test_spaces_around_a_key_are_pointed_out(write, nodes):
    refused(write("edges.csv", "source,target", "a, b"), nodes, '" b", which is no node', "differ in spaces")


@pytest.mark.parametrize("row", ["a,", ",a"])
def test_empty_end(write, nodes, row):
    refused(write("edges.csv", "source,target", "a,b", row), nodes, "row 3", "expected the key of a node, got an empty")


def test_no_rows(write, nodes):
    refused(write("edges.csv", "source,target"), nodes, "a header without rows")


def test_weights(write, nodes):
    edges = read_edges(write("edges.csv", "source,target,weight", "a,b,2", "b,a,0", "b,7,1e-3"), nodes)
    np.testing.assert_array_equal(edges.weight, np.array([2, 0, 1e-3], dtype=np.float32))


@pytest.mark.parametrize("value", ["heavy", "nan", "inf", "-1", "1e39"])
def test_wrong_weight(write, nodes, value):
    path = write("edges.csv", "source,target,weight", "a,b,1", f"a,b,{value}", f"a,b,{value}")
    says = 'row 3, column "weight": expected a finite weight that is not negative'
    refused(path, nodes, says, f'"{value}"', "1 more weights")


def test_missing_weight(write, nodes):
    refused(write("edges.csv", "source,target,weight", "a,b,"), nodes, 'row 2, column "weight"', "an empty field")


def test_float_ends_are_refused(tmp_path, nodes):
    path = tmp_path / "e.parquet"
    duckdb.connect().execute(f"COPY (SELECT 7.0::DOUBLE AS source, 'a' AS target) TO '{path}'")
    refused(path, nodes, 'column "source": expected keys that are text or integers, got the type DOUBLE')


def test_integer_ends_of_parquet_meet_keys_of_csv(tmp_path, nodes):
    path = tmp_path / "e.parquet"
    duckdb.connect().execute(f"COPY (SELECT 7::SMALLINT AS source, 'a' AS target, 3::INTEGER AS weight) TO '{path}'")
    edges = read_edges(path, nodes)
    assert (edges.source.tolist(), edges.target.tolist(), edges.weight.tolist()) == ([2], [0], [3.0])


def test_edges_are_read_again_for_the_same_nodes(write, nodes):
    path = write("edges.csv", "source,target", "a,b")
    refused(write("wrong.csv", "source,target", "a,x"), nodes, '"x"')
    assert read_edges(path, nodes).source.tolist() == read_edges(path, nodes).source.tolist()


@given(data=st.data())
def test_every_edge_finds_its_nodes(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("edges")
    keys = data.draw(st.lists(st.integers(-99, 99), min_size=1, max_size=20, unique=True))
    ends = data.draw(st.lists(st.tuples(*[st.integers(0, len(keys) - 1)] * 2), min_size=1, max_size=40))
    (folder / "n.csv").write_text("id,x,label\n" + "".join(f"{key},1,a\n" for key in keys))
    (folder / "e.csv").write_text("from,to\n" + "".join(f"{keys[i]},{keys[j]}\n" for i, j in ends))
    edges = read_edges(folder / "e.csv", read_nodes(folder / "n.csv", "label"))
    assert list(zip(edges.source.tolist(), edges.target.tolist(), strict=True)) == ends
