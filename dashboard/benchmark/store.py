"""Which benchmark is looked at, and its files through bounded caches keyed by their times."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from core import MirageError
from core.benchmarks import benchmark_names, benchmark_state, results_so_far, time_left
from core.files import read_json
from dashboard import address, state
from dashboard.benchmark.view import Results, checked

if TYPE_CHECKING:
    from core.runs import State

KEY = "benchmark"
MOST = 60
"""Benchmarks that are looked through for other conditions, newest first."""


def names() -> list[str]:
    """The benchmarks of the workspace, newest first."""
    return benchmark_names(state.workspace())


def folder(name: str) -> Path:
    """Where a benchmark of ``names()`` lies."""
    return state.workspace().benchmarks / name


def label(name: str) -> str:
    """What the selector shows: corpus and condition, with the key that tells equal ones apart."""
    place = folder(name)
    try:
        asked = _asked(str(place), state.stamp(place, "config.yaml", "results.json"))
    except MirageError:
        return name
    if asked is None:
        return name
    tested = f" tested on {asked['test_on']}" if asked.get("test_on") else ""
    return f"{asked.get('corpus')}{tested}, {asked.get('condition_title')} - {name.rpartition('-')[2]}"


def show_next(name: str) -> None:
    """Selects a benchmark for the next run of the script."""
    address.ask_for(KEY, name)
    st.session_state["benchmark_view_next"] = "Results"


def choose(found: list[str]) -> str:
    """The selector; the choice is ``?benchmark=`` in the page's address, as the run is ``?run=``."""
    return address.selector(
        "Benchmark",
        found,
        key=KEY,
        default=lambda: found[0],
        missing="The benchmark of the link is not in this workspace.",
        format_func=label,
        width=460,
        persist_state="session",
        help="Named after corpus, condition and a key of configuration and data; it is part of the page's address.",
    )


def state_of(name: str) -> State | None:
    """How a benchmark is doing, or None where its state cannot be read."""
    try:
        return benchmark_state(folder(name))
    except MirageError:
        return None


def left_of(name: str, current: State) -> float | None:
    """Seconds left, or None where that cannot be told."""
    try:
        return time_left(folder(name), current)
    except MirageError:
        return None


def finished(name: str) -> Results | None:
    """The content of ``results.json``, or None where it is not there.

    Raises:
        BadInputError: the file is damaged.
    """
    place = folder(name)
    stamp = state.stamp(place, "results.json")
    return _finished(str(place / "results.json"), stamp) if stamp else None


def interim(name: str) -> Results | None:
    """The figures of the cells that are there, or None where there are none.

    Raises:
        BadInputError: what was asked cannot be read.
    """
    place = folder(name)
    return _interim(str(place), state.stamp(place, "config.yaml", "cells/*-fold*.json"))


def results(name: str, current: State | None) -> tuple[Results | None, bool]:
    """What there is to show, and whether it is of an unfinished benchmark."""
    done = finished(name)
    if done is not None and (current is None or current.status == "finished"):
        return done, False
    found = interim(name)
    return (done, False) if found is None else (found, True)


def others(name: str) -> list[Results]:
    """The finished ones beside ``name``, newest first; those that cannot be read are left out."""
    found = []
    for other in names()[:MOST]:
        if other == name:
            continue
        try:
            results = finished(other)
        except MirageError:
            continue
        if results is not None:
            found.append(results)
    return found


@st.cache_resource(max_entries=256, show_spinner=False)
def _asked(place: str, files: state.Stamp) -> dict[str, Any] | None:
    """What was asked; of a benchmark of an earlier version what its results say."""
    for file in ("benchmark.json", "results.json"):
        if (Path(place) / file).is_file():
            content = read_json(Path(place) / file)
            return content if isinstance(content, dict) else None
    return None


@st.cache_resource(max_entries=64, show_spinner=False)
def _finished(path: str, files: state.Stamp) -> Results:
    return checked(read_json(Path(path)), path)


@st.cache_resource(max_entries=4, show_spinner=False)
def _interim(place: str, files: state.Stamp) -> Results | None:
    found: Any = results_so_far(Path(place))
    return None if found is None else checked(found, place)
