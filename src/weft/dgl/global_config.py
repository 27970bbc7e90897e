"""Switches of DGL's library, accepted for the programs that set them; weft's kernels have none of these."""

_is_enabled = True


def use_libxsmm(flag: bool) -> None:
    """Remember the switch, which has no effect here.

    >>> use_libxsmm(False)
    >>> is_libxsmm_enabled()
    False
    >>> use_libxsmm(True)
    """
    global _is_enabled
    _is_enabled = bool(flag)


def is_libxsmm_enabled() -> bool:
    """Tell how the switch was set last."""
    return _is_enabled
