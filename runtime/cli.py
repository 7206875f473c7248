"""The command `regulars`."""

import pkgutil
from importlib import import_module

import typer

from runtime import commands
from runtime.faults import run_sentenced

HELP = """Regulars: the customer base of a shop behind one API.

Settings are environment variables that begin with REGULARS_ (see docs/operations.md); every command reads the same.
"""


def build_cli() -> typer.Typer:
    """Return the command line with every group found in `runtime.commands`."""
    cli = typer.Typer(name="regulars", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    cli.callback(help=HELP)(lambda: None)  # also keeps a lone command from swallowing its own name
    for module in sorted(pkgutil.iter_modules(commands.__path__), key=lambda found: found.name):
        import_module(f"{commands.__name__}.{module.name}").register(cli)
    return cli


def main() -> None:
    """Run the command line; faults that an operator can mend end in one sentence and status 1."""
    run_sentenced(lambda: build_cli()(standalone_mode=True))


if __name__ == "__main__":
    main()
