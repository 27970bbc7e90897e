"""aggregate() agrees with loops over edges, on whatever holds the edges."""

import pytest
import torch

from weft.errors import DtypeError, OptionError, ShapeError
from weft.graph import Adjacency, Block, Graph
from weft.nn import aggregate

SOURCE, TARGET = torch.tensor([0, 2, 2, 1, 3]), torch.tensor([1, 1, 1, 2, 0])
REDUCE = {
    "sum": lambda rows: rows.sum(0),
    "mean": lambda rows: rows.mean(0),
    "max": lambda rows: rows.amax(0),
    "min": lambda rows: rows.amin(0),
}


@pytest.mark.parametrize("reduce", REDUCE)
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_a_loop_over_targets(reduce: str, weighted: bool) -> None:
    x, weight = torch.randn(4, 3, dtype=torch.float64), torch.rand(5, dtype=torch.float64) + 0.5
    messages = x[SOURCE] * (weight[:, None] if weighted else 1)
    rows = [messages[target == TARGET] for target in range(4)]
    expected = torch.stack([REDUCE[reduce](r) if len(r) else torch.zeros(3, dtype=torch.float64) for r in rows])
    found = aggregate(Graph(SOURCE, TARGET, 4), x, weight if weighted else None, reduce=reduce)
    torch.testing.assert_close(found, expected)


def test_weights_of_heads_multiply_the_features_of_their_head() -> None:
    x, weight = torch.randn(4, 2, 3, dtype=torch.float64), torch.rand(5, 2, dtype=torch.float64)
    found = aggregate(Graph(SOURCE, TARGET, 4), x, weight)
    for head in range(2):
        alone = aggregate(Graph(SOURCE, TARGET, 4), x[:, head], weight[:, head])
        torch.testing.assert_close(found[:, head], alone)


def test_adjacency_and_block_may_be_bipartite() -> None:
    x = torch.randn(4, 3)
    adjacency = Adjacency(SOURCE, TARGET, num_sources=4, num_targets=3 + 2)
    block = Block(SOURCE[:4], TARGET[:4], node_ids=range(4), num_targets=3)
    torch.testing.assert_close(aggregate(adjacency, x)[1:3], aggregate(block, x)[1:])
    assert aggregate(adjacency, x).shape == (5, 3)


def test_gradients_agree_with_finite_differences() -> None:
    x, weight = torch.randn(4, 3, dtype=torch.float64), torch.rand(5, dtype=torch.float64)
    graph = Graph(SOURCE, TARGET, 4)
    torch.autograd.gradcheck(lambda x, w: aggregate(graph, x, w), (x.requires_grad_(), weight.requires_grad_()))


def test_wrong_arguments_are_told() -> None:
    graph = Graph(SOURCE, TARGET, 4)
    with pytest.raises(ShapeError, match=r"aggregate: expected `x` with a row for each of 4 sources, got \(5, 3\)"):
        aggregate(graph, torch.randn(5, 3))
    with pytest.raises(ShapeError, match="one weight for each of 5 edges"):
        aggregate(graph, torch.randn(4, 3), torch.rand(4))
    with pytest.raises(OptionError, match="median"):
        aggregate(graph, torch.randn(4, 3), reduce="median")
    with pytest.raises(DtypeError, match="a Graph, an Adjacency or a Block"):
        aggregate((SOURCE, TARGET), torch.randn(4, 3))
