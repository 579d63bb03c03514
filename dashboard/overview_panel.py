"""The parts of the Overview."""

from __future__ import annotations

import streamlit as st

from dashboard import jobs, navigation, overview_view, state, theme, watched
from dashboard.benchmark import watch
from dashboard.report import panel as report_panel

EXPLORE = ("aligned_space", "latent_lab", "information")


def show_start() -> None:
    """What to do first, or where to go on."""
    ids = state.run_ids()
    left = state.left_at()
    if overview_view.DEMO in ids and state.run_state(overview_view.DEMO) is not None:
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.subheader("Start here: the demo", anchor=False, width="content")
                theme.synthetic_badge()
            st.markdown(
                "A small corpus of synthetic voices with a trained run. Look at its map, move the latent codes, "
                "or see how much of the emotion the generated features carry."
            )
            open_buttons(overview_view.DEMO, key="demo")
    elif not ids:
        theme.empty(
            "Start here",
            "There is no run yet. Open the demo (synthetic speech, already trained), or take a corpus of your own "
            "from recordings to a trained run:",
            [
                "mirage demo",
                "mirage ingest folder PATH --table FILE.csv --name my-corpus",
                "mirage embed my-corpus --audio-encoder ID_OR_PATH",
                "mirage train my-corpus",
            ],
        )
    if left is not None and left["run"] in ids and navigation.spec(str(left["page"])) is not None:
        page = navigation.spec(str(left["page"]))
        assert page is not None
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"**Go on where you left:** {page.title}, run", width="content")
            st.text(str(left["run"]), width="content")
            if st.button("Go on", icon=":material/arrow_forward:", key="go_on", type="primary"):
                open_run(str(left["run"]), page.name)


def open_buttons(run_id: str, *, key: str) -> None:
    """One button for each page that shows a run, and the one that makes its report."""
    with st.container(horizontal=True, gap="small"):
        first = True
        for name in EXPLORE:
            page = navigation.spec(name)
            if page is None:
                continue
            kind = "primary" if first else "secondary"
            first = False
            if st.button(page.title, icon=page.icon, key=f"{key}_{name}", type=kind):  # type: ignore[arg-type]
                open_run(run_id, name)
        report_panel.show(run_id, key=key)


def open_run(run_id: str, page: str) -> None:
    """Selects a run and goes to a page."""
    state.select_run(run_id)
    navigation.go(page)


def show_figures(corpora: list[overview_view.CorpusLine], runs: list[overview_view.RunLine]) -> None:
    """How much there is."""
    active = sum(run.status in state.ACTIVE for run in runs) + len(watch.active_names())
    with st.grid(4, min_column_width=150):
        st.metric("Corpora", len(corpora), border=True)
        st.metric("Utterances", f"{sum(line.utterances or 0 for line in corpora):,}", border=True)
        st.metric("Runs", len(runs), border=True)
        st.metric("Running now", active, border=True)


def show_corpora(lines: list[overview_view.CorpusLine]) -> None:
    """The corpora of the workspace."""
    st.subheader("Corpora", anchor=False)
    if not lines:
        theme.empty(
            "No corpus yet",
            "Add one on the page Corpora, or from a terminal:",
            ["mirage ingest --list", "mirage ingest folder PATH --table FILE.csv"],
        )
        return
    table = overview_view.frame(lines)
    st.dataframe(
        table.drop(columns="note") if not table["note"].any() else table,
        hide_index=True,
        column_config={"utterances": st.column_config.NumberColumn(format="localized")},
        placeholder="",
        alt="Corpora of the workspace",
    )
    navigation.link("corpora", "See and hear them, or add one")


def show_runs(lines: list[overview_view.RunLine]) -> None:
    """The runs; a click on a row offers to open it."""
    st.subheader("Runs", anchor=False)
    if not lines:
        st.caption("No run yet. The page Train starts one.")
        navigation.link("train", "Start a training")
        return
    event = st.dataframe(
        overview_view.frame(lines),
        hide_index=True,
        key="runs_table",
        on_select="rerun",
        selection_mode="single-row",
        placeholder="",
        column_config={
            "progress": st.column_config.ProgressColumn(format="%d %%", min_value=0.0, max_value=100.0),
            "ua": st.column_config.NumberColumn(
                "UA", format="%.1f %%", help="Unweighted average recall on the held-out speakers."
            ),
            "reference": st.column_config.NumberColumn(
                "UA, log. regression",
                format="%.1f %%",
                help="Logistic regression on the same embeddings, same fold.",
            ),
            "classes": st.column_config.NumberColumn(help="Number of emotions told apart."),
            "split": st.column_config.TextColumn(help="What the figure was measured on."),
            "updated": st.column_config.DatetimeColumn(format="distance"),
        },
        alt="Runs of the workspace, newest first",
    )
    marked = [row for row in event.selection.rows if row < len(lines)]
    if marked:
        line = lines[marked[0]]
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.text(line.run, width="content")
            state.status_badge(line.status)
            if line.status == "finished":
                open_buttons(line.run, key="row")
            elif st.button("Watch on Train", icon=":material/monitoring:", key="row_watch"):
                jobs.watch_next(line.run)
                navigation.go("train")
    else:
        st.caption("Click a row to open a run.")


def show_bring_in() -> None:
    """Copies a run from a folder or from the Hugging Face hub into the workspace."""
    with st.expander("Load a run", icon=":material/drive_folder_upload:"):
        st.caption("It is checked, then copied into this workspace. Networks are read from safetensors only.")
        folder = st.text_input(
            "Folder of the run, or its Hugging Face id",
            key="bring_in",
            placeholder="/data/runs/my-run, owner/name or owner/name@revision",
        )
        if st.button("Load", key="bring_in_go", disabled=not folder.strip()):
            with state.faults():
                place = state.workspace()
                run_id = watched.done(
                    lambda progress: overview_view.bring_in(folder, place, progress),
                    "Looking for it",
                    key=("bring in", place.root, folder.strip()),
                )
                state.select_run(run_id)
                state.note(f"Run {run_id} is loaded and selected")
                st.rerun()
