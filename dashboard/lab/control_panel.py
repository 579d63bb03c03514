"""The lab's controls that are drawn on the server.

Each widget shows the state and, when moved, changes it; the state is the only truth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.lab import controls as logic
from dashboard.lab import store
from dashboard.lab.controls import Controls
from dashboard.space.widgets import SAME, key_for, taken

if TYPE_CHECKING:
    import pandas as pd

    from core import LoadedRun

ANY_TEXT = -1
_TEXT_LENGTH = 70


def show_controls(run: LoadedRun, now: Controls) -> None:
    """What is drawn on the server: noise, how many samples, the text."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            "Generated points",
            1,
            logic.COUNT_LIMIT,
            step=1,
            key=key_for("lab_count", now.count),
            on_change=_took,
            args=("lab_count", "count"),
            width=150,
        )
        st.number_input(
            "Noise seed",
            0,
            logic.SEED_LIMIT,
            step=1,
            key=key_for("lab_seed", now.seed),
            on_change=_took,
            args=("lab_seed", "seed"),
            width=150,
            help="The same seed gives the same noise.",
        )
        st.button(
            "Resample",
            icon=":material/casino:",
            key="lab_resample",
            on_click=store.change,
            args=(lambda before: logic.changed(before, seed=(before.seed + 1) % logic.SEED_LIMIT),),
            help="Other noise: the next seed.",
        )
        st.toggle(
            "Lock the noise",
            key=key_for("lab_locked", now.locked),
            on_change=_took,
            args=("lab_locked", "locked"),
            help="Locked: the noise stays while you move other controls, so that only they make a difference. "
            "Unlocked: every change draws other noise when it is let go.",
        )
        if run.mode == "text":
            _text(run, now)


def _text(run: LoadedRun, now: Controls) -> None:
    rows = text_rows(run, now)
    table = run.utterances
    readable = run.permissions.transcripts
    st.selectbox(
        "Text",
        [ANY_TEXT, *rows],
        key=key_for("lab_text", ANY_TEXT if now.text is None else now.text),
        format_func=lambda row: "any text of this emotion" if row == ANY_TEXT else _said(table, int(row), readable),
        on_change=_text_chosen,
        help="The text feature that conditions the generator: that of one sentence of the corpus for all samples, or "
        "for each sample that of a training sentence of the emotion.",
    )


def text_rows(run: LoadedRun, now: Controls) -> list[int]:
    """One row for each different sentence, those of the asked emotion first; the chosen row is always among them.

    Where transcripts must not be shown, each utterance with text: which of them say the same is kept back too.
    """
    table = run.utterances
    asked = now.asked(run.classes)
    if not run.permissions.transcripts:
        mine = (table["label"] == asked).to_numpy(dtype=bool)
        return [int(row) for part in (mine, ~mine) for row in (run.has_text & part).nonzero()[0]]
    usable = table[run.has_text & table["text"].map(lambda text: isinstance(text, str)).to_numpy(dtype=bool)]
    own = usable[usable["label"] == asked].drop_duplicates("text").index.to_list()
    said = set(table["text"].iloc[own])
    others = usable[~usable["text"].isin(said)].drop_duplicates("text").index.to_list()
    rows = [int(row) for row in (*own, *others)]
    return rows if now.text is None or now.text in rows else [now.text, *rows]


def _said(table: pd.DataFrame, row: int, readable: bool) -> str:
    words = str(table["text"].iat[row]) if readable else f"text of {table['utterance_id'].iat[row]}"
    emotion = table["emotion"].iat[row]
    short = words if len(words) <= _TEXT_LENGTH else words[: _TEXT_LENGTH - 1] + "…"
    return f"{short} ({emotion})" if isinstance(emotion, str) else short


# --- callbacks ---------------------------------------------------------------------------------------------------


def _took(key: str, name: str) -> None:
    value = taken(key)
    if value is not SAME and value is not None:
        store.change(lambda before: logic.changed(before, **{name: value}))


def _text_chosen() -> None:
    row = taken("lab_text")
    if row is not SAME:
        store.change(lambda before: logic.changed(before, text=None if row == ANY_TEXT else int(row)))
