"""The `weft` command: its subcommands, and what each way to end means for the exit status."""

from collections.abc import Sequence
from typing import Any

from .._version import __version__
from ..settings import require
from .demo import demo_command
from .train import train_command


def application() -> Any:
    """Build the click group with all commands."""
    click = require("click", "train")
    group = click.Group(
        "weft",
        help="Deep learning on graphs, straight from tables.",
        commands={"train": train_command(), "demo": demo_command()},
        context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
    )
    return click.version_option(__version__, prog_name="weft")(group)


def run(arguments: Sequence[str]) -> int:
    """Run a command; a wrong call prints the usage and gives 2."""
    click = require("click", "train")
    try:
        application().main(args=list(arguments), prog_name="weft", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return int(error.exit_code)
    except click.exceptions.Exit as ending:
        return int(ending.exit_code)
    except click.Abort:
        raise KeyboardInterrupt from None
    return 0
