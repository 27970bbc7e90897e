"""Named features: what is taken, what is refused, and how a set behaves as a mapping."""

import copy
import pickle
import re

import numpy as np
import pytest
import torch

from weft.errors import DeviceError, DtypeError, FeatureError, ShapeError
from weft.graph import EdgeSet, FeatureSet, Graph, NodeSet


@pytest.fixture
def nodes():
    return Graph([0, 1], [1, 2], num_nodes=3).nodes


def test_a_set_is_an_ordered_mapping(nodes):
    nodes["b"], nodes["a"] = torch.zeros(3), torch.ones(3, 2)
    assert list(nodes) == ["b", "a"]
    assert len(nodes) == 2
    assert "a" in nodes
    assert "c" not in nodes
    assert nodes.get("c") is None
    assert [name for name, _ in nodes.items()] == ["b", "a"]
    del nodes["b"]
    assert dict(nodes).keys() == {"a"}
    nodes.update(z=torch.zeros(3))
    assert nodes.pop("z").shape == (3,)


def test_a_tensor_is_kept_as_it_is(nodes):
    x = torch.randn(3, 2, requires_grad=True)
    nodes["x"] = x
    assert nodes["x"] is x


@pytest.mark.parametrize("value", [[1, 2, 3], np.array([1, 2, 3]), (1, 2, 3)], ids=["list", "numpy", "tuple"])
def test_numbers_become_a_tensor(nodes, value):
    nodes["x"] = value
    assert nodes["x"].tolist() == [1, 2, 3]


def test_a_missing_feature_names_the_known_ones(nodes):
    nodes["x"], nodes["y"] = torch.zeros(3), torch.zeros(3)
    for act in (lambda: nodes["z"], lambda: nodes.__delitem__("z")):
        with pytest.raises(FeatureError, match=re.escape('3 nodes "node" have no feature "z"; known: "x", "y"')):
            act()
    with pytest.raises(KeyError):
        nodes["z"]


@pytest.mark.parametrize(
    ("value", "error", "says"),
    [
        (torch.zeros(2), ShapeError, 'feature "x" of 3 nodes "node": expected shape (3, ...), got (2,)'),
        (torch.tensor(1.0), ShapeError, "expected shape (3, ...), got ()"),
        (["a", "b", "c"], DtypeError, "expected a tensor, or numbers that torch.as_tensor takes, got list"),
        (
            torch.zeros(3, device="meta"),
            DeviceError,
            "expected a tensor on cpu, where the graph is, got meta; hint: move it",
        ),
    ],
)
def test_what_does_not_fit_is_refused(nodes, value, error, says):
    with pytest.raises(error) as caught:
        nodes["x"] = value
    assert says in str(caught.value)
    assert "x" not in nodes


@pytest.mark.parametrize("name", ["", 3, ("a", "b")])
def test_a_name_is_a_string(nodes, name):
    with pytest.raises(FeatureError, match="features are named by strings"):
        nodes[name] = torch.zeros(3)


def test_nothing_else_can_be_set(nodes):
    with pytest.raises(AttributeError, match=re.escape('a feature is assigned by name, as in nodes["x"] = ...')):
        nodes.x = torch.zeros(3)
    with pytest.raises(AttributeError, match='`count` of 3 nodes "node" cannot be set'):
        nodes.count = 5


def test_equality_is_identity(nodes):
    other = Graph([0, 1], [1, 2], num_nodes=3).nodes
    nodes["x"] = other["x"] = torch.zeros(3)
    assert nodes == nodes
    assert nodes != other
    assert len({nodes, other}) == 2


def test_edges_have_a_count_and_an_adjacency():
    edges = Graph([0, 1], [1, 2], num_nodes=3).edges
    assert edges.count == edges.adjacency.num_edges == 2
    with pytest.raises(ShapeError, match=re.escape('of 2 edges ("node", "edge", "node"): expected shape (2, ...)')):
        edges["w"] = torch.zeros(3)


def test_sets_survive_copies(nodes):
    nodes["x"] = torch.arange(3)
    edges = Graph([0, 1], [1, 2]).edges
    edges["w"] = torch.arange(2)
    for found in (nodes, edges):
        for other in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
            assert repr(other) == repr(found)
            assert (other.type, other.count, other.device) == (found.type, found.count, found.device)


def test_repr_tells_features(nodes):
    assert repr(nodes) == 'NodeSet(3 nodes "node", no features)'
    nodes["x"] = torch.zeros(3, 4)
    assert repr(nodes) == 'NodeSet(3 nodes "node": x (3, 4) float32)'


def test_the_base_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        FeatureSet()
    assert issubclass(NodeSet, FeatureSet)
    assert issubclass(EdgeSet, FeatureSet)
