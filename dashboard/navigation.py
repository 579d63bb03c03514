"""The pages, their order and their groups; a page that is not installed is left out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

FOLDER = Path(__file__).resolve().parent.parent / "pages"


@dataclass(frozen=True)
class PageSpec:
    """One page of the dashboard; ``name`` is its file's and its address's."""

    name: str
    title: str
    icon: str
    group: str
    says: str

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.py"


PAGES = (
    PageSpec(
        "overview",
        "Overview",
        ":material/home:",
        "",
        "What is in this workspace: corpora, runs and running jobs. Start or go on here.",
    ),
    PageSpec(
        "corpora",
        "Corpora",
        ":material/library_music:",
        "Prepare",
        "Counts by emotion, session and speaker; hear and read every utterance; add a corpus.",
    ),
    PageSpec(
        "train",
        "Train",
        ":material/model_training:",
        "Prepare",
        "Start a training, watch it live, stop it, go on with it. A job outlives this page.",
    ),
    PageSpec(
        "jobs",
        "Jobs",
        ":material/work_history:",
        "Prepare",
        "What waits, works or has ended: stop, resume, duplicate with changes, delete and undo.",
    ),
    PageSpec(
        "aligned_space",
        "Aligned space",
        ":material/scatter_plot:",
        "Explore",
        "One map of audio, text and generated features, linked with a table and with the clips.",
    ),
    PageSpec(
        "latent_lab",
        "Latent lab",
        ":material/tune:",
        "Explore",
        "Generate features by moving emotion and latent codes, and see where they land.",
    ),
    PageSpec(
        "information",
        "Information",
        ":material/query_stats:",
        "Results",
        "Mutual information live and across runs, with ceilings, held-out values and intervals.",
    ),
    PageSpec(
        "benchmark",
        "Benchmark",
        ":material/leaderboard:",
        "Results",
        "Recognition with each way of augmenting: gains with intervals, recall, confusion. Start one and watch it.",
    ),
    PageSpec(
        "present",
        "Present",
        ":material/co_present:",
        "Results",
        "The story of a run for an audience: step by step, full screen, with speaker notes and live figures.",
    ),
)


def available() -> list[PageSpec]:
    """The pages whose file is there."""
    return [page for page in PAGES if page.file.is_file()]


def menu() -> dict[str, list[st.Page]]:
    """What ``st.navigation`` takes: pages by group, in order."""
    groups: dict[str, list[st.Page]] = {}
    for page in available():
        groups.setdefault(page.group, []).append(
            st.Page(
                page.file,
                title=page.title,
                icon=page.icon,
                url_path=page.name,
                default=page.name == "overview",
                help=page.says,
            )
        )
    return groups


def spec(name: str) -> PageSpec | None:
    """The page of that name, or None where it is not installed."""
    return next((page for page in available() if page.name == name), None)


def go(name: str) -> None:
    """Switches to a page."""
    page = spec(name)
    if page is not None:
        st.switch_page(page.file)


def link(name: str, label: str | None = None) -> None:
    """A link to a page, drawn only where the page is installed."""
    page = spec(name)
    if page is not None:
        st.page_link(page.file, label=label or page.title, icon=page.icon)
