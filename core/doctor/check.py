"""One line of the doctor's report."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Status = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Check:
    """One line: what was looked at, how it is, what was found, and what to do where it is not ``ok``.

    A ``warning`` leaves MIRAGE usable but for the thing named; a ``problem`` prevents use.
    """

    name: str
    status: Status
    found: str
    remedy: str = ""

    def to_dict(self) -> dict[str, str]:
        """All fields, ready for JSON."""
        return asdict(self)


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 run``, ``2 runs``."""
    return f"{number} {one if number == 1 else many or one + 's'}"
