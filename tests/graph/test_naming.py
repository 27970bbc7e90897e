"""Names of types, and how texts speak of them."""

import pytest

from weft.errors import OptionError
from weft.graph._naming import checked_edge_type, counted, listed, quoted


def test_an_edge_type_is_three_strings():
    assert checked_edge_type("Graph", ("user", "rates", "item")) == ("user", "rates", "item")


@pytest.mark.parametrize("wrong", ["rates", ("user", "item"), ("user", 1, "item"), ["user", "rates", "item"]])
def test_anything_else_is_refused(wrong):
    with pytest.raises(
        OptionError, match=r'three strings, got .*; hint: name the relation too, as in \("user", "rates"'
    ):
        checked_edge_type("Graph", wrong)


def test_names_read_as_they_are_written():
    assert quoted(("a", "b", "c")) == '("a", "b", "c")'
    assert listed(["a", ("b", "c")]) == '"a", ("b", "c")'
    assert listed([]) == "none"
    assert quoted(3) == "3"


def test_counts_take_their_plural():
    assert [counted(count, "edge") for count in (0, 1, 2000)] == ["0 edges", "1 edge", "2,000 edges"]
