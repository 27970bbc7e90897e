"""The command line, `weft`: one command is one file."""

import sys
from collections.abc import Sequence

from ..errors import WeftError
from ._application import run

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0, 2 after an error, 130 after Ctrl-C.

    Args:
        arguments: by default, those of the process.
    """
    try:
        return run(sys.argv[1:] if arguments is None else arguments)
    except WeftError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_ERROR
    except KeyboardInterrupt:
        print("interrupted; no file is half-written", file=sys.stderr)
        return EXIT_INTERRUPTED
