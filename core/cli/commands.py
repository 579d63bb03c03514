"""Imports every command module; each registers its commands on the application."""

from __future__ import annotations

from core.cli import benchmark, corpus, dashboard, doctor, embed, generate, hub, ingest, jobs, quality, training  # noqa: F401

__all__: list[str] = []
