"""The Latent lab page: controls, the map with what is generated, what it says of itself, its neighbours, the tray."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import theme
from dashboard.lab import controls as logic
from dashboard.lab import export, figures, map_figure, store
from dashboard.lab.control_panel import show_controls
from dashboard.lab.controls import Controls
from dashboard.lab.readout import Readout, Strip, information_words, novelty_words, read, traverse
from dashboard.lab.tray_panel import show_tray
from dashboard.space.clip import audio_of
from dashboard.space.figures import bars_height, posterior_bars
from dashboard.space.store import points_of
from dashboard.space.widgets import SAME, key_for, taken

if TYPE_CHECKING:
    from core import LoadedRun

_NEAREST = 5
CLOSE, WHOLE = "Close up", "Whole map"


@st.fragment
def show_lab(run: LoadedRun) -> None:
    """Everything under the title; a fragment, so that a control reruns no more than the lab."""
    state = store.current(run)
    now = state.controls
    left, middle, right = st.columns([10, 13, 9], gap="medium")
    readout = read(run, now)
    strip = traverse(run, now, readout)
    before = store.set_places(readout.places)
    with middle:
        _map(run, now, readout, strip, before)
        _strip(run, now, strip)
    with right:
        _measures(run, now, readout)
    # After the map: what moves is sent first.
    with left:
        show_controls(run, now, undo=bool(state.history))
    _nearest(run, now, readout)
    show_tray(run, now, readout)
    store.write_address(now)


def _map(run: LoadedRun, now: Controls, readout: Readout, strip: Strip, before: Any) -> None:
    points = points_of(run)
    view = st.segmented_control(
        "Part of the map",
        [CLOSE, WHOLE],
        key="lab_view",
        default=CLOSE,
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )
    frame = points.bounds
    if view == CLOSE:
        frame = map_figure.close_up(frame, readout.places, strip.places)
    option = map_figure.map_option(
        store.base_of(run),
        frame,
        run.classes,
        readout,
        now,
        strip=strip,
        before=before,
        tray=[kept for kept in store.tray() if kept.run == run.id],
    )
    st.echarts_chart(
        option,
        key="lab_map",
        height=map_figure.MAP_HEIGHT,
        on_select=_on_star,
        alt=f"Map with {now.count} generated samples over the real utterances",
    )
    left_out = int((points.audio[:, 0] == points.audio[:, 0]).sum()) - len(store.base_of(run))
    if left_out:
        st.caption(
            f"{map_figure.BASE_MOST:,} of the real utterances are drawn, chosen at random; {left_out:,} are not."
        )


def _strip(run: LoadedRun, now: Controls, strip: Strip) -> None:
    names = list(run.code_names)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Traversal of**", width="content")
        st.segmented_control(
            "Code that the strip moves",
            names,
            key=key_for("lab_strip", names[now.strip]),
            required=True,
            label_visibility="collapsed",
            on_change=_on_strip,
            args=(names,),
        )
    st.echarts_chart(
        figures.strip_option(names[now.strip], run.classes, strip, now.codes[now.strip]),
        key="lab_strip_chart",
        height=190,
        alt=f"Probability of each emotion while {names[now.strip]} moves from -3 to 3 standard deviations",
    )
    st.caption(
        f"Probability of each emotion (colours as on the map) for sample {now.sample + 1} while only "
        f"{names[now.strip]} moves. Its way over the map is the line above."
    )


def _measures(run: LoadedRun, now: Controls, readout: Readout) -> None:
    i = now.sample
    st.number_input(
        f"Sample looked at (of {now.count})",
        1,
        now.count,
        step=1,
        key=key_for("lab_sample", i + 1),
        on_change=_on_sample,
        help="Ringed on the map; a click on a star chooses it too.",
    )
    st.markdown("**Recognised as**")
    st.echarts_chart(
        posterior_bars(run.classes, readout.posterior, marks=readout.posterior[i]),
        key="lab_posterior",
        height=bars_height(run.classes),
        alt="Mean probability of each emotion over all samples, and of the sample looked at",
    )
    st.caption(f"The classifier: mean of all {now.count} (bars), this sample (rings).")
    st.markdown("**Codes asked and recovered**")
    st.echarts_chart(
        figures.codes_option(run.code_names, readout, now),
        key="lab_codes",
        height=84 + 30 * len(run.code_names),
        alt="Asked and recovered value of each latent code, in standard deviations",
    )
    asked = now.asked(run.classes)
    share = float(readout.recovered_emotion[i][run.classes.index(asked)])
    st.caption(f"Read back from the feature by the Q heads. Emotion: {theme.plain(asked)} recovered with {share:.0%}.")
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            "Pointwise MI",
            f"{readout.mi[i]:+.2f} nats",
            width="content",
            help=f"log p(c | h) - log p(c) with c = {theme.plain(asked)}: how much this feature says about the emotion "
            "that was asked for.",
        )
        st.metric(
            "Novelty",
            f"{readout.novelty[i]:.2f} ×",
            width="content",
            help="Mean distance to the 5 nearest real utterances, as a multiple of what is typical among real ones.",
        )
    st.caption(
        f"It {information_words(float(readout.mi[i]))}, and is {novelty_words(float(readout.novelty[i]))}. "
        f"Mean of all: {readout.mi.mean():+.2f} nats, {readout.novelty.mean():.2f} ×."
    )
    _copy(run, now)


def _copy(run: LoadedRun, now: Controls) -> None:
    with st.popover("Copy this state", icon=":material/content_copy:", on_change="rerun", key="lab_copy") as popover:
        if popover.open:
            tabs = st.tabs(["Python", "JSON", "Link"])
            tabs[0].code(export.python_snippet(run.id, now, run.classes, run.code_names), language="python")
            tabs[1].code(export.as_json(run.id, now, run.classes, run.code_names), language="json")
            tabs[2].code(export.link(str(st.context.url or ""), run.id, now), language=None, wrap_lines=True)


def _nearest(run: LoadedRun, now: Controls, readout: Readout) -> None:
    st.markdown(f"**Nearest real utterances to sample {now.sample + 1}, in all {run.dim} dimensions**")
    rows, distances = run.neighbours(readout.h[now.sample : now.sample + 1], k=_NEAREST)
    for row, distance, cell in zip(rows[0], distances[0], st.columns(_NEAREST, gap="small"), strict=False):
        record = run.utterances.iloc[int(row)]
        with cell, st.container(border=True, height="stretch"):
            said = record["text"] if isinstance(record["text"], str) else "(no transcript)"
            st.text(said if len(said) <= 90 else said[:89] + "…")
            facts = [str(record[name]) for name in ("emotion", "speaker", "part") if isinstance(record[name], str)]
            st.caption(theme.plain(" · ".join([*facts, f"distance {distance:.2f}"])))
            sound = audio_of(run, int(row))
            if sound.wav is None:
                st.caption(theme.plain(sound.reason))
            else:
                st.audio(sound.wav, format="audio/wav", alt=f"Clip of utterance {record['utterance_id']}")


# --- callbacks ---------------------------------------------------------------------------------------------------


def _on_star() -> None:
    groups = ((st.session_state.get("lab_map") or {}).get("selection") or {}).get("selected") or []
    for group in groups:
        indices = group.get("data_indices") or []
        if group.get("series_id") == map_figure.STARS and len(indices) == 1 and isinstance(indices[0], int):
            _look_at(indices[0])


def _on_sample() -> None:
    number = taken("lab_sample")
    if number is not SAME and number is not None:
        _look_at(int(number) - 1)


def _look_at(index: int) -> None:
    store.change(lambda before: logic.changed(before, sample=min(max(index, 0), before.count - 1)))


def _on_strip(names: list[str]) -> None:
    name = taken("lab_strip")
    if name is not SAME:
        store.change(lambda before: logic.changed(before, strip=names.index(name)))
