"""Arguments alone for one type, in mappings for several."""

import pytest
import torch

from weft.errors import DeviceError, FeatureError, IdError, OptionError, ShapeError
from weft.graph import Graph
from weft.graph._by_type import by_edge_type, by_node_type, chosen_ids, edge_type_of, node_type_of

CPU = torch.device("cpu")
RATES, LIKES, OWNS = ("user", "rates", "item"), ("user", "likes", "item"), ("user", "likes", "user")


@pytest.fixture
def typed():
    return Graph({RATES: ([0], [0]), LIKES: ([0], [0]), OWNS: ([0], [0])})


def test_a_value_alone_belongs_to_the_only_type():
    plain = Graph([0], [1])
    assert by_node_type("f", "x", plain, given=5) == {"node": 5}
    assert by_edge_type("f", "x", plain, given=5) == {("node", "edge", "node"): 5}
    assert node_type_of("f", plain) == "node"
    assert edge_type_of("f", plain) == ("node", "edge", "node")


def test_mappings_name_types_and_relations(typed):
    assert by_node_type("f", "x", typed, given={"item": 1}) == {"item": 1}
    assert by_edge_type("f", "x", typed, given={"rates": 1, OWNS: 2}) == {RATES: 1, OWNS: 2}


def test_a_value_alone_for_several_types_is_refused(typed):
    with pytest.raises(OptionError, match=r'f: expected `x` for each node type, .* as in {"user": ...}'):
        by_node_type("f", "x", typed, given=5)
    with pytest.raises(OptionError, match=r'as in {\("user", "rates", "item"\): ...}'):
        by_edge_type("f", "x", typed, given=5)
    with pytest.raises(OptionError, match="a graph of 0 edge types"):
        by_edge_type("f", "x", Graph({}), given=5)


def test_an_edge_type_named_twice_is_refused(typed):
    with pytest.raises(FeatureError, match="each edge type once at most"):
        by_edge_type("f", "x", typed, given={"rates": 1, RATES: 2})


def test_unknown_and_ambiguous_names_are_refused(typed):
    with pytest.raises(FeatureError, match='one of the node types "user", "item", got "shop"'):
        node_type_of("f", typed, "shop")
    with pytest.raises(FeatureError, match='got "likes"; hint: name the edge type in full'):
        edge_type_of("f", typed, "likes")
    with pytest.raises(FeatureError, match='got "sells"'):
        edge_type_of("f", typed, "sells")
    with pytest.raises(FeatureError, match="got None"):
        edge_type_of("f", typed)


def test_ids_and_masks_choose():
    assert chosen_ids("f", "nodes", [2, 0], count=3, device=CPU).tolist() == [2, 0]
    assert chosen_ids("f", "nodes", torch.tensor([2, 2], dtype=torch.int32), count=3, device=CPU).dtype is torch.int64
    assert chosen_ids("f", "nodes", torch.tensor([True, False, True]), count=3, device=CPU).tolist() == [0, 2]
    assert chosen_ids("f", "nodes", [], count=0, device=CPU).tolist() == []


def test_ids_outside_are_named():
    with pytest.raises(IdError, match="`nodes` within the graph, got 3, but ids are 0 to 2"):
        chosen_ids("f", "nodes", [0, 3], count=3, device=CPU)
    with pytest.raises(IdError, match="got -1"):
        chosen_ids("f", "nodes", [0, -1], count=3, device=CPU)
    with pytest.raises(IdError, match="there are none"):
        chosen_ids("f", "nodes", [0], count=0, device=CPU)
    with pytest.raises(ShapeError, match=r"a mask of shape \(3,\), got \(2,\)"):
        chosen_ids("f", "nodes", torch.tensor([True, False]), count=3, device=CPU)
    with pytest.raises(DeviceError, match="on cpu, where the graph is, got meta"):
        chosen_ids("f", "nodes", torch.tensor([0], device="meta"), count=3, device=CPU)
