"""What a conversion says when the other package is not installed."""

import sys

import pytest

from weft.errors import MissingExtraError
from weft.graph import Graph
from weft.graph.convert import (
    from_igraph,
    from_networkx,
    from_pyg,
    from_scipy,
    to_igraph,
    to_networkx,
    to_pyg,
    to_scipy,
)


@pytest.mark.parametrize(
    ("package", "call"),
    [
        ("scipy.sparse", lambda: from_scipy(None)),
        ("scipy.sparse", lambda: to_scipy(Graph([0], [1]))),
        ("networkx", lambda: from_networkx(None)),
        ("networkx", lambda: to_networkx(Graph([0], [1]))),
        ("igraph", lambda: from_igraph(None)),
        ("igraph", lambda: to_igraph(Graph([0], [1]))),
        ("torch_geometric", lambda: from_pyg(None)),
        ("torch_geometric", lambda: to_pyg(Graph([0], [1]))),
    ],
)
def test_a_missing_package_names_the_extra(monkeypatch, package, call):
    for name in [name for name in sys.modules if name.split(".")[0] == package.split(".")[0]]:
        monkeypatch.delitem(sys.modules, name)
    find = sys.meta_path[:]

    class Nothing:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name.split(".")[0] == package.split(".")[0]:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(sys, "meta_path", [Nothing, *find])
    with pytest.raises(MissingExtraError, match=r"is not installed; hint: pip install 'weft\[(convert|dev)\]'"):
        call()
