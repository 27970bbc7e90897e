"""The contract of a layer, as checks that run it on small graphs. `check_layer(make)` runs them all.

A layer is given as a function of two widths that makes it, so that each check can choose sizes:
`lambda in_features, out_features: GATConv(in_features, out_features // 2, 2)`.
"""

import inspect
import io
import re
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..graph import Adjacency, Block, Graph

Make = Callable[[int, int], nn.Module]
Features = Tensor | tuple[Tensor, Tensor]

IN, OUT = 6, 4
NUM_NODES = 8
# A parallel edge, a self loop, node 7 isolated, node 5 a source only, node 6 a target only.
SOURCE = (0, 0, 1, 2, 2, 3, 3, 4, 5, 5, 1, 4)
TARGET = (1, 1, 0, 2, 3, 4, 0, 0, 6, 4, 3, 1)
SECTIONS = ("*Shapes*", "*Source*", "*Differs from the source*", "*Cost*", ">>> ")


def check_layer(make: Make) -> None:
    """Run every check of the contract on a layer.

    Args:
        make: (in_features, out_features) -> the layer; both are even numbers. Its call takes (graph, x) or
            (graph, x, edge_weight), gives (num_targets, out_features), and pairs of features of one width.

    Raises:
        AssertionError: naming the layer and what it broke.

    >>> from weft.nn import GraphConv
    >>> check_layer(lambda in_features, out_features: GraphConv(in_features, out_features))
    """
    for check in CHECKS:
        check(make)


def check_permutation(make: Make) -> None:
    """Another numbering of nodes and another order of edges give the same results."""
    layer, x, weight = _prepared(make)
    node, order = _permutation(NUM_NODES, 1), _permutation(len(SOURCE), 2)
    source, target = torch.tensor(SOURCE), torch.tensor(TARGET)
    moved = Adjacency(node[source][order], node[target][order], num_sources=NUM_NODES, num_targets=NUM_NODES)
    expected = layer(_graph(), x, *weight)
    found = layer(moved, x[node.argsort()], *(w[order] for w in weight))[node]
    _assert_close(layer, "permutation", found, expected)


def check_bipartite(make: Make) -> None:
    """A bipartite graph is the square graph over both sets of nodes, and a pair of the same features is one tensor."""
    layer, x, weight = _prepared(make)
    pair = _results(layer, _graph(), (x, x), weight)["out"]
    _assert_close(layer, "the same features twice", pair, layer(_graph(), x, *weight))
    source, target = torch.tensor([0, 1, 1, 4, 4, 3]), torch.tensor([2, 0, 0, 1, 2, 2])
    x, weight = _random(5 + 3, IN), tuple(w[:6] for w in weight)
    square = Adjacency(source, target + 5, num_sources=8, num_targets=8)
    found = layer(Adjacency(source, target, num_sources=5, num_targets=3), (x[:5], x[5:]), *weight)
    _assert_close(layer, "bipartite", found, layer(square, x, *weight)[5:])


def check_inputs(make: Make) -> None:
    """A Graph and its Adjacency are the same, and so are a Block and a pair of which the targets are the first sources."""
    layer, x, weight = _prepared(make)
    graph = Graph(torch.tensor(SOURCE), torch.tensor(TARGET), NUM_NODES)
    _assert_same(layer, "Graph and Adjacency", layer(graph, x, *weight), layer(_graph(), x, *weight))
    source, target = torch.tensor([3, 4, 4, 1, 2]), torch.tensor([0, 0, 1, 1, 1])
    block = Block(source, target, node_ids=range(10, 15), num_targets=3)
    pair = Adjacency(source, target, num_sources=5, num_targets=3)
    x, weight = x[:5], tuple(w[:5] for w in weight)
    _assert_close(layer, "Block", layer(block, x, *weight), layer(pair, (x, x[:3]), *weight))


def check_ids(make: Make) -> None:
    """int32 and int64 ids give the same bits."""
    layer, x, weight = _prepared(make)
    wide, narrow = (_results(layer, _graph(dtype), x, weight) for dtype in (torch.int64, torch.int32))
    for name in wide:
        _assert_same(layer, f"int32 and int64 ids, {name}", narrow[name], wide[name])


def check_empty(make: Make) -> None:
    """Graphs without edges, without nodes and without sources give finite results and gradients of the right shapes."""
    layer, _, weight = _prepared(make)
    none, weight = torch.empty(0, dtype=torch.int64), tuple(w[:0] for w in weight)
    for sources, targets in ((0, 0), (3, 3), (0, 2), (2, 0)):
        x = _random(sources, IN)
        features: Features = x if sources == targets else (x, _random(targets, IN))
        found = _results(layer, Adjacency(none, none, num_sources=sources, num_targets=targets), features, weight)
        what = f"no edges from {sources} sources to {targets} targets"
        assert found["out"].shape == (targets, OUT), f"{_name(layer)}: {what}: shape {tuple(found['out'].shape)}"
        for name, value in found.items():
            assert bool(value.isfinite().all()), f"{_name(layer)}: {what}: {name} is not finite"


def check_isolated(make: Make) -> None:
    """A node that no edge enters gets what it gets in a graph without edges, whatever the others hold."""
    layer, x, weight = _prepared(make)
    lonely = [5, 7]
    none = torch.empty(0, dtype=torch.int64)
    edgeless = Adjacency(none, none, num_sources=NUM_NODES, num_targets=NUM_NODES)
    expected = layer(edgeless, x, *(w[:0] for w in weight))[lonely]
    poisoned = torch.full_like(x, float("nan"))
    poisoned[lonely] = x[lonely]
    found = layer(_graph(), poisoned, *weight)[lonely]
    assert bool(found.isfinite().all()), f"{_name(layer)}: isolated nodes are not finite"
    _assert_close(layer, "isolated nodes", found, expected)


def check_parallel_edges(make: Make) -> None:
    """Two parallel edges count like edges from two equal nodes of the same degree."""
    layer, x, weight = _prepared(make)
    weight = tuple(w[:6] for w in weight)
    found = layer(_small([0, 0, 2, 3], [1, 1, 1, 0], 4), x[:4], *(w[:4] for w in weight))
    # Node 4 is the twin of node 0; node 5 takes the edges that keep their degrees.
    twins = torch.cat((x[:4], x[:1], x[5:6]))
    expected = layer(_small([0, 4, 2, 3, 0, 4], [1, 1, 1, 0, 5, 5], 6), twins, *weight)[:4]
    _assert_close(layer, "parallel edges", found, expected)


def check_self_loops(make: Make) -> None:
    """A self loop counts like an edge from an equal node of the same degree."""
    layer, x, weight = _prepared(make)
    weight = tuple(w[:5] for w in weight)
    found = layer(_small([0, 0, 2], [0, 1, 0], 3), x[:3], *(w[:3] for w in weight))
    twins = torch.cat((x[:3], x[:1], x[5:6]))
    expected = layer(_small([3, 0, 2, 0, 3], [0, 1, 0, 4, 4], 5), twins, *weight)[:3]
    _assert_close(layer, "self loops", found, expected)


def check_gradients(make: Make) -> None:
    """Every parameter has a gradient that is not all 0, and all gradients agree with finite differences."""
    layer, x, weight = _prepared(make)
    found = _results(layer, _graph(), x, weight)
    for name, _ in layer.named_parameters():
        assert bool(found[name].any()), f"{_name(layer)}: {name} has no gradient"
    parameters = dict(layer.named_parameters())

    def call(x: Tensor, *rest: Tensor) -> Tensor:
        values = dict(zip(parameters, rest[len(weight) :], strict=True))
        out: Tensor = torch.func.functional_call(layer, values, (_graph(), x, *rest[: len(weight)]))
        return out

    inputs = [t.detach().clone().requires_grad_() for t in (x, *weight, *parameters.values())]
    try:
        torch.autograd.gradcheck(call, inputs, fast_mode=True)
    except RuntimeError as error:
        raise AssertionError(f"{_name(layer)}: gradcheck: {error}") from error


def check_transforms(make: Make) -> None:
    """torch.func.vmap over features gives what separate calls give, and second derivatives agree with differences."""
    layer, x, weight = _prepared(make)
    many = torch.stack((x, _random(NUM_NODES, IN, seed=5)))
    try:
        found = torch.vmap(lambda one: layer(_graph(), one, *weight))(many)
        torch.autograd.gradgradcheck(lambda x: layer(_graph(), x, *weight), x.clone().requires_grad_(), fast_mode=True)
    except RuntimeError as error:
        raise AssertionError(f"{_name(layer)}: transforms: {error}") from error
    _assert_close(layer, "vmap", found, torch.stack([layer(_graph(), one, *weight) for one in many]))


def check_determinism(make: Make) -> None:
    """The same seed gives the same bits in training; evaluation draws nothing."""
    layer, x, weight = _prepared(make)
    layer.train()
    runs = []
    for _ in range(2):
        torch.manual_seed(3)
        runs.append(_results(layer, _graph(), x, weight))
    for name in runs[0]:
        _assert_same(layer, f"one seed twice, {name}", runs[1][name], runs[0][name])
    layer.eval()
    before = torch.get_rng_state()
    first, second = layer(_graph(), x, *weight), layer(_graph(), x, *weight)
    _assert_same(layer, "evaluation twice", second, first)
    assert torch.equal(before, torch.get_rng_state()), f"{_name(layer)}: evaluation draws random numbers"


def check_state(make: Make) -> None:
    """The state dict holds all that a result depends on."""
    layer, x, weight = _prepared(make)
    torch.manual_seed(99)
    other = make(IN, OUT).double().eval()
    other.load_state_dict(layer.state_dict())
    _assert_same(layer, "state dict", other(_graph(), x, *weight), layer(_graph(), x, *weight))


def check_autocast(make: Make) -> None:
    """Autocast to bfloat16 gives bfloat16 near the float32 result, and float32 gradients near theirs."""
    layer, x, weight = _prepared(make, torch.float32)
    expected = _results(layer, _graph(), x, weight)
    with torch.autocast("cpu", torch.bfloat16):
        found = _results(layer, _graph(), x, weight)
    for name, value in found.items():
        wanted = torch.bfloat16 if name == "out" else torch.float32
        assert value.dtype is wanted, f"{_name(layer)}: autocast gives {name} in {value.dtype}"
        off, size = (value.float() - expected[name]).abs().max(), expected[name].abs().max()
        assert off <= 0.05 * size + 0.05, f"{_name(layer)}: autocast moves {name} by {off:.3g} of {size:.3g}"


def check_compile(make: Make) -> None:
    """torch.compile(fullgraph=True) gives the same results and gradients, compiled at most twice for all sizes."""
    layer, _, _ = _prepared(make)
    compilations = 0

    def backend(module: Any, inputs: Any) -> Any:
        nonlocal compilations
        compilations += 1
        return torch._dynamo.lookup_backend("aot_eager")(module, inputs)

    torch._dynamo.reset()
    compiled = torch.compile(layer, fullgraph=True, backend=backend, dynamic=True)
    for num_nodes, num_edges in ((9, 20), (12, 33), (7, 50)):
        graph, x, weight = _random_case(layer, num_nodes, num_edges, IN)
        expected = _results(layer, graph, x, weight)
        try:
            found = _results(compiled, graph, x, weight)
        except Exception as error:
            raise AssertionError(f"{_name(layer)}: does not compile: {error}") from error
        for value, (name, wanted) in zip(found.values(), expected.items(), strict=True):
            _assert_close(layer, f"compiled, {num_nodes} nodes, {name}", value, wanted)
    assert compilations <= 2, f"{_name(layer)}: compiled {compilations} times for 3 sizes"


def check_export(make: Make) -> None:
    """Exported with a graph, or with its tensors, saved and loaded, a layer gives the same results for other inputs."""
    layer, x, weight = _prepared(make)
    other = _random(NUM_NODES, IN, seed=5)
    try:
        exported = torch.export.export(layer, (_graph(), x, *weight)).module()
    except Exception as error:
        raise AssertionError(f"{_name(layer)}: cannot be exported: {error}") from error
    _assert_close(layer, "exported", exported(_graph(), other, *weight), layer(_graph(), other, *weight))

    # As many as fit int32 ids: a program is for one width of ids, and torch 2.4 wants that said.
    nodes, edges = (torch.export.Dim(name, min=2, max=2**31 - 1) for name in ("nodes", "edges"))
    sizes = ({0: edges}, {0: edges}, {0: nodes}, *({0: edges} for _ in weight))
    given = (torch.tensor(SOURCE), torch.tensor(TARGET), x, *weight)
    program = torch.export.export(_OnTensors(layer), given, dynamic_shapes={"inputs": sizes})
    saved = io.BytesIO()
    torch.export.save(program, saved)
    saved.seek(0)
    loaded = torch.export.load(saved).module()
    source, target, other = torch.tensor([0, 4, 4]), torch.tensor([1, 2, 2]), _random(5, IN, seed=5)
    weight = tuple(w[:3] for w in weight)
    expected = layer(_small(source, target, 5), other, *weight)
    _assert_close(layer, "exported with its tensors", loaded(source, target, other, *weight), expected)


def check_memory(make: Make) -> None:
    """No allocation of the layer, forward and backward, reaches num_edges x out_features numbers."""
    num_nodes, num_edges, width = 40, 12_000, 64
    layer, _, _ = _prepared(make, torch.float32, width, width)
    graph, x, weight = _random_case(layer, num_nodes, num_edges, width)
    x, weight = x.float(), tuple(w.float() for w in weight)
    _results(layer, graph, x, weight)  # the compressions of the graph are not the layer's
    found = largest_allocation(lambda: _results(layer, graph, x, weight))
    limit = num_edges * width * x.element_size()
    assert found < limit, f"{_name(layer)}: allocates {found:,} bytes at once; num_edges x features is {limit:,}"


def check_repr(make: Make) -> None:
    """The text form tells widths apart."""
    texts = {make(*widths).extra_repr() for widths in ((14, 22), (14, 26), (18, 22))}
    assert len(texts) == 3, f"{_name(make(14, 22))}: extra_repr does not tell the widths: {texts}"


def check_docstring(make: Make) -> None:
    """The docstring has a formula, shapes, source, what differs, cost and an example."""
    layer = make(IN, OUT)
    text = inspect.getdoc(type(layer)) or ""
    missing = [section for section in SECTIONS if section not in text]
    assert not missing, f"{_name(layer)}: the docstring lacks {', '.join(missing)}"
    assert " = " in text, f"{_name(layer)}: the docstring has no formula"
    assert re.search(r"\b(?:19|20)\d\d\b.*arXiv:\d{4}\.\d{4,5}", text, re.DOTALL), (
        f"{_name(layer)}: the source lacks year or arXiv id"
    )


CHECKS: tuple[Callable[[Make], None], ...] = (
    check_permutation, check_bipartite, check_inputs, check_ids, check_empty, check_isolated, check_parallel_edges,
    check_self_loops, check_gradients, check_transforms, check_determinism, check_state, check_autocast, check_compile,
    check_export, check_memory, check_repr, check_docstring,
)  # fmt: skip


def largest_allocation(call: Callable[[], object]) -> int:
    """Bytes of the largest single allocation of tensors during a call, as torch's profiler sees it."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        call()
    return max((event.self_cpu_memory_usage for event in profile.events() or ()), default=0)


class _OnTensors(nn.Module):
    """A layer on the tensors of a square graph, as a server would call it."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, *inputs: Tensor) -> Tensor:
        source, target, x, *weight = inputs
        out: Tensor = self.layer(_small(source, target, x.shape[0]), x, *weight)
        return out


def _prepared(
    make: Make, dtype: torch.dtype = torch.float64, in_features: int = IN, out_features: int = OUT
) -> tuple[nn.Module, Tensor, tuple[Tensor, ...]]:
    """The layer in evaluation with no parameter at 0, features and, if it takes them, edge weights for `_graph`."""
    torch.manual_seed(0)
    layer = make(in_features, out_features).to(dtype).eval()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    weight = tuple(w.to(dtype) for w in _weight(layer, len(SOURCE)))
    return layer, _random(NUM_NODES, in_features).to(dtype), weight


def _results(layer: Any, graph: Any, x: Features, weight: tuple[Tensor, ...]) -> Mapping[str, Tensor]:
    """Output, and gradients of a fixed projection of it to features, edge weights and parameters, by name."""
    ends = x if isinstance(x, tuple) else (x,)
    leaves = {f"gradient of x[{i}]": end.detach().clone().requires_grad_() for i, end in enumerate(ends)}
    features: Any = tuple(leaves.values()) if isinstance(x, tuple) else leaves["gradient of x[0]"]
    weights = [w.detach().clone().requires_grad_() for w in weight]
    leaves |= dict(zip(("gradient of edge_weight",), weights, strict=False))
    leaves |= dict(layer.named_parameters())
    out = layer(graph, features, *weights)
    cotangent = torch.randn(out.shape, generator=_generator(7), dtype=torch.float64).to(out.dtype)
    wanted = list(leaves.values())
    gradients = torch.autograd.grad((out * cotangent).sum(), wanted, allow_unused=True, materialize_grads=True)
    return {"out": out.detach(), **dict(zip(leaves, gradients, strict=True))}


def _graph(dtype: torch.dtype = torch.int64) -> Adjacency:
    return _small(torch.tensor(SOURCE, dtype=dtype), torch.tensor(TARGET, dtype=dtype), NUM_NODES)


def _small(source: Any, target: Any, num_nodes: int) -> Adjacency:
    return Adjacency(source, target, num_sources=num_nodes, num_targets=num_nodes)


def _random_case(
    layer: nn.Module, num_nodes: int, num_edges: int, width: int
) -> tuple[Adjacency, Tensor, tuple[Tensor, ...]]:
    source, target = (torch.randint(num_nodes, (num_edges,), generator=_generator(end)) for end in (0, 1))
    return _small(source, target, num_nodes), _random(num_nodes, width), _weight(layer, num_edges)


def _weight(layer: nn.Module, num_edges: int) -> tuple[Tensor, ...]:
    takes = "edge_weight" in inspect.signature(layer.forward).parameters
    return (_random(num_edges, 1, seed=4).squeeze(1).abs() + 0.5,) if takes else ()


def _random(rows: int, width: int, seed: int = 2) -> Tensor:
    return torch.randn(rows, width, generator=_generator(seed), dtype=torch.float64)


def _permutation(count: int, seed: int) -> Tensor:
    return torch.randperm(count, generator=_generator(seed))


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _name(layer: nn.Module) -> str:
    return type(layer).__name__


def _assert_close(layer: nn.Module, what: str, found: Tensor, expected: Tensor) -> None:
    assert found.shape == expected.shape, (
        f"{_name(layer)}: {what}: shape {tuple(found.shape)}, expected {tuple(expected.shape)}"
    )
    close = torch.isclose(found, expected, rtol=1e-9, atol=1e-9)
    assert bool(close.all()), f"{_name(layer)}: {what}: off by {(found - expected).abs().max():.3g}"


def _assert_same(layer: nn.Module, what: str, found: Tensor, expected: Tensor) -> None:
    assert torch.equal(found, expected), f"{_name(layer)}: {what}: not the same bits"
