"""One self-contained HTML file about a run, for people who were not there and have nothing installed.

``write_report`` writes it; ``python -m dashboard.report`` is what ``mirage report`` starts. The names are loaded when
they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dashboard.report.document import MOST_BYTES, Written, report_html, write_report

_NAMES = ("MOST_BYTES", "Written", "report_html", "write_report")

__all__ = ["MOST_BYTES", "Written", "report_html", "write_report"]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(f"{__name__}.document"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
