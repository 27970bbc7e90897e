"""Transforms one after the other."""

import pickle
from functools import partial

import torch
from hypothesis import given

from tests.graph.strategies import assert_same, graphs
from weft.graph import Graph, transforms
from weft.graph.transforms import compose


def test_steps_run_from_first_to_last():
    def adding(graph, name):
        return transforms.with_features(graph, {"node": {name: torch.full((graph.num_nodes,), len(graph.nodes))}})

    found = compose(partial(adding, name="a"), partial(adding, name="b"))(Graph([0], [1]))
    assert found.nodes["a"].tolist() == [0, 0]
    assert found.nodes["b"].tolist() == [1, 1]


def test_no_steps_give_the_graph_itself():
    graph = Graph([0], [1])
    assert compose()(graph) is graph


def test_compositions_compose_and_can_be_pickled():
    inner = compose(partial(transforms.normalise_edges, norm="right"), transforms.encode_degrees)
    both = pickle.loads(pickle.dumps(compose(inner, partial(transforms.drop_edges, p=0.5, seed=1))))
    graph = Graph([0, 1, 2], [1, 2, 0])
    expected = transforms.drop_edges(transforms.encode_degrees(transforms.normalise_edges(graph, "right")), 0.5, seed=1)
    assert_same(both(graph), expected)


CHAIN = [
    partial(transforms.normalise_rows, name="x"),
    partial(transforms.drop_features, p=0.5, seed=1),
    partial(transforms.drop_edges, p=0.3, seed=2),
    partial(transforms.drop_nodes, p=0.3, seed=3),
    transforms.normalise_edges,
    partial(transforms.propagate_features, hops=2),
    partial(transforms.diffuse, top_k=3),
    transforms.add_virtual_nodes,
    partial(transforms.split_random, seed=4),
    transforms.number_pairs,
    partial(transforms.encode_laplacian, k=2),
    partial(transforms.encode_svd, k=2),
    partial(transforms.encode_walks, steps=3),
    partial(transforms.encode_heat, times=[0.5, 1.0]),
    transforms.encode_degrees,
    partial(transforms.encode_distances, anchors=2, seed=5),
]


@given(graph=graphs())
def test_no_transform_changes_its_graph_and_all_give_the_same_again(graph):
    before = {"x": graph.nodes["x"].clone(), "w": graph.edges["w"].clone()}
    digest = graph.digest()
    found, again = compose(*CHAIN)(graph), compose(*CHAIN)(graph)
    for step in CHAIN:
        step(graph)
    assert graph.digest() == digest
    assert set(graph.nodes) == {"x"}
    assert set(graph.edges) == {"w"}
    assert torch.equal(graph.nodes["x"], before["x"])
    assert torch.equal(graph.edges["w"], before["w"])
    assert_same(found, again)


def test_results_do_not_depend_on_the_number_of_threads():
    generator = torch.Generator().manual_seed(0)
    graph = Graph(*torch.randint(300, (2, 3000), generator=generator), 300)
    graph.nodes["x"] = torch.randn(300, 70, generator=generator)
    # Linear algebra comes from LAPACK, whose last bits are its own.
    solved = (transforms.encode_laplacian, transforms.encode_svd)
    steps = [step for step in CHAIN if getattr(step, "func", None) not in solved]
    threads = torch.get_num_threads()
    try:
        results = []
        for count in (1, 2):
            torch.set_num_threads(count)
            results.append(compose(*steps)(graph))
    finally:
        torch.set_num_threads(threads)
    assert_same(*results)
