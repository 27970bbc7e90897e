"""The tensor library, for programs that ask: PyTorch."""

from ..errors import check_choice

backend_name = "pytorch"


def load_backend(mod_name: str) -> None:
    """Choose the tensor library: "pytorch", which it is anyway.

    Raises:
        OptionError: for any other.

    >>> load_backend("pytorch")
    """
    check_choice("load_backend", "mod_name", mod_name, ("pytorch",))
