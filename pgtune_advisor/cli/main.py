"""The command line: commands found in `cli/commands`, errors in three parts, exit codes."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence

import typer
from typer.core import TyperGroup

from pgtune_advisor import __version__
from pgtune_advisor.cli import commands
from pgtune_advisor.cli.output import print_error
from pgtune_advisor.domain.errors import AdvisorError

INTERRUPTED = 130


class _Sorted(TyperGroup):
    """Commands in the order in which one meets them, not in that of the files."""

    ORDER = ("demo", "advise", "doctor", "daemon", "history", "snapshot", "replay", "rules")

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        names = super().list_commands(ctx)
        return sorted(names, key=lambda n: (self.ORDER.index(n) if n in self.ORDER else 99, n))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pgtune-advisor {__version__}")
        raise typer.Exit


def build() -> typer.Typer:
    """The application with every command of `cli/commands`."""
    app = typer.Typer(
        name="pgtune-advisor",
        cls=_Sorted,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help="Watches PostgreSQL servers and says, with proof, what to change.",
        epilog="Exit status: 0 nothing at or above --fail-on, 1 findings at or above it, "
        "2 usage or configuration, 3 the target could not be reached or read.",
    )

    @app.callback()
    def root(
        version: bool = typer.Option(
            False, "--version", callback=_version, is_eager=True, help="Print the version."
        ),
    ) -> None:
        del version

    for info in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"{commands.__name__}.{info.name}").register(app)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the return value is the exit status. Also the entry point of the package."""
    status = _run(list(sys.argv[1:] if arguments is None else arguments))
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _run(arguments: list[str]) -> int:
    try:
        build()(arguments, prog_name="pgtune-advisor", standalone_mode=True)
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else int(bool(leave.code))
    except AdvisorError as error:
        print_error(error)
        return error.exit_code
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
