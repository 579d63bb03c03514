"""What can go wrong, as one clear line: what, where (file, row), what to do."""

from __future__ import annotations


class MirageError(Exception):
    """A fault that a user can understand and act upon.

    The message is one line. ``exit_code`` is what the command line returns: 2 for bad input, 1 for a failure.
    """

    exit_code = 1


class BadInputError(MirageError):
    """The input, the configuration or the command cannot be used as given (exit code 2)."""

    exit_code = 2


class FailureError(MirageError):
    """The input was fine, the work failed: disk full, no memory, a diverged training (exit code 1)."""

    exit_code = 1
