"""HANConv agrees with its formula, written out node by node; what it refuses it explains."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import leaky_relu

from weft.errors import FeatureError, OptionError
from weft.graph import Block, Graph
from weft.nn import HANConv
from weft.testing import TypedLayerCase

TYPED_CASES = {
    "HANConv": TypedLayerCase(
        lambda widths, out, edge_types: HANConv(widths, out // 2, 2, edge_types=edge_types, attention_dropout=0.5),
        exempt={
            "check_block": "attention over edge types is a mean over all targets",
        },
    )
}

A, B = ("paper", "by", "paper"), ("paper", "about", "paper")
C = ("venue", "prints", "paper")
EDGES = {A: ([0, 1, 2, 0], [1, 2, 0, 0]), B: ([3, 3, 1], [0, 1, 1]), C: ([0, 1], [3, 2])}
GRAPH = Graph(EDGES, num_nodes={"paper": 5, "venue": 2})


def by_formula(layer: HANConv, x: dict[str, Tensor]) -> Tensor:
    z = {name: layer.proj[name](value).reshape(-1, 2, 3) for name, value in x.items()}
    results = []
    for name, (source, target) in EDGES.items():
        left, right = (getattr(layer, f"lin_{end}")["__".join(name)][0] for end in ("src", "dst"))
        rows = []
        for i in range(5):
            sent = [z[name[0]][source[e]] for e in range(len(source)) if target[e] == i]
            if not sent:
                rows.append(z["paper"].new_zeros(6))
                continue
            scores = torch.stack([leaky_relu((left * zj).sum(1) + (right * z["paper"][i]).sum(1), 0.2) for zj in sent])
            rows.append((torch.softmax(scores, 0)[:, :, None] * torch.stack(sent)).sum(0).flatten().relu())
        results.append(torch.stack(rows))
    scores = [torch.tanh(layer.k_lin(h)).mean(0) @ layer.q[0] for h in results]
    shares = torch.softmax(torch.stack(scores), 0)
    return sum(share * h for share, h in zip(shares, results, strict=True))


def made() -> tuple[HANConv, dict[str, Tensor]]:
    torch.manual_seed(0)
    layer = HANConv({"paper": 4, "venue": 5}, 3, 2, edge_types=[A, B, C]).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    x = {
        name: torch.randn(*size, dtype=torch.float64, requires_grad=True)
        for name, size in (("paper", (5, 4)), ("venue", (2, 5)))
    }
    return layer, x


def test_agrees_with_the_formula() -> None:
    layer, x = made()
    found, expected = layer(GRAPH, x), by_formula(layer, x)
    assert found.keys() == {"paper"}
    torch.testing.assert_close(found["paper"], expected)
    wanted = [*x.values(), *layer.parameters()]
    both = [torch.autograd.grad(out.sin().sum(), wanted) for out in (found["paper"], expected)]
    for ours, theirs in zip(*both, strict=True):
        torch.testing.assert_close(ours, theirs)
    shares = layer.attention(GRAPH, x)
    assert shares.keys() == {A, B, C}
    torch.testing.assert_close(sum(shares.values()), torch.ones((), dtype=torch.float64))


def test_block_of_all_nodes_is_the_graph_and_a_pair_too() -> None:
    layer, x = made()
    block = Block(EDGES, node_ids={"paper": range(5), "venue": range(2)}, num_targets={"paper": 5, "venue": 2})
    expected = layer(GRAPH, x)["paper"]
    torch.testing.assert_close(layer(block, x)["paper"], expected)
    torch.testing.assert_close(layer(GRAPH, (x, x))["paper"], expected)


def test_attention_is_dropped_in_training_alone() -> None:
    layer = HANConv({"paper": 4}, 3, edge_types=[A], attention_dropout=1.0)
    x = {"paper": torch.randn(5, 4)}
    assert not layer(GRAPH, x)["paper"].any()
    assert layer.attention(GRAPH, x)[A] == 1
    assert layer.training


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="edge types between paper, got"):
        HANConv({"paper": 4}, 3, edge_types=[C])
    layer, x = made()
    with pytest.raises(FeatureError, match="features for both ends of"):
        layer(GRAPH, {"paper": x["paper"]})
    assert layer(Graph({A: EDGES[A]}, num_nodes={"paper": 5}), x).keys() == {"paper"}
