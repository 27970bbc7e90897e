"""The gradient of an operator, written once and used by both routes: what is saved, what the formula reads."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ._signature import Signature
from ._structure import unflatten

Formula = Callable[..., Sequence[Tensor | None]]


class Gradient:
    """A formula `(grad, needs, *reads) -> gradients of the inputs `of``, and how its reads survive until backward.

    A read names an argument, one of the `outputs`, or with `_shape` behind it the shape of an argument, which is there
    whether the argument was saved or not. `saves` tells when an input or an output is kept: {"x": "weight"} keeps x only if
    weight needs a gradient, {"x": "reduce=var std"} only for these values of an option, {"x": ""} always. `grad` is a tuple
    if callers see several outputs; one may be hidden.
    """

    def __init__(
        self,
        signature: Signature,
        outputs: tuple[str, ...],
        hides: bool,
        formula: Formula,
        of: str,
        saves: dict[str, str],
    ) -> None:
        self.formula, self.signature, self.of = formula, signature, tuple(of.split())
        self.of_at = tuple(signature.at[n] for n in self.of)
        reads = tuple(inspect.signature(formula).parameters)[2:]
        kept = tuple(n for n in reads if n in self.of or n in outputs)
        assert set(kept) == set(saves), f"saves names {sorted(saves)}, the formula reads {sorted(kept)}"
        at = signature.at | {n: len(signature.names) + i for i, n in enumerate(outputs)}
        self._save_at = tuple((at[n], *self._condition(saves[n])) for n in kept)
        self._several = signature.num_outputs - hides > 1
        self._reads = tuple(
            (True, kept.index(n)) if n in kept else (False, at[n.removesuffix("_shape")]) for n in reads
        )

    def saved(self, args: Sequence[Any], made: Any, needs: Sequence[bool]) -> list[Tensor | None]:
        """The tensors to keep for backward, from the arguments and all outputs."""
        kept = (*args, *made) if isinstance(made, tuple) else (*args, made)
        return [
            kept[at] if (wanted is None or needs[wanted]) and (option is None or args[option] in values) else None
            for at, wanted, option, values in self._save_at
        ]

    def _condition(self, text: str) -> tuple[int | None, int | None, list[str]]:
        """The input that has to need a gradient, and the option that has to have one of some values."""
        option, is_option, values = text.partition("=")
        if is_option:
            return None, self.signature.at[option], values.split()
        return self.of.index(text) if text else None, None, []

    def rest(self, args: Sequence[Any]) -> list[Any]:
        """What needs no keeping: arguments without a gradient as they are, the shapes of the others."""
        return [a.shape if i in self.of_at and a is not None else a for i, a in enumerate(args)]

    def __call__(
        self, grads: Sequence[Any], needs: Sequence[bool], rest: Sequence[Any], saved: Sequence[Any]
    ) -> Sequence[Any]:
        """Gradients of the inputs `of`, in their order, from those of the outputs; that of a hidden one is left out."""
        read = [saved[i] if kept else rest[i] for kept, i in self._reads]
        return self.formula(tuple(grads) if self._several else grads[0], dict(zip(self.of, needs, strict=True)), *read)

    def library_save(self, ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """setup_context of torch.library.register_autograd."""
        args, at = self.signature.unflattened(inputs), self.signature.structure_at
        needs = [args[i] is not None and args[i].requires_grad for i in self.of_at]
        ctx.lengths = [len(a) if isinstance(a, (list, tuple)) else None for a in inputs]
        ctx.constants = [a.shape if isinstance(a, Tensor) else None if isinstance(a, tuple) else a for a in args]
        ctx.rest_at = [i for i in self.signature.tensor_at if i not in self.of_at and args[i] is not None]
        structure = () if at is None else (*inputs[at], *inputs[at + 1])
        saved = self.saved(args, output, needs)
        ctx.save_for_backward(*saved, *(args[i] for i in ctx.rest_at), *structure)

    def library_backward(self, ctx: Any, *grads: Any) -> tuple[Any, ...]:
        """The backward of torch.library.register_autograd."""
        count, rest, at = len(self._save_at), list(ctx.constants), self.signature.structure_at
        saved, tensors = ctx.saved_tensors[:count], list(ctx.saved_tensors[count:])
        for i in ctx.rest_at:
            rest[i] = tensors.pop(0)
        if at is not None:
            rest[at] = unflatten(tensors[: ctx.lengths[at]], tensors[ctx.lengths[at] :])
        flat_at = [i + (at is not None and i > at) for i in self.of_at]
        needs = [bool(ctx.needs_input_grad[i]) for i in flat_at]
        result: list[Any] = [None if n is None else [None] * n for n in ctx.lengths]
        for i, gradient in zip(flat_at, self(grads, needs, rest, saved), strict=True):
            result[i] = gradient
        return tuple(result)


class FastCall(torch.autograd.Function):
    """The fast route with a gradient: one Function for all operators; the structure rides where autograd does not look."""

    @staticmethod
    def forward(ctx: Any, op: Any, args: Sequence[Any], *differentiable: Tensor | None) -> Any:
        """Run the operator and keep what its gradient reads."""
        made, gradient = op.run(args), op.gradient
        assert gradient is not None, f"{op.name} has no gradient"
        ctx.gradient, ctx.rest = gradient, gradient.rest(args)
        ctx.save_for_backward(*gradient.saved(args, made, ctx.needs_input_grad[2:]))
        shown = op.visible(made)
        if isinstance(shown, tuple):  # autograd would also make zeros for ids, which have no gradient
            ctx.set_materialize_grads(False)
            ctx.like = [(o.shape, o.dtype, o.device) if o.is_floating_point() else None for o in shown]
        return shown

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Apply the formula."""
        if len(grads) > 1:
            grads = tuple(
                torch.zeros(like[0], dtype=like[1], device=like[2]) if grad is None and like is not None else grad
                for grad, like in zip(grads, ctx.like, strict=True)
            )
        return None, None, *ctx.gradient(grads, ctx.needs_input_grad[2:], ctx.rest, ctx.saved_tensors)


def from_reference(reference: Callable[..., Any], signature: Signature, of: str) -> Formula:
    """A formula for gradients that are rarely asked for: run the reference again and differentiate it."""
    names = of.split()

    def formula(grad: Any, needs: dict[str, bool], *inputs: Any) -> list[Tensor | None]:
        given, twice = list(inputs), torch.is_grad_enabled()
        with torch.enable_grad():
            for at in (signature.at[n] for n in names if needs[n]):
                given[at] = given[at].view_as(given[at])  # one tensor under two names has a gradient for each
            wanted = [given[signature.at[n]] for n in names if needs[n]]
            made, grads = reference(*given), grad if isinstance(grad, tuple) else (grad,)
            outputs = made if isinstance(made, tuple) else (made,)
            pairs = [(o, g) for o, g in zip(outputs, grads, strict=True) if o.requires_grad and g is not None]
            if not pairs:
                return [None] * len(names)
            outputs, grads = zip(*pairs, strict=True)
            found = iter(torch.autograd.grad(outputs, wanted, grads, create_graph=twice, allow_unused=True))
        return [next(found) if needs[n] else None for n in names]

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(n, kind) for n in ("_grad", "_needs", *signature.names)]
    formula.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return formula
