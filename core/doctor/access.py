"""Who could use a dashboard of this machine."""

from __future__ import annotations

import os
from importlib.util import find_spec

from core.access import VARIABLE, read_access, readable_by_others
from core.doctor.check import Check, count
from core.errors import BadInputError


def check_access() -> Check:
    """Whether sign-in is configured (``MIRAGE_AUTH``), for whom, and whether its file keeps its secrets."""
    file = os.environ.get(VARIABLE)
    if not file:
        return Check(
            "access", "ok", "no sign-in: for this machine only; before `mirage dashboard --host`, read docs/server.md"
        )
    remedy = "nobody is let in until this is right; docs/server.md shows a file that is"
    try:
        access = read_access(file)
    except BadInputError as error:
        return Check("access", "problem", str(error), remedy)
    if find_spec("authlib") is None or find_spec("httpx") is None:
        return Check("access", "problem", "sign-in is not installed", "pip install -c constraints.txt -e '.[auth]'")
    domains = sum(entry.startswith("@") for entry in access.allow)
    named = [count(len(access.allow) - domains, "address", "addresses"), count(domains, "domain")]
    found = f"sign-in over {access.origin}; let in: {' and '.join(named)} ({file})"
    if readable_by_others(file):
        return Check("access", "warning", f"every user of this machine can read or change {file}", f"chmod o-rw {file}")
    return Check("access", "ok", found)
