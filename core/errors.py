"""What can go wrong, as one clear line: what, where (file, row), what to do."""

from __future__ import annotations

from core.printable import printable

_LONGEST = 2000


class MirageError(Exception):
    """A fault that a user can understand and act upon.

    The message is one line, whatever it quotes: control characters and marks that turn the direction of writing are
    escaped, and of what is longer than 2,000 characters the middle is left out. ``exit_code`` is what the command line
    returns: 2 for bad input, 1 for a failure.

    >>> str(MirageError("a\\x1b[31m\\nb"))
    'a\\\\x1b[31m\\\\nb'
    """

    exit_code = 1

    def __init__(self, *args: object) -> None:
        if args and isinstance(args[0], str):
            args = (_one_line(args[0]), *args[1:])
        super().__init__(*args)


class BadInputError(MirageError):
    """The input, the configuration or the command cannot be used as given (exit code 2)."""

    exit_code = 2


class FailureError(MirageError):
    """The input was fine, the work failed: disk full, no memory, a diverged training (exit code 1)."""

    exit_code = 1


def _one_line(text: str) -> str:
    text = printable(text)
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2 - 2]} … {text[-_LONGEST // 2 + 1 :]}"
    return text
