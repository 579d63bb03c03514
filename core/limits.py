"""How much one person may ask of a server at once: sizes, counts and times, each changed by an environment variable."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from core.errors import BadInputError

PREFIX = "MIRAGE_"


@dataclass(frozen=True)
class Limits:
    """What is taken from a browser, and what decoding it may cost.

    Attributes:
        upload_mb: size of a sound file or recording. table_mb: size of the table of a corpus. Both in MiB.
        clip_seconds: of a longer recording so much is taken.
        own_most: recordings and sentences that one visitor's page keeps. own_mb: MiB of sound that one visitor may
            have decoded, until the page is opened anew.
        decode_seconds, decode_mb: time (on the clock, and of the processor) and memory (MiB, above the interpreter's
            own) that decoding one upload may take. decode_at_once: uploads that are decoded at a time, by all visitors.
    """

    upload_mb: int = 32
    table_mb: int = 64
    clip_seconds: int = 60
    own_most: int = 12
    own_mb: int = 256
    decode_seconds: int = 10
    decode_mb: int = 512
    decode_at_once: int = 2


HIGHEST = Limits(
    upload_mb=2048,
    table_mb=1024,
    clip_seconds=600,
    own_most=100,
    own_mb=100_000,
    decode_seconds=600,
    decode_mb=65_536,
    decode_at_once=64,
)


def read_limits() -> Limits:
    """The limits as the environment has them: ``MIRAGE_UPLOAD_MB`` is ``upload_mb``, and so on.

    Raises:
        BadInputError: a variable is no whole number from 1 to the ``HIGHEST`` of its kind.
    """
    chosen: dict[str, int] = {}
    for field in fields(Limits):
        name = PREFIX + field.name.upper()
        text = os.environ.get(name, "").strip()
        if not text:
            continue
        highest = getattr(HIGHEST, field.name)
        if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= highest):
            raise BadInputError(f"{name}={text}: a whole number from 1 to {highest} is needed")
        chosen[field.name] = int(text)
    return Limits(**chosen)
