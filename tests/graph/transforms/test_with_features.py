"""The same graph with other features."""

import pytest
import torch

from weft.errors import DtypeError, FeatureError, OptionError
from weft.graph import Graph, batch
from weft.graph.transforms import encode_walks, normalise_rows, propagate_features, with_features


def test_structure_and_other_features_are_shared():
    graph = Graph([0], [1])
    graph.nodes["x"], graph.nodes["y"] = torch.ones(2), torch.zeros(2)
    found = with_features(graph, {"node": {"x": torch.zeros(2)}, ("node", "edge", "node"): {"w": torch.ones(1)}})
    assert found.adjacency is graph.adjacency
    assert found.nodes["y"] is graph.nodes["y"]
    assert graph.nodes["x"].tolist() == [1, 1]
    assert "w" not in graph.edges


def test_a_batch_stays_one():
    assert with_features(batch([Graph([0], [1])] * 3), {"node": {"x": torch.ones(6)}}).num_graphs == 3


def test_types_that_join_others_or_are_not_named_are_refused():
    shop = Graph({("user", "rates", "item"): ([0], [0]), ("user", "knows", "user"): ([0], [0])})
    with pytest.raises(
        OptionError, match=r'encode_walks: expected an edge type that joins nodes of one type, got \("user"'
    ):
        encode_walks(shop, 2, edge_type="rates")
    with pytest.raises(FeatureError, match="encode_walks: expected one of the edge types"):
        encode_walks(shop, 2)
    with pytest.raises(FeatureError, match="normalise_rows: expected `of` for a graph of several node types"):
        normalise_rows(shop)


def test_complex_features_are_refused():
    graph = Graph([0], [1])
    graph.nodes["x"] = torch.ones(2, dtype=torch.complex64)
    with pytest.raises(DtypeError, match='propagate_features: expected real numbers in "x"'):
        propagate_features(graph, 1)
