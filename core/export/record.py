"""What a run has measured, as trackers of experiments take it: one axis of steps, names by stage, settings, figures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import BadInputError
from core.files import read_json
from core.runs.events import EventReader
from core.runs.files import read_config
from core.runs.links import refuse_links_out
from core.runs.state import read_state
from core.runs.steps import steps_before
from core.workspace import check_name

_PATH = re.compile(r"^(?:~|/|\\|[A-Za-z]:[\\/])")
_MOST = 8 << 20
_FILES = {"recognition": "evaluation.json", "map": "projection/quality.json"}


@dataclass(frozen=True, slots=True)
class Measured:
    """One value: when (s since the epoch), at which step of the whole run, ``stage/name``; NaN where it was not finite.

    ``step`` of the stage itself is ``step - before``.
    """

    time: float
    step: int
    name: str
    value: float


class RunRecord:
    """A run's folder, read by somebody who only looks on.

    Raises:
        BadInputError: its configuration is damaged, it has links that lead out of it, or its folder has a name that no
            run has.
    """

    def __init__(self, folder: Path) -> None:
        refuse_links_out(folder)
        # Targets are named by it: a name, never a way.
        self.folder, self.id = folder, check_name(folder.name, "run")
        self._config = read_config(folder)
        self._before = steps_before(self._config)
        self._events = EventReader(folder)
        self._seen: object = None

    def begun(self) -> float | None:
        """When the run was made: that by which another run of the same name is told from it."""
        try:
            return read_state(self.folder).created
        except BadInputError:
            return None

    def status(self) -> str:
        """As its state says; ``unknown`` where there is none."""
        try:
            return read_state(self.folder).status
        except BadInputError:
            return "unknown"

    def settings(self) -> dict[str, str | int | float | bool]:
        """The whole configuration, ``section.key`` to value; of a path only its last part."""
        from core import __version__

        flat: dict[str, str | int | float | bool] = {"mirage": __version__}
        for section, values in self._config.model_dump().items():
            for key, value in values.items():
                flat[f"{section}.{key}"] = _without_path("" if value is None else value)
        return flat

    def changed(self) -> bool:
        """Whether anything was measured since this was asked last."""
        before, self._seen = self._seen, self._events.table()
        return self._seen is not before

    def after(self, marks: Mapping[str, int]) -> list[Measured]:
        """The values of each name after the step that ``marks`` has for it, in the order of steps.

        A run that was killed and resumed measures some steps again; what was told of them stays.
        """
        table = self._events.table()
        if not len(table):
            return []
        before = table["stage"].map(self._before).fillna(0).astype("int64")
        names = table["stage"].astype(str) + "/" + table["name"].astype(str)
        steps = table["step"] + before
        told = names.map(lambda name: marks.get(name, -1))
        new = (steps > told).to_numpy()
        rows = zip(
            table["time"][new].tolist(),
            steps[new].tolist(),
            names[new].tolist(),
            table["value"][new].tolist(),
            strict=True,
        )
        return sorted((Measured(*row) for row in rows), key=lambda one: one.step)

    def figures(self) -> dict[str, float]:
        """The final figures that are there: recognition, held-out information, the map, the report card."""
        found: dict[str, float] = {}
        for name, file in _FILES.items():
            if isinstance(content := self._json(file), dict):
                found |= _numbers(f"final/{name}", content)
        for figure in self._json("information.json") or []:
            if isinstance(figure, dict) and isinstance(figure.get("quantity"), str):
                keys = ("value", "low", "high", "ceiling")
                found |= _numbers(f"final/information/{figure['quantity']}", {key: figure.get(key) for key in keys})
        card = self._json("quality.json")
        if isinstance(card, dict) and isinstance(card.get("comparisons"), dict):
            everything = card["comparisons"].get("all")
            if isinstance(everything, dict):
                found |= _numbers("final/quality", everything.get("figures"))
            found |= _numbers("final/quality/recognition", card.get("recognition"))
        return found

    def _json(self, name: str) -> Any:
        file = self.folder / name
        if not file.is_file():
            return None
        try:
            return read_json(file, _MOST)
        except BadInputError:
            # It is being written, or damaged: what is there is told, and whoever opens the run is told what is not.
            return None


# Counts, and the recall of each emotion: no figures to compare runs by.
_LEFT_OUT = ("n", "fold", "neighbours", "points")


def _numbers(name: str, content: Any) -> dict[str, float]:
    """The numbers of a nested mapping, by their way through it."""
    if isinstance(content, bool) or content is None:
        return {}
    if isinstance(content, int | float):
        return {name: float(content)}
    if not isinstance(content, dict):
        return {}
    found: dict[str, float] = {}
    for key, value in content.items():
        if key not in _LEFT_OUT and not (key == "recall" and "recognition" in name):
            found |= _numbers(f"{name}/{key}", value)
    return found


def _without_path(value: Any) -> Any:
    if isinstance(value, str) and _PATH.match(value):
        return re.split(r"[\\/]", value.rstrip("\\/"))[-1]
    return value
