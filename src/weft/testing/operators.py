"""The contract of an operator, as checks that run its samples. `check_operator(op)` runs them all."""

from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from .. import settings
from ..native import instruction_sets
from ..ops import Structure, using
from ..ops._operator import PARTS, Operator

Args = tuple[Any, ...]
FENCE = 64  # values before and behind an output


def check_operator(op: Operator[..., Any], chosen: Container[int] | None = None) -> None:
    """Run every check of the contract on the chosen samples of an operator, given by number; None for all.

    Raises:
        AssertionError: naming the operator, the check and the sample that broke it.
    """
    for check in CHECKS:
        check(op, chosen)


def check_parts(op: Operator[..., Any], chosen: Container[int] | None = None) -> None:
    """Every part is there, or declared absent with the issue that asks for it."""
    has = {
        "reference": callable(op.reference),
        "outputs": hasattr(op, "allocate"),
        "native": op.kernel is not None,
        "triton": op.on_devices is not None,
        "backward": bool(op._of_at) or not _gives_floats(op),
        "samples": hasattr(op, "make_samples"),
        "tolerance": all(dtype in op.tolerances for dtype in op.dtypes if dtype.is_floating_point),
    }
    for part in PARTS:
        assert has[part] or op.absent.get(part), f"{op.name} lacks {part} and does not declare it absent"


def check_forward(op: Operator[..., Any], chosen: Container[int] | None = None) -> None:
    """Each kernel agrees with the float64 reference: all dtypes, both id types, all instruction sets, poisoned memory."""
    for at, args in _numbered(op, chosen):
        for dtype in _floats(op):
            for ids in (torch.int32, torch.int64):
                given = cast(args, dtype, ids)
                expected = as_tuple(op.reference(*cast(given, torch.float64, ids)))
                for isa in instruction_sets():
                    found = as_tuple(native(op, given, isa))
                    _assert_close(op, found, expected, dtype, f"sample {at}, {dtype}, {ids}, {isa}")


def check_triton(op: Operator[..., Any], chosen: Container[int] | None = None, device: str = "cpu") -> None:
    """The kernel for GPUs agrees with the float64 reference, and so do gradients made of such kernels; on a device twice alike.

    On the CPU it runs in Triton's interpreter, which wants TRITON_INTERPRET=1 before triton is imported.
    """
    for at, args in _numbered(op, chosen):
        for dtype, ids in zip(_floats(op), (torch.int32, torch.int64, torch.int32, torch.int64), strict=False):
            given = cast(args, dtype, ids)
            exact = cast(given, torch.float64, ids)
            there, what = on_device(given, device), f"sample {at}, {dtype}, {ids}, triton"
            found = as_tuple(by_triton(op, there))
            _assert_close(op, on_device(found, "cpu"), as_tuple(op.reference(*exact)), dtype, what)
            if device != "cpu":  # the interpreter runs programs one behind the other
                _assert_equal(op, as_tuple(by_triton(op, there)), found, f"{what}, again")
            present = [i for i in op._of_at if given[i] is not None]
            if not present:
                continue
            with using("triton"):
                slopes = gradients(op, there, present)
            expected = gradients(lambda *a: visible(op, op.reference(*a)), exact, present)
            _assert_close(op, on_device(slopes, "cpu"), expected, dtype, f"{what}, gradient", slack=4)


def check_layouts(op: Operator[..., Any], chosen: Container[int] | None = None) -> None:
    """Non-contiguous tensors give what their contiguous copies give."""
    for at, args in _numbered(op, chosen):
        strided = tuple(_strided(a) if isinstance(a, Tensor) and a.dim() and a.shape[0] else a for a in args)
        _assert_equal(op, native(op, strided), native(op, args), f"sample {at}, strided")


def check_gradients(op: Operator[..., Any], chosen: Container[int] | None = None) -> None:
    """Each gradient agrees with that of the float64 reference, in every dtype and for every subset of inputs."""
    for at, args in _numbered(op, chosen):
        for dtype in _floats(op) if op._of_at else ():
            given = cast(args, dtype, None)
            exact = cast(given, torch.float64, None)
            present = [i for i in op._of_at if given[i] is not None]
            for wanted in [present] if len(present) < 2 else [present, present[:1], present[1:]]:
                found = gradients(lambda *a: native(op, a), given, wanted)
                expected = gradients(lambda *a: visible(op, op.reference(*a)), exact, wanted)
                _assert_close(
                    op, found, expected, dtype, f"sample {at}, gradient in {dtype} of inputs {wanted}", slack=4
                )


def check_gradgrad(op: Operator[..., Any], chosen: Container[int] | None = None) -> None:
    """First and second derivatives agree with finite differences."""
    for at, args in _numbered(op, chosen):
        present = [i for i in op._of_at if args[i] is not None]
        if not present or sum(args[i].numel() for i in present) > 400:
            continue

        def call(*changed: Tensor, args: Args = args, present: list[int] = present) -> Any:
            return op(*replaced(args, present, changed))

        inputs = [args[i].detach().requires_grad_() for i in present]
        with using("native"):
            assert torch.autograd.gradcheck(call, inputs, fast_mode=True), f"{op.name}: gradcheck, sample {at}"
            assert torch.autograd.gradgradcheck(call, inputs, fast_mode=True), f"{op.name}: gradgradcheck, sample {at}"


def check_library(op: Operator[..., Any], chosen: Container[int] | None = None) -> None:
    """torch.library takes the schema, the fake and the gradient, and torch.ops gives the bits of the fast route."""
    for at, args in _numbered(op, chosen):
        flat, whole = _registered(op, args)
        if whole is not flat:
            torch.library.opcheck(op.overload, flat, test_utils=("test_schema", "test_faketensor"))
        torch.library.opcheck(
            op.overload, whole, test_utils=("test_schema", "test_autograd_registration", "test_faketensor")
        )
        with using("native"):
            _assert_equal(op, visible(op, op.overload(*flat)), op(*args), f"sample {at}, torch.ops")


def check_traces(op: Operator[..., Any], chosen: Container[int] | None = None) -> None:
    """What torch traces ahead of time, for any sizes, gives the same outputs and gradients."""
    for _, args in _numbered(op, chosen):
        torch.library.opcheck(op.overload, _registered(op, args)[1], test_utils="test_aot_dispatch_dynamic")


def check_compile(op: Operator[..., Any], chosen: Container[int] | None = None) -> None:
    """Under torch.compile(fullgraph=True) outputs and gradients are the same."""
    compiled = torch.compile(lambda args: op(*args), fullgraph=True, backend="aot_eager", dynamic=True)
    with (
        torch._dynamo.config.patch(cache_size_limit=1000)
        if hasattr(torch._dynamo.config, "cache_size_limit")
        else using("auto")
    ):
        for turn, (at, args) in enumerate(_numbered(op, chosen)):
            if turn % 50 == 0:
                torch._dynamo.reset()  # every option is a compilation of its own, and their number is limited
            _assert_equal(op, compiled(args), op(*args), f"sample {at}, compiled")
            present = [i for i in op._of_at if args[i] is not None]
            if present:
                found = gradients(lambda *a: compiled(a), args, present)
                _assert_equal(op, found, gradients(op, args, present), f"sample {at}, compiled gradient")


def check_threads(
    op: Operator[..., Any], chosen: Container[int] | None = None, arguments: Iterator[Args] | None = None
) -> None:
    """The same bits on 1, 2 and 4 threads, forward and backward."""
    before = torch.get_num_threads()
    for at, args in enumerate(arguments) if arguments is not None else _numbered(op, chosen):
        for dtype in _floats(op):
            given, results = cast(args, dtype, None), []
            for threads in (1, 2, 4):
                torch.set_num_threads(threads)
                present = [i for i in op._of_at if given[i] is not None]
                results.append((*as_tuple(native(op, given)), *gradients(lambda *a: native(op, a), given, present)))
            torch.set_num_threads(before)
            for other in results[1:]:
                _assert_equal(op, other, results[0], f"sample {at}, threads, {dtype}")


CHECKS: tuple[Callable[..., None], ...] = (
    check_parts, check_forward, check_layouts, check_gradients, check_gradgrad, check_library, check_traces, check_compile,
    check_threads,
)  # fmt: skip


def native(op: Operator[..., Any], args: Sequence[Any], isa: str = "") -> Any:
    """Call an operator so that a fallback is an error, unwritten memory is NaN, and what lies around its outputs stays."""
    before, settings.isa = settings.isa, isa or settings.isa
    try:
        with using("native"), _unwritten_is_nan(), _fenced(op):
            return op(*args)
    finally:
        settings.isa = before


def by_triton(op: Operator[..., Any], args: Sequence[Any]) -> Any:
    """Call an operator so that everything but its Triton kernel is an error, and unwritten memory is NaN."""
    with using("triton"), _unwritten_is_nan():
        return op(*args)


@contextmanager
def _unwritten_is_nan() -> Iterator[None]:
    deterministic = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(deterministic)


@contextmanager
def _fenced(op: Operator[..., Any]) -> Iterator[None]:
    """Let an operator allocate its outputs within larger memory, and see that nothing is written around them.

    Raises:
        AssertionError: if its kernel wrote outside an output.
    """
    allocate, fences = op.allocate, []

    def fenced(*args: Any) -> tuple[Any, tuple[int, ...]]:
        made, dims = allocate(*args)
        return pytree.tree_map_only(Tensor, surrounded, made), dims

    def surrounded(made: Tensor) -> Tensor:
        whole = torch.full((made.numel() + 2 * FENCE,), 77, dtype=made.dtype)
        fences.extend([whole[:FENCE], whole[FENCE + made.numel() :]])
        inner = made.new_empty(0).set_(whole.untyped_storage(), FENCE, made.shape, made.stride())
        return inner.copy_(made)

    op.allocate = fenced
    try:
        yield
    finally:
        op.allocate = allocate
    assert all((fence == fence.new_full((), 77)).all() for fence in fences), (
        f"{op.name}: its kernel writes outside its outputs"
    )


def on_device(args: Sequence[Any], device: str) -> Args:
    """The same arguments on a device; what has no dimensions, as a seed has none, stays."""

    def move(a: Any) -> Any:
        if isinstance(a, Structure):
            moved = Structure(*on_device(a[:4], device))
            return moved if a.ends is None else moved._replace(ends=on_device(a.ends, device))
        return a.to(device) if isinstance(a, Tensor) and a.dim() else a

    return tuple(move(a) for a in args)


def cast(args: Sequence[Any], dtype: torch.dtype, ids: torch.dtype | None) -> Args:
    """The same arguments with features in `dtype`, and the ids of a structure and of what refers to it in `ids`."""
    has_structure = any(isinstance(a, Structure) for a in args)

    def convert(a: Any) -> Any:
        if isinstance(a, Structure):
            if ids is None:
                return a
            other = None if a.transposed is None else convert(a.transposed)
            edge = None if a.edge is None else a.edge.to(ids)
            return Structure(a.indptr, a.source.to(ids), edge, other, a.ends)  # whose ids have a width of their own
        if isinstance(a, Tensor) and a.is_floating_point():
            return a.to(dtype)
        names_edges = (
            isinstance(a, Tensor) and a.dim() > 0 and has_structure and ids is not None
        )  # a seed has no dimensions
        return a.to(ids) if names_edges else a

    return tuple(convert(a) for a in args)


def gradients(call: Callable[..., Any], args: Sequence[Any], wanted: Sequence[int]) -> tuple[Tensor, ...]:
    """Gradients of a fixed random projection of the outputs with respect to the arguments at `wanted`."""
    if not wanted:
        return ()
    inputs = [args[i].detach().clone().requires_grad_() for i in wanted]
    out = as_tuple(call(*replaced(args, wanted, inputs)))
    generator = torch.Generator().manual_seed(7)
    loss = sum(
        (o * torch.randn(o.shape, generator=generator, dtype=torch.float64).to(o)).sum()
        for o in out
        if o.is_floating_point()
    )
    if not (isinstance(loss, Tensor) and loss.requires_grad):
        return tuple(torch.zeros_like(x) for x in inputs)  # no output depends on them
    return torch.autograd.grad(loss, inputs, materialize_grads=True)


def replaced(args: Sequence[Any], at: Sequence[int], values: Sequence[Any]) -> Args:
    """`args` with `values` at the places `at`."""
    new = list(args)
    for i, value in zip(at, values, strict=True):
        new[i] = value
    return tuple(new)


def visible(op: Operator[..., Any], made: Any) -> Any:
    """What callers see of an operator's outputs."""
    return op.visible(made)


def as_tuple(made: Any) -> tuple[Tensor, ...]:
    """Outputs as a tuple of those that are there."""
    return tuple(t for t in made if t is not None) if isinstance(made, tuple) else (made,)


def _registered(op: Operator[..., Any], args: Args) -> tuple[Args, Args]:
    """The arguments as `op.overload` takes them, and again with leaves that want a gradient where one can."""
    prepared = op.prepare(*args) if op.prepare else args
    flat = tuple(op.signature.flattened(prepared))
    present = [i for i in op._of_at if prepared[i] is not None]
    if not present:
        return flat, flat
    leaves = [prepared[i].clone().requires_grad_() for i in present]
    return flat, tuple(op.signature.flattened(replaced(prepared, present, leaves)))


def _gives_floats(op: Operator[..., Any]) -> bool:
    """Whether an output could have a gradient: ids and counts have none, whatever they were found from."""
    args = next(iter(op.make_samples()))
    made, _ = op.allocate(*(op.prepare(*args) if op.prepare else args))
    return any(t.is_floating_point() for t in as_tuple(made))


def _floats(op: Operator[..., Any]) -> Sequence[torch.dtype]:
    return [dtype for dtype in op.dtypes if dtype.is_floating_point] or [torch.float32]


def _numbered(op: Operator[..., Any], chosen: Container[int] | None) -> Iterator[tuple[int, Args]]:
    torch.manual_seed(0)
    for at, args in enumerate(op.make_samples()):
        if chosen is None or at in chosen:
            yield at, args


def _strided(x: Tensor) -> Tensor:
    return torch.stack((x, x), -1)[..., 0]


def _assert_close(
    op: Operator[..., Any],
    found: Sequence[Tensor],
    expected: Sequence[Tensor],
    dtype: torch.dtype,
    what: str,
    slack: float = 1,
) -> None:
    allowed = slack * op.tolerances.get(dtype, 0.0)
    for f, e in zip(found, expected, strict=False):
        assert f.shape == e.shape, f"{op.name}: {what}: shape {tuple(f.shape)}, expected {tuple(e.shape)}"
        close = torch.isclose(f.double(), e.double(), rtol=allowed, atol=allowed, equal_nan=True)
        assert close.all(), (
            f"{op.name}: {what}: off by {(f.double() - e.double()).abs().max():.3g} at {(~close).nonzero()[0].tolist()}"
        )


def _assert_equal(op: Operator[..., Any], found: Any, expected: Any, what: str) -> None:
    for f, e in zip(as_tuple(found), as_tuple(expected), strict=True):
        same = (f == e) | ((f != f) & (e != e))
        assert (f.shape, f.dtype) == (e.shape, e.dtype), f"{op.name}: {what}: another shape or dtype"
        assert bool(same.all()), f"{op.name}: {what}: not the same bits"
