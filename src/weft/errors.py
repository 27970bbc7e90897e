"""Every error that weft raises on purpose, the form of its text, and the checks of options that every room makes.

    WeftError
    ├── ShapeError           (ValueError)    a tensor has another shape than the call needs
    ├── DtypeError           (TypeError)     a tensor has another dtype than the call needs
    ├── DeviceError          (ValueError)    tensors lie on different devices, or on one that cannot run the call
    ├── IdError              (IndexError)    a node or edge id points outside what it names
    ├── StructureError       (ValueError)    the pointers of a compressed structure contradict each other
    ├── OptionError          (ValueError)    an option has no such value, or two options exclude each other
    ├── FormulaError         (ValueError)    a formula of messages does what cannot be computed edge by edge
    ├── GradientError        (RuntimeError)  a gradient was asked for that the inputs do not allow
    ├── FeatureError         (KeyError)      a graph has no feature, node type or edge type of that name
    ├── TableError           (ValueError)    a table cannot become a graph; names file, row and column
    ├── StorageError         (OSError)       stored features are damaged, of another form or out of reach; names the file
    ├── AbsentNameError      (AttributeError) an interface that weft keeps has not, or not yet, a name
    ├── AbsentImportError    (ImportError)   the same, of a module or in a `from` import
    ├── NativeLibraryError   (ImportError)   the compiled library is missing, of another version, or refused a call
    └── MissingExtraError    (ImportError)   an optional package is not installed

Each class is also the builtin in brackets, so code that never heard of weft catches the right thing.
"""

from collections.abc import Sequence


class WeftError(Exception):
    """Base class of all errors raised by weft."""


class ShapeError(WeftError, ValueError):
    """A tensor has another shape than the call needs."""


class DtypeError(WeftError, TypeError):
    """A tensor has another dtype than the call needs."""


class DeviceError(WeftError, ValueError):
    """Tensors lie on different devices, or on one that cannot run the call."""


class IdError(WeftError, IndexError):
    """A node or edge id points outside what it names."""


class StructureError(WeftError, ValueError):
    """The pointers of a compressed structure contradict each other."""


class OptionError(WeftError, ValueError):
    """An option has no such value, or two options exclude each other."""


class FormulaError(WeftError, ValueError):
    """A formula of messages does what cannot be computed edge by edge."""


class GradientError(WeftError, RuntimeError):
    """A gradient was asked for that the inputs do not allow."""


class FeatureError(WeftError, KeyError):
    """A graph has no feature, node type or edge type of that name."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""  # KeyError would show the repr


class TableError(WeftError, ValueError):
    """A table cannot become a graph; the text names file, row and column."""


class StorageError(WeftError, OSError):
    """Stored features are damaged, of another form or out of reach; the text names the file."""


class AbsentNameError(WeftError, AttributeError):
    """An interface that weft keeps has not, or not yet, a name; the text says what brings it."""


class AbsentImportError(WeftError, ImportError):
    """A module, or a name that a `from` import asks for, is not there, or not yet; the text says what brings it."""


class NativeLibraryError(WeftError, ImportError):
    """The compiled library is missing, of another version, or refused a call."""


class MissingExtraError(WeftError, ImportError):
    """An optional package is not installed; the text names the extra to install."""


class WeftWarning(UserWarning):
    """Something works, but slower or otherwise than its caller may expect."""


def message(where: str, expected: str, got: str, hint: str = "") -> str:
    """The one form of an error text: what was expected, what came, how to mend it."""
    return f"{where}: expected {expected}, got {got}" + (f"; hint: {hint}" if hint else "")


def check_choice(where: str, option: str, value: object, choices: Sequence[str]) -> None:
    """Refuse an option that has no such value.

    Raises:
        OptionError: if it is none of the choices.
    """
    if value not in choices:
        raise OptionError(message(where, f"`{option}` to be one of {', '.join(choices)}", repr(value)))


def check_probability(where: str, option: str, value: float) -> None:
    """Refuse what is no probability, or no share.

    Raises:
        OptionError: if it does not lie between 0 and 1, or is NaN.
    """
    if not 0 <= value <= 1:
        raise OptionError(message(where, f"`{option}` from 0 to 1", repr(value)))
