"""The tray: keep the looked-at sample under a name, compare, remove, take away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.downloads import show_feature_downloads
from dashboard.lab import export, store, tray
from dashboard.lab.controls import Controls
from dashboard.lab.readout import Readout
from dashboard.space.tables import csv_bytes, parquet_bytes

if TYPE_CHECKING:
    from core import LoadedRun


def show_tray(run: LoadedRun, now: Controls, readout: Readout) -> None:
    """The kept samples as a table, with what can be done with them."""
    kept = store.tray()
    st.markdown(f"**Tray** ({len(kept)} kept)" if kept else "**Tray**")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name", key="lab_name", placeholder=f"{now.asked(run.classes)} {len(kept) + 1}", width=220)
        st.button(
            f"Keep sample {now.sample + 1}",
            icon=":material/add:",
            key="lab_keep",
            on_click=lambda: _keep(run, now, readout),
            disabled=len(kept) >= tray.MOST,
            help=f"Keeps the sample with its codes, marked on the map; at most {tray.MOST}.",
        )
        if kept:
            marked = _marked(len(kept))
            st.button(
                "Remove",
                icon=":material/delete:",
                key="lab_remove",
                disabled=not marked,
                on_click=_remove,
                args=(marked,),
                help="Removes the rows that are selected in the table.",
            )
            st.button(
                "Rename",
                icon=":material/edit:",
                key="lab_rename",
                disabled=len(marked) != 1,
                on_click=_rename,
                args=(marked,),
                help="Gives the one selected row the name written on the left.",
            )
            st.download_button(
                "CSV",
                lambda: csv_bytes(tray.exported(kept, features=False)),
                file_name="latent-lab.csv",
                mime="text/csv",
                icon=":material/download:",
                on_click="ignore",
                help="All kept samples with their full latent codes.",
            )
            st.download_button(
                "Parquet",
                lambda: parquet_bytes(tray.exported(kept, features=True)),
                file_name="latent-lab.parquet",
                mime="application/vnd.apache.parquet",
                icon=":material/download:",
                on_click="ignore",
                help="The same with the generated features themselves.",
            )
            show_feature_downloads(
                lambda: tray.kept_features(kept),
                "latent-lab",
                "All kept samples with their full latent codes.",
                cannot="" if tray.of_one_size(kept) else "The samples are of runs of different dimensions.",
            )
            st.download_button(
                "Python",
                lambda: export.tray_snippet(kept, run.code_names),
                file_name="latent_lab.py",
                mime="text/x-python",
                icon=":material/code:",
                on_click="ignore",
                help="A script that makes every kept sample again.",
            )
    if not kept:
        st.caption("Keep samples here to compare them and to take them away with their codes.")
        return
    table = tray.compared(kept)
    st.dataframe(
        table,
        key=_table_key(len(kept)),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        column_config=_columns(list(table.columns)),
        alt="The kept samples and what was measured on them",
    )


def _columns(names: list[str]) -> dict[str, Any]:
    config: dict[str, Any] = {
        "name": st.column_config.TextColumn("Name"),
        "asked": st.column_config.TextColumn("Asked"),
        "recognised": st.column_config.TextColumn("Recognised as"),
        "probability": st.column_config.ProgressColumn("Probability", min_value=0.0, max_value=1.0, format="%.2f"),
        "mi": st.column_config.NumberColumn("MI (nats)", format="%+.2f"),
        "novelty": st.column_config.NumberColumn("Novelty (×)", format="%.2f"),
    }
    codes = [name for name in names if name not in config]
    return {**config, **{name: st.column_config.NumberColumn(f"{name} (σ)", format="%.2f") for name in codes}}


def _table_key(size: int) -> str:
    # Another number of rows is another table: marks of the old one must not fall on other samples.
    return f"lab_tray_table_{size}"


def _marked(size: int) -> list[int]:
    event = st.session_state.get(_table_key(size)) or {}
    return [row for row in event.get("selection", {}).get("rows", []) if 0 <= row < size]


def _keep(run: LoadedRun, now: Controls, readout: Readout) -> None:
    added, _ = tray.keep(run, now, readout, str(st.session_state.get("lab_name") or ""), store.tray())
    store.set_tray(added)
    st.session_state["lab_name"] = ""


def _remove(marked: list[int]) -> None:
    kept = store.tray()
    store.set_tray(tuple(one for i, one in enumerate(kept) if i not in marked))
    st.session_state.pop(_table_key(len(kept)), None)


def _rename(marked: list[int]) -> None:
    store.set_tray(tray.renamed(store.tray(), marked[0], str(st.session_state.get("lab_name") or "")))
    st.session_state["lab_name"] = ""
