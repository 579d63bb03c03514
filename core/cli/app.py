"""Assembles the commands and turns every fault into one clear line.

Nothing heavy is imported here or at the top of a command module: ``mirage --help`` answers at once.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from core import logs
from core.errors import MirageError

app = typer.Typer(
    name="mirage",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="MIRAGE: align speech and text, generate emotion-aware features, see and touch them.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from core import __version__

        typer.echo(f"mirage {__version__}")
        raise typer.Exit()


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a fault.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    if debug:
        os.environ["MIRAGE_DEBUG"] = "1"


def main() -> None:
    """Runs the command line; exit code 2 means bad input, 1 a failure."""
    sys.exit(carry_out()[0])


def carry_out() -> tuple[int, str]:
    """Runs the command that ``sys.argv`` asks for; a fault is told on stderr in one line.

    Returns:
        The exit code, and that line; empty where there was no fault.
    """
    # Where cores are shared, PyTorch's threads must not spin while they wait: that costs more than it gains.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Commands register themselves on import.
    from core.cli import commands  # noqa: F401

    try:
        if (form := logs.mode()) is not None:
            logs.start(form)
        app()
    except MirageError as error:
        return error.exit_code, _told(error, str(error))
    except KeyboardInterrupt as error:
        return 130, _told(error, "stopped")
    except BrokenPipeError:
        # The reader of a pipe went away (`mirage runs | head`): not a fault.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None), ""
    except Exception as error:
        kind = type(error).__name__
        return 1, _told(error, f"unexpected {kind}: {error}; run with `mirage --debug ...` for the details")
    return 0, ""


def _told(error: BaseException, message: str) -> str:
    if os.environ.get("MIRAGE_DEBUG"):
        raise error
    line = " ".join(message.split())
    if logs.started():
        logs.fault(error, level="info" if isinstance(error, KeyboardInterrupt) else "error")
    if not logs.started() or sys.stderr.isatty():
        typer.echo(f"mirage: {line}", err=True)
    return line
