"""What all operators share: schema, fake, autograd, choice of kernel, the two routes. `spmm/spmm.py` is a whole example.

A call takes the fast route (a plain autograd Function around the C call) if nobody watches and every argument is plain;
everything else (fake, meta, compile, export, make_fx, subclasses, autocast, profiler) goes through torch.ops.weft, and under
torch.func transforms the reference runs, which is plain torch.
"""

import contextlib
import inspect
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, Literal, ParamSpec, TypeVar

import torch
from torch import Tensor

from ..errors import DeviceError, NativeLibraryError, OptionError, WeftWarning
from ..native import DTYPES, Kernel
from ._checks import check_rows
from ._structure import Structure, flatten, unflatten
from ._torch import PLAIN_TYPES, is_ordinary, is_transforming, register_vmap

P = ParamSpec("P")
R = TypeVar("R")
Backend = Literal["auto", "native", "reference"]

FLOATS = (torch.float32, torch.float64, torch.bfloat16, torch.float16)
PARTS = ("reference", "outputs", "native", "triton", "backward", "samples", "tolerance")
REGISTRY: dict[str, "Operator[..., Any]"] = {}

_LIBRARY = torch.library.Library("weft", "FRAGMENT")
_SCHEMA_TYPES = {Tensor: "Tensor", Tensor | None: "Tensor?", int: "SymInt", float: "float", bool: "bool"}
_CODES = {getattr(torch, name): code for name, code in DTYPES.items()}
_backend: Backend = "auto"  # one for the process: autograd runs backward on threads of its own
_warned: set[tuple[str, str]] = set()


@contextlib.contextmanager
def using(backend: Backend) -> Iterator[None]:
    """Choose kernels within the block: "native" makes every fallback an error, "reference" runs plain torch.

    Raises:
        OptionError: if there is no such backend.

    >>> import torch, weft
    >>> with weft.ops.using("reference"):
    ...     weft.ops.degree(torch.tensor([0, 2, 2]), 3)
    tensor([1, 0, 2])
    """
    if backend not in ("auto", "native", "reference"):
        raise OptionError(f'using: expected "auto", "native" or "reference", got {backend!r}')
    global _backend
    before, _backend = _backend, backend
    try:
        yield
    finally:
        _backend = before


def operator(reference: Callable[P, R]) -> "Operator[P, R]":
    """Make an operator of a function in plain torch: its signature is the schema, its body the reference."""
    return Operator(reference)


def operator_hiding(name: str) -> "Callable[[Callable[P, tuple[Tensor, Tensor | None]]], Operator[P, Tensor]]":
    """The same for a function of two outputs, the second of which is for backward only: callers do not see it."""

    def make(reference: Callable[P, tuple[Tensor, Tensor | None]]) -> "Operator[P, Tensor]":
        return Operator(reference, hidden=name)  # type: ignore[arg-type]

    return make


class Operator(Generic[P, R]):
    """One operator: a reference, the parts declared around it, and the call that picks a kernel."""

    def __init__(self, reference: Callable[P, R], hidden: str | None = None) -> None:
        self.reference, self.name, self.__doc__ = reference, reference.__name__, reference.__doc__
        self.hidden = hidden
        self.__name__, self.__module__, self.__wrapped__ = self.name, reference.__module__, reference
        parameters = inspect.signature(reference).parameters
        self.names = tuple(parameters)
        self.defaults = {n: p.default for n, p in parameters.items() if p.default is not p.empty}
        kinds = {n: p.annotation for n, p in parameters.items()}
        self._structure_at = next((i for i, kind in enumerate(kinds.values()) if kind is Structure), None)
        self._tensor_at = tuple(i for i, kind in enumerate(kinds.values()) if kind in (Tensor, Tensor | None))
        self._of_at: tuple[int, ...] = ()
        self._kernel: Kernel | None = None
        self._prepare: Callable[..., tuple[Any, ...]] | None = None
        self.absent: dict[str, int] = {}
        self.tolerances: dict[torch.dtype, tuple[float, float]] = {}
        self.autocast: Literal["lower", "float32", "none"] = "lower"
        self._define(kinds, reference.__annotations__["return"])
        self._function: Any = type(self.name, (_Call,), {})  # grad_fn and anomaly messages then name the operator
        REGISTRY[self.name] = self

    def _define(self, kinds: dict[str, Any], returns: Any) -> None:
        fields = []
        for name, kind in kinds.items():
            fields += [f"Tensor[] {name}", f"Tensor[] {name}_transposed"] if kind is Structure else [f"{_SCHEMA_TYPES.get(kind, 'str')} {name}"]
        outputs = "Tensor" if returns is Tensor else f"({', '.join('Tensor' for _ in returns.__args__)})"
        self.schema = f"({', '.join(fields)}) -> {outputs}"
        _LIBRARY.define(self.name + self.schema, tags=(torch.Tag.pt2_compliant_tag,))
        self.overload = getattr(torch.ops.weft, self.name).default
        _LIBRARY.impl(self.name, lambda *flat: self._all_tensors(self._run(self._unflattened(flat))), "CompositeExplicitAutograd")
        register_vmap(f"weft::{self.name}", self._vmapped, _LIBRARY)

    # ---- the parts that an operator declares

    def outputs(self, allocate: Callable[..., tuple[Any, tuple[int, ...]]]) -> None:
        """(*args) -> (output or outputs, dims): checks dtypes and shapes, allocates. Serves the kernels and the fake."""
        self.allocate = allocate
        fake = lambda *flat: self._all_tensors(allocate(*self._unflattened(flat))[0])  # noqa: E731
        torch.library.register_fake(f"weft::{self.name}", fake, lib=_LIBRARY)

    def prepares(self, prepare: Callable[..., tuple[Any, ...]]) -> None:
        """(*args) -> args: differentiable views and copies that bring arguments to the one form that kernels take."""
        self._prepare = prepare

    def native(self, symbol: str, passes: str, dims: str, value: str, ids: str, dtypes: Sequence[torch.dtype] = FLOATS) -> None:
        """Name the C function, the arguments and dims passed to it, and the arguments whose dtypes choose its variant."""
        at = {name: i for i, name in enumerate(self.names)}
        self._passed = tuple(at[name] for name in passes.split() if name in at)
        fields = " ".join("indptr source edge" if n in at and at[n] == self._structure_at else n for n in passes.split())
        self._kernel = Kernel(symbol, f"{fields} {dims}".split())
        self._value_at, self._ids_at = at[value], at[ids]
        self.dtypes = tuple(dtypes)

    def backward(self, of: str, saves: dict[str, str]) -> Callable[[Callable[..., Sequence[Tensor | None]]], None]:
        """of: inputs with a gradient. saves: {"x": "weight"} keeps x only if weight needs one; {"x": ""} keeps x always."""

        def register(formula: Callable[..., Sequence[Tensor | None]]) -> None:
            self.of = tuple(of.split())
            self._formula, self._of_at = formula, tuple(self.names.index(n) for n in self.of)
            reads = tuple(inspect.signature(formula).parameters)[2:]
            output = self.hidden or "out"
            kept = tuple(n for n in reads if n in self.of or n == output)
            assert set(kept) == set(saves), f"{self.name}: saves names {sorted(saves)}, the formula reads {sorted(kept)}"
            at = {n: i for i, n in enumerate((*self.names, output))}
            self._save_at = tuple((at[n], self.of.index(saves[n]) if saves[n] else None) for n in kept)
            # `x_shape` reads the shape of x, which is there whether x was saved or not
            self._reads = tuple((True, kept.index(n)) if n in kept else (False, at[n.removesuffix("_shape")]) for n in reads)
            torch.library.register_autograd(f"weft::{self.name}", self._library_backward, setup_context=self._library_save, lib=_LIBRARY)

        return register

    def backward_from_reference(self, of: str) -> None:
        """For gradients that are rarely asked for: run the reference again and differentiate it."""
        names = of.split()

        def formula(grad: Tensor, needs: dict[str, bool], *inputs: Any) -> list[Tensor | None]:
            wanted = [inputs[self.names.index(n)] for n in names if needs[n]]
            with torch.enable_grad():
                out: Any = self.reference(*inputs)  # type: ignore[call-arg]
                found = iter(torch.autograd.grad(out, wanted, grad, create_graph=torch.is_grad_enabled(), allow_unused=True))
            return [next(found) if needs[n] else None for n in names]

        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        formula.__signature__ = inspect.Signature([inspect.Parameter(n, kind) for n in ("_grad", "_needs", *self.names)])  # type: ignore[attr-defined]
        self.backward(of, dict.fromkeys(names, ""))(formula)

    def samples(self, make: Callable[[], Iterator[tuple[Any, ...]]]) -> None:
        """Arguments that cover what can break; the contract tests and the benchmark run them."""
        self.make_samples = make

    def tolerance(self, dtype: torch.dtype, rtol: float, atol: float) -> None:
        """How far a kernel in `dtype` may be from the float64 reference."""
        self.tolerances[dtype] = (rtol, atol)

    def lacks(self, part: str, issue: int) -> None:
        """Say openly that a part is not there yet, and where it is asked for."""
        assert part in PARTS, f"{self.name}: no part {part!r}"
        self.absent[part] = issue

    # ---- the call

    def __call__(self, *args: P.args, **options: P.kwargs) -> R:
        """Run the operator on the kernel that fits the arguments."""
        full: Sequence[Any] = args if len(args) == len(self.names) and not options else self._complete(args, options)
        if self._prepare is not None:
            full = self._prepare(*full)
        if not (is_ordinary() and self._is_plain(full)):
            return self._general(full)
        if torch.is_grad_enabled():
            for i in self._of_at:
                if full[i] is not None and full[i].requires_grad:
                    return self._function.apply(self, full, *[full[j] for j in self._of_at])  # type: ignore[no-any-return]
        return self._visible(self._run(full))

    def explain(self, *args: P.args, **options: P.kwargs) -> str:
        """Which kernel a call with these arguments runs, and why not the native one if it does not."""
        reason = self._why_not_native(self._complete(args, options))
        return "native" if reason is None else f"reference, because {reason}"

    def _complete(self, args: Sequence[Any], options: dict[str, Any]) -> tuple[Any, ...]:
        if len(args) > len(self.names) or (options and not set(options) <= set(self.names[len(args) :])):
            inspect.signature(self.reference).bind(*args, **options)  # raises the TypeError that Python users know
        try:
            rest = [options[n] if n in options else self.defaults[n] for n in self.names[len(args) :]]
        except KeyError:
            inspect.signature(self.reference).bind(*args, **options)
            raise
        return (*args, *rest)

    def _is_plain(self, args: Sequence[Any]) -> bool:
        for i in self._tensor_at:
            t = args[i]
            if t is not None and (type(t) not in PLAIN_TYPES or t.layout is not torch.strided or t.is_neg() or t.is_conj()):
                return False
        if self._structure_at is None:
            return True
        rows = args[self._structure_at]
        plain = type(rows) is Structure and type(rows[0]) is type(rows[1]) is Tensor and (rows[2] is None or type(rows[2]) is Tensor)
        other = rows[3] if plain else None
        return plain and (other is None or (type(other[0]) is type(other[1]) is Tensor and (other[2] is None or type(other[2]) is Tensor)))

    def _general(self, args: Sequence[Any]) -> Any:
        if self._structure_at is not None:
            check_rows(self.name, args[self._structure_at])
        args = self._autocasted(args)
        if is_transforming():
            with torch.no_grad():
                self.allocate(*args)  # the same checks as on every other route
            return self._visible(self.reference(*args))  # type: ignore[call-arg]
        return self._visible(self.overload(*self._flattened(args)))

    def _autocasted(self, args: Sequence[Any]) -> Sequence[Any]:
        device = next(args[i].device.type for i in self._tensor_at if args[i] is not None)
        if self.autocast == "none" or not torch.is_autocast_enabled(device):
            return args
        dtype = torch.float32 if self.autocast == "float32" else torch.get_autocast_dtype(device)
        return [a.to(dtype) if isinstance(a, Tensor) and a.is_floating_point() and a.dtype is not torch.float64 else a for a in args]

    def _why_not_native(self, args: Sequence[Any]) -> str | None:
        value = args[self._value_at]
        if _backend == "reference":
            return 'weft.ops.using("reference") is active'
        if not value.is_cpu:
            return f"there is no kernel for {value.device.type} yet"
        if value.dtype not in self.dtypes:
            return f"there is no kernel for {value.dtype}"
        return None

    def _ids_dtype(self, args: Sequence[Any]) -> torch.dtype:
        ids = args[self._ids_at]
        return torch.int64 if ids is None else ids[1].dtype if type(ids) is Structure else ids.dtype

    def _run(self, args: Sequence[Any]) -> Any:
        made, dims = self.allocate(*args)
        reason = self._why_not_native(args)
        if reason is None:
            return self._call_native(args, made, dims)
        if args[self._value_at].is_meta:
            return made
        if _backend == "native":
            raise NativeLibraryError(f"{self.name}: the native kernel was asked for, but {reason}")
        if _backend == "auto" and (self.name, reason) not in _warned:
            _warned.add((self.name, reason))
            warnings.warn(f"{self.name} runs its reference in plain torch, which is slower: {reason}", WeftWarning, stacklevel=4)
        return self.reference(*args)  # type: ignore[call-arg]

    def _call_native(self, args: Sequence[Any], made: Any, dims: tuple[int, ...]) -> Any:
        values: list[int] = []
        held: list[Tensor] = []  # contiguous copies have to outlive the call
        for i in self._passed:
            a = args[i]
            for t in a[:3] if i == self._structure_at else (a,):
                if t is None:
                    values.append(0)
                    continue
                if not t.is_cpu:
                    raise DeviceError(f"{self.name}: expected `{self.names[i]}` on the CPU, where `{self.names[self._value_at]}` is, got {t.device}")
                if not t.is_contiguous():
                    t = t.contiguous()
                    held.append(t)
                values.append(t.data_ptr())
        for t in made if type(made) is tuple else (made,):
            values.append(0 if t is None else t.data_ptr())
        assert self._kernel is not None
        self._kernel(_CODES.get(args[self._value_at].dtype, -1), _CODES[self._ids_dtype(args)], (*values, *dims))
        return made

    def _visible(self, made: Any) -> Any:
        return made[0] if self.hidden else made

    @staticmethod
    def _all_tensors(made: Any) -> Any:
        """torch.ops returns no None: an output that was not needed is empty there."""
        if type(made) is not tuple or None not in [t if t is None else 0 for t in made]:
            return made
        return tuple(made[0].new_empty(0, dtype=torch.int64) if t is None else t for t in made)

    # ---- the flat form that torch.library sees

    def _flattened(self, args: Sequence[Any]) -> list[Any]:
        flat: list[Any] = []
        for i, a in enumerate(args):
            flat += flatten(a) if i == self._structure_at else (a,)
        return flat

    def _unflattened(self, flat: Sequence[Any]) -> tuple[Any, ...]:
        if self._structure_at is None:
            return tuple(flat)
        i = self._structure_at
        return (*flat[:i], unflatten(flat[i], flat[i + 1]), *flat[i + 2 :])

    def _vmapped(self, info: Any, in_dims: Any, *flat: Any) -> tuple[Any, Any]:
        body = lambda *inner: self._all_tensors(self.reference(*self._unflattened(inner)))  # type: ignore[call-arg]  # noqa: E731
        out = torch.vmap(body, in_dims)(*flat)
        return out, tuple(0 for _ in out) if type(out) is tuple else 0

    # ---- autograd, once for both routes

    def _saved(self, args: Sequence[Any], made: Any, needs: Sequence[bool]) -> list[Tensor | None]:
        kept = (*args, made[1] if self.hidden else made)
        return [kept[at] if wanted is None or needs[wanted] else None for at, wanted in self._save_at]

    def _gradients(self, grads: Sequence[Tensor], needs: Sequence[bool], rest: Sequence[Any], saved: Sequence[Any]) -> Sequence[Tensor | None]:
        read = [saved[i] if kept else rest[i] for kept, i in self._reads]
        return self._formula(grads[0], dict(zip(self.of, needs, strict=True)), *read)

    def _library_save(self, ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        args = self._unflattened(inputs)
        needs = [args[i] is not None and args[i].requires_grad for i in self._of_at]
        ctx.lengths = [len(a) if isinstance(a, (list, tuple)) else None for a in inputs]
        ctx.constants = [a.shape if isinstance(a, Tensor) else None if isinstance(a, tuple) else a for a in args]
        ctx.rest_at = [i for i in self._tensor_at if i not in self._of_at and args[i] is not None]
        structure = () if self._structure_at is None else (*inputs[self._structure_at], *inputs[self._structure_at + 1])
        ctx.save_for_backward(*self._saved(args, output, needs), *(args[i] for i in ctx.rest_at), *structure)

    def _library_backward(self, ctx: Any, *grads: Any) -> tuple[Any, ...]:
        count, rest = len(self._save_at), list(ctx.constants)
        saved, tensors = ctx.saved_tensors[:count], list(ctx.saved_tensors[count:])
        for i in ctx.rest_at:
            rest[i] = tensors.pop(0)
        if self._structure_at is not None:
            rows = ctx.lengths[self._structure_at]
            rest[self._structure_at] = unflatten(tensors[:rows], tensors[rows:])
        flat_at = [i + (self._structure_at is not None and i > self._structure_at) for i in self._of_at]
        needs = [bool(ctx.needs_input_grad[i]) for i in flat_at]
        result: list[Any] = [None if n is None else [None] * n for n in ctx.lengths]
        for i, gradient in zip(flat_at, self._gradients(grads, needs, rest, saved), strict=True):
            result[i] = gradient
        return tuple(result)


class _Call(torch.autograd.Function):
    """The fast route with a gradient: one Function for all operators; the structure rides where autograd does not look."""

    @staticmethod
    def forward(ctx: Any, op: Operator[..., Any], args: Sequence[Any], *differentiable: Tensor | None) -> Any:
        made = op._run(args)
        ctx.op, ctx.rest = op, [a.shape if i in op._of_at and a is not None else a for i, a in enumerate(args)]
        ctx.save_for_backward(*op._saved(args, made, ctx.needs_input_grad[2:]))
        return op._visible(made)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return None, None, *ctx.op._gradients(grads, ctx.needs_input_grad[2:], ctx.rest, ctx.saved_tensors)


class _Others:
    """Operators by name, for formulas that call one another: files then import no cycle."""

    def __getattr__(self, name: str) -> "Operator[..., Any]":
        return REGISTRY[name]


others = _Others()


def absences() -> list[str]:
    """Parts that operators declare absent, one line each: `spmm lacks triton (issue 8)`."""
    return [f"{name} lacks {part} (issue {issue})" for name, op in REGISTRY.items() for part, issue in op.absent.items()]
