"""Links: their negatives, what lies around both, and that nobody sees what is to be predicted."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import weft
from weft.errors import DtypeError, FeatureError, IdError, OptionError, ShapeError
from weft.sampling import LaborSampler, LinkSampler, Negatives, NeighborSampler

EDGE = ("node", "edge", "node")
RATES, RATED = ("user", "rates", "item"), ("item", "rated", "user")


def random_graph(num_nodes=40, num_edges=300, seed=0):
    ends = torch.randint(num_nodes, (2, num_edges), generator=torch.Generator().manual_seed(seed))
    graph = weft.Graph(*ends, num_nodes=num_nodes)
    graph.nodes["x"] = torch.randn(num_nodes, 4, generator=torch.Generator().manual_seed(seed))
    graph.nodes["since"] = torch.arange(num_nodes) % 20
    graph.nodes["w"] = torch.rand(num_nodes, generator=torch.Generator().manual_seed(seed)) * (
        torch.arange(num_nodes) % 4 > 0
    )
    graph.edges["t"] = torch.randint(20, (num_edges,), generator=torch.Generator().manual_seed(seed))
    return graph


def shop(seed=0):
    source, target = torch.randint(12, (2, 60), generator=torch.Generator().manual_seed(seed))
    graph = weft.Graph({RATES: (source, target), RATED: (target, source)}, num_nodes={"user": 12, "item": 12})
    graph["rates"]["t"] = graph["rated"]["t"] = torch.arange(60)
    return graph


def drawn_edges(batch):
    """Original ids of all edges that a batch has, by type."""
    parts = batch.blocks or (batch,)
    names = {name for part in parts for name in part.edge_ids}
    return {name: torch.cat([part.edge_ids[name] for part in parts if name in part.edge_ids]) for name in names}


def joined(graph, name, ids):
    adjacency = graph.edge_sets[name].adjacency
    return set(zip(adjacency.source[ids].tolist(), adjacency.target[ids].tolist(), strict=True))


@pytest.mark.parametrize(
    "negatives", [Negatives(), Negatives(2, degree_power=0.75), Negatives(corrupts="both", time="since")]
)
def test_batches_of_a_gpu_are_those_of_the_cpu(negatives):
    graph = random_graph()
    sampler = LinkSampler(LaborSampler(graph, [3, 3], disjoint=True), negatives=negatives)
    times = None if negatives.time is None else [12, 9, 19, 3]
    expected = sampler.sample([7, 9, 250, 3], epoch=1, batch=2, times=times)
    with weft.ops.using("triton"):
        found = sampler.sample([7, 9, 250, 3], epoch=1, batch=2, times=times)
    for name in ("seeds", "seed_rows", "labels", "negative_of", "node_ids"):
        for kind, tensor in getattr(expected, name).items():
            assert getattr(found, name)[kind].equal(tensor), name
    for ours, theirs in zip(found.blocks, expected.blocks, strict=True):
        assert ours.adjacency.source.equal(theirs.adjacency.source)
        assert all(ours.edge_ids[name].equal(ids) for name, ids in theirs.edge_ids.items())


def test_a_batch_has_links_then_negatives_and_the_rows_of_both_ends():
    graph = random_graph()
    batch = LinkSampler(NeighborSampler(graph, [5, 5]), negatives=Negatives(count=3)).sample([7, 9, 250])
    pairs, rows = batch.seeds[EDGE], batch.seed_rows[EDGE].long()
    whole = graph.adjacency
    assert torch.equal(pairs[:3], torch.stack((whole.source, whole.target), 1)[[7, 9, 250]].long())
    assert batch.labels[EDGE].tolist() == [1.0] * 3 + [0.0] * 9
    assert batch.negative_of[EDGE].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert torch.equal(batch.node_ids["node"][rows], pairs)
    assert torch.equal(pairs[3:, 0], pairs[:3, 0].repeat_interleave(3))  # sources stay
    assert not weft.graph.has_edges(graph, *pairs[3:].unbind(1)).any()
    assert int(rows.max()) < batch.blocks[-1].num_targets["node"]


def test_a_model_learns_links():
    torch.manual_seed(0)
    group = torch.arange(200) % 8
    source, target = torch.randint(200, (2, 8000))
    keep = group[source] == group[target]
    graph = weft.Graph(source[keep], target[keep], 200)
    graph.nodes["x"] = torch.eye(16)[group] + 0.3 * torch.randn(200, 16)
    layer = weft.nn.SAGEConv(16, 16, "mean")
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.05)
    sampler = LinkSampler(NeighborSampler(graph, [10]), negatives=Negatives())
    for step in range(60):
        batch = sampler.sample(torch.randint(graph.num_edges, (200,)), batch=step)
        h = layer(batch.blocks[0], graph.nodes["x"][batch.node_ids["node"]])
        score = h[batch.seed_rows[EDGE].long()].prod(1).sum(1)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(score, batch.labels[EDGE])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.45


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6), exclude=st.sampled_from(["both", "same", "none"]),
    form=st.sampled_from(["blocks", "graph", "induced"]), disjoint=st.booleans(), as_pairs=st.booleans(),
    kind=st.sampled_from([NeighborSampler, LaborSampler]),
)  # fmt: skip
def test_no_edge_of_a_batch_joins_what_is_to_be_predicted(seed, exclude, form, disjoint, as_pairs, kind):
    graph = random_graph(15, 80, seed)  # dense enough for many parallel and opposite edges
    links = torch.randint(80, (6,), generator=torch.Generator().manual_seed(seed))
    pairs = torch.stack((graph.adjacency.source, graph.adjacency.target), 1)[links]
    sampler = kind(graph, [-1, 4], form=form, disjoint=disjoint)
    batch = LinkSampler(sampler, exclude=exclude, negatives=Negatives()).sample(
        pairs if as_pairs else links, batch=seed
    )
    edges = joined(graph, EDGE, drawn_edges(batch)[EDGE])
    asked = {tuple(pair) for pair in pairs.tolist()}
    if exclude != "none":
        assert not edges & asked
    if exclude == "both":
        assert not edges & {(target, source) for source, target in asked}
    if exclude == "none" and form != "graph" and not disjoint and kind is NeighborSampler:
        assert edges & asked  # so that the test would see them


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), form=st.sampled_from(["blocks", "graph", "induced"]))
def test_no_edge_of_the_reverse_type_does_either(seed, form):
    graph = shop(seed)
    links = torch.randint(60, (5,), generator=torch.Generator().manual_seed(seed))
    sampler = LinkSampler(NeighborSampler(graph, [-1, -1], form=form), reverse={"rates": "rated"})
    batch = sampler.sample({"rates": links})
    asked = joined(graph, RATES, links)
    found = drawn_edges(batch)
    assert not joined(graph, RATES, found[RATES]) & asked
    assert not joined(graph, RATED, found[RATED]) & {(target, source) for source, target in asked}
    unaware = LinkSampler(NeighborSampler(graph, [-1, -1], form=form)).sample({"rates": links})
    assert joined(graph, RATED, drawn_edges(unaware)[RATED]) & {(target, source) for source, target in asked}


def test_further_edges_are_left_out_too():
    graph = random_graph()
    for sampler in (
        LinkSampler(NeighborSampler(graph, [-1])),
        LinkSampler(NeighborSampler(graph, [-1]), exclude="none"),
    ):
        batch = sampler.sample([3, 4], exclude=torch.arange(100, 200))
        ids = drawn_edges(batch)[EDGE]
        assert ids.numel()
        assert not ((ids >= 100) & (ids < 200)).any()


@pytest.mark.parametrize("form", ["blocks", "graph", "induced"])
def test_pairs_of_a_disjoint_sampler_share_a_tree_and_nothing_else(form):
    graph = random_graph()
    batch = LinkSampler(NeighborSampler(graph, [4, 2], form=form, disjoint=True), negatives=Negatives(2)).sample(
        [3, 3, 8]
    )
    rows, trees = batch.seed_rows[EDGE].long(), batch.trees["node"]
    assert trees[rows].tolist() == [[pair, pair] for pair in range(9)]
    part = batch.blocks[0].adjacency if form == "blocks" else batch.graph.adjacency
    assert torch.equal(trees[part.source.long()], trees[part.target.long()])


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), strict=st.booleans())
def test_links_see_nothing_of_the_future(seed, strict):
    graph = random_graph(30, 200, seed)
    links = torch.randint(200, (8,), generator=torch.Generator().manual_seed(seed))
    times = graph.edges["t"][links]
    negatives = Negatives(2, time="since", strict=strict)
    sampler = LinkSampler(NeighborSampler(graph, [-1, 3], time="t", strict=strict), negatives=negatives)
    batch = sampler.sample(links, times=times)
    pairs, clocks = batch.seeds[EDGE], batch.times[EDGE]
    assert torch.equal(clocks[:8], times)
    assert torch.equal(clocks[8:], times[batch.negative_of[EDGE]])
    since = graph.nodes["since"][pairs[8:, 1]] + int(strict)
    assert (since <= clocks[8:]).all()
    for block in batch.blocks:
        tree = batch.trees["node"][block.adjacency.target.long()]
        assert (graph.edges["t"][block.edge_ids[EDGE]] + int(strict) <= clocks[tree]).all()


def test_negatives_come_as_they_are_asked_for():
    graph, links = random_graph(), torch.arange(50)
    around = NeighborSampler(graph, [2])

    def negatives(**options):
        return LinkSampler(around, negatives=Negatives(4, **options)).sample(links)

    assert torch.equal(
        negatives(corrupts="source").seeds[EDGE][50:, 1], graph.adjacency.target[:50].repeat_interleave(4).long()
    )
    both = negatives(corrupts="both").seeds[EDGE][50:]
    assert both[:, 0].unique().shape[0] > 20
    assert (graph.nodes["w"][negatives(weight="w").seeds[EDGE][50:, 1]] > 0).all()
    assert torch.isin(negatives(in_batch=True).seeds[EDGE][50:, 1], graph.adjacency.target[:50].long()).all()
    table = torch.full((40, 2), -1)
    table[:, 0] = torch.arange(40).roll(5)
    hard = negatives(table=table)
    assert torch.equal(hard.seeds[EDGE][50:, 1], table[hard.seeds[EDGE][50:, 0], 0])
    assert hard.negative_of[EDGE].shape[0] < 200  # where the one that the table has is a neighbour there is none
    loose = negatives(avoid_edges=False).seeds[EDGE][50:]
    assert weft.graph.has_edges(graph, *loose.unbind(1)).any()


@pytest.mark.parametrize("power", [0.25, 0.5, 0.75, 1.0])
def test_negatives_by_degree(power):
    graph = weft.Graph(torch.arange(100) % 10, torch.tensor([0] * 64 + [1] * 27 + [2] * 8 + [3]), 10)
    sampler = LinkSampler(NeighborSampler(graph, [1]), negatives=Negatives(100, degree_power=power, avoid_edges=False))
    pairs = sampler.sample(torch.tensor([[9, 5]]).expand(200, 2)).seeds[EDGE][200:]
    found = pairs[:, 1].bincount(minlength=10)
    expected = 20_000 * torch.tensor([64.0, 27, 8, 1]).double() ** power
    expected /= (torch.tensor([64.0, 27, 8, 1]).double() ** power).sum()
    assert found[4:].sum() == 0
    assert float(((found[:4] - expected) ** 2 / expected).sum()) < 21  # 1 in 10,000 with 3 degrees of freedom


def test_batches_and_types_draw_anew():
    graph = shop()
    sampler = LinkSampler(NeighborSampler(graph, [1]), negatives={"rates": Negatives(5), "rated": Negatives(5)})
    links = {"rates": torch.arange(20), "rated": torch.arange(20)}
    one = sampler.sample(links)
    assert not torch.equal(one.seeds[RATES][20:, 1], one.seeds[RATED][20:, 1])
    for other in (sampler.sample(links, batch=1), sampler.sample(links, epoch=1)):
        assert not torch.equal(one.seeds[RATES], other.seeds[RATES])
    assert torch.equal(one.seeds[RATES], sampler.sample(links).seeds[RATES])
    for name, rows in one.seed_rows.items():
        ids = [one.node_ids[kind][rows[:, end].long()] for end, kind in enumerate((name[0], name[2]))]
        assert torch.equal(torch.stack(ids, 1), one.seeds[name])


def test_no_links_give_an_empty_batch():
    batch = LinkSampler(NeighborSampler(random_graph(), [3]), negatives=Negatives()).sample([])
    assert batch.seeds[EDGE].shape == batch.seed_rows[EDGE].shape == (0, 2)
    assert batch.blocks[0].num_edges == 0


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda g: LinkSampler(NeighborSampler(g, [1]), exclude="all"), OptionError, "`exclude`"),
        (lambda g: LinkSampler(NeighborSampler(g, [1]), negatives=Negatives(0)), OptionError, "at least 1 negative"),
        (lambda g: LinkSampler(NeighborSampler(g, [1]), negatives=Negatives(corrupts="all")), OptionError, "`corrupts`"),
        (lambda g: LinkSampler(NeighborSampler(g, [1]), negatives=Negatives(weight="v")), FeatureError, "`weight`"),
        (lambda g: LinkSampler(NeighborSampler(g, [1]), negatives=Negatives(time="v")), FeatureError, "`time`"),
        (lambda g: LinkSampler(NeighborSampler(g, [1]), negatives=Negatives(time="x")), DtypeError, "whole numbers"),
        (lambda g: LinkSampler(NeighborSampler(g, [1]), negatives=Negatives(degree_power=0.6)), OptionError, "`degree_power`"),
        (lambda g: LinkSampler(NeighborSampler(g, [1]), negatives=Negatives(in_batch=True, weight="w")), OptionError, "one of"),
        (lambda g: LinkSampler(NeighborSampler(g, [1]), negatives={"owns": Negatives()}), FeatureError, "owns"),
        (lambda g: LinkSampler(NeighborSampler(g, [1]), reverse={"edge": "back"}), FeatureError, "back"),
        (lambda g: LinkSampler(NeighborSampler(g, [1]), exclude="same", reverse={"edge": "edge"}), OptionError, "`reverse`"),
        (lambda g: LinkSampler(NeighborSampler(g, [1])).sample([300]), IdError, "300"),
        (lambda g: LinkSampler(NeighborSampler(g, [1])).sample([[1, 40]]), IdError, "40"),
        (lambda g: LinkSampler(NeighborSampler(g, [1])).sample([[1, 2, 3]]), ShapeError, r"\(num_links, 2\)"),
        (lambda g: LinkSampler(NeighborSampler(g, [1])).sample([[1.0, 2.0]]), DtypeError, "int32 or int64 `seeds`"),
        (lambda g: LinkSampler(NeighborSampler(g, [1])).sample([1], times=[3]), OptionError, "no `times`"),
        (lambda g: LinkSampler(NeighborSampler(g, [1], time="t")).sample([1]), OptionError, "`times` of the links"),
        (lambda g: LinkSampler(NeighborSampler(g, [1], time="t")).sample([1], times=[3, 4]), ShapeError, "times for the links"),
        (lambda g: LinkSampler(NeighborSampler(g, [1])).sample([1], trees=[0]), OptionError, "no `trees`"),
    ],
)  # fmt: skip
def test_bad_arguments_are_told(make, error, text):
    with pytest.raises(error, match=text):
        make(random_graph())


def test_reverse_types_lead_back():
    with pytest.raises(OptionError, match="leads back"):
        LinkSampler(NeighborSampler(shop(), [1]), reverse={"rates": "rates"})
