"""Tables of mutual information, shared by the commands that print them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from core.cli.output import print_table


def print_information(figures: Sequence[dict[str, Any]]) -> None:
    """Held-out mutual information in nats: value, interval, kind, ceiling and the bound that training saw.

    Without a value, the table says what happened, and a line below it why.
    """
    rows = []
    for figure in figures:
        measured = figure["value"] is not None
        ceiling = "none" if figure["ceiling"] is None else f"{figure['ceiling']:.3f}"
        rows.append(
            [
                figure["quantity"],
                f"{figure['value']:.3f}" if measured else figure["status"],
                f"{figure['low']:.3f} to {figure['high']:.3f}" if measured else "",
                figure["kind"],
                f"{ceiling} (saturated)" if figure["saturated"] else ceiling if measured else "",
                "" if figure.get("training_bound") is None else f"{figure['training_bound']:.3f}",
                figure["estimator"],
                figure["samples"] if measured else "",
            ]
        )
    columns = ["quantity", "nats", "95 % interval", "kind", "ceiling", "training bound", "estimator", "samples"]
    print_table(columns, rows, title="Held-out mutual information of generated features")
    for figure in figures:
        if figure["value"] is None:
            typer.echo(f"{figure['quantity']} by {figure['estimator']}: {figure['status']} - {figure['reason']}")
