"""Walks over graphs, and the graphs of what they meet."""

import pytest
import torch

import weft
from weft.errors import FeatureError, IdError, OptionError, StructureError
from weft.graph import has_edges
from weft.loading import Loader
from weft.sampling import RandomWalks, WalkSampler

EDGE = ("node", "edge", "node")


def random_graph(num_nodes=60, num_edges=400):
    ends = torch.randint(num_nodes, (2, num_edges), generator=torch.Generator().manual_seed(0))
    graph = weft.Graph(*ends, num_nodes=num_nodes)
    graph.edges["w"] = (torch.arange(num_edges) % 3 > 0).float()
    graph.edges["t"] = torch.randint(50, (num_edges,), generator=torch.Generator().manual_seed(1))
    return graph


def shop():
    source, target = torch.randint(20, (2, 200), generator=torch.Generator().manual_seed(0))
    types = {("user", "rates", "item"): (source, target), ("item", "rated", "user"): (target, source)}
    return weft.Graph(types, num_nodes={"user": 20, "item": 20})


def assert_walks(graph, traces, *, against=False):
    adjacency = graph.adjacency
    ends = (adjacency.target, adjacency.source) if against else (adjacency.source, adjacency.target)
    went = traces.edges >= 0
    for end, nodes in zip(ends, (traces.nodes[:, :-1], traces.nodes[:, 1:]), strict=True):
        assert torch.equal(end[traces.edges[went]].long(), nodes[went])


@pytest.mark.parametrize("against", [False, True])
@pytest.mark.parametrize(
    "options", [{}, {"weight": "w"}, {"p": 0.5, "q": 2.0}, {"stop": 0.2}, {"stop": 0.2, "returns": True}]
)
def test_walks_follow_edges(against, options):
    graph = random_graph()
    traces = RandomWalks(graph, 6, against=against, **options).draw(range(60))
    assert_walks(graph, traces, against=against)
    if "weight" in options:
        assert (graph.edges["w"][traces.edges[traces.edges >= 0]] > 0).all()


def test_walks_follow_a_path_of_types():
    graph = shop()
    walks = RandomWalks(graph, path=["rates", "rated", "rates"])
    assert walks.node_types == ["user", "item", "user", "item"]
    nodes, _ = walks.draw(torch.arange(20))
    for step, name in enumerate(["rates", "rated", "rates"]):
        went = nodes[:, step + 1] >= 0
        assert has_edges(graph, nodes[went, step], nodes[went, step + 1], edge_type=name).all()


def test_walks_against_edges_go_into_the_past():
    graph = random_graph()
    walks = RandomWalks(graph, 5, time="t", against=True, strict=True)
    edges = walks.draw(range(60), times=[40] * 60).edges
    times = torch.where(edges >= 0, graph.edges["t"][edges], -1)
    assert (times[:, 0] < 40).all()
    assert ((times[:, 1:] < times[:, :-1]) | (edges[:, 1:] < 0)).all()
    forward = RandomWalks(graph, 5, time="t").draw(range(60), times=[10] * 60).edges
    later = torch.where(forward >= 0, graph.edges["t"][forward], 100)
    assert (later.diff(dim=1) >= 0).all()
    assert (later[:, 0] >= 10).all()


def test_walks_depend_on_epoch_batch_stream_and_seed_alone():
    walks = RandomWalks(random_graph(), 8)
    one = walks.draw(range(60), epoch=3, batch=2).nodes
    assert torch.equal(one, walks.draw(range(60), epoch=3, batch=2).nodes)
    others = [
        walks.draw(range(60), epoch=2, batch=3), walks.draw(range(60), epoch=3, batch=2, stream=1),
        RandomWalks(random_graph(), 8, seed=1).draw(range(60), epoch=3, batch=2),
    ]  # fmt: skip
    assert not any(torch.equal(one, other.nodes) for other in others)


@pytest.mark.parametrize("disjoint", [False, True])
def test_a_batch_is_the_graph_of_what_walks_met(disjoint):
    graph = random_graph()
    walks = RandomWalks(graph, 4)
    batch = WalkSampler(walks, num_walks=2, disjoint=disjoint).sample([3, 9, 9], batch=5)
    met = walks.draw([3, 3, 9, 9, 9, 9], batch=5).nodes
    ids, trees = batch.node_ids["node"], batch.trees.get("node")
    assert torch.equal(ids[batch.seed_rows["node"].long()], torch.tensor([3, 9, 9]))
    assert set(ids.tolist()) == set(met[met >= 0].tolist())
    if disjoint:
        for tree in range(3):
            own = met[2 * tree : 2 * tree + 2]
            assert set(ids[trees == tree].tolist()) == set(own[own >= 0].tolist())
    adjacency = batch.graph.adjacency
    assert torch.equal(graph.adjacency.source[batch.edge_ids[EDGE]], ids[adjacency.source.long()])
    pairs = torch.cartesian_prod(torch.arange(len(ids)), torch.arange(len(ids)))
    same = torch.ones(len(pairs), dtype=torch.bool) if trees is None else trees[pairs[:, 0]] == trees[pairs[:, 1]]
    between = weft.graph.edge_ids_between(graph, *ids[pairs[same]].unbind(1)).ids
    assert adjacency.num_edges == len(between)


def test_graphs_of_walks_into_the_past_know_nothing_of_the_future():
    graph = random_graph()
    sampler = WalkSampler(RandomWalks(graph, 3, time="t", against=True), num_walks=3)
    batch = sampler.sample(range(60), times=torch.arange(60))
    tree = batch.trees["node"][batch.graph.adjacency.target.long()]
    assert batch.graph.num_edges > 60
    assert (graph.edges["t"][batch.edge_ids[EDGE]] <= tree).all()
    with pytest.raises(OptionError, match="walks into the past"):
        WalkSampler(RandomWalks(graph, 3, time="t"))


def test_loaders_take_walks():
    graph = random_graph()
    loader = Loader(WalkSampler(RandomWalks(graph, 3)), range(60), batch_size=16, shuffle=True)
    assert sum(batch.seeds["node"].shape[0] for batch in loader) == 60
    typed = WalkSampler(RandomWalks(shop(), path=["rates", "rated"]))
    batch = typed.sample({"user": [1, 2]})
    assert batch.graph.num_edges > 0
    assert torch.equal(batch.node_ids["user"][batch.seed_rows["user"].long()], torch.tensor([1, 2]))
    assert typed.sample({"user": []}).graph.num_edges == 0


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda g: RandomWalks(g), OptionError, "`length` or `path`"),
        (lambda g: RandomWalks(g, 2, path=["edge"]), OptionError, "both"),
        (lambda g: RandomWalks(g, 0), OptionError, "number of steps"),
        (lambda g: RandomWalks(g, path=["follows"]), FeatureError, "follows"),
        (lambda g: RandomWalks(g, 2, weight="v"), FeatureError, "`weight`"),
        (lambda g: RandomWalks(g, 2, time="v"), FeatureError, "`time`"),
        (lambda g: RandomWalks(g, 2, p=0), OptionError, "`p` and `q` above 0"),
        (lambda g: RandomWalks(g, 2).draw([60]), IdError, "60"),
        (lambda g: RandomWalks(g, 2).draw([1], times=[1]), OptionError, "no `times`"),
        (lambda g: RandomWalks(g, 2, time="t").draw([1]), OptionError, "`times` of the starts"),
        (lambda g: RandomWalks(shop(), 2), OptionError, "a graph of one edge type"),
        (lambda g: RandomWalks(shop(), path=["rates", "rates"]), StructureError, "steps that begin"),
        (lambda g: WalkSampler(RandomWalks(g, 2), num_walks=0), OptionError, "`num_walks`"),
        (lambda g: WalkSampler(RandomWalks(shop(), path=["rates"])).sample({"item": [1]}), OptionError, '"user"'),
    ],
)  # fmt: skip
def test_bad_arguments_are_told(make, error, text):
    with pytest.raises(error, match=text):
        make(random_graph())
