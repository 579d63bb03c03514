"""Tables of mutual information, shared by the commands that print them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.cli.output import print_table


def print_information(figures: Sequence[dict[str, Any]]) -> None:
    """Held-out mutual information in nats: value, interval, kind, ceiling and the bound that training saw."""
    rows = [
        [
            figure["quantity"],
            f"{figure['value']:.3f}",
            f"{figure['low']:.3f} to {figure['high']:.3f}",
            figure["kind"],
            "none" if figure["ceiling"] is None else f"{figure['ceiling']:.3f}",
            "" if figure.get("training_bound") is None else f"{figure['training_bound']:.3f}",
            figure["estimator"],
            figure["samples"],
        ]
        for figure in figures
    ]
    columns = ["quantity", "nats", "95 % interval", "kind", "ceiling", "training bound", "estimator", "samples"]
    print_table(columns, rows, title="Held-out mutual information of generated features")
