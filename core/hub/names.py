"""Names on the hub: ``owner/name``, and ``owner/name@revision`` for a branch, a tag or a commit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInputError

RUN_PARTS = (
    "config.yaml",
    "environment.json",
    "state.json",
    "evaluation.json",
    "information.json",
    "quality.json",
    *(
        f"model/{name}/{file}"
        for name in ("aligner", "generator", "discriminator")
        for file in ("config.json", "model.safetensors")
    ),
    "projection/projector/config.json",
    "projection/projector/model.safetensors",
    "projection/coordinates.parquet",
    "projection/quality.json",
    "features/utterances.parquet",
    "features/aligned.safetensors",
)
"""What a run on the hub consists of: nothing else is put there beside its card, nothing else is fetched."""

MAIN = "main"
_PART = r"[A-Za-z0-9](?:[\w.-]{0,94}[\w-])?"
_HUB_ID = re.compile(rf"({_PART}/{_PART})(?:@([A-Za-z0-9][\w./+-]{{0,199}}))?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class HubId:
    """A repository of the hub and the state of it that is meant."""

    name: str
    revision: str = MAIN

    def __str__(self) -> str:
        return self.name if self.revision == MAIN else f"{self.name}@{self.revision}"

    @property
    def short(self) -> str:
        """The name without its owner."""
        return self.name.partition("/")[2]


def hub_id(text: str) -> HubId | None:
    """``text`` as the name of a repository; None where it is none, or could lead anywhere else.

    >>> hub_id("owner/name"), hub_id("owner/name@v1.0")
    (HubId(name='owner/name', revision='main'), HubId(name='owner/name', revision='v1.0'))
    >>> hub_id("../name"), hub_id("owner/name@../../x"), hub_id("a/b/c"), hub_id("owner--x/name")
    (None, None, None, None)
    """
    found = _HUB_ID.fullmatch(text)
    if found is None or ".." in text or "--" in found[1] or found[1].endswith(".git"):
        return None
    revision = found[2] or MAIN
    if any(part in ("", ".") or part.endswith((".lock", ".")) for part in revision.split("/")):
        return None
    return HubId(found[1], revision)


def checked_hub_id(text: str) -> HubId:
    """``text`` as the name of a repository.

    Raises:
        BadInputError: it cannot be one.
    """
    found = hub_id(text)
    if found is None:
        raise BadInputError(f"{text!r} cannot name a place on the hub: write OWNER/NAME")
    return found


def cached_name(folder: Path) -> str | None:
    """``owner/name@commit`` of a folder in the hub's cache (the first 7 digits of the commit), None of any other.

    >>> cached_name(Path("/c/models--owner--name/snapshots") / ("0" * 40))
    'owner/name@0000000'
    >>> cached_name(Path("/runs/demo"))
    """
    kind, _, name = folder.parent.parent.name.partition("--")
    if folder.parent.name != "snapshots" or kind != "models" or not _COMMIT.fullmatch(folder.name):
        return None
    found = hub_id(name.replace("--", "/", 1))
    return None if found is None else f"{found.name}@{folder.name[:7]}"
