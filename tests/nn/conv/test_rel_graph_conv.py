"""RelGraphConv agrees with its formula, written out node by node; what it refuses it explains."""

import pytest
import torch
from torch import Tensor

from weft.errors import DtypeError, IdError, OptionError, ShapeError
from weft.graph import Adjacency
from weft.nn import RelGraphConv
from weft.testing import Input, LayerCase

INPUTS = {"edge_type": Input("edge", num_types=3)}
CASES = {
    "RelGraphConv": LayerCase(lambda i, o: RelGraphConv(i, o, 3), INPUTS),
    "RelGraphConv basis mean": LayerCase(
        lambda i, o: RelGraphConv(i, o, 3, regularizer="basis", num_bases=2, aggregator="mean"), INPUTS
    ),
    "RelGraphConv bdd norm": LayerCase(
        lambda i, o: RelGraphConv(i, o, 3, regularizer="bdd", num_bases=2, layer_norm=True, self_loop=False), INPUTS
    ),
}

SOURCE, TARGET, TYPE = (0, 0, 1, 2, 2, 3, 3, 0), (1, 1, 2, 2, 0, 4, 1, 1), (0, 0, 1, 2, 0, 2, 1, 2)
ADJACENCY = Adjacency(torch.tensor(SOURCE), torch.tensor(TARGET), num_sources=4, num_targets=6)
OPTIONS = (
    {"regularizer": None},
    {"regularizer": None, "layer_norm": True, "bias": False},
    {"regularizer": "basis", "num_bases": 2, "self_loop": False},
    {"regularizer": "basis"},
    {"regularizer": "bdd", "num_bases": 2},
)


def by_formula(layer: RelGraphConv, x: tuple[Tensor, Tensor], edge_weight: Tensor | None) -> Tensor:
    linear = layer.linear_r
    if layer.regularizer == "bdd":
        blocks = linear.W.reshape(3, 2, 2, 3)
        matrices = [torch.block_diag(*blocks[t]) for t in range(3)]
    elif layer.regularizer == "basis":
        matrices = [sum(c * basis for c, basis in zip(linear.coeff[t], linear.W, strict=True)) for t in range(3)]
    else:
        matrices = list(linear.W)
    rows = []
    for i in range(6):
        edges = [e for e in range(8) if TARGET[e] == i]
        row = x[0].new_zeros(6)
        for e in edges:
            c = sum(TYPE[f] == TYPE[e] for f in edges) if layer.aggregator == "mean" else 1
            w = 1 if edge_weight is None else edge_weight[e]
            row = row + w / c * x[0][SOURCE[e]] @ matrices[TYPE[e]]
        if layer.layer_norm_weight is not None:
            row = layer.layer_norm_weight(row)
        if layer.h_bias is not None:
            row = row + layer.h_bias
        if layer.loop_weight is not None:
            row = row + x[1][i] @ layer.loop_weight
        rows.append(row)
    return torch.stack(rows)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("aggregator", ["sum", "mean"])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_the_formula(options: dict[str, object], aggregator: str, weighted: bool) -> None:
    torch.manual_seed(0)
    layer = RelGraphConv((4, 5), 6, 3, aggregator=aggregator, **options).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    x = tuple(torch.randn(*size, dtype=torch.float64, requires_grad=True) for size in ((4, 4), (6, 5)))
    weight = torch.rand(8, dtype=torch.float64, requires_grad=True) if weighted else None
    found = layer(ADJACENCY, x, weight, edge_type=torch.tensor(TYPE))
    expected = by_formula(layer, x, weight)
    torch.testing.assert_close(found, expected)
    wanted = [*x, *layer.parameters(), *([] if weight is None else [weight])]
    both = [
        torch.autograd.grad(out.sin().sum(), wanted, materialize_grads=True, allow_unused=True)
        for out in (found, expected)
    ]
    for ours, theirs in zip(*both, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_many_types_with_few_targets_share_bases_one_by_one() -> None:
    layer = RelGraphConv(4, 6, 40, regularizer="basis", num_bases=2).double()
    x, edge_type = torch.randn(6, 4, dtype=torch.float64), torch.tensor([39, 0, 7])
    graph = Adjacency([0, 1, 2], [3, 3, 4], num_sources=6, num_targets=6)
    found = layer(graph, x, edge_type=edge_type)
    messages = torch.einsum("ei,eio->eo", x[:3], layer.linear_r.matrices()[edge_type])
    expected = (x @ layer.loop_weight + layer.h_bias).index_add(0, torch.tensor([3, 3, 4]), messages)
    torch.testing.assert_close(found, expected)


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="`aggregator` to be one of sum, mean"):
        RelGraphConv(4, 6, 3, aggregator="max")
    with pytest.raises(OptionError, match="multiples of the number of blocks, got 4 and 6 for 3"):
        RelGraphConv(4, 6, 3, regularizer="bdd")
    layer, x = RelGraphConv((4, 5), 6, 3), (torch.randn(4, 4), torch.randn(6, 5))
    with pytest.raises(ShapeError, match=r"RelGraphConv: expected `edge_type` of shape \(8,\), got \(7,\)"):
        layer(ADJACENCY, x, edge_type=torch.zeros(7, dtype=torch.int64))
    with pytest.raises(DtypeError, match="`edge_type` as integers"):
        layer(ADJACENCY, x, edge_type=torch.zeros(8))
    for aggregator in ("sum", "mean"):
        layer = RelGraphConv((4, 5), 6, 3, aggregator=aggregator)
        for wrong in (-1, 3):
            with pytest.raises(IdError, match=f"{wrong}"):
                layer(ADJACENCY, x, edge_type=torch.full((8,), wrong))


def test_text_form_is_the_constructor() -> None:
    text = repr(RelGraphConv(4, 6, 3, regularizer="bdd", num_bases=2))
    assert (
        "RelGraphConv(\n  4, 6, 3, aggregator='sum', regularizer='bdd', self_loop=True, layer_norm=False, bias=True"
        in text
    )
