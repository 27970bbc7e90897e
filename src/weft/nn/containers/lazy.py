"""Layers whose input widths are those of their first input."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from ...errors import OptionError, ShapeError, message

_becoming = threading.RLock()


def lazy(make: Callable[[Any], nn.Module]) -> nn.Module:
    """Make a module that becomes a layer at its first call, when it sees how wide its input is.

    It then is the layer: class, parameters, state dict and repr are the layer's own, and nothing of this one is left. It works
    inside of every module, for every layer of weft, and for modules of torch.

    Args:
        make: (input width) -> the layer. The width is the last dimension of the first tensor that the call gives; a pair of
            tensors gives a pair of widths, tensors by type give widths by type.

    Before its first call it moves to devices and dtypes, changes between training and evaluation, takes hooks, loads a state
    dict (which the layer gets when it is made), and is copied; it pickles if `make` does, as
    `functools.partial(GATConv, out_features=8, num_heads=2)` does and a lambda does not.

    Raises:
        OptionError: where parameters are asked for that do not exist yet, as optimizers, `state_dict` and torch.compile do; in
            the first call, if it gives no tensor, or `make` returns no module.
        ShapeError: in the first call, if a state that was loaded before does not fit.

    *Cost* the first call makes the layer, drawing its parameters then; later ones are calls of the layer.

    >>> import torch
    >>> from weft.graph import Graph
    >>> from weft.nn import GATConv
    >>> layer = lazy(lambda in_features: GATConv(in_features, 8, 2))
    >>> layer(Graph([0, 1], [1, 0]), torch.randn(2, 5)).shape
    torch.Size([2, 16])
    >>> layer
    GATConv(
      5, 8, 2, concat=True, residual=False, dropout=0.0, attention_dropout=0.0, negative_slope=0.2, bias=True
      (fc): Linear(in_features=5, out_features=16, bias=False)
    )
    """
    if not callable(make) or isinstance(make, nn.Module):
        hint = "lazy(lambda in_features: GATConv(in_features, 8, 2))"
        raise OptionError(message("lazy", "a function of the input width", type(make).__name__, hint))
    return LazyLayer(make)


class LazyLayer(nn.Module):
    """A layer that is not there yet; see `lazy`."""

    def __init__(self, make: Callable[[Any], nn.Module]) -> None:
        super().__init__()
        self.make = make
        self.loaded: dict[str, Tensor] | None = None
        # Moved and cast as parameters would be: where that takes it, the layer will go.
        self.place = torch.empty(0)
        self.start = self.place.device, self.place.dtype
        self._parameters = _NotYet(make)

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """Make the layer, call it, and become it; if the call fails this stays as it was."""
        if torch.compiler.is_compiling():
            _refuse(self.make, "torch.compile")
        with _becoming:
            if type(self) is LazyLayer:
                layer = self._made(_widths((*inputs, *named.values())))
                out = layer(*inputs, **named)
                self._become(layer)
                return out
        return self.forward(*inputs, **named)  # another thread was first

    def become(self, *inputs: Any) -> None:
        """Become the layer for these inputs, without calling it."""
        with _becoming:
            if type(self) is LazyLayer:
                self._become(self._made(_widths(inputs)))

    def _become(self, layer: nn.Module) -> None:
        own = {name: value for name, value in vars(self).items() if name.endswith("_hooks")}
        for name, hooks in own.items():
            hooks.update(vars(layer)[name])
        self.__dict__ = {**vars(layer), **own}
        self.__class__ = type(layer)  # type: ignore[assignment]

    def extra_repr(self) -> str:
        """The function that makes the layer."""
        return _name(self.make)

    def _made(self, width: Any) -> nn.Module:
        # In inference mode parameters would be tensors that can never be trained.
        with torch.inference_mode(False), torch.enable_grad():
            layer = self.make(width)
            if not isinstance(layer, nn.Module):
                expected = f"{_name(self.make)} to return a module"
                raise OptionError(message("lazy", expected, type(layer).__name__))
            device, dtype = self.start
            if self.place.device != device:
                layer = layer.to(self.place.device)
            if self.place.dtype != dtype:
                layer = layer.to(self.place.dtype)
            layer.train(self.training)
            if self.loaded is not None:
                try:
                    layer.load_state_dict(self.loaded)
                except RuntimeError as error:
                    expected = f"the state that was loaded to fit {type(layer).__name__} for inputs of width {width}"
                    raise ShapeError(message("lazy", expected, str(error))) from error
        return layer

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> LazyLayer:
        self.place = fn(self.place)
        if self.loaded is not None:
            self.loaded = {name: fn(value) for name, value in self.loaded.items()}
        return self

    def _load_from_state_dict(
        self, state_dict: Mapping[str, Tensor], prefix: str, _: Any, __: bool, missing_keys: list[str], *___: Any
    ) -> None:
        found = {key.removeprefix(prefix): value for key, value in state_dict.items() if key.startswith(prefix)}
        if found:
            self.loaded = {name: value.detach().clone() for name, value in found.items()}
        else:
            missing_keys.append(f"{prefix}*")

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        if self.loaded is None:
            _refuse(self.make, "state_dict")
        destination.update({f"{prefix}{name}": value for name, value in self.loaded.items()})


class _NotYet(dict[str, Any]):
    """The parameters of a layer that is not there yet: an error for whoever looks for them."""

    def __init__(self, make: Callable[[Any], nn.Module]) -> None:
        super().__init__()
        self._make = make

    def items(self) -> NoReturn:
        _refuse(self._make, "parameters")

    def values(self) -> NoReturn:
        _refuse(self._make, "parameters")

    def __reduce__(self) -> tuple[Any, ...]:
        return _NotYet, (self._make,)


def _refuse(make: Callable[[Any], nn.Module], what: str) -> NoReturn:
    hint = "call the model once, with torch.no_grad(), before the optimizer, state_dict and torch.compile"
    raise OptionError(message("lazy", f"a first call of {_name(make)} before `{what}`", "none", hint))


def _name(make: Callable[..., Any]) -> str:
    return str(getattr(make, "__qualname__", None) or repr(make))


def _widths(inputs: Iterable[Any]) -> Any:
    """The width of the first features among inputs: of a tensor, a pair of them, or one of each type."""
    for value in inputs:
        found = _width(value)
        if found is not None:
            return found
    raise OptionError(message("lazy", "a first call that gives features", "no tensor with a last dimension"))


def _width(value: Any) -> Any:
    if isinstance(value, Tensor) and value.dim():
        return value.shape[-1]
    if isinstance(value, tuple | Mapping) and value:
        parts = value.values() if isinstance(value, Mapping) else value
        found = [_width(part) for part in parts]
        if None not in found:
            return dict(zip(value, found, strict=True)) if isinstance(value, Mapping) else tuple(found)
    return None
