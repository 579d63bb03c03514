"""The talk in the browser: what is sent to it; see ``DeckData`` in ``frontend/src/deck.js``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import components
from dashboard.present.steps import Step
from dashboard.present.store import Place

KEY = "present_deck"
STEP = "present_step"
"""Steps are containers with this key, an underscore and their name."""

deck = st.components.v2.component("mirage_deck", js=components.whole_script("present"))


def deck_data(steps: Sequence[Step], place: Place, *, notes_only: bool) -> dict[str, Any]:
    """Titles and notes of all steps, and where the talk stands."""
    names = [step.name for step in steps]
    return {
        "token": place.token,
        "run": place.run,
        "step": names.index(place.step) if place.step in names else 0,
        "seen": place.seen,
        "stage": "present_stage",
        "prefix": STEP,
        "notesOnly": notes_only,
        "steps": [
            {"name": step.name, "title": step.title, "notes": [step.message, *(note for note in step.notes if note)]}
            for step in steps
        ],
    }
