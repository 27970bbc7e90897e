"""A model layer by layer gives what it gives on the whole graph."""

import pytest
import torch

import weft
from weft.errors import OptionError, ShapeError
from weft.graph import Block
from weft.loading import infer_by_layer
from weft.nn import EdgeWeightNorm, GATConv, GraphConv, HeteroGraphConv, SAGEConv
from weft.nn.models import GAT, GCN, GIN, GATv2, GraphSAGE


def random_graph(num_nodes=300, num_edges=3000):
    generator = torch.Generator().manual_seed(0)
    source = torch.randint(num_nodes, (num_edges,), generator=generator)
    target = torch.cat((torch.randint(num_nodes // 2, (num_edges - 900,), generator=generator), torch.full((900,), 7)))
    graph = weft.Graph(
        source, target, num_nodes=num_nodes
    )  # half of the nodes isolated but for what leaves them, one hub
    graph.nodes["x"] = torch.randn(num_nodes, 6, generator=generator)
    graph.edges["w"] = torch.rand(num_edges, generator=generator)
    return graph


MODELS = {
    "gcn": lambda: GCN(6, 16, 4, num_layers=3),
    "gcn, cat": lambda: GCN(6, 16, 4, jumping="cat", residual=True),
    "sage": lambda: GraphSAGE(6, 16, 4, num_layers=3),
    "pool": lambda: GraphSAGE(6, 16, 4, aggregator="pool", residual=True, norm=torch.nn.BatchNorm1d),
    "gat": lambda: GAT(6, 16, 4, num_heads=4),
    "gatv2": lambda: GATv2(6, 16, 4, num_heads=2, num_layers=2),
    "gin": lambda: GIN(6, 16, 4),
    "max": lambda: GIN(6, 16, 4, jumping="max"),
    "cat": lambda: GraphSAGE(6, 16, 4, jumping="cat", dropout=0.5),
}


@pytest.mark.parametrize("name", MODELS)
def test_it_is_the_model_on_the_whole_graph(name):
    torch.manual_seed(0)
    graph, model = random_graph(), MODELS[name]().eval()
    with torch.no_grad():
        expected = model(graph, graph.nodes["x"])
    found = infer_by_layer(graph, model.steps(graph), graph.nodes["x"], batch_size=50, edge_budget=400)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert not found.requires_grad


def test_weights_of_edges_come_along():
    torch.manual_seed(0)
    graph = random_graph()
    weight = EdgeWeightNorm("both")(graph, graph.edges["w"])
    layers = [GraphConv(6, 16, norm="none"), GraphConv(16, 4, norm="none")]
    with torch.no_grad():
        expected = layers[1](graph, layers[0](graph, graph.nodes["x"], weight).relu(), weight)
    name = graph.edge_types[0]
    steps = [
        lambda block, x: layers[0](block, x, weight[block.edge_ids[name]]).relu(),
        lambda block, x: layers[1](block, x, weight[block.edge_ids[name]]),
    ]
    torch.testing.assert_close(infer_by_layer(graph, steps, graph.nodes["x"], batch_size=64), expected)
    for model in (GraphSAGE(6, 8, 2, num_layers=2).eval(), GCN(6, 8, 2, num_layers=2).eval()):
        with torch.no_grad():
            expected = model(graph, graph.nodes["x"], graph.edges["w"])
        found = infer_by_layer(graph, model.steps(graph, graph.edges["w"]), graph.nodes["x"], batch_size=64)
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_types_are_done_one_after_the_other():
    torch.manual_seed(0)
    ends = torch.randint(30, (2, 300))
    graph = weft.Graph(
        {("user", "rates", "item"): (ends[0], ends[1]), ("item", "rated", "user"): (ends[1], ends[0])},
        num_nodes={"user": 30, "item": 40},
    )
    x = {"user": torch.randn(30, 5), "item": torch.randn(40, 5)}
    layers = [HeteroGraphConv({"rates": SAGEConv(size, 8, "mean"), "rated": GATConv(size, 4, 2)}) for size in (5, 8)]
    with torch.no_grad():
        expected = layers[1](graph, layers[0](graph, x))
    found = infer_by_layer(graph, layers, x, batch_size=7)
    assert set(found) == set(expected)
    for kind, rows in expected.items():
        torch.testing.assert_close(found[kind], rows, atol=1e-5, rtol=1e-5)


def test_features_may_lie_in_files(tmp_path):
    torch.manual_seed(0)
    graph, model = random_graph(), GraphSAGE(6, 16, 4).eval()
    expected = infer_by_layer(graph, model.steps(graph), graph.nodes["x"])
    found = infer_by_layer(graph, model.steps(graph), graph.nodes["x"], folder=tmp_path / "new", batch_size=100)
    torch.testing.assert_close(found, expected)
    assert len(list((tmp_path / "new").iterdir())) == 3


def test_blocks_are_of_bounded_size_and_counted():
    graph, sizes, counts = random_graph(), [], []

    def step(block, x):
        sizes.append(block.num_edges)
        return x[: block.num_targets["node"]]

    found = infer_by_layer(
        graph, [step, step], graph.nodes["x"], edge_budget=200, on_batch=lambda done, of: counts.append((done, of))
    )
    assert torch.equal(found, graph.nodes["x"])
    assert counts == [(done, len(sizes)) for done in range(1, len(sizes) + 1)]
    assert max(sizes) <= int(graph.adjacency.in_degrees().max()) + 1


def test_an_error_of_a_step_comes_out_and_leaves_no_thread():
    def step(block: Block, x: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no memory on the device")

    with pytest.raises(RuntimeError, match="no memory on the device"):
        infer_by_layer(random_graph(), [step], random_graph().nodes["x"], batch_size=10)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"steps": []}, OptionError, "at least one step"),
        ({"x": torch.ones(3, 6)}, ShapeError, 'features of 300 "node" nodes'),
        ({"edge_budget": 0}, OptionError, "`edge_budget`"),
        ({"batch_size": 0}, OptionError, "`batch_size`"),
        ({"num_threads": 0}, OptionError, "`num_threads`"),
        ({"steps": [lambda block, x: x], "batch_size": 50}, ShapeError, "rows for the targets"),
    ],
)
def test_bad_arguments_are_told(options, error, text):
    graph = random_graph()
    given = {"steps": GraphSAGE(6, 8, 2).steps(graph), "x": graph.nodes["x"], **options}
    with pytest.raises(error, match=text):
        infer_by_layer(graph, given.pop("steps"), given.pop("x"), **given)
