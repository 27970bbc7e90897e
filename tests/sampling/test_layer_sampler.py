"""A number of nodes for each layer, which all targets share."""

import pytest
import torch

import weft
from weft.errors import OptionError
from weft.sampling import LayerSampler

EDGE = ("node", "edge", "node")


def random_graph(num_nodes=60, num_edges=900):
    ends = torch.randint(num_nodes, (2, num_edges), generator=torch.Generator().manual_seed(0))
    graph = weft.Graph(*ends, num_nodes=num_nodes)
    graph.edges["w"] = torch.rand(num_edges, generator=torch.Generator().manual_seed(1)) * (
        torch.arange(num_edges) % 3 > 0
    )
    return graph


@pytest.mark.parametrize("weight", [None, "w"])
def test_layers_have_all_edges_from_the_nodes_that_were_drawn(weight):
    graph = random_graph()
    batch = LayerSampler(graph, [8, 12], weight=weight).sample([3, 9, 3])
    assert batch.seed_rows["node"].tolist() == [0, 1, 0]
    outer, inner = batch.blocks
    assert torch.equal(outer.target_ids(), inner.node_ids["node"])
    whole = graph.adjacency
    for block, size, features in zip((outer, inner), (12, 8), batch.edge_features, strict=True):
        ids, part = block.node_ids["node"], block.adjacency
        edges = block.edge_ids[EDGE]
        assert torch.equal(whole.source[edges].long(), ids[part.source.long()])
        assert torch.equal(whole.target[edges].long(), ids[part.target.long()])
        drawn = whole.source[edges].unique()
        assert drawn.shape[0] == size
        allowed = torch.isin(whole.source, drawn) & torch.isin(whole.target.long(), block.target_ids())
        if weight is not None:
            allowed &= graph.edges["w"] > 0
        assert torch.equal(edges.sort().values, allowed.nonzero().flatten())
        sums = torch.zeros(block.num_targets["node"]).index_add_(0, part.target.long(), features[EDGE]["weight"])
        assert torch.allclose(sums[part.in_degrees() > 0], torch.ones(()))


def test_weights_undo_the_chances():
    # a_02 = 1/2, a_03 = 1/2, a_13 = 1: chances of 2 and 3 are 1/4 and 5/4
    graph = weft.Graph([2, 3, 3], [0, 0, 1], 4)
    batch = LayerSampler(graph, [2]).sample([0, 1])
    weight = batch.edge_features[0][EDGE]["weight"]
    found = dict(zip(batch.blocks[0].edge_ids[EDGE].tolist(), weight.tolist(), strict=True))
    first, second = 0.5 / 0.25, 0.5 / 1.25
    assert found == pytest.approx({0: first / (first + second), 1: second / (first + second), 2: 1.0})
    times = [0, 0]
    for number in range(600):
        edges = LayerSampler(graph, [1]).sample([0, 1], batch=number).blocks[0].edge_ids[EDGE]
        times[int(0 not in edges.tolist())] += 1
    assert times[0] / 600 == pytest.approx(1 / 6, abs=0.06)


def test_excluded_edges_do_not_count():
    graph = random_graph()
    batch = LayerSampler(graph, [20, 20]).sample([3, 9], exclude=torch.arange(450))
    assert all((block.edge_ids[EDGE] >= 450).all() for block in batch.blocks)
    nothing = LayerSampler(graph, [20]).sample([3, 9], exclude=torch.arange(900))
    assert nothing.blocks[0].num_edges == 0
    assert nothing.node_ids["node"].tolist() == [3, 9]
    assert LayerSampler(graph, [20]).sample([]).blocks[0].num_edges == 0


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda g: LayerSampler(g, [0]), "`sizes` of at least 1"),
        (lambda g: LayerSampler(weft.Graph({("a", "x", "b"): ([0], [0])}), [1]), "nodes of one type"),
        (lambda g: LayerSampler(g, [1]).sample([1], times=[1]), "no `times`"),
    ],
)
def test_bad_arguments_are_told(make, text):
    with pytest.raises(OptionError, match=text):
        make(random_graph())


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_bad_weights_are_told(wrong):
    graph = random_graph()
    graph.edges["w"] = torch.full((900,), wrong)
    with pytest.raises(OptionError, match="one finite weight from 0 up"):
        LayerSampler(graph, [1], weight="w")
