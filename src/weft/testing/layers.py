"""The contract of a layer, as checks that run it on small graphs. `check_layer(make)` runs them all.

A layer is given as a function of two widths that makes it, so that each check can choose sizes,
`lambda in_features, out_features: GATConv(in_features, out_features // 2, 2)`, or as a `LayerCase`, which also says what
else its call takes and what it gives.
"""

import inspect
import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .. import settings
from ..errors import WeftError
from ..graph import Adjacency, Block, Graph
from ..ops import using
from ._contract import Backend, Compilations, run_or_exempt
from ._layer_case import EDGE_WEIGHT, LayerCase, Make, Values

Case = LayerCase | Make
Inputs = Mapping[str, Values]

IN, OUT = 6, 4
NUM_NODES = 8
# A parallel edge, a self loop, node 7 isolated, node 5 a source only, node 6 a target only.
SOURCE = (0, 0, 1, 2, 2, 3, 3, 4, 5, 5, 1, 4)
TARGET = (1, 1, 0, 2, 3, 4, 0, 0, 6, 4, 3, 1)
SECTIONS = ("*Shapes*", "*Source*", "*Differs from the source*", "*Cost*", ">>> ")


def check_layer(case: Case) -> None:
    """Run every check of the contract on a layer.

    Args:
        case: a `LayerCase`, or for a layer that takes (graph, x) or (graph, x, edge_weight) and gives one tensor
            `(num_targets, out_features)`: (in_features, out_features) -> the layer.

    Raises:
        AssertionError: naming the layer and what it broke, or a check that it is exempt from and passes.

    >>> from weft.nn import GraphConv
    >>> check_layer(lambda in_features, out_features: GraphConv(in_features, out_features))
    """
    for check in CHECKS:
        run_check(check, case)


def run_check(check: Callable[["Subject"], None], case: Case) -> None:
    """Run one check of the contract, or see that it fails, if the case is exempt from it.

    Raises:
        AssertionError: naming the layer and what it broke, or a check that it is exempt from and passes.
    """
    run_or_exempt(check, Subject(case))


class Subject:
    """A layer in evaluation with no parameter at 0, with features and inputs for `_graph`."""

    def __init__(self, case: Case, dtype: torch.dtype = torch.float64, widths: tuple[int, int] = (IN, OUT)) -> None:
        self.case = case if isinstance(case, LayerCase) else LayerCase(case)
        self.dtype = dtype
        self.in_features, self.out_features = (widths[1], widths[1]) if self.case.same_width else widths
        self.layer = self.make()
        with torch.no_grad():
            for parameter in self.layer.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
        self.name = type(self.layer).__name__
        self.takes = {name: each.of_width(self.in_features) for name, each in self.case.inputs.items()}
        if "edge_weight" in inspect.signature(self.layer.forward).parameters:
            self.takes.setdefault("edge_weight", EDGE_WEIGHT)
        self.x = self.features(NUM_NODES)
        self.inputs: Mapping[str, Tensor] = self.draw(len(SOURCE), NUM_NODES)

    def make(self, seed: int = 0) -> Any:
        """Make the layer."""
        torch.manual_seed(seed)
        return self.case.make(self.in_features, self.out_features).to(self.dtype).eval()

    def features(self, count: int, seed: int = 2) -> Tensor:
        """Draw features for `count` nodes."""
        return _random(count, self.in_features, seed).to(self.dtype)

    def draw(self, num_edges: int, num_nodes: int) -> dict[str, Tensor]:
        """Draw the inputs for a square graph."""
        return {
            name: each.draw(num_edges if each.rows == "edge" else num_nodes, self.dtype, 4 + at)
            for at, (name, each) in enumerate(self.takes.items())
        }

    def pick(self, edges: Any = slice(None), nodes: Any = slice(None)) -> dict[str, Tensor]:
        """Rows of the inputs of `_graph`, by the ids of edges and of nodes."""
        rows = {"edge": edges, "node": nodes, "target": nodes}
        return {name: self.inputs[name][rows[each.rows]] for name, each in self.takes.items()}

    def pairs(self, inputs: Mapping[str, Tensor], sources: Any, targets: Any) -> Inputs:
        """The inputs of a square graph as those of a bipartite one."""

        def ends(name: str) -> Values:
            value, rows = inputs[name], self.takes[name].rows
            return value if rows == "edge" else value[targets] if rows == "target" else (value[sources], value[targets])

        return {name: ends(name) for name in inputs}

    def call(self, graph: Any, x: Values, inputs: Inputs) -> tuple[Tensor, ...]:
        """What the layer gives, as a tuple."""
        return self.apply(self.layer, graph, x, inputs)

    def apply(self, layer: Any, graph: Any, x: Values, inputs: Inputs) -> tuple[Tensor, ...]:
        """What a layer like this one gives, as a tuple."""
        call = self.case.call
        return as_tuple(layer(graph, x, **inputs) if call is None else call(layer, graph, x, inputs))

    def results(self, layer: Any, graph: Any, x: Values, inputs: Inputs) -> dict[str, Tensor]:
        """Outputs, and gradients of a fixed projection of them to features, real inputs and parameters, by name."""
        leaves: dict[str, Tensor] = {}

        def leaf(name: str, value: Values) -> Any:
            if isinstance(value, tuple):
                return tuple(leaf(f"{name}[{at}]", end) for at, end in enumerate(value))
            if not value.is_floating_point():
                return value
            return leaves.setdefault(f"gradient of {name}", value.detach().clone().requires_grad_())

        features = leaf("x", x)
        given = {name: leaf(name, value) for name, value in inputs.items()}
        leaves |= dict(layer.named_parameters())
        outs = self.apply(layer, graph, features, given)
        total = sum((_dot(out, _random(out.numel(), 1, 7 + at)) for at, out in enumerate(outs)), torch.zeros(()))
        wanted = list(leaves.values())
        gradients = torch.autograd.grad(total, wanted, allow_unused=True, materialize_grads=True)
        names = ("out", *(f"out {at}" for at in range(1, len(outs))))
        values = dict(zip(names, (out.detach() for out in outs), strict=True))
        return {**values, **dict(zip(leaves, gradients, strict=True))}

    def assert_close(self, what: str, found: Sequence[Tensor], expected: Sequence[Tensor]) -> None:
        """Compare results, one by one."""
        for at, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
            of = f"{self.name}: {what}" + (f", result {at}" if at else "")
            assert ours.shape == theirs.shape, f"{of}: shape {tuple(ours.shape)}, expected {tuple(theirs.shape)}"
            close = torch.isclose(ours, theirs, rtol=1e-9, atol=1e-9)
            assert bool(close.all()), f"{of}: off by {(ours - theirs).abs().max():.3g}"

    def assert_same(self, what: str, found: Sequence[Tensor], expected: Sequence[Tensor]) -> None:
        """Compare results, bit by bit."""
        for ours, theirs in zip(found, expected, strict=True):
            assert torch.equal(ours, theirs), f"{self.name}: {what}: not the same bits"

    def rows(self, outs: Sequence[Tensor], *, targets: Any = slice(None), edges: Any = slice(None)) -> list[Tensor]:
        """Rows of the results, by what they belong to."""
        return [out[targets if of == "target" else edges] for out, of in zip(outs, self.case.outputs, strict=True)]


def check_permutation(subject: Subject) -> None:
    """Another numbering of nodes and another order of edges give the same results."""
    node, order = _permutation(NUM_NODES, 1), _permutation(len(SOURCE), 2)
    source, target = torch.tensor(SOURCE), torch.tensor(TARGET)
    moved = Adjacency(node[source][order], node[target][order], num_sources=NUM_NODES, num_targets=NUM_NODES)
    back = node.argsort()
    expected = subject.rows(subject.call(_graph(), subject.x, subject.inputs), edges=order)
    found = subject.rows(subject.call(moved, subject.x[back], subject.pick(order, back)), targets=node)
    subject.assert_close("permutation", found, expected)


def check_bipartite(subject: Subject) -> None:
    """A bipartite graph is the square graph over both sets of nodes, and a pair of the same features is one tensor.

    A layer for square graphs refuses it.
    """
    source, target = torch.tensor([0, 1, 1, 4, 4, 3]), torch.tensor([2, 0, 0, 1, 2, 2])
    pair = Adjacency(source, target, num_sources=5, num_targets=3)
    x, inputs = subject.x, subject.pick(slice(6))
    ends = (slice(5), slice(5, None))
    if not subject.case.bipartite:
        try:
            subject.call(pair, x[:5], subject.pick(slice(6), slice(5)))
        except WeftError:
            return
        raise AssertionError(f"{subject.name}: takes a graph of 5 sources and 3 targets, which it cannot do")
    everything = slice(None), slice(None)
    twice = subject.call(_graph(), (x, x), subject.pairs(subject.pick(), *everything))
    subject.assert_close("the same features twice", twice, subject.call(_graph(), x, subject.inputs))
    square = Adjacency(source, target + 5, num_sources=8, num_targets=8)
    found = subject.call(pair, (x[:5], x[5:]), subject.pairs(inputs, *ends))
    subject.assert_close("bipartite", found, subject.rows(subject.call(square, x, inputs), targets=ends[1]))


def check_inputs(subject: Subject) -> None:
    """A Graph and its Adjacency are the same, and so are a Block and a pair of which the targets are the first sources."""
    graph = Graph(torch.tensor(SOURCE), torch.tensor(TARGET), NUM_NODES)
    expected = subject.call(_graph(), subject.x, subject.inputs)
    subject.assert_same("Graph and Adjacency", subject.call(graph, subject.x, subject.inputs), expected)
    if not subject.case.bipartite:
        return
    source, target = torch.tensor([3, 4, 4, 1, 2]), torch.tensor([0, 0, 1, 1, 1])
    block = Block(source, target, node_ids=range(10, 15), num_targets=3)
    pair = Adjacency(source, target, num_sources=5, num_targets=3)
    x, inputs = subject.x[:5], subject.pick(slice(5), slice(5))
    of_block = {name: v[:3] if subject.takes[name].rows == "target" else v for name, v in inputs.items()}
    expected = subject.call(pair, (x, x[:3]), subject.pairs(inputs, slice(None), slice(3)))
    subject.assert_close("Block", subject.call(block, x, of_block), expected)


def check_ids(subject: Subject) -> None:
    """int32 and int64 ids give the same bits."""
    wide, narrow = (
        subject.results(subject.layer, _graph(dtype), subject.x, subject.inputs) for dtype in (torch.int64, torch.int32)
    )
    for name in wide:
        subject.assert_same(f"int32 and int64 ids, {name}", [narrow[name]], [wide[name]])


def check_empty(subject: Subject) -> None:
    """Graphs without edges, without nodes and without sources give finite results and gradients of the right shapes."""
    none = torch.empty(0, dtype=torch.int64)
    sizes = ((0, 0), (3, 3), (0, 2), (2, 0)) if subject.case.bipartite else ((0, 0), (3, 3))
    for sources, targets in sizes:
        x, inputs = subject.features(sources + targets), subject.draw(0, sources + targets)
        ends = slice(sources), slice(sources, None)
        features: Values = x[ends[0]] if sources == targets else (x[ends[0]], x[ends[1]])
        given = subject.draw(0, sources) if sources == targets else subject.pairs(inputs, *ends)
        graph = Adjacency(none, none, num_sources=sources, num_targets=targets)
        found = subject.results(subject.layer, graph, features, given)
        what = f"{subject.name}: no edges from {sources} sources to {targets} targets"
        shapes = [tuple(value.shape) for name, value in found.items() if f"{name} ".startswith("out ")]
        rows = [targets if of == "target" else 0 for of in subject.case.outputs]
        right = [shape[0] for shape in shapes] == rows and shapes[0] == (targets, subject.out_features)
        assert right, f"{what}: shapes {shapes}"
        for name, value in found.items():
            assert bool(value.isfinite().all()), f"{what}: {name} is not finite"


def check_isolated(subject: Subject) -> None:
    """A node that no edge enters gets what it gets in a graph without edges, whatever the others hold."""
    lonely = [5, 7]
    none = torch.empty(0, dtype=torch.int64)
    edgeless = Adjacency(none, none, num_sources=NUM_NODES, num_targets=NUM_NODES)
    expected = subject.rows(subject.call(edgeless, subject.x, subject.pick(none)), targets=lonely, edges=none)
    others = [node for node in range(NUM_NODES) if node not in lonely]
    poisoned = subject.pick()
    for name, value in poisoned.items():
        if value.is_floating_point() and subject.takes[name].rows != "edge":
            poisoned[name] = value.index_fill(0, torch.tensor(others), float("nan"))
    x = subject.x.index_fill(0, torch.tensor(others), float("nan"))
    found = subject.rows(subject.call(_graph(), x, poisoned), targets=lonely, edges=none)
    for out in found:
        assert bool(out.isfinite().all()), f"{subject.name}: isolated nodes are not finite"
    subject.assert_close("isolated nodes", found, expected)


def check_parallel_edges(subject: Subject) -> None:
    """Two parallel edges count like edges from two equal nodes, of which each node has its degrees and neighbours."""
    found = _on(subject, [(0, 1), (0, 1), (2, 1), (3, 0), (3, 4)], 5, [0, 1, 2, 3, 3], [0, 1, 2, 3, 4])
    # Node 4 is the twin of node 0; node 5 takes the edges that keep their degrees.
    edges = [(0, 1), (4, 1), (2, 1), (3, 0), (3, 4), (0, 5), (4, 5)]
    expected = _on(subject, edges, 6, [0, 1, 2, 3, 3, 1, 0], [0, 1, 2, 3, 0, 4])
    keep = {"targets": slice(4), "edges": slice(4)}
    subject.assert_close("parallel edges", subject.rows(found, **keep), subject.rows(expected, **keep))


def check_self_loops(subject: Subject) -> None:
    """A self loop counts like an edge from an equal node of the same degrees and neighbours."""
    found = _on(subject, [(0, 0), (0, 1), (2, 0), (2, 3)], 4, [0, 1, 2, 2], [0, 1, 2, 3])
    edges = [(3, 0), (0, 1), (2, 0), (2, 3), (0, 3), (3, 4)]
    expected = _on(subject, edges, 5, [0, 1, 2, 2, 0, 1], [0, 1, 2, 0, 3])
    keep = {"targets": slice(3), "edges": slice(3)}
    subject.assert_close("self loops", subject.rows(found, **keep), subject.rows(expected, **keep))


def check_gradients(subject: Subject) -> None:
    """Every parameter has a gradient that is not all 0, and all gradients agree with finite differences."""
    found = subject.results(subject.layer, _graph(), subject.x, subject.inputs)
    parameters = dict(subject.layer.named_parameters())
    for name in parameters:
        assert bool(found[name].any()), f"{subject.name}: {name} has no gradient"
    real = {name: value for name, value in subject.pick().items() if value.is_floating_point()}

    def call(x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        inputs = {**subject.inputs, **dict(zip(real, rest, strict=False))}
        values = {f"layer.{name}": value for name, value in zip(parameters, rest[len(real) :], strict=True)}
        return as_tuple(torch.func.functional_call(_Called(subject), values, (_graph(), x), inputs))

    inputs = [t.detach().clone().requires_grad_() for t in (subject.x, *real.values(), *parameters.values())]
    try:
        torch.autograd.gradcheck(call, inputs, fast_mode=True)
    except RuntimeError as error:
        raise AssertionError(f"{subject.name}: gradcheck: {error}") from error


def check_transforms(subject: Subject) -> None:
    """torch.func.vmap over features gives what separate calls give, and second derivatives agree with differences."""
    many = torch.stack((subject.x, subject.features(NUM_NODES, seed=5)))

    def call(x: Tensor) -> tuple[Tensor, ...]:
        return subject.call(_graph(), x, subject.inputs)

    try:
        found = torch.vmap(call)(many)
        torch.autograd.gradgradcheck(call, subject.x.clone().requires_grad_(), fast_mode=True)
    except (RuntimeError, Warning) as error:
        raise AssertionError(f"{subject.name}: transforms: {error}") from error
    separate = zip(*(call(one) for one in many), strict=True)
    subject.assert_close("vmap", found, [torch.stack(outs) for outs in separate])


def check_determinism(subject: Subject) -> None:
    """The same seed gives the same bits in training; evaluation draws nothing."""
    subject.layer.train()
    runs = []
    state = {name: value.clone() for name, value in subject.layer.state_dict().items()}
    for _ in range(2):
        torch.manual_seed(3)
        subject.layer.load_state_dict(state)  # statistics that training gathers start anew
        runs.append(subject.results(subject.layer, _graph(), subject.x, subject.inputs))
    for name in runs[0]:
        subject.assert_same(f"one seed twice, {name}", [runs[1][name]], [runs[0][name]])
    subject.layer.eval()
    before = torch.get_rng_state()
    first, second = (subject.call(_graph(), subject.x, subject.inputs) for _ in range(2))
    subject.assert_same("evaluation twice", second, first)
    assert torch.equal(before, torch.get_rng_state()), f"{subject.name}: evaluation draws random numbers"


def check_state(subject: Subject) -> None:
    """The state dict holds all that a result depends on."""
    other = subject.make(seed=99)
    other.load_state_dict(subject.layer.state_dict())
    expected = subject.call(_graph(), subject.x, subject.inputs)
    subject.assert_same("state dict", subject.apply(other, _graph(), subject.x, subject.inputs), expected)


def check_autocast(subject: Subject) -> None:
    """Autocast to bfloat16 gives bfloat16 near the float32 result, and float32 gradients near theirs.

    A layer without a matrix of weights gives what it gets.
    """
    subject = Subject(subject.case, torch.float32)
    expected = subject.results(subject.layer, _graph(), subject.x, subject.inputs)
    with torch.autocast("cpu", torch.bfloat16):
        found = subject.results(subject.layer, _graph(), subject.x, subject.inputs)
    multiplies = any(parameter.dim() > 1 for parameter in subject.layer.parameters())
    for name, value in found.items():
        wanted = torch.bfloat16 if name == "out" and multiplies else torch.float32
        right = value.dtype is wanted or name.startswith("out ")
        assert right, f"{subject.name}: autocast gives {name} in {value.dtype}"
        off, size = (value.float() - expected[name]).abs().max(), expected[name].abs().max()
        assert off <= 0.05 * size + 0.05, f"{subject.name}: autocast moves {name} by {off:.3g} of {size:.3g}"


def check_compile(subject: Subject, backend: Backend = "aot_eager") -> None:
    """torch.compile(fullgraph=True) gives the same results and gradients, compiled at most twice for all sizes."""
    compilations = Compilations(subject.layer, backend)
    for num_nodes, num_edges in ((9, 20), (12, 33), (7, 50)):
        given = _random_graph(num_nodes, num_edges), subject.features(num_nodes), subject.draw(num_edges, num_nodes)
        expected = subject.results(subject.layer, *given)
        try:
            found = subject.results(compilations.compiled, *given)
        except Exception as error:
            raise AssertionError(f"{subject.name}: does not compile: {error}") from error
        for value, (name, wanted) in zip(found.values(), expected.items(), strict=True):
            subject.assert_close(f"compiled, {num_nodes} nodes, {name}", [value], [wanted])
    assert compilations.count <= 2, f"{subject.name}: compiled {compilations.count} times for 3 sizes"


def check_inductor(subject: Subject) -> None:
    """torch.compile does so with its own backend as well, which builds C++. Not one of `CHECKS`: it takes long."""
    check_compile(subject, "inductor")


def check_export(subject: Subject) -> None:
    """Exported with a graph, or with its tensors, saved and loaded, a layer gives the same results for other inputs."""
    other = subject.features(NUM_NODES, seed=5)
    try:
        exported = torch.export.export(_Called(subject), (_graph(), subject.x), dict(subject.inputs)).module()
    except Exception as error:
        raise AssertionError(f"{subject.name}: cannot be exported: {error}") from error
    found = as_tuple(exported(_graph(), other, **subject.inputs))
    subject.assert_close("exported", found, subject.call(_graph(), other, subject.inputs))

    # As many as fit int32 ids: a program is for one width of ids, and torch 2.4 wants that said.
    nodes, edges = (torch.export.Dim(name, min=2, max=2**31 - 1) for name in ("nodes", "edges"))
    rows = ("edge", "edge", "node", *(each.rows for each in subject.takes.values()))
    sizes = tuple({0: edges if of == "edge" else nodes} for of in rows)
    given = (torch.tensor(SOURCE), torch.tensor(TARGET), subject.x, *subject.inputs.values())
    try:
        program = torch.export.export(_OnTensors(subject), given, dynamic_shapes={"inputs": sizes})
    except Exception as error:
        raise AssertionError(f"{subject.name}: cannot be exported with its tensors: {error}") from error
    saved = io.BytesIO()
    torch.export.save(program, saved)
    saved.seek(0)
    loaded = torch.export.load(saved).module()
    source, target, x = torch.tensor([0, 4, 4]), torch.tensor([1, 2, 2]), subject.features(5, seed=5)
    inputs = subject.pick(slice(3), slice(5))
    expected = subject.call(_small(source, target, 5), x, inputs)
    found = as_tuple(loaded(source, target, x, *inputs.values()))
    subject.assert_close("exported with its tensors", found, expected)


def check_device(subject: Subject) -> None:
    """On kernels for GPUs alone a step gives what it gives on the CPU: nothing that a layer calls lacks such a kernel.

    It runs in Triton's interpreter, which wants TRITON_INTERPRET=1 before triton is imported.
    """
    expected = subject.results(subject.layer, _graph(), subject.x, subject.inputs)
    with using("triton"):
        found = subject.results(subject.layer, _graph(), subject.x, subject.inputs)
    for name, value in found.items():
        subject.assert_close(f"on kernels for GPUs, {name}", [value], [expected[name]])


def check_memory(subject: Subject) -> None:
    """No allocation of the layer, forward and backward, reaches num_edges x out_features numbers."""
    num_nodes, num_edges, width = 40, 2_000, 16
    wide = Subject(subject.case, torch.float32, (width, width))
    given = _random_graph(num_nodes, num_edges), wide.features(num_nodes), wide.draw(num_edges, num_nodes)
    limit = num_edges * width * 4
    chunks, settings.chunk_bytes = settings.chunk_bytes, limit // 4
    try:
        wide.results(wide.layer, *given)  # the compressions of the graph are not the layer's
        found = largest_allocation(lambda: wide.results(wide.layer, *given))
    finally:
        settings.chunk_bytes = chunks
    assert found < limit, f"{wide.name}: allocates {found:,} bytes at once; num_edges x features is {limit:,}"


def check_repr(subject: Subject) -> None:
    """The text form tells widths apart."""
    widths = ((14, 14), (22, 22), (26, 26)) if subject.case.same_width else ((14, 22), (14, 26), (18, 22))
    layers = [subject.case.make(*pair) for pair in widths]
    if not any(parameter.dim() > 1 for parameter in layers[0].parameters()):
        return  # it takes features of any width
    texts = {repr(layer) for layer in layers}
    assert len(texts) == 3, f"{subject.name}: extra_repr does not tell the widths: {texts}"


def check_docstring(subject: Subject) -> None:
    """The docstring has a formula, shapes, source, what differs, cost and an example."""
    text = inspect.getdoc(type(subject.layer)) or ""
    missing = [section for section in SECTIONS if section not in text]
    assert not missing, f"{subject.name}: the docstring lacks {', '.join(missing)}"
    assert " = " in text, f"{subject.name}: the docstring has no formula"
    assert re.search(r"\b(?:19|20)\d\d\b.*(?:arXiv:\d{4}\.\d{4,5}|doi:10\.)", text, re.DOTALL), (
        f"{subject.name}: the source lacks year, or arXiv id or doi"
    )


CHECKS: tuple[Callable[[Subject], None], ...] = (
    check_permutation, check_bipartite, check_inputs, check_ids, check_empty, check_isolated, check_parallel_edges,
    check_self_loops, check_gradients, check_transforms, check_determinism, check_state, check_autocast, check_compile,
    check_export, check_memory, check_repr, check_docstring,
)  # fmt: skip


def largest_allocation(call: Callable[[], object]) -> int:
    """Bytes of the largest single allocation of tensors during a call, as torch's profiler sees it."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        call()
    return max((event.self_cpu_memory_usage for event in profile.events() or ()), default=0)


def as_tuple(found: Any) -> tuple[Tensor, ...]:
    """One result, or several, as a tuple."""
    return found if isinstance(found, tuple) else (found,)


class _Called(nn.Module):
    """A layer, called with graph, features and inputs by name, however it wants them."""

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self.layer, self.call = subject.layer, subject.case.call

    def forward(self, graph: Any, x: Any, **inputs: Any) -> Any:
        return self.layer(graph, x, **inputs) if self.call is None else self.call(self.layer, graph, x, inputs)


class _OnTensors(nn.Module):
    """A layer on the tensors of a square graph, as a server would call it."""

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self.called, self.names = _Called(subject), tuple(subject.takes)

    def forward(self, *inputs: Tensor) -> Any:
        source, target, x, *rest = inputs
        return self.called(_small(source, target, x.shape[0]), x, **dict(zip(self.names, rest, strict=True)))


def _on(subject: Subject, edges: list[tuple[int, int]], count: int, edge: list[int], node: list[int]) -> Any:
    """The layer on a small graph, whose edges and nodes have the features and inputs of those of `_graph`."""
    source, target = zip(*edges, strict=True)
    return subject.call(_small(source, target, count), subject.x[node], subject.pick(edge, node))


def _graph(dtype: torch.dtype = torch.int64) -> Adjacency:
    return _small(torch.tensor(SOURCE, dtype=dtype), torch.tensor(TARGET, dtype=dtype), NUM_NODES)


def _small(source: Any, target: Any, num_nodes: int) -> Adjacency:
    return Adjacency(source, target, num_sources=num_nodes, num_targets=num_nodes)


def _random_graph(num_nodes: int, num_edges: int) -> Adjacency:
    source, target = (torch.randint(num_nodes, (num_edges,), generator=_generator(end)) for end in (0, 1))
    return _small(source, target, num_nodes)


def _random(rows: int, width: int, seed: int = 2) -> Tensor:
    return torch.randn(rows, width, generator=_generator(seed), dtype=torch.float64)


def _dot(out: Tensor, other: Tensor) -> Tensor:
    return (out * other.reshape(out.shape).to(out.dtype)).sum()


def _permutation(count: int, seed: int) -> Tensor:
    return torch.randperm(count, generator=_generator(seed))


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
