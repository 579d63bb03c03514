"""The parts of the Train page."""

from __future__ import annotations

import re

import streamlit as st

from core import MirageError
from core.workspace import check_name
from dashboard import jobs, navigation, state, theme, train_form

DEFAULTS = "MIRAGE's defaults"
RUN_ID_KEY = "train_run_id"


def show_new() -> None:
    """The form of a new training."""
    names = state.workspace().corpus_names()
    if not names:
        theme.empty(
            "No corpus yet",
            "A training needs a corpus and its embeddings. Add one on the page Corpora, or from a terminal:",
            ["mirage ingest --list", "mirage ingest folder PATH --table FILE.csv --name my-corpus"],
        )
        return
    train_form.ensure_filled()
    _show_start_from()
    specs = train_form.by_key()
    with st.container(border=True):
        st.markdown("**What to train on**")
        left, middle, right = st.columns(3)
        with left:
            corpus = train_form.draw(specs["data.corpus"], options=names)
        stores = state.stores(corpus)

        def of(modality: str) -> list[str]:
            return [name for name, kind in stores.items() if kind == modality]

        with middle:
            train_form.draw(specs["data.audio"], options=["auto", *of("audio")], label="Audio embeddings")
        with right:
            train_form.draw(specs["data.text"], options=["auto", "none", *of("text")], label="Text embeddings")
        ready = _show_embeddings(corpus, of("audio"), of("text"))
        left, middle, right = st.columns([2, 2, 1])
        with left:
            train_form.draw(specs["data.classes"], label="Emotions")
        with middle:
            train_form.draw(specs["data.folds"], label="A fold holds out")
        with right:
            train_form.draw(specs["data.fold"], label="Fold")
        with st.container():
            _show_fold(corpus)
        train_form.draw(specs["data.unlabelled"], label="Learn from utterances without an emotion, too")
    with st.container(border=True):
        st.markdown("**How**")
        train_form.draw(specs["generation.mode"], label="Generation mode")
        left, middle, right = st.columns(3)
        with left:
            train_form.draw(specs["alignment.steps"])
        with middle:
            train_form.draw(specs["generation.steps"])
        with right:
            train_form.draw(specs["training.seed"])
    _show_all_keys(specs)
    _show_go(corpus, ready)


def show_jobs() -> None:
    """All jobs, and the live panel of the watched one."""
    ids = state.run_ids()
    if not ids:
        theme.empty("No job yet", "Fill the form under New training and press Start.", icon=":material/model_training:")
        return
    watched = st.session_state.pop(jobs.NEXT_KEY, None) or st.session_state.get(jobs.WATCH_KEY)
    active = jobs.active_ids()
    if watched not in ids:
        watched = active[0] if active else ids[0]
    st.session_state[jobs.WATCH_KEY] = watched
    if len(active) > 1:
        st.caption(f"{len(active)} jobs are running.")
    st.selectbox(
        "Job",
        ids,
        key=jobs.WATCH_KEY,
        persist_state="session",
        help="Jobs run as processes of their own: closing this page, the browser or the server does not stop them.",
    )
    with state.faults():
        jobs.watch(st.session_state[jobs.WATCH_KEY])
    navigation.link("jobs", "All jobs: the queue, benchmarks, delete and undo")


def default_run_id(corpus: str, seed: int, taken: list[str]) -> str:
    """A free name: corpus, seed, and a number where that is taken.

    >>> default_run_id("emodb", 0, ["emodb-s0"])
    'emodb-s0-2'
    """
    base = f"{re.sub(r'[^A-Za-z0-9._@+-]', '-', corpus)}-s{seed}"
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}-{count}"
    return name


def _show_start_from() -> None:
    choices = [DEFAULTS, *state.run_ids()]
    if st.session_state.get("train_from") not in choices:
        st.session_state["train_from"] = DEFAULTS
    st.selectbox(
        "Start from",
        choices,
        key="train_from",
        on_change=_take_over,
        help="Fills the form with MIRAGE's defaults or with the configuration of an earlier run.",
        persist_state="session",
    )


def _take_over() -> None:
    chosen = st.session_state["train_from"]
    if chosen == DEFAULTS:
        train_form.fill({})
        return
    config = state.run_config(chosen)
    if config is None:
        state.note(f"The configuration of run {chosen} cannot be read")
        return
    train_form.fill(config.model_dump())


def _show_embeddings(corpus: str, audio: list[str], text: list[str]) -> bool:
    """Says which embeddings there are; whether a training can start."""
    if audio:
        st.caption(
            f"Stored for this corpus - audio: {theme.plain(', '.join(audio))}; "
            f"text: {theme.plain(', '.join(text)) or 'none, so it trains without text'}."
        )
        return True
    with st.container(border=True):
        st.badge("No audio embeddings yet", icon=":material/warning:", color="orange")
        st.markdown("The training reads stored embeddings. Make them once, from a terminal, then come back:")
        st.code(f"mirage embed {corpus} --audio-encoder ID_OR_PATH --text-encoder ID_OR_PATH", language="bash")
    return False


def _show_fold(name: str) -> None:
    """Says who is held out, or why nobody can be."""
    from core.corpora import class_view, make_folds

    held = train_form.collect()["data"]
    with state.faults():
        corpus = state.corpus(name)
        _, classes = class_view(corpus.table["emotion"], held["classes"] or "auto")
        text = f"{len(classes)} classes: {', '.join(classes)}. "
        if silent := int(corpus.table["emotion"].isna().sum()):
            text += f"{silent:,} utterances have no emotion. "
        if held["fold"] is None:
            text += "No fold: trained on all speakers, so nothing is left to test on."
        else:
            folds = make_folds(corpus.table, by=held["folds"] or "auto", n_folds=held["n_folds"] or 5)
            if held["fold"] >= len(folds):
                raise MirageError(f"there is no fold {held['fold']}: this corpus has folds 0 to {len(folds) - 1}")
            fold = folds[held["fold"]]
            who = ", ".join(fold.test_speakers[:8]) + (" ..." if len(fold.test_speakers) > 8 else "")
            text += f"Fold {held['fold']} of {len(folds)} holds out {int(fold.test.sum())} utterances of: {who}"
        st.text(text)


def _show_all_keys(specs: dict[str, train_form.Spec]) -> None:
    with st.expander("All keys", icon=":material/tune:"):
        sections = list(dict.fromkeys(spec.section for spec in specs.values()))
        tabs = st.tabs([train_form.TITLES.get(section, section) for section in sections])
        for section, tab in zip(sections, tabs, strict=True):
            with tab:
                st.caption(train_form.section_says(section))
                rest = [spec for spec in specs.values() if spec.section == section and spec.key not in train_form.FIRST]
                with st.grid(3, min_column_width=230):
                    for spec in rest:
                        train_form.draw(spec)


def _show_go(corpus: str, ready: bool) -> None:
    taken = state.run_ids()
    seed = st.session_state.get("cfg.training.seed") or 0
    if st.session_state.pop("train_clear_name", False):
        st.session_state[RUN_ID_KEY] = ""
    run_id = st.text_input(
        "Name of the run",
        key=RUN_ID_KEY,
        placeholder=default_run_id(corpus, seed, taken),
        help="Left empty, the run is named after corpus and seed.",
    ).strip() or default_run_id(corpus, seed, taken)
    config = None
    with state.faults():
        config = train_form.build()
        check_name(run_id, "run")
        if run_id in taken:
            config = None
            raise MirageError(f"there is already a run {run_id!r}; choose another name")
    can_start = config is not None and ready
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Start", type="primary", icon=":material/play_arrow:", disabled=not can_start, key="start")
        if config is not None:
            with st.popover("As a command", icon=":material/terminal:"):
                st.code(train_form.command(config, run_id), language="bash", wrap_lines=True)
                st.code(config.to_yaml(), language="yaml")
    if pressed and config is not None:
        with state.faults():
            from core.runs import start_job

            started = start_job(state.workspace(), config, run_id)
            jobs.watch_next(started)
            state.select_run(started)
            st.session_state["train_clear_name"] = True
            state.note(f"Run {started} is started")
            st.rerun()
