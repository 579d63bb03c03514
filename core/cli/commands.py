"""Imports every command module; each registers its commands on the application."""

from __future__ import annotations

from core.cli import (  # noqa: F401
    benchmark,
    corpus,
    dashboard,
    doctor,
    embed,
    export,
    generate,
    hub,
    ingest,
    jobs,
    quality,
    report,
    training,
)

__all__: list[str] = []
