"""Ready models are their layers, one after the other; each on the whole graph or on its own block."""

import copy
import inspect
import pickle
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import weft.nn.models as models
from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency, Block
from weft.nn import SAGEConv
from weft.nn.models import ARMA, GAT, GCN, PNA, RGCN, EdgeCNN, GATv2, GraphSAGE, HeadedStack, LayerStack
from weft.testing import Input, LayerCase
from weft.testing import layers as contract

SOURCE, TARGET = torch.tensor([0, 0, 1, 2, 3, 3, 4, 5]), torch.tensor([1, 2, 2, 0, 0, 4, 3, 1])
GRAPH = Adjacency(SOURCE, TARGET, num_sources=6, num_targets=6)
MODELS = [value for value in vars(models).values() if isinstance(value, type) and issubclass(value, LayerStack)]
READY = [kind for kind in MODELS if kind not in (LayerStack, HeadedStack)]


class Kind(NamedTuple):
    """A model, and what it takes beside what all take: options, and tensors of the edges in its call."""

    make: type[LayerStack]
    options: Mapping[str, Any]
    inputs: Mapping[str, Input]

    def draw(self) -> dict[str, Tensor]:
        return {name: each.draw(len(SOURCE), torch.float32, 0) for name, each in self.inputs.items()}

    def with_edge_features(self) -> "Kind":
        heads = {"num_heads": 2} if issubclass(self.make, HeadedStack) else {}
        inputs = {**self.inputs, "edge_features": Input("edge", (3,))}
        return Kind(self.make, {**self.options, **heads, "edge_features": 3}, inputs)


# Options and inputs that have to be there.
NEEDS: dict[type[LayerStack], tuple[dict[str, Any], dict[str, Input]]] = {
    PNA: ({"delta": 1.1}, {}),
    RGCN: ({"num_types": 3}, {"edge_type": Input("edge", num_types=3)}),
}
UNWEIGHTED = (PNA, EdgeCNN)
KINDS = {kind.__name__: Kind(kind, *NEEDS.get(kind, ({}, {}))) for kind in READY}
WITH_FEATURES = {
    f"{name} with edge features": kind.with_edge_features()
    for name, kind in KINDS.items()
    if "edge_features" in inspect.signature(kind.make).parameters
}
ALL = {**KINDS, **WITH_FEATURES}
# GCN reads how many edges leave a source, in a block those of the block; ARMA takes several steps on one graph.
OF_TARGETS = {name: kind for name, kind in ALL.items() if kind.make not in (GCN, ARMA)}
USUAL = {GAT: functional.elu, GATv2: functional.elu}
OPTIONS: list[dict[str, Any]] = [
    {}, {"num_layers": 1}, {"num_layers": 2, "residual": True}, {"jumping": "cat"}, {"jumping": "max", "num_layers": 2},
    {"norm": nn.LayerNorm, "residual": True}, {"norm": nn.BatchNorm1d, "jumping": "cat"}, {"activation": torch.tanh},
]  # fmt: skip


CHECKS = (
    contract.check_permutation, contract.check_empty, contract.check_gradients, contract.check_determinism,
    contract.check_state,
)  # fmt: skip


def case(kind: Kind) -> LayerCase:
    def make(in_features: int, out_features: int) -> nn.Module:
        return kind.make(in_features, 8, out_features, num_layers=2, norm=nn.LayerNorm, dropout=0.2, **kind.options)

    def call(model: nn.Module, graph: Adjacency, x: Tensor, inputs: Mapping[str, Tensor]) -> Tensor:
        known = {name: value for name, value in inputs.items() if name != "edge_weight" or kind.make not in UNWEIGHTED}
        return model(graph, x, **known)

    return LayerCase(make, inputs=kind.inputs, bipartite=False, call=call)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_model_keeps_the_contract_of_a_layer(name: str, check: Callable[[contract.Subject], None]) -> None:
    check(contract.Subject(case(ALL[name])))


@pytest.mark.parametrize("name", KINDS)
def test_a_model_makes_no_tensor_of_edges_and_features(name: str) -> None:
    contract.check_memory(contract.Subject(case(KINDS[name])))


# Seconds each, of layers that compile in their own contract: four of them show that stacks do.
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in ("GCN", "GAT", "GraphSAGE", "RGCN") else [pytest.mark.slow])
        for name in KINDS
    ],
)
def test_a_model_compiles(name: str) -> None:
    contract.check_compile(contract.Subject(case(KINDS[name])))


def by_hand(model: LayerStack, x: Tensor, inputs: dict[str, Tensor], activation: Callable[[Tensor], Tensor]) -> Tensor:
    """What the docstring of LayerStack says."""
    h, kept, last = x, [], len(model.layers) - 1
    for at, layer in enumerate(model.layers):
        before, h = h, layer(GRAPH, h, **inputs)
        if at < last or model.jumping:
            h = activation(model.norms[at](h) if len(model.norms) else h)
            h = h + before if model.residual and at else h
        kept.append(h)
    if model.jumping == "cat":
        return model.out(torch.cat(kept, 1))
    return model.out(torch.stack(kept).max(0).values) if model.jumping == "max" else h


@pytest.mark.parametrize("options", OPTIONS, ids=", ".join)
@pytest.mark.parametrize("name", KINDS)
def test_a_model_is_its_layers(name: str, options: dict[str, Any]) -> None:
    kind = KINDS[name]
    model, x, inputs = kind.make(4, 8, 2, **kind.options, **options).eval(), torch.randn(6, 4), kind.draw()
    assert len(model.layers) == options.get("num_layers", 3)
    expected = by_hand(model, x, inputs, options.get("activation", USUAL.get(kind.make, torch.relu)))
    assert expected.shape == (6, 2)
    torch.testing.assert_close(model(GRAPH, x, **inputs), expected)


@pytest.mark.parametrize("name", OF_TARGETS)
@pytest.mark.parametrize("options", [{"residual": True, "num_layers": 3}, {"jumping": "cat"}], ids=", ".join)
def test_blocks_give_the_targets_what_the_graph_gives(name: str, options: dict[str, Any]) -> None:
    # The seeds 2 and 0; their neighbours; the neighbours of those: every block has all edges that enter its targets.
    kind = OF_TARGETS[name]
    model, x, inputs = kind.make(4, 8, 2, **kind.options, **options).eval(), torch.randn(6, 4), kind.draw()
    blocks, of_edges, targets = [], [], [2, 0]
    for _ in range(3):
        nodes = list(
            dict.fromkeys(targets + [s for s, t in zip(SOURCE.tolist(), TARGET.tolist(), strict=True) if t in targets])
        )
        edges = [at for at, t in enumerate(TARGET.tolist()) if t in targets]
        ends = ([nodes.index(end[at]) for at in edges] for end in (SOURCE.tolist(), TARGET.tolist()))
        blocks.insert(0, Block(*ends, node_ids=nodes, num_targets=len(targets), edge_ids=edges))
        of_edges.insert(0, edges)
        targets = nodes
    lists = {name: [value[edges] for edges in of_edges] for name, value in inputs.items()}
    torch.testing.assert_close(model(blocks, x[targets], **lists), model(GRAPH, x, **inputs)[[2, 0]])


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


@pytest.mark.parametrize("name", ALL)
def test_reset_draws_all_parameters_anew(name: str) -> None:
    kind = ALL[name]
    model = kind.make(4, 8, 2, norm=nn.BatchNorm1d, jumping="cat", activation=nn.PReLU(), **kind.options)
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
    for options in ({"num_out_heads": 0}, {"num_out_heads": 1, "jumping": "cat"}):
        with pytest.raises(OptionError, match="`num_out_heads` of at least 1, and none with `jumping`"):
            GAT(4, 8, 2, **options)


def test_only_a_last_layer_that_gives_the_result_averages_its_heads() -> None:
    assert [layer.concat for layer in GAT(4, 8, 2).layers] == [True, True, False]
    assert [layer.concat for layer in GAT(4, 8, 2, jumping="max").layers] == [True, True, True]


def test_calls_that_do_not_fit_are_refused() -> None:
    model, x = GCN(4, 8, 2, num_layers=2), torch.randn(6, 4)
    block = Block([0, 1], [0, 0], node_ids=range(6), num_targets=6)
    with pytest.raises(ShapeError, match="2 blocks, one for each layer, got 1 of them"):
        model([block], x)
    with pytest.raises(ShapeError, match="2 tensors of `edge_weight`, one for each layer, got 1 of them"):
        model([block, block], x, [torch.ones(2)])
    with pytest.raises(OptionError, match="got `edge_features`, which GraphConv does not know"):
        model(GRAPH, x, edge_features=torch.ones(8, 2))
    with pytest.raises(OptionError, match="RGCN: expected `edge_type`, which RelGraphConv needs, got none"):
        RGCN(4, 8, 2, num_types=3)(GRAPH, x)
    with pytest.raises(ShapeError, match=r"GATv2Conv: expected `edge_features` of shape \(8, 3\), got none"):
        GATv2(4, 8, 2, edge_features=3)(GRAPH, x)


def test_the_text_form_has_all_options() -> None:
    text = repr(GAT(4, 8, 2, num_layers=2, norm=nn.LayerNorm, activation=torch.tanh, attention_dropout=0.5))
    options = (
        "num_layers=2, dropout=0.0, residual=False, jumping=None, num_heads=8, num_out_heads=None, edge_features=None"
    )
    assert text.splitlines()[1].strip() == f"4, 8, 2, {options}, attention_dropout=0.5"


def test_a_module_may_be_an_option() -> None:
    model = GCN(4, 8, 2, num_layers=2, activation=nn.PReLU(init=0.5))
    assert [name for name, _ in model.named_parameters()][:1] == ["activation.weight"]
    x = torch.randn(6, 4)
    hidden = functional.leaky_relu(model.layers[0](GRAPH, x), 0.5)
    torch.testing.assert_close(model(GRAPH, x), model.layers[1](GRAPH, hidden))
    copies = copy.deepcopy(model), pickle.loads(pickle.dumps(model))
    assert all(torch.equal(each(GRAPH, x), model(GRAPH, x)) for each in copies)


def test_the_last_layer_may_have_other_heads() -> None:
    model, x = GAT(4, 8, 3, num_layers=2, num_heads=4, num_out_heads=1), torch.randn(6, 4)
    first, last = model.layers
    assert [layer.num_heads for layer in model.layers] == [4, 1]
    torch.testing.assert_close(model(GRAPH, x), last(GRAPH, functional.elu(first(GRAPH, x))))


def test_graph_sage_has_the_aggregators_of_its_layers() -> None:
    model = GraphSAGE(4, 8, 2, num_layers=2, aggregator="pool")
    assert [layer.aggregator for layer in model.layers] == ["pool", "pool"]
    assert [layer.aggregator for layer in GraphSAGE(4, 8, 2).layers] == ["mean"] * 3


class OfOneKind(LayerStack):
    def __init__(self, *sizes: int, kind: Any, **options: Any) -> None:
        self.kind = kind
        super().__init__(*sizes, **options)

    def make_layer(self, in_features: int, out_features: int, is_last: bool) -> nn.Module:
        return SAGEConv(in_features, out_features, self.kind)


def test_a_model_of_ones_own_may_have_a_constructor_and_be_copied() -> None:
    model, x = OfOneKind(4, 8, 2, kind="pool", num_layers=2, activation=nn.PReLU()), torch.randn(6, 4)
    assert "activation.weight" in dict(model.named_parameters())
    assert torch.equal(copy.deepcopy(model)(GRAPH, x), model(GRAPH, x))
