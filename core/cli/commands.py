"""Imports every command module; each registers its commands on the application."""

from __future__ import annotations

__all__: list[str] = []
