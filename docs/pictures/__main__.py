"""``python -m docs.pictures`` takes all pictures; ``--only NAME`` some of them, ``--check`` says what is missing."""

from __future__ import annotations

import argparse
import sys

from dashboard.navigation import PAGES, available
from docs.pictures.places import FILM, missing, stale


def main(arguments: list[str] | None = None) -> int:
    """Returns 1 where, with ``--check``, a page is without its picture."""
    parser = argparse.ArgumentParser(prog="python -m docs.pictures", description=__doc__)
    names = [*(page.name for page in PAGES), FILM]
    parser.add_argument("--only", action="append", default=[], choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--check", action="store_true", help="take none; say what is missing or old")
    chosen = parser.parse_args(arguments)
    if chosen.check:
        said = missing(page.name for page in available())
        for line in said:
            sys.stderr.write(f"pictures: {line}\n")
        if stale():
            sys.stderr.write("pictures: dashboard or demo have changed since they were taken; make pictures\n")
        return int(bool(said))
    from docs.pictures.capture import take

    take(lambda line: print(line, flush=True), only=chosen.only)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
