"""All checks, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.doctor.access import check_access
from core.doctor.check import Check
from core.doctor.contents import check_demo, check_disk, check_encoders, check_workspace
from core.doctor.hub import Hub, check_token
from core.doctor.jobs import check_checkpoints, check_clock, check_jobs, check_leftovers, check_queue, check_strangers
from core.doctor.machine import check_browser, check_device, check_memory, check_packages, check_port, check_python
from core.workspace import Workspace

HUB_SECONDS = 2.5
PORT = 8501


def examine(workspace: Workspace | None = None, *, port: int = PORT, hub_seconds: float = HUB_SECONDS) -> list[Check]:
    """Looks at everything; nothing is changed but for a file written and removed in the workspace.

    Args:
        workspace: by default the one of ``MIRAGE_HOME``.
        port: where the dashboard would listen. hub_seconds: how long the model hub may take to answer.
    """
    place = workspace or Workspace()
    # The hub answers, or does not, while everything else is looked at.
    answer = Hub(hub_seconds)
    looks: list[tuple[str, Callable[[], Check]]] = [
        ("python", check_python),
        ("packages", check_packages),
        ("device", check_device),
        ("memory", check_memory),
        ("workspace", lambda: check_workspace(place)),
        ("disk", lambda: check_disk(place)),
        ("demo", lambda: check_demo(place)),
        ("encoders", check_encoders),
        ("port", lambda: check_port(port)),
        ("access", check_access),
        ("browser", check_browser),
        ("jobs", lambda: check_jobs(place)),
        ("queue", lambda: check_queue(place)),
        ("checkpoints", lambda: check_checkpoints(place)),
        ("strangers", lambda: check_strangers(place)),
        ("clock", lambda: check_clock(place)),
        ("upkeep", lambda: check_leftovers(place)),
        ("hub token", check_token),
        ("model hub", answer.check),
    ]
    return [_looked(name, look) for name, look in looks]


def usable(checks: list[Check]) -> bool:
    """Whether no problem prevents use."""
    return all(check.status != "problem" for check in checks)


def report(checks: list[Check]) -> dict[str, Any]:
    """The checks as one dict for JSON."""
    return {"usable": usable(checks), "checks": [check.to_dict() for check in checks]}


def _looked(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except Exception as error:
        # What a check did not foresee is news too: the other lines must still come.
        said = " ".join(f"{type(error).__name__}: {error}".split())
        return Check(name, "warning", f"could not be looked at: {said}", "what the message names is damaged or missing")
