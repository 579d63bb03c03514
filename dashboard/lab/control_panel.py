"""The lab's controls. Each widget shows the state and, when moved, changes it; the state is the only truth."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import theme
from dashboard.lab import controls as logic
from dashboard.lab import store
from dashboard.lab.controls import Controls
from dashboard.space.widgets import SAME, key_for, taken

if TYPE_CHECKING:
    from core import LoadedRun

ONE, MIXTURE = "One emotion", "Mixture"
ANY_TEXT = -1
_TEXT_LENGTH = 70


def show_controls(run: LoadedRun, now: Controls, undo: bool) -> None:
    """Everything that can be set, in the order in which it decides what is generated."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.button(
            "Undo",
            icon=":material/undo:",
            key="lab_undo",
            disabled=not undo,
            on_click=store.undo,
            help="One change back.",
        )
        fresh = logic.initial(run.classes, len(run.code_names))
        st.button(
            "Reset all",
            icon=":material/restart_alt:",
            key="lab_reset",
            disabled=now == fresh,
            on_click=store.change,
            args=(lambda _: fresh,),
            help="Every control as at the start; Undo brings them back.",
        )
    _emotion(run, now)
    _codes(run, now)
    _noise(run, now)
    if run.mode == "text":
        _text(run, now)


def _emotion(run: LoadedRun, now: Controls) -> None:
    st.segmented_control(
        "Emotion",
        [ONE, MIXTURE],
        key=key_for("lab_kind", ONE if now.mixture is None else MIXTURE),
        required=True,
        on_change=_kind,
        args=(run,),
        help="The categorical code c: one emotion, or shares of several.",
    )
    if now.mixture is None:
        st.segmented_control(
            "Which emotion",
            run.classes,
            key=key_for("lab_emotion", now.emotion),
            required=True,
            label_visibility="collapsed",
            wrap=True,
            on_change=_took,
            args=("lab_emotion", "emotion"),
        )
        return
    shares = now.weights(run.classes)
    grid = st.grid(2, min_column_width=90, gap=("xxsmall", "small"))
    for index, name in enumerate(run.classes):
        key = f"lab_weight_{index}"
        grid.slider(
            f"{theme.plain(name)}  {shares[name]:.0%}",
            0.0,
            1.0,
            step=0.05,
            key=key_for(key, now.mixture[index]),
            on_change=_weighed,
            args=(index, key),
        )


def _codes(run: LoadedRun, now: Controls) -> None:
    for index, name in enumerate(run.code_names):
        drag, exact = f"lab_code_{index}", f"lab_code_{index}_exact"
        line = st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", wrap=False)
        line.slider(
            f"{name} (σ)",
            -logic.CODE_LIMIT,
            logic.CODE_LIMIT,
            step=0.1,
            format="%.1f",
            key=key_for(drag, now.codes[index]),
            on_change=_moved,
            args=(index, drag),
            help="A continuous latent code, in standard deviations of what the generator was trained on. What it "
            "means was found by training, not given: the traversal strip below shows it.",
        )
        line.number_input(
            f"{name}, exactly",
            -logic.CODE_LIMIT,
            logic.CODE_LIMIT,
            step=0.1,
            format="%.2f",
            key=key_for(exact, now.codes[index]),
            label_visibility="collapsed",
            width=84,
            on_change=_moved,
            args=(index, exact),
        )
        line.button(
            "",
            icon=":material/close_small:",
            key=f"lab_code_{index}_reset",
            type="tertiary",
            disabled=now.codes[index] == 0.0,
            on_click=store.change,
            args=(lambda before, index=index: logic.with_code(before, index, 0.0),),
            help=f"{name} back to 0",
        )


def _noise(run: LoadedRun, now: Controls) -> None:
    st.slider(
        "Truncation",
        0.0,
        logic.TRUNCATION_LIMIT,
        step=0.05,
        key=key_for("lab_truncation", now.truncation),
        on_change=_took,
        args=("lab_truncation", "truncation"),
        help="Factor on the noise z: below 1 nearer to the typical, above 1 more varied. At 0 all samples of one "
        "text are the same.",
    )
    st.slider(
        "Generated points",
        1,
        logic.COUNT_LIMIT,
        key=key_for("lab_count", now.count),
        on_change=_took,
        args=("lab_count", "count"),
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        st.number_input(
            "Noise seed",
            0,
            logic.SEED_LIMIT,
            step=1,
            key=key_for("lab_seed", now.seed),
            on_change=_took,
            args=("lab_seed", "seed"),
            width=130,
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
            "Lock",
            key=key_for("lab_locked", now.locked),
            on_change=_took,
            args=("lab_locked", "locked"),
            help="Locked: the noise stays while you move other controls, so that only they make a difference. "
            "Unlocked: every change draws other noise.",
        )


def _text(run: LoadedRun, now: Controls) -> None:
    rows = text_rows(run, now)
    labels = run.utterances["text"]
    emotions = run.utterances["emotion"]
    st.selectbox(
        "Text",
        [ANY_TEXT, *rows],
        key=key_for("lab_text", ANY_TEXT if now.text is None else now.text),
        format_func=lambda row: (
            "any text of this emotion" if row == ANY_TEXT else _said(labels.iat[row], emotions.iat[row])
        ),
        on_change=_text_chosen,
        help="The text feature that conditions the generator: that of one sentence of the corpus for all samples, or "
        "for each sample that of a training sentence of the emotion.",
    )


def text_rows(run: LoadedRun, now: Controls) -> list[int]:
    """One row for each different sentence, those of the asked emotion first; the chosen row is always among them."""
    table = run.utterances
    usable = table[run.has_text & table["text"].map(lambda text: isinstance(text, str)).to_numpy(dtype=bool)]
    asked = now.asked(run.classes)
    own = usable[usable["label"] == asked].drop_duplicates("text").index.to_list()
    said = set(table["text"].iloc[own])
    others = usable[~usable["text"].isin(said)].drop_duplicates("text").index.to_list()
    rows = [int(row) for row in (*own, *others)]
    return rows if now.text is None or now.text in rows else [now.text, *rows]


def _said(text: object, emotion: object) -> str:
    words = str(text)
    short = words if len(words) <= _TEXT_LENGTH else words[: _TEXT_LENGTH - 1] + "…"
    return f"{short} ({emotion})" if isinstance(emotion, str) else short


# --- callbacks ---------------------------------------------------------------------------------------------------


def _took(key: str, name: str) -> None:
    value = taken(key)
    if value is not SAME and value is not None:
        store.change(lambda before: logic.changed(before, **{name: value}))


def _moved(index: int, key: str) -> None:
    value = taken(key)
    if value is not SAME and value is not None:
        store.change(lambda before: logic.with_code(before, index, value))


def _text_chosen() -> None:
    row = taken("lab_text")
    if row is not SAME:
        store.change(lambda before: logic.changed(before, text=None if row == ANY_TEXT else int(row)))


def _weighed(index: int, key: str) -> None:
    value = taken(key)
    if value is not SAME:
        store.change(lambda before: logic.with_weight(before, index, value))


def _kind(run: LoadedRun) -> None:
    kind = taken("lab_kind")
    if kind == MIXTURE:
        store.change(lambda before: logic.changed(before, mixture=tuple(before.weights(run.classes).values())))
    elif kind == ONE:
        store.change(lambda before: logic.changed(replace(before, emotion=before.asked(run.classes)), mixture=None))
