"""Every layer on typed graphs keeps its contract, and every check of it refuses a layer broken on purpose."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.contracts.inductor import lies_about_strides, needs_a_compiler
from weft.graph import Block, Graph
from weft.nn import SAGEConv, aggregate
from weft.testing import TypedLayerCase
from weft.testing import typed_layers as contract

Check = Callable[[contract.TypedSubject], None]
HERE = Path(__file__).parents[1] / "nn"


def listed() -> dict[str, contract.Case]:
    """The cases that the tests of each layer name."""
    found: dict[str, contract.Case] = {}
    for path in sorted(HERE.glob("*/test_*.py")):
        module = importlib.import_module(f"tests.nn.{path.parent.name}.{path.stem}")
        found.update(getattr(module, "TYPED_CASES", {}))
    return found


LAYERS = listed()
CASES = [
    *(pytest.param(name, check, id=f"{check.__name__}-{name}") for check in contract.CHECKS for name in LAYERS),
    *(
        pytest.param(
            name, contract.check_inductor, id=f"check_inductor-{name}", marks=[needs_a_compiler, pytest.mark.slow]
        )
        for name in LAYERS
    ),
]


@pytest.mark.parametrize(("name", "check"), CASES)
def test_layer_keeps_the_contract(name: str, check: Check) -> None:
    contract.run_typed_check(check, LAYERS[name])


def test_check_typed_layer_runs_every_check(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    checks = tuple(lambda _, at=at: ran.append(at) for at in range(3))
    monkeypatch.setattr(contract, "CHECKS", checks)
    contract.check_typed_layer(Right)
    assert ran == [0, 1, 2]


def test_exemption_from_a_check_that_passes_is_refused() -> None:
    with pytest.raises(AssertionError, match="Right: check_repr passes, from which it is exempt: no reason"):
        contract.run_typed_check(contract.check_repr, TypedLayerCase(Right, exempt={"check_repr": "no reason"}))
    contract.run_typed_check(contract.check_repr, TypedLayerCase(SaysNothing, exempt={"check_repr": "it says nothing"}))


class Right(nn.Module):
    """A layer that keeps the contract, in small steps that can each go wrong.

    `out[t] = sum over edge types into t of the mean of x[j] @ W[s]`, and x[i] @ V

    *Shapes* `{node type: (num_nodes, *)} -> {node type: (num_targets, out_features)}`

    *Source* Nobody, 2020, A Layer for Tests, doi:10.0000

    *Differs from the source* not at all.

    *Cost* E x F.

    >>> Right({"a": 2}, 2, ()).out_features
    2
    """

    def __init__(self, widths: Any, out_features: int, edge_types: Any) -> None:
        super().__init__()
        kinds = {edge_type[0] for edge_type in edge_types}
        self.weights = nn.ParameterDict({name: torch.randn(widths[name], out_features) for name in sorted(kinds)})
        kinds = {edge_type[2] for edge_type in edge_types}
        self.own = nn.ParameterDict({name: torch.randn(widths[name], out_features) for name in sorted(kinds)})
        self.out_features = out_features

    def forward(self, graph: Any, x: Any) -> Any:
        block = isinstance(graph, Block)
        edges = graph.adjacencies if block else {name: e.adjacency for name, e in graph.edge_sets.items()}
        out: dict[str, Any] = {}
        for name in self.order(edges):
            adjacency, last = edges[name], name[2]
            if last not in out:
                out[last] = self.start(x[last])[: adjacency.num_targets] @ self.own[last]
            out[last] = out[last] + self.gather(adjacency, x[name[0]] @ self.weights[name[0]])
        return out

    def order(self, edges: Any) -> Any:
        return list(edges)

    def start(self, x: Any) -> Any:
        return x

    def gather(self, adjacency: Any, h: Any) -> Any:
        return aggregate(adjacency, h, reduce="mean")

    def extra_repr(self) -> str:
        return str(self.out_features)


class ForgetsAType(Right):
    def forward(self, graph, x):
        return {name: value for name, value in super().forward(graph, x).items() if name != "item"}


class TakesTheLastOfABlock(Right):
    def forward(self, graph, x):
        return super().forward(graph, {n: v.flip(0) for n, v in x.items()} if isinstance(graph, Block) else x)


class ReadsTypesInOrder(Right):
    def gather(self, adjacency, h):
        return super().gather(adjacency, h) * (1 + adjacency.source[:1].sum())


class DependsOnTheIdType(Right):
    def gather(self, adjacency, h):
        return super().gather(adjacency, h) * (1 + 1e-9 * (adjacency.source.dtype is torch.int32))


class NeedsAllTypes(Right):
    def order(self, edges):
        return list(contract.EDGES)


class CountsTypes(Right):
    def forward(self, graph, x):
        count = len(graph.adjacencies if isinstance(graph, Block) else graph.edge_types)
        return {name: value * count for name, value in super().forward(graph, x).items()}


class DividesByTheNumberOfEdges(Right):
    def gather(self, adjacency, h):
        return super().gather(adjacency, h) / torch.tensor(float(adjacency.num_edges))


class LooksAtAllNodes(Right):
    def gather(self, adjacency, h):
        return super().gather(adjacency, h) + h.mean(0)


class HasAnIdleParameter(Right):
    def __init__(self, *args):
        super().__init__(*args)
        self.idle = nn.Parameter(torch.randn(2))


class Detaches(Right):
    def gather(self, adjacency, h):
        return super().gather(adjacency, h.detach()) + 0 * h.sum()


class DrawsInEvaluation(Right):
    def start(self, x):
        return nn.functional.dropout(x, 0.5)


class CountsItsCalls(Right):
    calls = 0

    def start(self, x):
        self.calls += 1
        return x * self.calls


class HidesState(Right):
    def __init__(self, *args):
        super().__init__(*args)
        self.scale = float(torch.rand(()))

    def start(self, x):
        return x * self.scale


class LeavesAutocast(Right):
    def forward(self, graph, x):
        return {name: value.float() * torch.ones(1) for name, value in super().forward(graph, x).items()}


class LooksAtValues(Right):
    def start(self, x):
        return x * (1 if x.sum() > 0 else 2)


class UnrollsOverNodes(Right):
    def start(self, x):
        for _ in range(x.shape[0]):
            x = x + 1
        return x


class BuildsMessages(Right):
    def gather(self, adjacency, h):
        out = h.new_zeros(adjacency.num_targets, h.shape[1])
        out = out.index_add(0, adjacency.target.long(), h[adjacency.source.long()])
        return out / adjacency.in_degrees().clamp(min=1)[:, None]


class LiesAboutStrides(Right):
    def gather(self, adjacency, h):
        return super().gather(adjacency, lies_about_strides(h))


class SaysNothing(Right):
    def extra_repr(self):
        return "a layer"

    def __repr__(self):
        return "a layer"


class Undocumented(Right):
    """A layer."""


BROKEN: list[tuple[Check, type[nn.Module], str]] = [
    (contract.check_types, ForgetsAType, "gives .*expected"),
    (contract.check_block, TakesTheLastOfABlock, "block"),
    (contract.check_permutation, ReadsTypesInOrder, "permutation"),
    (contract.check_ids, DependsOnTheIdType, "int32 and int64"),
    (contract.check_absent_edge_type, NeedsAllTypes, "without edge type"),
    (contract.check_absent_edge_type, CountsTypes, "without .*off by"),
    (contract.check_empty_types, DividesByTheNumberOfEdges, "not finite"),
    (contract.check_isolated, LooksAtAllNodes, "isolated nodes"),
    (contract.check_gradients, HasAnIdleParameter, "idle has no gradient"),
    (contract.check_gradients, Detaches, "has no gradient"),
    (contract.check_determinism, DrawsInEvaluation, "evaluation twice"),
    (contract.check_determinism, CountsItsCalls, "one seed twice"),
    (contract.check_state, HidesState, "state dict"),
    (contract.check_autocast, LeavesAutocast, "in torch.float32"),
    (contract.check_compile, LooksAtValues, "does not compile"),
    (contract.check_compile, UnrollsOverNodes, "compiled 3 times"),
    (contract.check_export, LooksAtValues, "cannot be exported"),
    (contract.check_memory, BuildsMessages, "allocates 1,5"),
    (contract.check_repr, SaysNothing, "text form"),
    (contract.check_docstring, Undocumented, "the docstring lacks"),
]


@pytest.mark.parametrize(("check", "layer", "text"), BROKEN, ids=[f"{c.__name__}-{k.__name__}" for c, k, _ in BROKEN])
def test_broken_layer_is_refused(check: Check, layer: type[nn.Module], text: str) -> None:
    with pytest.raises(AssertionError, match=f"(?s){layer.__name__}: .*{text}"):
        check(contract.TypedSubject(layer))


@needs_a_compiler
@pytest.mark.slow
def test_inductor_refuses_what_other_backends_let_pass() -> None:
    subject = contract.TypedSubject(LiesAboutStrides)
    contract.check_compile(subject)
    with pytest.raises(AssertionError, match=r"(?s)LiesAboutStrides: does not compile.*stride"):
        contract.check_inductor(subject)


@pytest.mark.parametrize("check", contract.CHECKS, ids=[check.__name__ for check in contract.CHECKS])
def test_right_layer_passes_and_every_check_has_a_broken_one(check: Check) -> None:
    check(contract.TypedSubject(Right))
    assert any(check is broken for broken, _, _ in BROKEN)


def test_layers_for_one_type_keep_the_contract_in_a_wrapper_of_the_users() -> None:
    class Wrapper(nn.Module):
        def __init__(self, widths, out_features, edge_types):
            super().__init__()
            pairs = [(name, (widths[name[0]], widths[name[2]])) for name in edge_types]
            self.layers = nn.ModuleDict({str(name): SAGEConv(pair, out_features) for name, pair in pairs})

        def forward(self, graph: Graph, x):
            out = {}
            for name, edges in graph.edge_sets.items():
                found = self.layers[str(name)](edges.adjacency, (x[name[0]], x[name[2]]))
                out[name[2]] = out.get(name[2], 0) + found
            return out

    contract.run_typed_check(contract.check_permutation, Wrapper)
