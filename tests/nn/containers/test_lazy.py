"""A lazy layer becomes the layer at its first call; before that it does what a module can do without parameters."""

import copy
import functools
import pickle

import pytest
import torch
from torch import nn

from weft.errors import OptionError, ShapeError
from weft.graph import Adjacency, Graph
from weft.nn import DynamicEdgeConv, GATConv, GraphConv, SAGEConv, SignedConv, lazy

GRAPH = Graph([0, 1, 2, 0], [1, 2, 0, 0], 3)
X = torch.randn(3, 5)


def sage(in_features: int) -> nn.Module:
    return SAGEConv(in_features, 4, "pool")


def test_first_call_makes_the_layer() -> None:
    torch.manual_seed(0)
    layer = lazy(lambda in_features: GATConv(in_features, 8, 2))
    found = layer(GRAPH, X)
    torch.manual_seed(0)
    expected = GATConv(5, 8, 2)
    assert type(layer) is GATConv
    assert repr(layer) == repr(expected)
    assert list(layer.state_dict()) == list(expected.state_dict())
    assert vars(layer).keys() == vars(expected).keys()
    assert torch.equal(found, expected(GRAPH, X))
    assert torch.equal(layer(GRAPH, X), found)
    with pytest.raises(ShapeError, match="`x` of shape"):
        layer(GRAPH, torch.randn(3, 6))


def test_widths_of_pairs_types_and_names() -> None:
    seen = []

    class Takes(nn.Module):
        def forward(self, *inputs: object, **named: object) -> None:
            pass

    def make(width: object) -> nn.Module:
        seen.append(width)
        return Takes()

    lazy(make)(GRAPH, (torch.randn(3, 2), torch.randn(3, 7)))
    lazy(make)(GRAPH, {"user": torch.randn(3, 2), "item": torch.randn(3, 4)})
    lazy(make)(GRAPH, x=torch.randn(3, 2, 6))
    lazy(make)(torch.randn(3, 9))
    assert seen == [(2, 7), {"user": 2, "item": 4}, 6, 9]
    bipartite = Adjacency([0], [1], num_sources=3, num_targets=2)
    layer = lazy(lambda in_features: SAGEConv(in_features, 4))
    layer(bipartite, (torch.randn(3, 2), torch.randn(2, 7)))
    assert layer.in_features == (2, 7)


def test_layers_that_are_called_otherwise() -> None:
    points = lazy(lambda in_features: DynamicEdgeConv(nn.Linear(2 * in_features, 4), 2))
    assert points(X).shape == (3, 4)
    signed = lazy(lambda in_features: SignedConv(in_features, 4, first=True))
    assert signed((GRAPH, GRAPH), X).shape == (3, 8)


def test_inside_of_a_model_of_torch() -> None:
    model = nn.Sequential(lazy(lambda width: nn.Linear(width, 6)), nn.ReLU(), lazy(lambda width: nn.LayerNorm(width)))
    model(X).sum().backward()
    assert [type(part) for part in model] == [nn.Linear, nn.ReLU, nn.LayerNorm]
    assert {tuple(parameter.shape) for parameter in model.parameters()} == {(6, 5), (6,)}
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_mode_dtype_and_hooks_of_before_hold() -> None:
    layer, calls = lazy(sage), []
    layer.eval()
    layer.double()
    handle = layer.register_forward_hook(lambda *_: calls.append(1))
    layer(GRAPH, X.double())
    assert not layer.training
    assert not layer.fc_pool.training
    assert layer.fc_pool.weight.dtype is torch.float64
    layer(GRAPH, X.double())
    handle.remove()
    layer(GRAPH, X.double())
    assert calls == [1, 1]


def test_first_call_is_in_the_mode_of_before() -> None:
    layer = lazy(lambda in_features: nn.Dropout(1.0)).eval()
    assert torch.equal(layer(X), X)


def test_dtype_of_the_function_stands_unless_cast() -> None:
    layer = lazy(lambda width: nn.Linear(width, 2).double())
    assert layer(X.double()).dtype is torch.float64


def test_meta_device_of_before_holds() -> None:
    layer = lazy(lambda width: nn.Linear(width, 2)).to("meta")
    layer(torch.randn(3, 5, device="meta"))
    assert layer.weight.is_meta


def test_state_is_loaded_before_the_first_call() -> None:
    trained, model = nn.ModuleList([sage(5), nn.Linear(4, 2)]), nn.ModuleList([lazy(sage), nn.Linear(4, 2)])
    model.load_state_dict(trained.state_dict())
    state = model.state_dict()
    assert list(state) == list(trained.state_dict())
    with torch.no_grad():
        trained[0].fc_pool.weight.zero_()  # what was loaded is a copy
    assert torch.equal(model[0](GRAPH, X), _with(sage(5), state, "0.")(GRAPH, X))
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


def _with(layer: nn.Module, state: dict[str, torch.Tensor], prefix: str) -> nn.Module:
    layer.load_state_dict({name.removeprefix(prefix): v for name, v in state.items() if name.startswith(prefix)})
    return layer


def test_loaded_state_that_does_not_fit_is_told_at_the_first_call() -> None:
    layer = lazy(sage)
    layer.load_state_dict(sage(6).state_dict())
    with pytest.raises(
        ShapeError, match=r"(?s)the state that was loaded to fit SAGEConv for inputs of width 5.*size mismatch"
    ):
        layer(GRAPH, X)
    assert layer(GRAPH, torch.randn(3, 6)).shape == (3, 4)
    model = nn.ModuleList([lazy(sage)])
    with pytest.raises(RuntimeError, match=r"Missing key\(s\) in state_dict: \"0\.\*\""):
        model.load_state_dict({})
    model.load_state_dict({}, strict=False)
    assert model[0](GRAPH, X).shape == (3, 4)


def test_copies_and_pickles_before_and_after() -> None:
    layer = lazy(sage)
    other, third = copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))
    named = pickle.loads(pickle.dumps(lazy(functools.partial(GATConv, out_features=8, num_heads=2))))
    layer(GRAPH, X)
    assert other(GRAPH, torch.randn(3, 7)).shape == (3, 4)
    assert third(GRAPH, torch.randn(3, 9)).shape == (3, 4)
    assert named(GRAPH, X).shape == (3, 16)
    assert (layer.fc_self.in_features, other.fc_self.in_features, third.fc_self.in_features) == (5, 7, 9)
    again = pickle.loads(pickle.dumps(layer))
    assert torch.equal(again(GRAPH, X), layer(GRAPH, X))


def test_a_call_that_fails_leaves_it_lazy() -> None:
    layer = lazy(sage)
    with pytest.raises(ShapeError):
        layer(GRAPH, torch.randn(4, 5))
    assert layer(GRAPH, torch.randn(3, 6)).shape == (3, 4)


def test_inference_mode_makes_parameters_that_can_be_trained() -> None:
    layer = lazy(sage)
    with torch.inference_mode():
        layer(GRAPH, X)
    layer(GRAPH, X).sum().backward()
    assert layer.fc_self.weight.grad is not None


def test_compiles_once_it_is_a_layer() -> None:
    layer = lazy(lambda in_features: GraphConv(in_features, 4))
    found = layer(GRAPH, X)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(GRAPH, X), found)


def test_what_it_cannot_do_is_told() -> None:
    model = nn.Sequential(lazy(sage), nn.Linear(4, 2))
    text = "expected a first call of sage before `parameters`, got none; hint: call the model once"
    with pytest.raises(OptionError, match=text):
        torch.optim.Adam(model.parameters())
    with pytest.raises(OptionError, match="before `state_dict`"):
        model.state_dict()
    with pytest.raises(Exception, match=r"before `(torch.compile|parameters)`"):
        torch.compile(lazy(sage), fullgraph=True, backend="eager")(GRAPH, X)
    with pytest.raises(OptionError, match="a first call that gives features, got no tensor"):
        lazy(sage)(GRAPH)
    with pytest.raises(OptionError, match="to return a module, got int"):
        lazy(lambda width: width)(X)  # type: ignore[arg-type, return-value]
    with pytest.raises(OptionError, match=r"a function of the input width, got Linear; hint: lazy\(lambda"):
        lazy(nn.Linear(3, 2))


def test_text_form_before_the_first_call_names_the_function() -> None:
    assert repr(lazy(sage)) == "LazyLayer(sage)"
