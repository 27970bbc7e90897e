"""The arguments of an operator: their names and kinds, the schema that follows, and the flat form torch.library sees."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ._structure import Structure, flatten, unflatten
from ._torch import PLAIN_TYPES

_SCHEMA_TYPES = {Tensor: "Tensor", Tensor | None: "Tensor?", int: "SymInt", float: "float", bool: "bool"}


class Signature:
    """What the annotations of a reference say. At most one argument, `rows`, is a Structure; strings are options."""

    def __init__(self, reference: Callable[..., Any]) -> None:
        self._python = inspect.signature(reference)
        parameters = self._python.parameters
        self.names = tuple(parameters)
        self.at = {name: i for i, name in enumerate(self.names)}
        self._defaults = {n: p.default for n, p in parameters.items() if p.default is not p.empty}
        self._num_needed, self._default_values = len(parameters) - len(self._defaults), tuple(self._defaults.values())
        self._kinds = {n: p.annotation for n, p in parameters.items()}
        kinds, returns = tuple(self._kinds.values()), self._python.return_annotation
        self.num_outputs = 1 if returns is Tensor else len(returns.__args__)
        self.structure_at = next((i for i, kind in enumerate(kinds) if kind is Structure), None)
        self.tensor_at = tuple(i for i, kind in enumerate(kinds) if kind in (Tensor, Tensor | None))

    @property
    def schema(self) -> str:
        """The schema for torch.library, without defaults: the dispatcher would drop arguments equal to theirs."""
        fields: list[str] = []
        for name, kind in self._kinds.items():
            pair = (f"Tensor[] {name}", f"Tensor[] {name}_transposed")
            fields += pair if kind is Structure else (f"{_SCHEMA_TYPES.get(kind, 'str')} {name}",)
        outputs = "Tensor" if self.num_outputs == 1 else f"({', '.join(['Tensor'] * self.num_outputs)})"
        return f"({', '.join(fields)}) -> {outputs}"

    def complete(self, args: Sequence[Any], options: dict[str, Any]) -> tuple[Any, ...]:
        """All arguments in order, defaults filled in; raises the TypeError that Python users know."""
        if not options and self._num_needed <= len(args) <= len(self.names):
            return (*args, *self._default_values[len(args) - self._num_needed :])
        missing = self.names[len(args) :]
        if len(args) > len(self.names) or not set(options) <= set(missing) <= {*options, *self._defaults}:
            self._python.bind(*args, **options)
        return (*args, *(options[n] if n in options else self._defaults[n] for n in missing))

    def is_plain(self, args: Sequence[Any]) -> bool:
        """Every tensor is a strided torch.Tensor or Parameter whose memory holds its values as they are."""
        for i in self.tensor_at:
            t = args[i]
            if t is None:
                continue
            if type(t) not in PLAIN_TYPES or t.layout is not torch.strided or t.is_neg() or t.is_conj():
                return False
        return self.structure_at is None or _is_plain_structure(args[self.structure_at])

    def flattened(self, args: Sequence[Any]) -> list[Any]:
        """The arguments as the schema names them."""
        flat: list[Any] = []
        for i, a in enumerate(args):
            flat += flatten(a) if i == self.structure_at else (a,)
        return flat

    def unflattened(self, flat: Sequence[Any]) -> tuple[Any, ...]:
        """The other way round."""
        if self.structure_at is None:
            return tuple(flat)
        i = self.structure_at
        return (*flat[:i], unflatten(flat[i], flat[i + 1]), *flat[i + 2 :])


def _is_plain_structure(rows: Any) -> bool:
    if type(rows) is not Structure:
        return False
    indptr, source, edge, transposed, ends = rows
    if type(indptr) is not Tensor or type(source) is not Tensor or (edge is not None and type(edge) is not Tensor):
        return False
    if ends is not None and (type(ends[0]) is not Tensor or type(ends[1]) is not Tensor):
        return False
    return transposed is None or _is_plain_structure(transposed)
