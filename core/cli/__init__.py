"""The command line, ``mirage``."""

from core.cli.app import main

__all__ = ["main"]
