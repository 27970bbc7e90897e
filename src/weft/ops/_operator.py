"""What all operators share: registration, choice of kernel, the two routes. `spmm/spmm.py` is a whole example.

A call takes the fast route (a plain autograd Function around the C call) if nobody watches and every argument is plain;
everything else (fake, meta, compile, export, make_fx, subclasses, autocast, profiler) goes through torch.ops.weft, and
under torch.func transforms the reference runs, which is plain torch.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, Literal, ParamSpec, TypeVar

import torch
from torch import Tensor

from ..errors import DtypeError, message
from ..native import DTYPES, Kernel
from . import _backend, _kernels
from ._checks import check_rows
from ._gradient import FastCall, Formula, Gradient, from_reference
from ._registry import REGISTRY
from ._signature import Signature
from ._structure import PASSED, Structure
from ._torch import is_ordinary, is_transforming, register_vmap

P = ParamSpec("P")
R = TypeVar("R")

FLOATS = (torch.float32, torch.float64, torch.bfloat16, torch.float16)
PARTS = ("reference", "outputs", "native", "triton", "backward", "samples", "tolerance")

_LIBRARY = torch.library.Library("weft", "FRAGMENT")
_CODES = {getattr(torch, name): code for name, code in DTYPES.items()}


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
        self.__name__, self.__module__, self.__wrapped__ = self.name, reference.__module__, reference
        self.signature, self.hidden = Signature(reference), hidden
        self.gradient: Gradient | None = None
        self.kernel: Kernel | None = None
        self.on_devices: str | None = None
        self.prepare: Callable[..., tuple[Any, ...]] | None = None
        self.absent: dict[str, int] = {}
        self.tolerances: dict[torch.dtype, float] = {}
        self.autocast: Literal["lower", "float32", "none"] = "lower"
        self._arity = len(self.signature.names)
        self._of_at: tuple[int, ...] = ()
        self._function: Any = type(self.name, (FastCall,), {})  # grad_fn and anomaly messages then name the operator
        _LIBRARY.define(self.name + self.signature.schema, tags=(torch.Tag.pt2_compliant_tag,))
        self.overload = getattr(torch.ops.weft, self.name).default
        _LIBRARY.impl(self.name, self._from_library, "CompositeExplicitAutograd")
        register_vmap(f"weft::{self.name}", self._vmapped, _LIBRARY)
        REGISTRY[self.name] = self

    def outputs(self, allocate: Callable[..., tuple[Any, tuple[int, ...]]]) -> None:
        """(*args) -> (output or outputs, dims): checks dtypes and shapes, allocates. Serves the kernels and the fake."""
        self.allocate = allocate
        torch.library.register_fake(f"weft::{self.name}", self._fake, lib=_LIBRARY)

    def prepares(self, prepare: Callable[..., tuple[Any, ...]]) -> None:
        """(*args) -> args: differentiable views and copies that bring arguments to the one form that kernels take."""
        self.prepare = prepare

    def native(
        self, symbol: str, passes: str, dims: str, value: str, ids: str, dtypes: Sequence[torch.dtype] = FLOATS
    ) -> None:
        """Name the C function, the arguments and dims it is passed, and the arguments whose dtypes choose its variant.

        `transposed` among the arguments stands for the same edges by source, `ends` for those of every edge.
        """
        at, names = self.signature.at, passes.split()
        self.passed = tuple((n, at["rows" if n in PASSED else n]) for n in names if n in at or n in PASSED)
        fields = " ".join(PASSED.get(n, n) for n in names)
        self.kernel = Kernel(symbol, f"{fields} {dims}".split())
        self.value_at, self.ids_at = at[value], at[ids]
        self.dtypes = tuple(dtypes)

    def triton(self, dtypes: Sequence[torch.dtype] | None = None, file: str | None = None) -> None:
        """Say that the module beside this one, named `..._triton` or `file`, launches a kernel: `launch(made, dims, *args)`."""
        folder, _, own = self.__module__.rpartition(".")
        self.on_devices, self.device_dtypes = f"{folder}.{file or own + '_triton'}", dtypes or self.dtypes

    def vendor(self) -> None:
        """Say that devices run the reference: the calls of torch in it are fast, exact and deterministic there."""
        self.on_devices, self.device_dtypes = "torch", self.dtypes

    def backward(self, of: str, saves: dict[str, str], outputs: str = "out") -> Callable[[Formula], None]:
        """Register the formula of the gradients of the inputs `of`; see `Gradient` for what it reads."""
        names = ("out", self.hidden) if self.hidden else tuple(outputs.split())

        def register(formula: Formula) -> None:
            self.gradient = Gradient(self.signature, names, bool(self.hidden), formula, of, saves)
            self._of_at = self.gradient.of_at
            backward, save = self.gradient.library_backward, self.gradient.library_save
            torch.library.register_autograd(f"weft::{self.name}", backward, setup_context=save, lib=_LIBRARY)

        return register

    def backward_from_reference(self, of: str) -> None:
        """For gradients that are rarely asked for: run the reference again and differentiate it."""
        formula = from_reference(self.reference, self.signature, of)
        self.backward(of, dict.fromkeys(of.split(), ""))(formula)

    def samples(self, make: Callable[[], Iterator[tuple[Any, ...]]]) -> None:
        """Arguments that cover what can break; the contract tests run them."""
        self.make_samples = make

    def tolerance(self, float32: float, float64: float, bfloat16: float, float16: float) -> None:
        """How far kernels may be from the float64 reference, absolutely or relatively; integers are exact."""
        self.tolerances = dict(zip(FLOATS, (float32, float64, bfloat16, float16), strict=True))

    def lacks(self, part: str, issue: int) -> None:
        """Say openly that a part is not there yet, and where it is asked for."""
        assert part in PARTS, f"{self.name}: no part {part!r}"
        self.absent[part] = issue

    def __call__(self, *args: P.args, **options: P.kwargs) -> R:
        """Run the operator on the kernel that fits the arguments."""
        full: Sequence[Any] = args
        if options or len(args) != self._arity:
            full = self.signature.complete(args, options)
        plain = is_ordinary() and self.signature.is_plain(full)
        if not plain:
            self._check_kinds(full)
        if self.prepare is not None:
            full = self.prepare(*full)
        if not plain:
            return self._watched(full)  # type: ignore[no-any-return]
        if torch.is_grad_enabled():
            for i in self._of_at:
                if full[i] is not None and full[i].requires_grad:
                    return self._function.apply(self, full, *[full[j] for j in self._of_at])  # type: ignore[no-any-return]
        return self.visible(self.run(full, keeps_hidden=False))  # type: ignore[no-any-return]

    def explain(self, *args: P.args, **options: P.kwargs) -> str:
        """Which kernel a call with these arguments runs, and why it is the reference if it is."""
        return _kernels.explain(self, self.signature.complete(args, options))

    def kernel_on(self, device: torch.device) -> str:
        """What runs for tensors on a device, if their dtype has a kernel."""
        return _kernels.explain_device(self, device)

    def run(self, args: Sequence[Any], keeps_hidden: bool = True) -> Any:
        """All outputs without a gradient; the hidden one is not written unless it is kept."""
        made, dims = self.allocate(*args)
        if self.hidden and not keeps_hidden:
            made = (made[0], None)
        kind, reason = _kernels.choose(self, args)
        if reason is None and kind == "torch":
            return self.reference(*_kernels.on_one_device(self, args))  # type: ignore[call-arg]
        if reason is None:
            call = _kernels.call_native if kind == "native" else _kernels.launch
            call(self, args, made if type(made) is tuple else (made,), dims)
            return made
        if args[self.value_at].is_meta:
            return made
        _backend.note_fallback(self.name, reason)
        return self.reference(*args)  # type: ignore[call-arg]

    def visible(self, made: Any) -> Any:
        """What callers see of all outputs."""
        return made[0] if self.hidden else made

    def _check_kinds(self, args: Sequence[Any]) -> None:
        structure_at = self.signature.structure_at
        if structure_at is not None and not isinstance(args[structure_at], Structure):
            check_rows(self.name, args[structure_at])  # says what is wanted
        for i in self.signature.tensor_at:
            if args[i] is not None and not isinstance(args[i], Tensor):
                raise DtypeError(
                    message(self.name, f"`{self.signature.names[i]}` to be a tensor", type(args[i]).__name__)
                )

    def _watched(self, args: Sequence[Any]) -> Any:
        args = self._autocasted(args)
        if is_transforming():
            with torch.no_grad():
                self.allocate(*args)  # the same checks as on every other route
            return self.visible(self.reference(*args))  # type: ignore[call-arg]
        return self.visible(self.overload(*self.signature.flattened(args)))

    def _autocasted(self, args: Sequence[Any]) -> Sequence[Any]:
        device = next(args[i].device.type for i in self.signature.tensor_at if args[i] is not None)
        if self.autocast == "none" or not torch.is_autocast_enabled(device):
            return args
        dtype = torch.float32 if self.autocast == "float32" else torch.get_autocast_dtype(device)
        castable = {torch.float32, torch.float16, torch.bfloat16}
        return [a.to(dtype) if isinstance(a, Tensor) and a.dtype in castable else a for a in args]

    def _from_library(self, *flat: Any) -> Any:
        return _without_none(self.run(self.signature.unflattened(flat)))

    def _fake(self, *flat: Any) -> Any:
        return _without_none(self.allocate(*self.signature.unflattened(flat))[0])

    def _vmapped(self, info: Any, in_dims: Any, *flat: Any) -> tuple[Any, Any]:
        def body(*inner: Any) -> Any:
            return _without_none(self.reference(*self.signature.unflattened(inner)))  # type: ignore[call-arg]

        out = torch.vmap(body, in_dims)(*flat)
        return out, tuple(0 for _ in out) if type(out) is tuple else 0


def _without_none(made: Any) -> Any:
    """torch.ops returns no None: an output that was not needed is empty there."""
    if type(made) is not tuple or all(t is not None for t in made):
        return made
    return tuple(made[0].new_empty(0, dtype=torch.int64) if t is None else t for t in made)
