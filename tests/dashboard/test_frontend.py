"""The browser side: its own tests, and whether the bundle was built from the sources beside it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess

import pytest

from dashboard.components import SCRIPT
from dashboard.report.document import SCRIPT as REPORT

FRONTEND = SCRIPT.parents[1] / "frontend"


@pytest.mark.parametrize("name", ["mirage", "present", "tour", "report"])
def test_bundle_was_built_from_these_sources(name: str) -> None:
    digest = hashlib.sha256()
    for path in sorted((FRONTEND / "src").iterdir(), key=lambda path: path.name):
        digest.update(f"{path.name}\n".encode() + path.read_bytes())
    digest.update((FRONTEND / "package-lock.json").read_bytes())
    first = SCRIPT.with_name(f"{name}.js").read_text(encoding="utf-8").partition("\n")[0]
    assert digest.hexdigest() in first, "run `npm ci && npm run build` in dashboard/frontend and commit the bundle"


def test_script_of_a_report_can_stand_inside_a_page() -> None:
    text = REPORT.read_text(encoding="utf-8")
    # What would end or begin a script element, and what the policy of a report forbids.
    for part in ("</script", "<!--", "eval(", "new Function", "fetch(", "XMLHttpRequest", "import("):
        assert part not in text, part


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_own_tests_of_the_frontend() -> None:
    done = subprocess.run(["node", "--test"], cwd=FRONTEND, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-3000:]
