"""Buttons that hand out features in the forms of other programs: NumPy's npz, and audformat as a zip."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from core import MirageError, logs
from core.export import Features, features_bytes, has_audformat

_FORMS = (
    ("npz", "npz", "application/octet-stream", "Arrays for NumPy, without a pickle."),
    ("audformat", "zip", "application/zip", "A database in the audformat form, as a zip."),
)


def show_feature_downloads(make: Callable[[], Features], name: str, says: str, *, cannot: str = "") -> None:
    """A button for each form.

    Args:
        make: called when a button is pressed. name: of the file, without its ending. says: what is in it. cannot: why
            there is nothing to hand out; the buttons are then disabled.
    """
    for form, ending, mime, what in _FORMS:
        missing = "" if form != "audformat" or has_audformat() else "Needs audformat: pip install audformat."
        st.download_button(
            form,
            partial(_content, make, form),
            file_name=f"{name}.{ending}" if ending == form else f"{name}-{form}.{ending}",
            mime=mime,
            icon=":material/download:",
            on_click="ignore",
            disabled=bool(cannot or missing),
            help=cannot or missing or f"{what} {says}",
        )


def _content(make: Callable[[], Features], form: str) -> bytes:
    try:
        return features_bytes(make(), form)
    except MirageError as error:
        # The browser is told only that there is no file: a run may be gone, or damaged, since the button was drawn.
        logs.fault(error, level="warning")
        raise
