"""The parts of the Information page."""

from __future__ import annotations

from typing import cast

import pandas as pd
import streamlit as st

from core import Config
from dashboard import curve_figures, curves, palette, state, theme

AXES: tuple[curves.Axis, ...] = ("step", "working time")
EVERY = 2.0
"""Seconds between two looks at runs that are still training."""

NATS = (
    "Mutual information says how much one thing tells of another, in **nats** (1 nat = 1.44 bits). 0 means nothing; "
    "the entropy H(c) of four equally likely emotions is log 4 = 1.39 nats, so I(c; ĥ) cannot exceed that."
)


def choose_runs(selected: str) -> list[str]:
    """The runs to draw: the selected one first, and others to compare it with."""
    others = [run_id for run_id in state.run_ids() if run_id != selected]
    if not others:
        return [selected]
    kept = [run_id for run_id in st.session_state.get("compare", []) if run_id in others]
    if "compare" in st.session_state and kept != st.session_state["compare"]:
        st.session_state["compare"] = kept
    chosen = st.multiselect(
        "Compare with",
        others,
        key="compare",
        max_selections=len(palette.CATEGORY_COLOURS) - 1,
        placeholder="other runs",
        persist_state="session",
        help="Other runs in the same figures. The selected run is chosen in the sidebar.",
    )
    return [selected, *chosen]


def show_curves(run_ids: list[str], weight: float, axis: curves.Axis) -> None:
    """Everything that moves while a run trains; refreshes by itself until all have ended."""
    active = any(_is_active(run_id) for run_id in run_ids)
    st.fragment(_curves, run_every=EVERY if active else None)(tuple(run_ids), weight, axis, active)


def load_all(run_ids: tuple[str, ...] | list[str]) -> list[curve_figures.RunCurves]:
    """The curves of the runs, each with its colour; one that cannot be read is reported and left out."""
    colours = palette.colour_map(run_ids)
    found = []
    for run_id in run_ids:
        with state.faults():
            found.append(curve_figures.load(run_id, colours[run_id]))
    return found


def _curves(run_ids: tuple[str, ...], weight: float, axis: curves.Axis, was_active: bool) -> None:
    runs = load_all(run_ids)
    if was_active and not any(_is_active(run_id) for run_id in run_ids):
        st.rerun()
    if was_active:
        st.caption(f"Still training: refreshes every {EVERY:.0f} s.")
    _headline(runs)
    items = {item.name: item for shown in runs for item in curves.quantities(shown.events)}
    if not items:
        theme.empty(
            "No mutual information measured yet",
            "A run measures it from its first steps on. Start one on the page Train, or go on with a stopped one.",
            ["mirage train NAME", "mirage resume RUN"],
        )
        return
    ordered = [item for item in curves.QUANTITIES if item.name in items]
    with st.grid(2, min_column_width=400, gap="medium", border=True) as grid:
        for item in ordered:
            with grid.cell():
                st.markdown(f"**{item.shown}** - {item.says}")
                theme.show(
                    curve_figures.quantity(runs, item, weight=weight, axis=axis),
                    key=f"mi_{item.name}",
                    alt=f"{item.shown} in nats over {axis}: training bound, held-out value with interval, ceiling",
                )
        if any("ua_validation" in set(shown.events["name"]) for shown in runs):
            with grid.cell():
                st.markdown("**UA while stage 1 trains** - unweighted average recall; dotted on training speakers.")
                theme.show(
                    curve_figures.recognition(runs, axis=axis, height=340),
                    key="mi_ua",
                    alt="Unweighted average recall in percent on validation and training speakers",
                )
    st.caption(
        "Line: bound reached by the critic that trains with the generator (faint: raw, strong: smoothed). Squares: "
        "held-out value of a fresh critic that shares no weight with training, the last one with its 95 % bootstrap "
        "interval. Dotted: the most that the estimator could say."
    )


def show_table(runs: list[curve_figures.RunCurves]) -> None:
    """Held-out estimates of all runs: kind, interval, ceiling, gap."""
    st.subheader("Held-out estimates", anchor=False)
    tables = [curves.estimate_table(shown.run, shown.estimates) for shown in runs]
    tables = [frame for frame in tables if len(frame)]
    if not tables:
        st.caption("They are measured when a run ends; until then the squares in the figures are what there is.")
        return
    nats = {
        name: st.column_config.NumberColumn(f"{name} (nats)", format="%.3f")
        for name in ("held-out", "low", "high", "ceiling", "training bound", "gap")
    }
    st.dataframe(
        pd.concat(tables, ignore_index=True),
        hide_index=True,
        column_config={
            **nats,
            "gap": st.column_config.NumberColumn(
                "gap (nats)",
                format="%.3f",
                help="Training bound - held-out value. Far above 0: the training critic flatters itself. "
                "Below 0: it is weaker than the fresh one.",
            ),
            "of ceiling": st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0),
            "kind": st.column_config.TextColumn(
                help="A lower bound is at most the true value (up to noise), an upper bound at least."
            ),
        },
        alt="Held-out mutual information of the chosen runs, in nats",
    )
    st.caption("Low and high: 95 % bootstrap interval. UA and WA of a run are on the Overview, with classes and split.")


def show_diff(runs: list[curve_figures.RunCurves]) -> None:
    """The keys in which the configurations of the runs differ."""
    st.subheader("Configuration", anchor=False)
    configs: dict[str, Config] = {shown.run: shown.config for shown in runs if shown.config is not None}
    if len(configs) < 2:
        st.caption("Choose another run to compare with: the keys in which they differ are listed here.")
        for shown in runs:
            if shown.config is not None:
                with st.expander(f"config.yaml of {theme.plain(shown.run)}", icon=":material/settings:"):
                    st.code(shown.config.to_yaml(), language="yaml")
        return
    differences = curves.config_diff(configs)
    if differences.empty:
        st.caption("The configurations are the same, key by key.")
        return
    st.dataframe(differences, hide_index=True, alt="Keys in which the configurations of the chosen runs differ")


def show_download(runs: list[curve_figures.RunCurves]) -> None:
    """All measured values as CSV."""
    st.download_button(
        "Download all values as CSV",
        lambda: curves.as_csv({shown.run: shown.events for shown in runs}),
        file_name="mirage-curves.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="curves_csv",
    )


def axis_control() -> curves.Axis:
    """What the horizontal axis shows."""
    chosen = st.segmented_control("Horizontal axis", AXES, default=AXES[0], required=True, key="mi_axis")
    return cast("curves.Axis", chosen)


def _headline(runs: list[curve_figures.RunCurves]) -> None:
    """For each run: the share of H(c) that is reached, and its recognition beside the reference."""
    with st.grid(4, min_column_width=190):
        for shown in runs:
            _figures(shown, prefix=f"{shown.run}: " if len(runs) > 1 else "")


def _figures(shown: curve_figures.RunCurves, prefix: str) -> None:
    item = curves.QUANTITIES[0]
    final = curve_figures.final_estimate(shown, item)
    if final is not None:
        top = curves.ceiling(item, shown.estimates, shown.config, shown.classes).value
        st.metric(
            theme.plain(f"{prefix}{item.shown} held out"),
            f"{final['value']:.2f} nats",
            f"{100 * final['value'] / top:.0f} % of H(c)" if top else None,
            delta_color="off",
            delta_arrow="off",
            help=f"95 % interval {final['low']:.2f} to {final['high']:.2f} nats, a lower bound by a fresh critic.",
            border=True,
        )
    result = state.run_recognition(shown.run)
    if result is not None and result.ua is not None:
        st.metric(
            theme.plain(f"{prefix}UA on held-out speakers"),
            f"{100 * result.ua:.1f} %",
            f"log. regression {100 * result.reference:.1f} %" if result.reference is not None else None,
            delta_color="off",
            delta_arrow="off",
            help=theme.plain(f"Unweighted average recall from audio: {result.says()}."),
            border=True,
        )


def _is_active(run_id: str) -> bool:
    current = state.run_state(run_id)
    return current is not None and current.status in state.ACTIVE
