"""The report card of the selected run: how good its generated features are."""

from __future__ import annotations

import json

import streamlit as st

from core import MirageError
from core.jobs import job_log
from core.logs import readable
from core.runs import quality_state, start_quality
from core.spreadsheets import file_name
from dashboard import state, theme
from dashboard.benchmark import card_figure, card_view
from dashboard.report import panel as report_panel

EVERY = 2.0


def show() -> None:
    """The card where there is one; else the command and the button that make it."""
    run_id = state.selected_run()
    if run_id is None:
        theme.empty(
            "No run yet",
            "A report card is about the features that a trained run generates. Open the demo, or train one:",
            ["mirage demo", "mirage train CORPUS"],
        )
        return
    working = _status(run_id) in state.ACTIVE
    st.fragment(_shown, run_every=EVERY if working else None)(run_id, working)


def _shown(run_id: str, was_working: bool) -> None:
    status = _status(run_id)
    if (status in state.ACTIVE) != was_working:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Report card of run", anchor=False, width="content")
        st.text(run_id, width="content")
        if state.run_is_synthetic(run_id):
            theme.synthetic_badge()
    if was_working:
        waiting = "It waits for its turn; the page Jobs says for whom." if status == "queued" else ""
        st.text(waiting or "Measuring: it takes about a quarter of a minute, more with many utterances.")
        return
    with state.faults():
        current = state.run_state(run_id)
        if current is None or current.status != "finished":
            st.caption("The run is not finished: a report card needs its generator.")
            return
        card = state.run(run_id).quality()
        if card is None or not card_view.usable(card):
            _show_missing(run_id, status)
        else:
            _show_card(run_id, card)


def _show_missing(run_id: str, status: str) -> None:
    theme.empty(
        "Not measured yet",
        "It compares generated features with those of held-out speakers, beside what real training features would "
        "get. Press the button, or from a terminal:",
        [f"mirage quality {run_id}"],
        icon=":material/fact_check:",
    )
    st.button(
        "Measure", type="primary", icon=":material/play_arrow:", key="card_start", on_click=_start, args=(run_id,)
    )
    if status == "failed":
        lines = job_log(state.workspace().run_folder(run_id) / "quality", 20)
        st.badge("The last attempt failed", icon=":material/error:", color="red")
        st.code("\n".join(map(readable, lines)), language=None, wrap_lines=True)


def _show_card(run_id: str, card: card_view.Card) -> None:
    st.text(card_view.says(card))
    if card["copying"] is not None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if card["copying"]:
                st.badge("It copies its training features", icon=":material/content_copy:", color="red")
            else:
                st.badge("No sign of memorising", icon=":material/check_circle:", color="gray")
        st.text(card_view.memorising(card))
    st.dataframe(
        card_view.figures_table(card),
        hide_index=True,
        placeholder="",
        column_config={
            "figure": st.column_config.TextColumn(pinned=True),
            "generated": st.column_config.NumberColumn(format="%.2f"),
            "real": st.column_config.NumberColumn(
                format="%.2f", help="Real features of the training speakers in their place: what a perfect one gets."
            ),
        },
        alt="Quality figures of generated features beside those of real training features",
    )
    titles = card_view.titles()
    name = str(
        st.selectbox(
            "By emotion",
            list(titles),
            format_func=lambda key: titles[key],
            key="card_figure",
            width=260,
            persist_state="session",
        )
    )
    rows = card_view.by_emotion(card, name)
    if rows:
        st.echarts_chart(
            card_figure.pairs_option(rows, titles[name]),
            key=f"card_{name}",
            height=card_figure.pairs_height(rows),
            alt=f"{titles[name]} of each emotion, generated and real features",
        )
        st.caption(f"Star: generated, circle: real training features. {card_view.reads(name).capitalize()}.")
    for line in card.get("notes", []):
        st.text(line)
    with st.container(horizontal=True):
        st.download_button(
            "Report card as JSON",
            lambda: json.dumps(card, indent=2, ensure_ascii=False),
            file_name=file_name(f"{run_id}-quality", "json"),
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
            key="card_json",
        )
        st.button("Measure again", icon=":material/refresh:", key="card_start", on_click=_start, args=(run_id,))
        report_panel.show(run_id, key="card")


def _status(run_id: str) -> str:
    found = quality_state(state.workspace().run_folder(run_id))
    return "" if found is None else found.status


def _start(run_id: str) -> None:
    try:
        start_quality(state.workspace(), run_id)
    except MirageError as error:
        state.note(str(error))
