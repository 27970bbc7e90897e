"""Every layer keeps the contract of `weft.testing.check_layer`, and every check of it refuses a layer broken on purpose."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import weft.nn
from weft.graph import Adjacency, Block, adjacency_of
from weft.nn import GATConv, GraphConv, SAGEConv, aggregate
from weft.testing import layers as contract

Check = Callable[[contract.Make], None]

LAYERS: dict[str, contract.Make] = {
    "GraphConv both": lambda i, o: GraphConv(i, o),
    "GraphConv left": lambda i, o: GraphConv(i, o, norm="left", bias=False),
    "GraphConv right": lambda i, o: GraphConv(i, o, norm="right"),
    "SAGEConv mean": lambda i, o: SAGEConv(i, o, dropout=0.4),
    "SAGEConv pool": lambda i, o: SAGEConv(i, o, "pool", bias=False),
    "SAGEConv gcn": lambda i, o: SAGEConv(i, o, "gcn"),
    "GATConv": lambda i, o: GATConv(i, o // 2, 2, residual=True, dropout=0.3, attention_dropout=0.4),
    "GATConv mean": lambda i, o: GATConv(i, o, 2, concat=False),
}
# Seconds each, and what differs between the options of one layer does not touch them.
SLOW = {contract.check_compile: ("GraphConv both", "SAGEConv mean", "SAGEConv pool", "GATConv")}
CASES = [(name, check) for check in contract.CHECKS for name in SLOW.get(check, LAYERS)]


@pytest.mark.parametrize(("name", "check"), CASES, ids=[f"{check.__name__}-{name}" for name, check in CASES])
def test_layer_keeps_the_contract(name: str, check: Check) -> None:
    check(LAYERS[name])


def test_every_layer_is_listed() -> None:
    public = {name for name, value in vars(weft.nn).items() if inspect.isclass(value) and issubclass(value, nn.Module)}
    assert public == {type(make(4, 4)).__name__ for make in LAYERS.values()}


def test_check_layer_runs_every_check(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    monkeypatch.setattr(contract, "CHECKS", tuple(lambda _, at=at: ran.append(at) for at in range(3)))
    contract.check_layer(LAYERS["GATConv"])
    assert ran == [0, 1, 2]


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
    (contract.check_memory, BuildsMessages, "allocates 3,072,000 bytes"),
    (contract.check_memory, BuildsMessagesInBackward, "allocates 3,072,000 bytes"),
    (contract.check_repr, SaysNothing, "extra_repr"),
    (contract.check_docstring, Undocumented, "the docstring lacks"),
]


@pytest.mark.parametrize(("check", "layer", "text"), BROKEN, ids=[f"{c.__name__}-{k.__name__}" for c, k, _ in BROKEN])
def test_broken_layer_is_refused(check: Check, layer: type[nn.Module], text: str) -> None:
    with pytest.raises(AssertionError, match=f"(?s){layer.__name__}: .*{text}"):
        check(layer)


@pytest.mark.parametrize("check", contract.CHECKS, ids=[check.__name__ for check in contract.CHECKS])
def test_right_layer_passes_and_every_check_has_a_broken_one(check: Check) -> None:
    check(Right)
    assert any(check is broken for broken, _, _ in BROKEN)
