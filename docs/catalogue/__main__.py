"""Writes ``docs/errors.md``: ``python -m docs.catalogue``; with ``--check`` it says only what is wrong."""

from __future__ import annotations

import sys

from docs.catalogue.cures import missing, table, unused
from docs.catalogue.page import PAGE, render
from docs.catalogue.scan import scan


def main(arguments: list[str]) -> int:
    """Returns 1 where a message has no cure, a cure no message, or, with ``--check``, the page is an old one."""
    sites, cures = scan(), table()
    faults = missing(sites, cures) + unused(sites, cures)
    text = render(sites)
    if "--check" not in arguments:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
        faults.append("docs/errors.md is not what the source says; run `make errors`")
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
