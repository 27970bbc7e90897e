"""The contract of a layer on typed graphs, as checks that run it on small ones. `check_typed_layer(make)` runs them all."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, cast

import torch
from torch import Tensor, nn

from ..graph import Adjacency, Block, EdgeType, Graph
from ._contract import Backend, Compilations, run_or_exempt
from .layers import SECTIONS, largest_allocation

Widths = Mapping[str, int]
Make = Callable[[Widths, int, tuple[EdgeType, ...]], nn.Module]
Named = Mapping[str, Tensor]

FOLLOWS, BUYS = ("user", "follows", "user"), ("user", "buys", "item")
BOUGHT, SELLS = ("item", "bought_by", "user"), ("shop", "sells", "item")
COUNTS = {"user": 5, "item": 4, "shop": 3}
WIDTHS = {"user": 6, "item": 4, "shop": 2}
OUT = 4
# Parallel edges, a self loop; user 4 and item 3 have no edge, shops have none that enters.
EDGES: Mapping[EdgeType, tuple[tuple[int, ...], tuple[int, ...]]] = {
    FOLLOWS: ((0, 0, 1, 2, 3, 3), (1, 1, 0, 2, 0, 1)),
    BUYS: ((0, 1, 1, 3, 2), (0, 0, 2, 1, 2)),
    BOUGHT: ((0, 0, 2, 1, 2), (0, 1, 1, 3, 2)),
    SELLS: ((0, 2, 2, 1), (0, 0, 1, 1)),
}


@dataclass(frozen=True)
class TypedLayerCase:
    """A layer on typed graphs for the contract.

    Attributes:
        make: (width of each node type, out_features, edge types) -> the layer, called as (graph, {type: x}) -> {type: x}.
        one_width: all node types have features of one width.
        targets_only: node types that no edge enters have no result; otherwise every node type has one.
        exempt: names of checks that cannot hold, each with the reason; such a check has to fail.

    >>> from weft.nn import GraphConv, HeteroGraphConv
    >>> def make(widths, out_features, edge_types):
    ...     return HeteroGraphConv({name: GraphConv(widths[name[0]], out_features) for name in edge_types})
    >>> TypedLayerCase(make).one_width
    False
    """

    make: Make
    one_width: bool = False
    targets_only: bool = True
    exempt: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


Case = TypedLayerCase | Make


def check_typed_layer(case: Case) -> None:
    """Run every check of the contract on a layer on typed graphs.

    Raises:
        AssertionError: naming the layer and what it broke, or a check that it is exempt from and passes.

    >>> from weft.nn import GraphConv, HeteroGraphConv
    >>> def make(widths, out_features, edge_types):
    ...     return HeteroGraphConv({name: GraphConv(widths[name[0]], out_features) for name in edge_types})
    >>> check_typed_layer(make)
    """
    for check in CHECKS:
        run_typed_check(check, case)


def run_typed_check(check: Callable[[TypedSubject], None], case: Case) -> None:
    """Run one check of the contract, or see that it fails, if the case is exempt from it.

    Raises:
        AssertionError: naming the layer and what it broke, or a check that it is exempt from and passes.
    """
    run_or_exempt(check, TypedSubject(case))


class TypedSubject:
    """A layer in evaluation with no parameter at 0, with features for `typed_graph`."""

    def __init__(self, case: Case, dtype: torch.dtype = torch.float64, width: int = 0) -> None:
        self.case = case if isinstance(case, TypedLayerCase) else TypedLayerCase(case)
        self.dtype = dtype
        widths = dict.fromkeys(COUNTS, 6) if self.case.one_width else WIDTHS
        self.widths = {name: width or size for name, size in widths.items()}
        self.out_features = width or OUT
        self.layer = self.make()
        with torch.no_grad():
            for parameter in self.layer.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
        self.name = type(self.layer).__name__
        self.x = self.features(COUNTS)

    def make(self, seed: int = 0) -> Any:
        """Make the layer."""
        torch.manual_seed(seed)
        return self.case.make(self.widths, self.out_features, tuple(EDGES)).to(self.dtype).eval()

    def features(self, counts: Mapping[str, int], seed: int = 2) -> dict[str, Tensor]:
        """Draw features for the nodes of each type."""
        return {
            name: _random(count, self.widths[name], seed + at).to(self.dtype)
            for at, (name, count) in enumerate(counts.items())
        }

    def call(self, graph: Any, x: Named) -> dict[str, Tensor]:
        """What the layer gives."""
        return dict(self.layer(graph, x))

    def results(self, layer: Any, graph: Any, x: Named) -> dict[str, Tensor]:
        """Outputs, and gradients of a fixed projection of them to features and parameters, by name."""
        leaves = {f"gradient of x[{name}]": value.detach().clone().requires_grad_() for name, value in x.items()}
        out = layer(graph, dict(zip(x, leaves.values(), strict=True)))
        leaves |= dict(layer.named_parameters())
        total = sum((_dot(value, 7 + at) for at, value in enumerate(out.values())), torch.zeros(()))
        gradients = torch.autograd.grad(total, list(leaves.values()), allow_unused=True, materialize_grads=True)
        return {**{f"out {name}": v.detach() for name, v in out.items()}, **dict(zip(leaves, gradients, strict=True))}

    def assert_close(self, what: str, found: Named, expected: Named) -> None:
        """Compare results by type."""
        assert found.keys() == expected.keys(), f"{self.name}: {what}: gives {list(found)}, expected {list(expected)}"
        for name, theirs in expected.items():
            ours, of = found[name], f"{self.name}: {what}, {name}"
            assert ours.shape == theirs.shape, f"{of}: shape {tuple(ours.shape)}, expected {tuple(theirs.shape)}"
            assert torch.allclose(ours, theirs, rtol=1e-9, atol=1e-9), f"{of}: off by {(ours - theirs).abs().max():.3g}"


def check_types(subject: TypedSubject) -> None:
    """Node types with edges that enter them have results of their own number of rows; a block is the graph it stands for."""
    found = subject.call(typed_graph(), subject.x)
    expected = {"user", "item"} if subject.case.targets_only else set(COUNTS)
    assert found.keys() == expected, f"{subject.name}: gives {list(found)}, expected {sorted(expected)}"
    for name, value in found.items():
        shape = (COUNTS[name], subject.out_features)
        assert value.shape == shape, f"{subject.name}: {name} of shape {tuple(value.shape)}, expected {shape}"


def check_block(subject: TypedSubject) -> None:
    """A block gives what the whole graph gives for its targets, of which it holds all edges."""
    targets = {"user": 2, "item": 3, "shop": 0}
    edges = {}
    for name, (source, target) in EDGES.items():
        keep = [e for e, node in enumerate(target) if node < targets[name[2]]]
        edges[name] = [source[e] for e in keep], [target[e] for e in keep]
    block = Block(edges, node_ids={name: range(count) for name, count in COUNTS.items()}, num_targets=targets)
    whole = subject.call(typed_graph({name: edges[name] for name in EDGES}), subject.x)
    expected = {name: value[: targets[name]] for name, value in whole.items()}
    subject.assert_close("block", subject.call(block, subject.x), expected)


def check_permutation(subject: TypedSubject) -> None:
    """Another numbering of the nodes of each type, another order of edges and of types give the same results."""
    place = {name: _permutation(count, 1 + at) for at, (name, count) in enumerate(COUNTS.items())}
    edges = {}
    for at, (name, (source, target)) in enumerate(reversed(list(EDGES.items()))):
        order = _permutation(len(source), 10 + at)
        moved = place[name[0]][list(source)], place[name[2]][list(target)]
        edges[name] = moved[0][order], moved[1][order]
    x = {name: subject.x[name][place[name].argsort()] for name in reversed(COUNTS)}
    found = subject.call(Graph(edges, num_nodes=dict(reversed(list(COUNTS.items())))), x)
    back = {name: found[name][place[name]] for name in found}
    expected = subject.call(typed_graph(), subject.x)
    subject.assert_close("permutation", {name: back[name] for name in expected if name in back}, expected)


def check_ids(subject: TypedSubject) -> None:
    """int32 and int64 ids give the same bits."""
    wide, narrow = (subject.results(subject.layer, typed_graph(dtype=d), subject.x) for d in (torch.int64, torch.int32))
    for name in wide:
        assert torch.equal(wide[name], narrow[name]), f"{subject.name}: int32 and int64 ids, {name}: not the same bits"


def check_absent_edge_type(subject: TypedSubject) -> None:
    """A graph without one of the edge types gives what it gave for the node types that this does not enter."""
    expected = subject.call(typed_graph(), subject.x)
    for absent in EDGES:
        graph = typed_graph({name: ends for name, ends in EDGES.items() if name != absent})
        try:
            found = subject.call(graph, subject.x)
        except Exception as error:
            raise AssertionError(f"{subject.name}: without edge type {absent}: {error}") from error
        others = {name: value for name, value in expected.items() if name != absent[2]}
        subject.assert_close(f"without {absent}", {name: found[name] for name in others if name in found}, others)
        assert all(bool(v.isfinite().all()) for v in found.values()), f"{subject.name}: without {absent}: not finite"


def check_empty_types(subject: TypedSubject) -> None:
    """Types without nodes and edge types without edges give finite results and gradients of the right shapes."""
    for empty in (("shop",), ("item",), ("user", "shop"), tuple(COUNTS)):
        counts = {name: 0 if name in empty else count for name, count in COUNTS.items()}
        edges = {name: ((), ()) if {name[0], name[2]} & set(empty) else ends for name, ends in EDGES.items()}
        graph = typed_graph(edges, counts)
        what = f"{subject.name}: no nodes of {' and '.join(empty)}"
        try:
            found = subject.results(subject.layer, graph, subject.features(counts))
        except Exception as error:
            raise AssertionError(f"{what}: {error}") from error
        for name, value in found.items():
            assert bool(value.isfinite().all()), f"{what}: {name} is not finite"
            count = counts.get(name.removeprefix("out "))
            assert count is None or value.shape[0] == count, f"{what}: {name} of shape {tuple(value.shape)}"


def check_isolated(subject: TypedSubject) -> None:
    """A node that no edge enters gets what does not depend on the features of others."""
    lonely = {"user": [4], "item": [3]}
    expected = subject.call(typed_graph(), subject.x)
    poisoned = {
        name: value + torch.ones(value.shape[0], 1, dtype=value.dtype).index_fill(0, torch.tensor(lonely[name]), 0)
        if name in lonely
        else value + 1
        for name, value in subject.x.items()
    }
    found = subject.call(typed_graph(), poisoned)
    rows = [{name: out[name][lonely[name]] for name in lonely} for out in (found, expected)]
    subject.assert_close("isolated nodes", *rows)


def check_gradients(subject: TypedSubject) -> None:
    """Every parameter has a gradient that is not all 0, and all gradients agree with finite differences."""
    found = subject.results(subject.layer, typed_graph(), subject.x)
    parameters = dict(subject.layer.named_parameters())
    for name in parameters:
        assert bool(found[name].any()), f"{subject.name}: {name} has no gradient"

    def call(*values: Tensor) -> tuple[Tensor, ...]:
        x = dict(zip(subject.x, values, strict=False))
        given = dict(zip(parameters, values[len(x) :], strict=True))
        return tuple(torch.func.functional_call(subject.layer, given, (typed_graph(), x)).values())

    inputs = [t.detach().clone().requires_grad_() for t in (*subject.x.values(), *parameters.values())]
    try:
        torch.autograd.gradcheck(call, inputs, fast_mode=True)
    except RuntimeError as error:
        raise AssertionError(f"{subject.name}: gradcheck: {error}") from error


def check_determinism(subject: TypedSubject) -> None:
    """The same seed gives the same bits in training; evaluation draws nothing."""
    subject.layer.train()
    state = {name: value.clone() for name, value in subject.layer.state_dict().items()}
    runs = []
    for _ in range(2):
        torch.manual_seed(3)
        subject.layer.load_state_dict(state)  # statistics that training gathers start anew
        runs.append(subject.results(subject.layer, typed_graph(), subject.x))
    for name in runs[0]:
        assert torch.equal(runs[0][name], runs[1][name]), f"{subject.name}: one seed twice, {name}: not the same bits"
    subject.layer.eval()
    before = torch.get_rng_state()
    first, second = (subject.call(typed_graph(), subject.x) for _ in range(2))
    assert all(torch.equal(first[n], second[n]) for n in first), f"{subject.name}: evaluation twice: not the same bits"
    assert torch.equal(before, torch.get_rng_state()), f"{subject.name}: evaluation draws random numbers"


def check_state(subject: TypedSubject) -> None:
    """The state dict holds all that a result depends on."""
    other = subject.make(seed=99)
    other.load_state_dict(subject.layer.state_dict())
    expected = subject.call(typed_graph(), subject.x)
    found = dict(other(typed_graph(), subject.x))
    assert all(torch.equal(found[n], expected[n]) for n in expected), f"{subject.name}: state dict: not the same bits"


def check_autocast(subject: TypedSubject) -> None:
    """Autocast to bfloat16 gives bfloat16 near the float32 result, and float32 gradients near theirs."""
    subject = TypedSubject(subject.case, torch.float32)
    expected = subject.results(subject.layer, typed_graph(), subject.x)
    with torch.autocast("cpu", torch.bfloat16):
        found = subject.results(subject.layer, typed_graph(), subject.x)
    for name, value in found.items():
        wanted = torch.bfloat16 if name.startswith("out ") else torch.float32
        assert value.dtype is wanted, f"{subject.name}: autocast gives {name} in {value.dtype}"
        off, size = (value.float() - expected[name]).abs().max(), expected[name].abs().max()
        assert off <= 0.05 * size + 0.05, f"{subject.name}: autocast moves {name} by {off:.3g} of {size:.3g}"


def check_compile(subject: TypedSubject, backend: Backend = "aot_eager") -> None:
    """torch.compile(fullgraph=True) gives the same results and gradients, compiled at most twice for all sizes."""
    compilations = Compilations(subject.layer, backend)
    for scale in (3, 4, 5):
        counts = {name: scale * count + at for at, (name, count) in enumerate(COUNTS.items())}
        given = _random_graph(counts, 7 * scale), subject.features(counts)
        expected = subject.results(subject.layer, *given)
        try:
            found = subject.results(compilations.compiled, *given)
        except Exception as error:
            raise AssertionError(f"{subject.name}: does not compile: {error}") from error
        # Parameters of a compiled module carry a prefix.
        subject.assert_close("compiled", {n.removeprefix("_orig_mod."): v for n, v in found.items()}, expected)
    assert compilations.count <= 2, f"{subject.name}: compiled {compilations.count} times for 3 sizes"


def check_inductor(subject: TypedSubject) -> None:
    """torch.compile does so with its own backend as well, which builds C++. Not one of `CHECKS`: it takes long."""
    check_compile(subject, "inductor")


def check_export(subject: TypedSubject) -> None:
    """Exported with a graph, a layer gives the same results for other features."""
    other = subject.features(COUNTS, seed=12)
    try:
        exported = torch.export.export(subject.layer, (typed_graph(), dict(subject.x))).module()
    except Exception as error:
        raise AssertionError(f"{subject.name}: cannot be exported: {error}") from error
    subject.assert_close("exported", exported(typed_graph(), other), subject.call(typed_graph(), other))


def check_memory(subject: TypedSubject) -> None:
    """No allocation of the layer, forward and backward, reaches as many rows of out_features as an edge type has edges."""
    width, num_edges = 64, 6_000
    wide = TypedSubject(subject.case, torch.float32, width)
    counts = {name: 20 + count for name, count in COUNTS.items()}
    given = _random_graph(counts, num_edges), wide.features(counts)
    wide.results(wide.layer, *given)  # the compressions of the graph are not the layer's
    found, limit = largest_allocation(lambda: wide.results(wide.layer, *given)), num_edges * width * 4
    assert found < limit, f"{wide.name}: allocates {found:,} bytes at once; num_edges x features is {limit:,}"


def check_repr(subject: TypedSubject) -> None:
    """The text form tells out_features apart."""
    texts = {repr(subject.case.make(subject.widths, width, tuple(EDGES))) for width in (14, 22, 26)}
    assert len(texts) == 3, f"{subject.name}: the text form does not tell widths: {texts}"


def check_docstring(subject: TypedSubject) -> None:
    """The docstring has a formula, shapes, source, what differs, cost and an example."""
    text = inspect.getdoc(type(subject.layer)) or ""
    missing = [section for section in (*SECTIONS, " = ") if section not in text]
    assert not missing, f"{subject.name}: the docstring lacks {', '.join(missing)}"


CHECKS: tuple[Callable[[TypedSubject], None], ...] = (
    check_types, check_block, check_permutation, check_ids, check_absent_edge_type, check_empty_types, check_isolated,
    check_gradients, check_determinism, check_state, check_autocast, check_compile, check_export, check_memory,
    check_repr, check_docstring,
)  # fmt: skip


def typed_graph(
    edges: Mapping[EdgeType, Any] = EDGES, counts: Mapping[str, int] = COUNTS, dtype: torch.dtype = torch.int64
) -> Graph:
    """Three node types and four edge types between them, or some of them."""
    ends = {
        name: Adjacency(
            torch.tensor(source, dtype=dtype),
            torch.tensor(target, dtype=dtype),
            num_sources=counts[name[0]],
            num_targets=counts[name[2]],
        )
        for name, (source, target) in edges.items()
    }
    return Graph(ends, num_nodes=counts)


def _random_graph(counts: Mapping[str, int], num_edges: int) -> Graph:
    edges = {}
    for at, name in enumerate(EDGES):
        ends = [torch.randint(counts[name[end]], (num_edges + at,), generator=_generator(end)) for end in (0, 2)]
        edges[name] = cast("tuple[Tensor, Tensor]", tuple(ends))
    return Graph(edges, num_nodes=counts)


def _random(rows: int, width: int, seed: int) -> Tensor:
    return torch.randn(rows, width, generator=_generator(seed), dtype=torch.float64)


def _dot(out: Tensor, seed: int) -> Tensor:
    return (out * _random(out.numel(), 1, seed).reshape(out.shape).to(out.dtype)).sum()


def _permutation(count: int, seed: int) -> Tensor:
    return torch.randperm(count, generator=_generator(seed))


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
