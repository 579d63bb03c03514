"""From one real utterance to another: what the Q heads read from each, and everything between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core import BadInputError
from dashboard import licence, theme
from dashboard.lab.controls import CODE_LIMIT
from dashboard.space.points import MapPoints
from dashboard.space.selection import row_of_id

if TYPE_CHECKING:
    from core import LoadedRun

ENDS = ("A", "B")
_KEY = "lab_between"


def ends_of(run: LoadedRun, points: MapPoints, rows: tuple[int | None, int | None]) -> list[dict[str, Any]] | None:
    """What the browser needs to go from one utterance to the other, or None while one of them is not chosen.

    Each end has the emotion probabilities and the codes that the Q heads read from the utterance's own features, codes
    kept inside the lab's limits, and its place on the map. What lies between is generated: mixtures of both emotions
    with codes on the straight line.

    Raises:
        BadInputError: the run is in paired mode and an utterance has no text: its Q heads read pairs.
    """
    if rows[0] is None or rows[1] is None:
        return None
    chosen = [rows[0], rows[1]]
    if run.mode == "paired":
        if not run.has_text[chosen].all():
            raise BadInputError("the run is in paired mode: choose utterances with a transcript")
        assert run.t is not None
        emotion, codes = run.recovered(run.h[chosen], run.t[chosen])
    else:
        emotion, codes = run.recovered(run.h[chosen])
    codes = np.clip(codes, -CODE_LIMIT, CODE_LIMIT)
    return [
        {
            "name": name,
            "emotion": emotion[i].round(4).tolist(),
            "codes": codes[i].round(3).tolist(),
            "x": float(points.audio[row, 0]) if np.isfinite(points.audio[row]).all() else None,
            "y": float(points.audio[row, 1]) if np.isfinite(points.audio[row]).all() else None,
        }
        for i, (name, row) in enumerate(zip(ENDS, chosen, strict=True))
    ]


def ends_or_fault(run: LoadedRun, points: MapPoints) -> tuple[list[dict[str, Any]] | None, str]:
    """The ends that this session has chosen, or why there is no way between them."""
    try:
        return ends_of(run, points, chosen(run)), ""
    except BadInputError as error:
        return None, str(error)


def chosen(run: LoadedRun) -> tuple[int | None, int | None]:
    """The rows that this session has chosen as A and B."""
    name, rows = st.session_state.get(_KEY, ("", (None, None)))
    return rows if name == run.id else (None, None)


def choose(run_id: str, end: str, row: int | None) -> None:
    """Makes an utterance the end A or B, or forgets that end."""
    name, rows = st.session_state.get(_KEY, ("", (None, None)))
    before = rows if name == run_id else (None, None)
    after = (row, before[1]) if end == "A" else (before[0], row)
    st.session_state[_KEY] = (run_id, after)


def show_ends(run: LoadedRun, points: MapPoints, fault: str) -> None:
    """The two fields that take an utterance's id, and what was chosen."""
    with st.expander("From one utterance to another", icon=":material/swap_horiz:"):
        for column, end, row in zip(st.columns(2), ENDS, chosen(run), strict=True):
            with column:
                st.text_input(
                    f"Utterance {end} (its id)",
                    key=f"lab_end_{end}",
                    placeholder="copy one from the Aligned space, or press A or B below",
                    on_change=_typed,
                    args=(run.id, points, end),
                )
                if row is not None:
                    record = run.utterances.iloc[row]
                    said = licence.said(record, run.permissions, most=300)
                    st.caption(
                        theme.plain(
                            f"{end}: {theme.short(record['utterance_id'])}, {theme.short(record['emotion'], 40)} "
                            f"- {said}"
                        )
                    )
        if fault := st.session_state.get(f"{_KEY}_fault") or fault:
            st.warning(theme.plain(fault), icon=":material/error:")
        st.caption(
            "With both chosen, a slider under the latent codes goes from A to B: the emotions and codes that the Q "
            "heads read from the two, and what the generator makes of everything between."
        )


def _typed(run_id: str, points: MapPoints, end: str) -> None:
    wanted = str(st.session_state.get(f"lab_end_{end}") or "").replace(theme.JOINER, "").strip()
    row = row_of_id(points, wanted)
    st.session_state[f"{_KEY}_fault"] = (
        f"there is no utterance {wanted!r} in this run" if wanted and row is None else ""
    )
    if row is not None or not wanted:
        choose(run_id, end, row)
