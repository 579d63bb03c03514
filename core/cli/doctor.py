"""``mirage doctor``."""

from __future__ import annotations

import typer

from core.cli.app import app
from core.cli.output import JsonOption, print_json


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Say what is installed, reachable and missing, and what to do about it.

    The exit code is 1 where a problem prevents use.
    """
    from core.doctor import examine, report, usable

    checks = examine()
    if as_json:
        print_json(report(checks))
    else:
        for check in checks:
            typer.echo(f"{check.status:<9}{check.name:<12}{check.found}")
            if check.status != "ok" and check.remedy:
                typer.echo(f"{'':<21}-> {check.remedy}")
        typer.echo("MIRAGE can be used" if usable(checks) else "MIRAGE cannot be used as it is: see the problems above")
    if not usable(checks):
        raise typer.Exit(1)
