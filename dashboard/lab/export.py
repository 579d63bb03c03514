"""The state of the lab as something to take away: Python, JSON or a link."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote, urlsplit, urlunsplit

from dashboard.lab.controls import Controls, arguments, to_address
from dashboard.lab.tray import Kept

ADDRESS = "lab"
"""The query parameter that holds the controls."""


def python_snippet(run_id: str, controls: Controls, classes: Sequence[str], code_names: Sequence[str]) -> str:
    """A script that makes exactly what the lab shows.

    >>> print(python_snippet("r", Controls("sad", (1.5,), seed=7, count=2), ["sad"], ["u1"]))
    from core import load_run
    <BLANKLINE>
    run = load_run('r')
    batch = run.generate(
        emotion='sad',
        n=2,
        codes={'u1': 1.5},
        truncation=1.0,
        seed=7,
    )
    h = batch.audio[0]  # (d,) the sample looked at; batch.codes holds the full latent codes
    """
    lines = ["from core import load_run", "", f"run = load_run({run_id!r})", *_call(controls, classes, code_names)]
    lines.append(
        f"h = batch.audio[{controls.sample}]  # (d,) the sample looked at; batch.codes holds the full latent codes"
    )
    return "\n".join(lines)


def tray_snippet(tray: Sequence[Kept], code_names: Sequence[str]) -> str:
    """A script that makes every kept sample again, by name."""
    lines = ["from core import load_run", "", "runs = {}", "samples = {}  # name: (d,)"]
    for run_id in dict.fromkeys(kept.run for kept in tray):
        lines.append(f"runs[{run_id!r}] = load_run({run_id!r})")
    for kept in tray:
        made = arguments(kept.controls, kept.classes, code_names)
        inside = ", ".join(f"{name}={value!r}" for name, value in made.items())
        call = f"runs[{kept.run!r}].generate({inside})"
        lines.append(f"samples[{kept.name!r}] = {call}.audio[{kept.controls.sample}]")
    return "\n".join(lines)


def as_json(run_id: str, controls: Controls, classes: Sequence[str], code_names: Sequence[str]) -> str:
    """The same as data: the run, the arguments of ``generate``, the sample looked at."""
    content = {
        "run": run_id,
        "generate": arguments(controls, classes, code_names),
        "sample": controls.sample,
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def link(page_url: str, run_id: str, controls: Controls) -> str:
    """A link that opens the lab in this state.

    >>> link("http://localhost:8501/latent_lab?x=1", "r", Controls("sad", (0.0,)))
    'http://localhost:8501/latent_lab?run=r&lab=e%3Dsad%3Bu%3D0%3Br%3D1%3Bs%3D0%3Bn%3D16%3Bi%3D0%3Bk%3D0'
    """
    parts = urlsplit(page_url)
    query = f"run={quote(run_id, safe='')}&{ADDRESS}={quote(to_address(controls), safe='')}"
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def _call(controls: Controls, classes: Sequence[str], code_names: Sequence[str]) -> list[str]:
    made = arguments(controls, classes, code_names)
    return ["batch = run.generate(", *(f"    {name}={value!r}," for name, value in made.items()), ")"]
