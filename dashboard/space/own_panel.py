"""Where a person puts a recording or a sentence of their own on the map, and what the run makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from core import BadInputError, MirageError, logs
from core.limits import read_limits
from dashboard import licence, theme
from dashboard.space import own
from dashboard.space.detail import near_columns
from dashboard.space.figures import bars_height, posterior_bars
from dashboard.space.own import Own
from dashboard.space.tables import near_table

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from core import LoadedRun

_KEY = "space_own"
_FAULT = "space_own_fault"
_TAKEN = "space_own_taken"
_NEAREST = 5


def held(run: LoadedRun) -> tuple[Own, ...]:
    """What this session has put on the map of ``run``, newest last."""
    name, items = st.session_state.get(_KEY, ("", ()))
    return items if name == run.id else ()


def show_own(run: LoadedRun) -> None:
    """The two fields, and one block for each thing that was put on the map."""
    limits = read_limits()
    with st.expander("Put your own on the map", icon=":material/mic:"):
        st.audio_input("Record yourself", key="own_sound", on_change=_recorded, args=(run,))
        st.file_uploader(
            "or a sound file",
            type=["wav", "flac", "ogg", "mp3"],
            max_upload_size=limits.upload_mb,
            key="own_file",
            on_change=_uploaded,
            args=(run,),
        )
        if run.t is not None and not run.permissions.transcripts:
            st.caption(licence.NO_SEARCH)
        elif run.t is not None:
            st.text_input(
                "or write a sentence",
                key="own_words",
                on_change=_written,
                args=(run,),
                placeholder="What would you say?",
                max_chars=300,
            )
        if fault := st.session_state.get(_FAULT):
            st.warning(theme.plain(fault), icon=":material/error:")
        st.caption(
            f"At most {limits.upload_mb} MB; of a longer recording the first {limits.clip_seconds} s are taken, and "
            f"the last {limits.own_most} things stay. It is embedded here, with the encoders of this run, and kept "
            "only as long as this page is open."
        )
    for number, item in reversed(list(enumerate(held(run)))):
        _show(run, number, item)


def _show(run: LoadedRun, number: int, item: Own) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{theme.plain(item.name)}** ({item.modality})", width="content")
            st.button(
                "Remove", icon=":material/close:", type="tertiary", key=f"own_remove_{number}", on_click=_remove,
                args=(run, number),
            )  # fmt: skip
        st.echarts_chart(
            posterior_bars(run.classes, item.posterior),
            key=f"own_posterior_{number}",
            height=bars_height(run.classes),
            alt=f"Probability of each emotion for your own {item.modality}",
        )
        rows, distances = run.neighbours(item.feature[None], k=_NEAREST)
        st.caption(f"Nearest utterances, as they sound, in {run.dim} dimensions")
        st.dataframe(
            near_table(run.utterances, rows[0].tolist(), distances[0].tolist()),
            hide_index=True,
            column_config=near_columns(),
            alt="The utterances nearest to your own",
        )


# --- callbacks ---------------------------------------------------------------------------------------------------


def _recorded(run: LoadedRun) -> None:
    sound = st.session_state.get("own_sound")
    if sound is not None:
        _add(run, lambda: _from(run, sound, f"recording {len(held(run)) + 1}"))


def _uploaded(run: LoadedRun) -> None:
    sound = st.session_state.get("own_file")
    if sound is not None:
        _add(run, lambda: _from(run, sound, sound.name))


def _from(run: LoadedRun, sound: UploadedFile, name: str) -> Own:
    """The upload as a point, counted against what one visitor may have decoded.

    Raises:
        BadInputError: that is used up; or as ``own.from_recording``.
    """
    limits = read_limits()
    taken = st.session_state.get(_TAKEN, 0) + sound.size
    if taken > limits.own_mb << 20:
        raise BadInputError(f"{name}: more than {limits.own_mb} MB of sound were put on the map; open the page anew")
    st.session_state[_TAKEN] = taken
    return own.from_recording(run, sound.getvalue(), name)


def _written(run: LoadedRun) -> None:
    words = str(st.session_state.get("own_words") or "").strip()
    if words and run.permissions.transcripts:
        _add(run, lambda: own.from_sentence(run, words))


def _add(run: LoadedRun, make: Callable[[], Own]) -> None:
    st.session_state[_FAULT] = ""
    try:
        st.session_state[_KEY] = (run.id, (*held(run), make())[-read_limits().own_most :])
    except MirageError as error:
        logs.fault(error, level="warning")
        st.session_state[_FAULT] = str(error)


def _remove(run: LoadedRun, number: int) -> None:
    st.session_state[_KEY] = (run.id, tuple(item for i, item in enumerate(held(run)) if i != number))
