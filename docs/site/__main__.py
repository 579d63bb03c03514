"""``python -m docs.site`` builds the site into build/site; ``--check`` only looks at navigation, links and names."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dashboard.navigation import available
from docs.pictures.places import missing, stale
from docs.site import links, named, navigation, reference
from docs.site.navigation import DOCS, ROOT

CORPORA = DOCS / "corpora.md"


def faults() -> list[str]:
    """All that is wrong with the documentation, a line each."""
    corpora = CORPORA.read_text(encoding="utf-8")
    old = [] if reference.with_facts(corpora) == corpora else ["docs/corpora.md is old: python -m docs.site --facts"]
    return [
        *old,
        *navigation.faults(),
        *navigation.pages_untold((DOCS / "dashboard.md").read_text(encoding="utf-8"), tuple(available())),
        *missing(page.name for page in available()),
        *links.faults(),
        *(line for file in links.markdown_files() for line in named.faults(file)),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Returns 1 where something is wrong, or Sphinx warns of anything."""
    parser = argparse.ArgumentParser(prog="python -m docs.site", description=__doc__)
    parser.add_argument("--check", action="store_true", help="build nothing")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "site", help="folder of the site")
    parser.add_argument("--facts", action="store_true", help="write what the loaders say into docs/corpora.md first")
    chosen = parser.parse_args(arguments)
    if chosen.facts:
        CORPORA.write_text(reference.with_facts(CORPORA.read_text(encoding="utf-8")), encoding="utf-8")
    found = faults()
    for line in found:
        sys.stderr.write(f"docs: {line}\n")
    if stale():
        sys.stderr.write("docs: dashboard or demo have changed since the pictures were taken; make pictures\n")
    if found or chosen.check:
        return int(bool(found))
    return build(chosen.to)


def build(target: Path) -> int:
    """Builds the pages; Sphinx's exit code, 1 where it warns."""
    from sphinx.cmd.build import main as sphinx

    from docs.site.stage import stage

    pages = target.with_name(f"{target.name}-pages")
    stage(pages)
    options = ["-q", "-E", "-W", "--keep-going", "-b", "html", "-d", str(target.with_name(f"{target.name}-state"))]
    code = sphinx([*options, "-c", str(Path(__file__).parent), str(pages), str(target)])
    if not code:
        sys.stdout.write(f"{target / 'index.html'}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
