"""Who spoke stays here: on the way to the hub speakers, sessions and utterances become numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

_SPLITS = re.compile(r"train|dev|test\d*")


class Numbers:
    """Numbers in place of names, the same wherever a name occurs in a run.

    Args:
        table: the utterances of the run. more: further names of speakers that its figures mention.
    """

    def __init__(self, table: pd.DataFrame, more: Iterable[str] = ()) -> None:
        speakers = {str(name) for name in table["speaker"].dropna()} | set(more)
        sessions = {str(name) for name in table["session"].dropna()} if "session" in table else set()
        self.speakers, self.sessions = _numbered("speaker", speakers), _numbered("session", sessions)

    def table(self, table: pd.DataFrame) -> pd.DataFrame:
        """The utterances without names: ids are numbers too, since many are made of a name or a path."""
        columns: dict[str, Any] = {
            "utterance_id": [f"utterance-{number + 1:0{len(str(len(table)))}d}" for number in range(len(table))],
            "speaker": table["speaker"].map(self.speakers, na_action="ignore"),
        }
        if "session" in table:
            columns["session"] = table["session"].map(self.sessions, na_action="ignore")
        return table.assign(**columns)

    def figures(self, content: dict[str, Any], fold: int | None) -> dict[str, Any]:
        """``evaluation.json`` or ``quality.json``: speakers by part, and the name of what is held out.

        Args:
            fold: its number, as the configuration has it.
        """
        changed = dict(content)
        if isinstance(content.get("speakers"), dict):
            changed["speakers"] = {
                part: sorted(self.speakers.get(name, "speaker") for name in names)
                for part, names in content["speakers"].items()
            }
        name = content.get("fold")
        if isinstance(name, str) and name and not _SPLITS.fullmatch(name):
            # By speakers, it is made of their names.
            changed["fold"] = self.sessions.get(name, self.speakers.get(name, f"fold {fold}"))
        return changed


def _numbered(what: str, names: Iterable[str]) -> dict[str, str]:
    ordered = sorted(names, key=lambda name: (len(name), name) if name.isdecimal() else (0, name))
    return {name: f"{what}-{number + 1:0{len(str(len(ordered)))}d}" for number, name in enumerate(ordered)}
