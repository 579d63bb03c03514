"""Puts a report together: one HTML file that holds all it needs and cannot reach a network."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import FailureError, Workspace
from core.files import atomic_path
from core.progress import Progress, silent
from core.runs import read_events
from core.story import tell
from dashboard.report.clips import MEDIA_TYPE, MOST, Clips, clips_of
from dashboard.report.figures import information_charts
from dashboard.report.lab_part import LabPart, lab_part
from dashboard.report.map_part import MapPart, map_part, part_of
from dashboard.report.page import TEMPLATES, context, environment
from dashboard.space.points import map_points

if TYPE_CHECKING:
    from core import LoadedRun

SCRIPT = Path(__file__).resolve().parents[1] / "components" / "report.js"
MOST_BYTES = 15_000_000
"""No report is larger."""
WITHHELD = "The run was published without its utterances."


@dataclass(frozen=True)
class Written:
    """A report that was written: where, how large, and what is in it."""

    path: Path
    size: int
    points: int
    utterances: int
    clips: int
    lab: bool
    benchmarks: int

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {**self.__dict__, "path": str(self.path)}


@dataclass(frozen=True)
class _Parts:
    clips: Clips
    map: MapPart
    lab: LabPart


def write_report(
    run: LoadedRun, workspace: Workspace, path: str | Path, *, audio: bool = True, progress: Progress = silent
) -> Written:
    """Writes the report of ``run`` to ``path``, whole or not at all.

    Args:
        workspace: whose benchmarks of the run's corpus it tells of. audio: whether clips may be in it, where the
            corpus allows them at all.

    Raises:
        BadInputError: a file of the run is damaged, or ``path`` cannot be a file.
        FailureError: the disk is full, the folder cannot be written, or the report would be too large.
    """
    content, holds = _made(run, workspace, audio=audio, progress=progress)
    target = Path(path)
    try:
        with atomic_path(target) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise FailureError(f"{target}: cannot be written ({error.strerror}); name another file") from None
    return Written(target, len(content), **holds)


def report_html(run: LoadedRun, workspace: Workspace, *, audio: bool = True, progress: Progress = silent) -> str:
    """The report as text; see ``write_report``."""
    return _made(run, workspace, audio=audio, progress=progress)[0].decode("utf-8")


def _made(run: LoadedRun, workspace: Workspace, *, audio: bool, progress: Progress) -> tuple[bytes, dict[str, Any]]:
    total = 5
    progress(0, total, "reading the run")
    story = tell(run, workspace)
    charts = information_charts(run, read_events(run.path), story.information)
    parts = _parts(run, audio, progress, total) if len(run.utterances) else _without_utterances()
    progress(4, total, "writing")
    html = _page({**context(story), "curves": charts}, parts)
    content = html.encode("utf-8")
    if len(content) > MOST_BYTES:
        raise FailureError(
            f"the report would be {len(content) / 1e6:.0f} MB, more than {MOST_BYTES / 1e6:.0f} MB; "
            "leave the clips out with --no-audio"
        )
    holds = {
        "points": len(parts.map.rows),
        "utterances": parts.map.of,
        "clips": len(parts.clips.clips),
        "lab": parts.lab.data is not None,
        "benchmarks": len(story.benchmarks),
    }
    progress(total, total, "done")
    return content, holds


def _parts(run: LoadedRun, audio: bool, progress: Progress, total: int) -> _Parts:
    progress(1, total, "choosing clips")
    clips = clips_of(run, most=MOST) if audio else Clips((), "It was made without sound.")
    progress(2, total, "drawing the map")
    points = map_points(run)
    mapped = map_part(run, points, clips.clips)
    progress(3, total, "packing the generator")
    return _Parts(clips, mapped, lab_part(run, part_of(points, mapped.rows)))


def _without_utterances() -> _Parts:
    """Neither clips nor map nor lab: all of them stand on utterances that the run does not have."""
    return _Parts(
        Clips((), WITHHELD), MapPart(None, b"", np.arange(0), 0, None, WITHHELD), LabPart(None, b"", WITHHELD)
    )


def _page(shown: dict[str, Any], parts: _Parts) -> str:
    from markupsafe import Markup

    # A banner of the bundle is a comment; what ends a script element is in none of it, and a test holds that.
    script = SCRIPT.read_text(encoding="utf-8")
    data = {"map": parts.map.data, "lab": parts.lab.data, "sound": MEDIA_TYPE}
    return (
        environment()
        .get_template("report.html")
        .render(
            **shown,
            clips=parts.clips,
            map=parts.map,
            lab=parts.lab,
            made=f"{date.today():%d %B %Y}".lstrip("0"),
            policy=policy(script),
            script=Markup(script),
            style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
            blocks={
                "data": Markup(inline_json(data)),
                "map": _base64(parts.map.pack),
                "lab": _base64(parts.lab.pack),
                "clips": Markup(inline_json([_base64(clip.sound) for clip in parts.clips.clips])),
            },
        )
    )


def policy(script: str) -> str:
    """What the file may do: run this one script, and reach nothing."""
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data: blob:; "
        "media-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def inline_json(content: Any) -> str:
    """JSON that ends no script element and no line, whatever texts are in it.

    >>> inline_json(["</script>", "\\u2028"])
    '["\\\\u003c/script\\\\u003e","\\\\u2028"]'
    """
    text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
