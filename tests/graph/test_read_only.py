"""Mappings to look at."""

import pytest

from weft.graph._read_only import read_only


def test_a_view_follows_the_dictionary_and_refuses_changes():
    inner = {"b": 1, "a": 2}
    view = read_only(inner)
    assert list(view.items()) == [("b", 1), ("a", 2)]
    with pytest.raises(TypeError):
        view["c"] = 3
    inner["c"] = 3
    assert view["c"] == 3
