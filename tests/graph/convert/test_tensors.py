"""Graphs as named tensors, also of other frameworks."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.graph.strategies import assert_same, graphs, typed_graphs
from weft.errors import DtypeError, FeatureError, IdError, OptionError, ShapeError
from weft.graph import Graph, batch
from weft.graph.convert import from_tensors, to_tensors


@given(st.one_of(graphs(), typed_graphs()))
def test_every_graph_comes_back_as_it_was(graph):
    tensors = to_tensors(graph)
    back = from_tensors(tensors)
    assert_same(back, graph)
    assert back.node_types == graph.node_types
    for name, edges in graph.edge_sets.items():
        assert back[name].adjacency.source is edges.adjacency.source


@given(st.lists(typed_graphs(), min_size=1, max_size=4))
def test_a_batch_comes_back_as_a_batch(parts):
    together = batch(parts)
    back = from_tensors(to_tensors(together))
    assert_same(back, together)
    for sets, others in ((back.node_sets, together.node_sets), (back.edge_sets, together.edge_sets)):
        assert [found.offsets.tolist() for found in sets.values()] == [
            found.offsets.tolist() for found in others.values()
        ]


@given(graphs())
def test_numpy_takes_the_tensors_and_gives_them_back(graph):
    arrays = {name: np.from_dlpack(tensor) for name, tensor in to_tensors(graph).items()}
    back = from_tensors(arrays)
    assert_same(back, graph)
    if graph.num_nodes:
        assert back.nodes["x"].data_ptr() == graph.nodes["x"].data_ptr()


def test_names_of_all_kinds_come_back():
    graph = Graph({("a/b", "is 50%", "ü"): ([0], [0])}, num_nodes={"a/b": 1, "ü": 1, "": 2})
    graph["a/b"]["x/feature/y"] = [1.0]
    graph["is 50%"]["count"] = [2]
    tensors = to_tensors(graph)
    assert "nodes/a%2Fb/feature/x%2Ffeature%2Fy" in tensors
    assert_same(from_tensors(tensors), graph)
    assert from_tensors({}).node_types == ()


def missing(name):
    tensors = to_tensors(Graph([0], [1]))
    del tensors[name]
    return tensors


NODES = {"nodes/a/count": torch.tensor(2)}


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: from_tensors({"nodes/a": torch.tensor(1)}), FeatureError,
         "from_tensors: expected names such as nodes/TYPE/count or edges/FROM/RELATION/TO/source, got nodes/a; hint"),
        (lambda: from_tensors({"edges/a/b/c/offsets": torch.tensor(1)}), FeatureError, "got edges/a/b/c/offsets"),
        (lambda: from_tensors(missing("nodes/node/count") | {"nodes/node/feature/x": torch.ones(2)}), FeatureError,
         'from_tensors: "node" has no "count"; known: "edges/node/edge/node/source"'),
        (lambda: from_tensors(missing("edges/node/edge/node/target")), FeatureError, 'has no "target"'),
        (lambda: from_tensors({"nodes/a/count": 3}), DtypeError, "a tensor, or what speaks DLPack, for nodes/a/count, got int"),
        (lambda: from_tensors(NODES | {"nodes/a/feature/x": torch.ones(3)}), ShapeError, "expected shape (2, ...), got (3,)"),
        (lambda: from_tensors(NODES | {f"edges/a/r/a/{end}": torch.tensor([2]) for end in ("source", "target")}), IdError,
         "edge 0 has source 2"),
        (lambda: from_tensors(NODES | {"nodes/a/offsets": torch.tensor([0, 1])}), ShapeError,
         'int64 offsets of "a" that rise from 0 to 2, as many for every type, got torch.int64 of shape (2,)'),
        (lambda: from_tensors(NODES | {"nodes/a/offsets": torch.tensor([0, 2]), "nodes/b/count": torch.tensor(1)}), FeatureError,
         'offsets for every node type of a batch, got none for "b"'),
    ],
)  # fmt: skip
def test_wrong_names_and_tensors_are_told(make, error, says):
    with pytest.raises(error) as caught:
        make()
    assert says in str(caught.value)


def test_an_edge_between_two_graphs_of_a_batch_is_refused():
    tensors = to_tensors(batch([Graph([0], [1]), Graph([0], [1])]))
    (target,) = (name for name in tensors if name.endswith("target"))
    with pytest.raises(OptionError, match="both ends of an edge in one graph of the batch, got an edge from 0 to 3"):
        from_tensors({**tensors, target: torch.tensor([3, 3])})
