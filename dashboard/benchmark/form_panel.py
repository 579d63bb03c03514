"""The form of a new benchmark."""

from __future__ import annotations

import streamlit as st

from core import MirageError
from core.benchmarks import start_benchmark
from dashboard import state, theme
from dashboard.benchmark import store, watch
from dashboard.benchmark.form import DEFAULT_METHODS, FOLDS, SHARES, WITH_UNLABELLED, Call

SAME = "(its own held-out speakers)"


def show() -> None:
    """Fill, check, start."""
    names = state.workspace().corpus_names()
    if not names:
        theme.empty(
            "No corpus yet",
            "A benchmark needs a corpus and its embeddings. Add one on the page Corpora, or from a terminal:",
            ["mirage ingest --list", "mirage ingest folder PATH --table FILE.csv --name my-corpus"],
        )
        return
    with st.container(border=True):
        call = _filled(names)
    ready = _show_embeddings(call.corpus)
    fine = False
    with state.faults():
        if not call.methods:
            raise MirageError("choose at least one method")
        call.config()
        fine = True
    busy = len(watch.active_names())
    if busy:
        st.caption(f"{busy} running already: each takes all cores unless it is given fewer processes.")
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            "Start",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not (fine and ready),
            key="benchmark_start",
        )
        with st.popover("As a command", icon=":material/terminal:"):
            st.code(call.command(), language="bash", wrap_lines=True)
    st.caption(
        "Networks (conditional GAN, ADAN-like, MIRAGE) take most of the time: minutes to hours by corpus and seeds. "
        "What is done is kept; the same call goes on, and one with more seeds or methods does only what is new."
    )
    if pressed:
        with state.faults(), st.spinner("Checking corpus and embeddings"):
            store.show_next(_start(call))
            st.rerun()


def _start(call: Call) -> str:
    name = start_benchmark(
        call.corpus,
        methods=call.methods,
        seeds=call.seeds,
        condition=call.condition,
        test_on=call.test_on or None,
        unlabelled=call.unlabelled,
        workers=call.workers,
        config=call.config(),
        workspace=state.workspace(),
    )
    state.note(f"Benchmark {name} is started")
    return name


def _filled(names: list[str]) -> Call:
    with st.grid(2, min_column_width=260):
        corpus = st.selectbox("Corpus", names, key="bench_corpus", persist_state="session")
        test_on = st.selectbox(
            "Tested on",
            ["", *[name for name in names if name != corpus]],
            format_func=lambda name: name or SAME,
            key=f"bench_test_on_{corpus}",
            persist_state="session",
            help="Another corpus, embedded alike: then all of the first trains, and the other one is tested.",
        )
    share = st.segmented_control(
        "Training utterances used",
        list(SHARES),
        default="all",
        required=True,
        format_func=lambda name: SHARES[name],
        key="bench_share",
        persist_state="session",
        help="The same utterances for all methods, drawn anew for each seed; each emotion keeps its share.",
    )
    cut = ""
    if share == "cut":
        cut = str(
            st.selectbox("Emotion cut to 10 %", _emotions(corpus), key=f"bench_cut_{corpus}", persist_state="session")
        )
    unlabelled = st.toggle(
        "Learn from the other utterances too, without their labels",
        key="bench_unlabelled",
        persist_state="session",
        help="Those that are left out above, and those of training speakers without an emotion: the generators, "
        "self-training and MIRAGE without a generator learn from them.",
    )
    offered = list(_titles(unlabelled))
    methods = st.pills(
        "Methods",
        offered,
        default=[*DEFAULT_METHODS, *(WITH_UNLABELLED if unlabelled else ())],
        selection_mode="multi",
        format_func=lambda name: _titles(unlabelled)[name],
        key="bench_methods_unlabelled" if unlabelled else "bench_methods",
        persist_state="session",
        help="Gains over nothing added need it in the list. The tuned logistic regression is always measured.",
    )
    with st.grid(3, min_column_width=180):
        seeds = st.number_input("Seeds", 1, 50, 5, key="bench_seeds", persist_state="session")
        fold_by = st.selectbox(
            "A fold holds out",
            FOLDS,
            key="bench_fold_by",
            persist_state="session",
            help="auto: sessions, else speakers.",
        )
        workers = st.number_input(
            "Processes", 0, 256, 0, key="bench_workers", persist_state="session", help="0: one for each core."
        )
    with st.expander("Settings", icon=":material/tune:"):
        settings = st.text_area(
            "One SECTION.KEY=VALUE a line",
            key="bench_settings",
            placeholder="alignment.steps=100\ndata.n_folds=10\ndata.classes=four-class",
            persist_state="session",
            help="The keys of the configuration, as on the page Train under All keys.",
        )
    return Call(
        corpus=str(corpus),
        methods=tuple(name for name in offered if name in (methods or [])),
        seeds=int(seeds or 1),
        share=str(share),
        cut=cut,
        test_on=str(test_on or ""),
        unlabelled=bool(unlabelled),
        fold_by=str(fold_by),
        settings=str(settings or ""),
        workers=int(workers or 0),
    )


def _show_embeddings(corpus: str) -> bool:
    """Says where there are no embeddings; whether a benchmark can start."""
    if "audio" in state.stores(corpus).values():
        return True
    with st.container(border=True):
        st.badge("No audio embeddings yet", icon=":material/warning:", color="orange")
        st.markdown("A benchmark reads stored embeddings. Make them once, from a terminal, then come back:")
        st.code(f"mirage embed {corpus} --audio-encoder ID_OR_PATH --text-encoder ID_OR_PATH", language="bash")
    return False


@st.cache_resource(max_entries=2, show_spinner="Loading the methods")
def _titles(unlabelled: bool) -> dict[str, str]:
    """The methods by name with what a table calls them."""
    from core.benchmarks import find_methods

    return {method.name: method.title for method in find_methods(["all"], unlabelled=unlabelled)}


def _emotions(corpus: str) -> list[str]:
    try:
        return list(state.corpus(corpus).classes())
    except MirageError:
        return []
