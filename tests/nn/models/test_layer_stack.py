"""Ready models are their layers, one after the other; each on the whole graph or on its own block."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import weft.nn.models as models
from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency, Block
from weft.nn.models import GAT, GCN, GraphSAGE, HeadedStack, LayerStack
from weft.testing import LayerCase
from weft.testing import layers as contract

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 3, 3, 4, 5]), torch.tensor([1, 2, 2, 0, 0, 4, 3, 1])
GRAPH = Adjacency(SOURCE, TARGET, num_sources=6, num_targets=6)
MODELS = [value for value in vars(models).values() if isinstance(value, type) and issubclass(value, LayerStack)]
READY = [kind for kind in MODELS if kind not in (LayerStack, HeadedStack)]
OF_TARGETS = [
    kind for kind in READY if kind is not GCN
]  # which reads how many edges leave a source, in a block those of the block
OPTIONS: list[dict[str, Any]] = [
    {}, {"num_layers": 1}, {"num_layers": 2, "residual": True}, {"jumping": "cat"}, {"jumping": "max", "num_layers": 2},
    {"norm": nn.LayerNorm, "residual": True}, {"norm": nn.BatchNorm1d, "jumping": "cat"}, {"activation": torch.tanh},
]  # fmt: skip


CHECKS = (
    contract.check_permutation, contract.check_empty, contract.check_gradients, contract.check_determinism,
    contract.check_state, contract.check_compile, contract.check_memory,
)  # fmt: skip


@pytest.mark.parametrize("kind", READY, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_model_keeps_the_contract_of_a_layer(
    kind: type[LayerStack], check: Callable[[contract.Subject], None]
) -> None:
    def make(in_features: int, out_features: int) -> nn.Module:
        return kind(in_features, 8, out_features, num_layers=2, norm=nn.LayerNorm, dropout=0.2)

    check(contract.Subject(LayerCase(make, bipartite=False)))


def by_hand(model: LayerStack, x: Tensor, activation: Callable[[Tensor], Tensor]) -> Tensor:
    """What the docstring of LayerStack says."""
    h, kept, last = x, [], len(model.layers) - 1
    for at, layer in enumerate(model.layers):
        before, h = h, layer(GRAPH, h)
        if at < last or model.jumping:
            h = activation(model.norms[at](h) if len(model.norms) else h)
            h = h + before if model.residual and at else h
        kept.append(h)
    if model.jumping == "cat":
        return model.out(torch.cat(kept, 1))
    return model.out(torch.stack(kept).max(0).values) if model.jumping == "max" else h


@pytest.mark.parametrize("options", OPTIONS, ids=lambda each: ", ".join(each) if isinstance(each, dict) else str(each))
@pytest.mark.parametrize("kind", READY, ids=lambda kind: kind.__name__)
def test_a_model_is_its_layers(kind: type[LayerStack], options: dict[str, Any]) -> None:
    model, x = kind(4, 8, 2, **options).eval(), torch.randn(6, 4)
    usual = functional.elu if issubclass(kind, HeadedStack) else torch.relu
    expected = by_hand(model, x, options.get("activation", usual))
    assert expected.shape == (6, 2)
    torch.testing.assert_close(model(GRAPH, x), expected)


@pytest.mark.parametrize("kind", OF_TARGETS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(
    "options",
    [{"residual": True, "num_layers": 3}, {"jumping": "cat"}],
    ids=lambda each: ", ".join(each) if isinstance(each, dict) else str(each),
)
def test_blocks_give_the_targets_what_the_graph_gives(kind: type[LayerStack], options: dict[str, Any]) -> None:
    # The seeds 2 and 0; their neighbours; the neighbours of those: every block has all edges that enter its targets.
    model, x = kind(4, 8, 2, **options).eval(), torch.randn(6, 4)
    blocks, targets = [], [2, 0]
    for _ in range(3):
        nodes = list(
            dict.fromkeys(targets + [s for s, t in zip(SOURCE.tolist(), TARGET.tolist(), strict=True) if t in targets])
        )
        edges = [at for at, t in enumerate(TARGET.tolist()) if t in targets]
        ends = ([nodes.index(end[at]) for at in edges] for end in (SOURCE.tolist(), TARGET.tolist()))
        blocks.insert(0, Block(*ends, node_ids=nodes, num_targets=len(targets), edge_ids=edges))
        targets = nodes
    found = model(blocks, x[targets])
    torch.testing.assert_close(found, model(GRAPH, x)[[2, 0]])


def test_dropout_falls_on_the_input_of_all_layers_but_the_first() -> None:
    model, x = GCN(4, 8, 2, num_layers=2, dropout=0.5), torch.randn(6, 4)
    torch.manual_seed(1)
    found = model(GRAPH, x)
    torch.manual_seed(1)
    hidden = functional.dropout(model.layers[0](GRAPH, x).relu(), 0.5)
    torch.testing.assert_close(found, model.layers[1](GRAPH, hidden))
    assert torch.equal(model.eval()(GRAPH, x), model(GRAPH, x))


def test_edge_weights_reach_every_layer() -> None:
    model, x, weight = GraphSAGE(4, 8, 2, num_layers=2), torch.randn(6, 4), torch.rand(8)
    expected = model.layers[1](GRAPH, model.layers[0](GRAPH, x, weight).relu(), weight)
    torch.testing.assert_close(model(GRAPH, x, weight), expected)


def test_reset_draws_all_parameters_anew() -> None:
    model = GCN(4, 8, 2, norm=nn.BatchNorm1d, jumping="cat")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(7.0)
    model.reset_parameters()
    assert not any((parameter == 7.0).all() for parameter in model.parameters())


@pytest.mark.parametrize(("options", "text"), [
    ({"num_layers": 0}, "`num_layers` of at least 1, got 0"), ({"jumping": "lstm"}, "`jumping`"), ({"dropout": 2.0}, "`dropout`"),
], ids=lambda each: ", ".join(each) if isinstance(each, dict) else str(each))  # fmt: skip
def test_options_that_do_not_exist_are_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(OptionError, match=text):
        GCN(4, 8, 2, **options)


def test_heads_have_to_share_the_hidden_width() -> None:
    with pytest.raises(OptionError, match="`hidden_features` that `num_heads` divides, got 10 and 4"):
        GAT(4, 10, 2, num_heads=4)


def test_calls_that_do_not_fit_are_refused() -> None:
    model, x = GCN(4, 8, 2, num_layers=2), torch.randn(6, 4)
    block = Block([0, 1], [0, 0], node_ids=range(6), num_targets=6)
    with pytest.raises(ShapeError, match="2 blocks, one for each layer, got 1 of them"):
        model([block], x)
    with pytest.raises(ShapeError, match="2 tensors of `edge_weight`, one for each layer, got 1 of them"):
        model([block, block], x, [torch.ones(2)])
    with pytest.raises(OptionError, match="got `edge_features`, which GraphConv does not know"):
        model(GRAPH, x, edge_features=torch.ones(8, 2))
