"""Neighbours that walks meet most often."""

import pytest
import torch

import weft
from weft.errors import OptionError
from weft.sampling import PinSAGESampler, RandomWalks

NAME = ("item", "visits", "item")


def shop():
    source, target = torch.randint(15, (2, 120), generator=torch.Generator().manual_seed(0))
    types = {("user", "rates", "item"): (source, target), ("item", "rated", "user"): (target, source)}
    return weft.Graph(types, num_nodes={"user": 15, "item": 15})


def of_shop(**options):
    walks = RandomWalks(shop(), path=["rated", "rates"] * 2, stop=[0, 0, 0.5, 0])
    return walks, PinSAGESampler(walks, **{"num_neighbors": 4, "num_walks": 30, **options})


@pytest.mark.parametrize("loops", [False, True])
def test_weights_are_the_shares_of_the_most_frequent_visits(loops):
    walks, sampler = of_shop(loops=loops)
    batch = sampler.sample({"item": [3, 8]}, batch=2)
    visited = walks.draw([3] * 30 + [8] * 30, batch=2).nodes[:, [2, 4]]
    block, weight = batch.blocks[0], batch.edge_features[0][NAME]["weight"]
    for row, target in enumerate((3, 8)):
        own = visited[30 * row : 30 * row + 30].flatten()
        own = own[(own >= 0) & (loops | (own != target))]
        counts = own.bincount(minlength=15)
        best = sorted(range(15), key=lambda node, counts=counts: (-int(counts[node]), node))[:4]
        best = {node: int(counts[node]) for node in best if counts[node]}
        mine = block.adjacency.target == row
        ids = block.node_ids["item"][block.adjacency.source[mine].long()].tolist()
        found = dict(zip(ids, weight[mine].tolist(), strict=True))
        assert found == pytest.approx({node: count / sum(best.values()) for node, count in best.items()})
    assert block.target_ids("item").tolist() == [3, 8]


def test_layers_feed_one_another_and_seeds_may_repeat():
    _, sampler = of_shop(num_layers=2)
    batch = sampler.sample({"item": [3, 8, 3]})
    outer, inner = batch.blocks
    assert torch.equal(outer.target_ids("item"), inner.node_ids["item"])
    assert batch.seed_rows["item"].tolist() == [0, 1, 0]
    assert torch.equal(batch.node_ids["item"], outer.node_ids["item"])
    layer = weft.nn.GraphConv(4, 4, norm="none")
    h = torch.randn(batch.node_ids["item"].shape[0], 4)
    for block, features in zip(batch.blocks, batch.edge_features, strict=True):
        h = layer(block.adjacency, h, features[NAME]["weight"])
    assert h.shape == (2, 4)


def test_layers_walk_anew():
    walks = RandomWalks(weft.Graph(*torch.randint(50, (2, 2000), generator=torch.Generator().manual_seed(0)), 50), 2)
    outer, inner = PinSAGESampler(walks, num_neighbors=5, num_walks=20, num_layers=2).sample([7]).blocks
    first = lambda block: block.node_ids["node"][block.adjacency.source[block.adjacency.target == 0].long()].sort()  # noqa: E731
    assert not torch.equal(first(outer).values, first(inner).values)


def test_a_node_whose_walks_end_has_no_neighbours():
    path = weft.Graph([0, 1], [1, 2])
    batch = PinSAGESampler(RandomWalks(path, 2), num_neighbors=2, num_walks=3).sample([2])
    assert batch.blocks[0].num_edges == 0
    assert batch.node_ids["node"].tolist() == [2]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: of_shop(num_walks=0), "`num_walks`"),
        (lambda: of_shop(num_neighbors=0), "`num_neighbors`"),
        (lambda: of_shop(num_layers=0), "`num_layers`"),
        (lambda: PinSAGESampler(RandomWalks(shop(), path=["rated"]), num_neighbors=1, num_walks=1), "come back"),
        (lambda: of_shop()[1].sample({"user": [1]}), '"item"'),
        (lambda: of_shop()[1].sample({"item": [1]}, exclude={"rates": [1]}), "no `exclude`"),
        (lambda: of_shop()[1].sample({"item": [1]}, times=[1]), "no `times`"),
    ],
)
def test_bad_arguments_are_told(make, text):
    with pytest.raises(OptionError, match=text):
        make()
