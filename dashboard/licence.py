"""What a licence keeps from people, in words: badges, the line in place of a transcript, why there is no search.

Nothing is decided here: ``core.corpora.Permissions`` says what may be shown, and tables come without transcripts from
``state.corpus`` and ``LoadedRun.utterances`` where these must not be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import theme

if TYPE_CHECKING:
    from core.corpora import Permissions

NO_WORDS = "(transcript not shown: licence)"
LONGEST = 2000
"""Letters of a transcript that a page shows."""
NO_SEARCH = (
    "The licence of this corpus does not allow its transcripts to be shown, so they cannot be searched either, nor can "
    "a sentence be put beside them: what is found would tell the words."
)


def said(record: Mapping[str, Any] | Any, allowed: Permissions, most: int = LONGEST) -> str:
    """The transcript of an utterance, for ``st.text``; of a long one the first ``most`` letters."""
    if not allowed.transcripts:
        return NO_WORDS
    text = record["text"]
    if not isinstance(text, str):
        return "(no transcript)"
    return theme.short(text, most)


def show_badges(allowed: Permissions) -> None:
    """What is switched off, for the head of a page."""
    if not allowed.audio:
        st.badge(
            "No audio",
            icon=":material/volume_off:",
            color="orange",
            help="Clips and their spectrograms are not shown: licence. `mirage corpus` says and changes it.",
        )
    if not allowed.transcripts:
        st.badge(
            "No transcripts",
            icon=":material/speaker_notes_off:",
            color="orange",
            help="Transcripts are neither shown nor searched: licence. `mirage corpus` says and changes it.",
        )
