"""Every layer keeps the contract of `weft.testing.check_layer`, and every check of it refuses a layer broken on purpose."""

import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import weft.nn
from tests.contracts.inductor import lies_about_strides, needs_a_compiler
from weft.graph import Adjacency, Block, adjacency_of
from weft.nn import aggregate, apply_edges, formula
from weft.testing import Input, LayerCase
from weft.testing import layers as contract
from weft.testing.typed_layers import TypedSubject

Check = Callable[[contract.Subject], None]
HERE = Path(__file__).parents[1] / "nn"


def listed(cases: str = "CASES") -> dict[str, Any]:
    """The cases that the tests of each layer name."""
    found: dict[str, Any] = {}
    for path in sorted(HERE.glob("*/test_*.py")):
        module = importlib.import_module(f"tests.nn.{path.parent.name}.{path.stem}")
        found.update(getattr(module, cases, {}))
    return found


LAYERS = listed()
TYPED = listed("TYPED_CASES")
# Seconds each: of these, `make test` has one case of every layer, and `make test-all` has all of them.
LONG = (contract.check_compile, contract.check_export, contract.check_memory)
FIRST_OF = {contract.Subject(LAYERS[name]).name: name for name in reversed(LAYERS)}
FIRST = set(FIRST_OF.values())

# C++ is compiled for these in `make test`, and for one case of every layer in `make test-all`.
BUILT = (
    "GraphConv", "SAGEConv", "GINConv", "GATConv", "GATv2Conv", "TransformerConv", "RelGraphConv", "GCN2Conv", "EdgeConv",
    "NNConv",
)  # fmt: skip


def cases() -> Iterator[Any]:
    for check in contract.CHECKS:
        for name in LAYERS:
            marks = [pytest.mark.slow] if check in LONG and name not in FIRST else []
            yield pytest.param(name, check, id=f"{check.__name__}-{name}", marks=marks)
    for kind, name in FIRST_OF.items():
        marks = [needs_a_compiler] if kind in BUILT else [needs_a_compiler, pytest.mark.slow]
        yield pytest.param(name, contract.check_inductor, id=f"check_inductor-{name}", marks=marks)


@pytest.mark.parametrize(("name", "check"), list(cases()))
def test_layer_keeps_the_contract(name: str, check: Check) -> None:
    contract.run_check(check, LAYERS[name])


def test_every_layer_is_listed() -> None:
    rooms = (weft.nn.conv, weft.nn.hetero)
    public = {value for room in rooms for value in vars(room).values() if inspect.isclass(value)}
    layers = {kind.__name__ for kind in public if "graph" in inspect.signature(kind.forward).parameters}
    listed = {contract.Subject(case).name for case in LAYERS.values()} | {
        TypedSubject(case).name for case in TYPED.values()
    }
    assert layers <= listed
    assert {kind.__name__ for kind in vars(weft.nn.conv).values() if inspect.isclass(kind)} <= listed


def test_exemptions_name_checks() -> None:
    known = {check.__name__ for check in (*contract.CHECKS, contract.check_inductor)}
    exempt = {name for case in LAYERS.values() if isinstance(case, LayerCase) for name in case.exempt}
    assert exempt <= known


def test_check_layer_runs_every_check(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    checks = []
    for at in range(3):

        def check(_: contract.Subject, at: int = at) -> None:
            ran.append(at)

        checks.append(check)
    monkeypatch.setattr(contract, "CHECKS", tuple(checks))
    contract.check_layer(LAYERS["GATConv"])
    assert ran == [0, 1, 2]


def test_exemption_from_a_check_that_passes_is_refused() -> None:
    case = LayerCase(Right, exempt={"check_repr": "no reason"})
    with pytest.raises(AssertionError, match="Right: check_repr passes, from which it is exempt: no reason"):
        contract.run_check(contract.check_repr, case)
    contract.run_check(contract.check_repr, LayerCase(SaysNothing, exempt={"check_repr": "it says nothing"}))


class Right(nn.Module):
    """A layer that keeps the contract, in small steps that can each go wrong.

    `out[i] = mean over edges e = j -> i of w[e] * x[j] @ W + x[i] @ W`

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, out_features)`

    *Source* Nobody, 2020, A Layer for Tests, arXiv:0000.00000

    *Differs from the source* not at all.

    *Cost* E x F.

    >>> Right(2, 2)
    Right(2, 2)
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(in_features, out_features))

    def forward(self, graph: Any, x: Any, edge_weight: Tensor | None = None) -> Tensor:
        adjacency = adjacency_of(graph)
        source, target = x if isinstance(x, tuple) else (x, self.targets(graph, x))
        return self.combine(adjacency, source @ self.weight, target @ self.weight, edge_weight)

    def targets(self, graph: Any, x: Tensor) -> Tensor:
        return x[: adjacency_of(graph).num_targets]

    def combine(self, adjacency: Adjacency, h: Tensor, h_target: Tensor, edge_weight: Tensor | None) -> Tensor:
        return self.gather(adjacency, h, edge_weight) + h_target

    def gather(self, adjacency: Adjacency, h: Tensor, edge_weight: Tensor | None) -> Tensor:
        return aggregate(adjacency, h, edge_weight, reduce="mean")

    def extra_repr(self) -> str:
        return ", ".join(map(str, self.weight.shape))


class RightWithInputs(nn.Module):
    """A layer with every kind of input, and a result for each edge beside the one for each target.

    `out[i] = mean over edges e = j -> i of w[e] * (x[j] @ W + p[j]) + s[kind[i]]`, and `x[j] @ V + w[e]` of each edge

    *Shapes* `x: (num_nodes, in_features) -> (num_nodes, out_features)`, `(num_edges, 2)`

    *Source* Nobody, 2020, A Layer for Tests, doi:10.0000

    *Differs from the source* not at all.

    *Cost* E x F.

    >>> RightWithInputs(2, 2)
    RightWithInputs(2, 2)
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(in_features, out_features))
        self.narrow = nn.Parameter(torch.randn(in_features, 2))
        self.kinds = nn.Parameter(torch.randn(3, out_features))

    def forward(self, graph: Any, x: Any, edge_weight: Tensor, *, place: Any, kind: Tensor) -> tuple[Tensor, Tensor]:
        adjacency = adjacency_of(graph)
        source, place = (value[0] if isinstance(value, tuple) else value for value in (x, place))
        out = aggregate(adjacency, source @ self.weight + place, edge_weight, reduce="mean")
        ones = torch.zeros(adjacency.num_targets, 1, dtype=edge_weight.dtype)
        narrow = source @ self.narrow
        of_edges = apply_edges(
            adjacency, SENT, source={"x": narrow}, edge={"w": edge_weight[:, None]}, target={"z": ones}
        )
        return out + self.kinds[kind].to(out.dtype), of_edges

    def extra_repr(self) -> str:
        return ", ".join(map(str, self.weight.shape))


SENT = formula(lambda source, target, edge: source["x"] + edge["w"] + target["z"])
RIGHT_WITH_INPUTS = LayerCase(
    RightWithInputs,
    inputs={"place": Input("node", (1,)), "kind": Input("target", num_types=3)},
    outputs=("target", "edge"),
)


def kept(adjacency: Adjacency, keep: Tensor, edge_weight: Tensor | None) -> tuple[Adjacency, Tensor | None]:
    counts = {"num_sources": adjacency.num_sources, "num_targets": adjacency.num_targets}
    return Adjacency(
        adjacency.source[keep], adjacency.target[keep], **counts
    ), None if edge_weight is None else edge_weight[keep]


class NumbersNodes(Right):
    def combine(self, adjacency, h, h_target, edge_weight):
        return super().combine(adjacency, h, h_target, edge_weight) + torch.arange(h_target.shape[0])[:, None]


class ReadsEdgesInOrder(Right):
    def gather(self, adjacency, h, edge_weight):
        return super().gather(adjacency, h, torch.linspace(1, 2, adjacency.num_edges).to(h.dtype))


class TreatsPairsOtherwise(Right):
    def forward(self, graph, x, edge_weight=None):
        return super().forward(graph, x, edge_weight) * (2 if isinstance(x, tuple) else 1)


class ConfusesTheEnds(Right):
    def combine(self, adjacency, h, h_target, edge_weight):
        return self.gather(adjacency, h, edge_weight) + h.mean(0)


class TakesTheLastSourcesOfABlock(Right):
    def targets(self, graph, x):
        return x[-adjacency_of(graph).num_targets :] if isinstance(graph, Block) else x


class DependsOnTheIdType(Right):
    def gather(self, adjacency, h, edge_weight):
        return super().gather(adjacency, h, edge_weight) * (1 + 1e-9 * (adjacency.source.dtype is torch.int32))


class DividesByTheNumberOfEdges(Right):
    def gather(self, adjacency, h, edge_weight):
        return super().gather(adjacency, h, edge_weight) / torch.tensor(float(adjacency.num_edges))


class DividesByTheDegree(Right):
    def gather(self, adjacency, h, edge_weight):
        return aggregate(adjacency, h, edge_weight) / adjacency.in_degrees()[:, None]


class LooksAtAllNodes(Right):
    def combine(self, adjacency, h, h_target, edge_weight):
        return super().combine(adjacency, h, h_target, edge_weight) + h.sum()


class MergesParallelEdges(Right):
    def gather(self, adjacency, h, edge_weight):
        key = adjacency.source * adjacency.num_targets + adjacency.target
        first = torch.stack([key[:at].ne(key[at]).all() for at in range(len(key))]) if len(key) else key.bool()
        return super().gather(*kept(adjacency, first, edge_weight)[:1], h, kept(adjacency, first, edge_weight)[1])


class DropsSelfLoops(Right):
    def gather(self, adjacency, h, edge_weight):
        adjacency, edge_weight = kept(adjacency, adjacency.source != adjacency.target, edge_weight)
        return super().gather(adjacency, h, edge_weight)


class HasAnIdleParameter(Right):
    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__(in_features, out_features)
        self.idle = nn.Parameter(torch.randn(2))


class DetachesTheNeighbours(Right):
    def gather(self, adjacency, h, edge_weight):
        return super().gather(adjacency, h.detach(), edge_weight)


class OnceDifferentiable(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x * x

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad):
        return 2 * ctx.saved_tensors[0].detach() * grad

    @staticmethod
    def vmap(info, in_dims, x):
        return x * x, in_dims[0]


class SquaresOnce(Right):
    def gather(self, adjacency, h, edge_weight):
        return super().gather(adjacency, OnceDifferentiable.apply(h), edge_weight)


class DrawsInEvaluation(Right):
    def gather(self, adjacency, h, edge_weight):
        return super().gather(adjacency, nn.functional.dropout(h, 0.5), edge_weight)


class CountsItsCalls(Right):
    calls = 0

    def gather(self, adjacency, h, edge_weight):
        self.calls += 1
        return super().gather(adjacency, h, edge_weight) * self.calls


class HidesState(Right):
    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__(in_features, out_features)
        self.scale = float(torch.rand(()))

    def gather(self, adjacency, h, edge_weight):
        return super().gather(adjacency, h, edge_weight) * self.scale


class LeavesAutocast(Right):
    def combine(self, adjacency, h, h_target, edge_weight):
        return super().combine(adjacency, h.float(), h_target.float(), edge_weight) * torch.ones(1)


class LooksAtValues(Right):
    def gather(self, adjacency, h, edge_weight):
        return super().gather(adjacency, h, edge_weight) * (1 if h.sum() > 0 else 2)


class UnrollsOverNodes(Right):
    def combine(self, adjacency, h, h_target, edge_weight):
        out = super().combine(adjacency, h, h_target, edge_weight)
        for _ in range(h.shape[0]):
            out = out + 1
        return out


class BuildsMessages(Right):
    def gather(self, adjacency, h, edge_weight):
        messages = h[adjacency.source.long()] * edge_weight[:, None]
        out = h.new_zeros(adjacency.num_targets, h.shape[1]).index_add(0, adjacency.target.long(), messages)
        return out / adjacency.in_degrees().clamp(min=1)[:, None]


class BuildsMessagesInBackward(Right):
    def gather(self, adjacency, h, edge_weight):
        out = super().gather(adjacency, h, edge_weight)
        if out.requires_grad:
            out.register_hook(lambda grad: grad + 0 * grad[adjacency.target.long()].sum())
        return out


class LiesAboutStrides(Right):
    def gather(self, adjacency, h, edge_weight):
        return super().gather(adjacency, lies_about_strides(h), edge_weight)


class SaysNothing(Right):
    def extra_repr(self) -> str:
        return "a layer"


class Undocumented(Right):
    """A layer."""


BROKEN: list[tuple[Check, type[nn.Module], str]] = [
    (contract.check_permutation, NumbersNodes, "permutation"),
    (contract.check_permutation, ReadsEdgesInOrder, "permutation"),
    (contract.check_bipartite, TreatsPairsOtherwise, "the same features twice"),
    (contract.check_bipartite, ConfusesTheEnds, "bipartite"),
    (contract.check_inputs, TakesTheLastSourcesOfABlock, "Block"),
    (contract.check_ids, DependsOnTheIdType, "int32 and int64"),
    (contract.check_empty, DividesByTheNumberOfEdges, "not finite"),
    (contract.check_isolated, DividesByTheDegree, "not finite"),
    (contract.check_isolated, LooksAtAllNodes, "not finite"),
    (contract.check_parallel_edges, MergesParallelEdges, "parallel edges"),
    (contract.check_self_loops, DropsSelfLoops, "self loops"),
    (contract.check_gradients, HasAnIdleParameter, "idle has no gradient"),
    (contract.check_gradients, DetachesTheNeighbours, "gradcheck"),
    (contract.check_transforms, LooksAtValues, "transforms"),
    (contract.check_transforms, SquaresOnce, "transforms"),
    (contract.check_determinism, DrawsInEvaluation, "evaluation twice"),
    (contract.check_determinism, CountsItsCalls, "one seed twice"),
    (contract.check_state, HidesState, "state dict"),
    (contract.check_autocast, LeavesAutocast, "autocast gives out in torch.float32"),
    (contract.check_compile, LooksAtValues, "does not compile"),
    (contract.check_compile, UnrollsOverNodes, "compiled 3 times"),
    (contract.check_export, LooksAtValues, "cannot be exported"),
    (contract.check_memory, BuildsMessages, "allocates 128,000 bytes"),
    (contract.check_memory, BuildsMessagesInBackward, "allocates 128,000 bytes"),
    (contract.check_repr, SaysNothing, "extra_repr"),
    (contract.check_docstring, Undocumented, "the docstring lacks"),
]


@pytest.mark.parametrize(("check", "layer", "text"), BROKEN, ids=[f"{c.__name__}-{k.__name__}" for c, k, _ in BROKEN])
def test_broken_layer_is_refused(check: Check, layer: type[nn.Module], text: str) -> None:
    with pytest.raises(AssertionError, match=f"(?s){layer.__name__}: .*{text}"):
        check(contract.Subject(layer))


@needs_a_compiler
@pytest.mark.slow
def test_inductor_refuses_what_other_backends_let_pass() -> None:
    subject = contract.Subject(LiesAboutStrides)
    contract.check_compile(subject)
    with pytest.raises(AssertionError, match=r"(?s)LiesAboutStrides: does not compile.*stride"):
        contract.check_inductor(subject)


@pytest.mark.parametrize("check", contract.CHECKS, ids=[check.__name__ for check in contract.CHECKS])
def test_right_layer_passes_and_every_check_has_a_broken_one(check: Check) -> None:
    check(contract.Subject(Right))
    check(contract.Subject(RIGHT_WITH_INPUTS))
    assert any(check is broken for broken, _, _ in BROKEN)
