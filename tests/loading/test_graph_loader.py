"""Batches of whole graphs."""

import pytest
import torch

import weft
from weft.errors import OptionError, ShapeError
from weft.graph import generators, unbatch
from weft.loading import GraphLoader

SIZES = [3 + place % 11 for place in range(40)]


def graphs_of():
    graphs = [generators.cycle(size) for size in SIZES]
    for place, graph in enumerate(graphs):
        graph.nodes["x"] = torch.full((SIZES[place],), float(place))
    return graphs


def places_of(batches):
    return [place for batch in batches for place in batch.seeds["graph"].tolist()]


@pytest.mark.parametrize("options", [{}, {"prefetch": 0}, {"num_threads": 2, "prefetch": 3}])
def test_every_graph_comes_once_with_its_label_and_features(options):
    loader = GraphLoader(graphs_of(), labels=torch.arange(40), batch_size=7, shuffle=True, **options)
    first = list(loader)
    assert len(first) == len(loader) == 6
    assert sorted(places_of(first)) == list(range(40))
    assert places_of(first) != places_of(loader)
    for batch in first:
        assert torch.equal(batch.labels["graph"], batch.seeds["graph"])
        for place, graph in zip(batch.seeds["graph"].tolist(), unbatch(batch.graph), strict=True):
            assert graph.nodes["x"].tolist() == [float(place)] * SIZES[place]


@pytest.mark.parametrize(("option", "count"), [("max_nodes", 1), ("max_edges", 2)])
def test_batches_keep_to_a_size(option, count):
    loader = GraphLoader(graphs_of(), **{option: 30 * count}, shuffle=True)
    batches = list(loader.batches(3))
    assert sorted(places_of(batches)) == list(range(40))
    sizes = [sum(SIZES[place] for place in batch.seeds["graph"].tolist()) for batch in batches]
    assert max(sizes) <= 30
    assert sum(sizes) / len(sizes) > 20
    with pytest.raises(OptionError, match="items that cost at most 5"):
        GraphLoader(graphs_of(), max_nodes=5)


def test_graphs_may_be_made_when_they_are_asked_for():
    class Cycles:
        def __len__(self):
            return 10

        def __getitem__(self, place):
            return generators.cycle(place + 3)

    assert [batch.graph.num_graphs for batch in GraphLoader(Cycles(), batch_size=4)] == [4, 4, 2]


def test_a_model_learns_graphs():
    torch.manual_seed(0)
    graphs = [generators.cycle(8) if place % 2 else generators.star(7) for place in range(200)]
    for graph in graphs:
        graph.nodes["x"] = torch.ones(8, 1)
    loader = GraphLoader(graphs, labels=torch.arange(200) % 2, batch_size=20, shuffle=True)
    layer, out = weft.nn.GraphConv(1, 8, norm="none"), torch.nn.Linear(8, 2)
    optimizer = torch.optim.Adam([*layer.parameters(), *out.parameters()], lr=0.05)
    for _ in range(5):
        for batch in loader:
            h = layer(batch.graph, batch.graph.nodes["x"]).relu()
            scores = out(weft.readout(batch.graph, h * h, "mean"))
            loss = torch.nn.functional.cross_entropy(scores, batch.labels["graph"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert loss < 0.1


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({}, OptionError, "`batch_size`, a budget or both"),
        ({"max_nodes": 30, "max_edges": 30}, OptionError, "`max_nodes` or `max_edges`"),
        ({"batch_size": 3, "labels": torch.arange(3)}, ShapeError, "`labels` for 40 graphs"),
        ({"batch_size": 3, "weight": [1.0]}, ShapeError, "`weight` for 40 graphs"),
        ({"batch_size": 0}, OptionError, "`batch_size` of at least 1"),
        ({"batch_size": 1, "prefetch": -1}, OptionError, "`prefetch`"),
    ],
)
def test_bad_arguments_are_told(options, error, text):
    with pytest.raises(error, match=text):
        GraphLoader(graphs_of(), **options)
