"""The parts of the Information page."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core import Config
from dashboard import (
    chart_style,
    curve_axes,
    curve_figures,
    curves,
    information_controls,
    palette,
    run_curves,
    state,
    theme,
)
from dashboard.information_controls import Look
from dashboard.run_curves import RunCurves

EVERY = 2.0
"""Seconds between two looks at runs that are still training."""
HEIGHT = 340

NATS = (
    "Mutual information says how much one thing tells of another, in **nats** (1 nat = 1.44 bits). 0 means nothing; "
    "the entropy H(c) of four equally likely emotions is log 4 = 1.39 nats, so I(c; ĥ) cannot exceed that."
)


@dataclass(frozen=True)
class Shown:
    """The runs on the page: ids, and the pinned baseline's or None."""

    run_ids: tuple[str, ...]
    baseline: str | None = None

    def load(self) -> list[RunCurves]:
        """The curves of the runs, the baseline last; one that cannot be read is reported and left out."""
        colours = palette.colour_map(self.run_ids)
        found = []
        for run_id in self.run_ids:
            with state.faults():
                found.append(run_curves.load(run_id, colours[run_id]))
        if self.baseline is not None and self.baseline not in self.run_ids:
            with state.faults():
                found.append(run_curves.load(self.baseline, palette.MUTED, pinned=True))
        return found


def show_curves(shown: Shown, look: Look) -> None:
    """Everything that moves while a run trains; refreshes by itself until all have ended."""
    active = any(_is_active(run_id) for run_id in shown.run_ids)
    st.fragment(_curves, run_every=EVERY if active else None)(shown, look, active)


def _curves(shown: Shown, look: Look, was_active: bool) -> None:
    if information_controls.ZOOM_TO in st.session_state:
        st.rerun()
    runs = shown.load()
    if was_active and not any(_is_active(run_id) for run_id in shown.run_ids):
        st.rerun()
    if was_active:
        st.caption(f"Still training: refreshes every {EVERY:.0f} s.")
    _headline([one for one in runs if not one.pinned])
    _say_diverged(runs)
    items = {item.name: item for one in runs for item in curves.quantities(one.events)}
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
                st.caption(_kind_words(item, runs))
                option = curve_figures.quantity(runs, item, weight=look.weight, axis=look.axis, window=look.window)
                _draw(option, f"mi_{item.name}", look, f"{item.shown} in nats: while training, held out, ceiling")
        if any("ua_validation" in set(one.events["name"]) for one in runs):
            with grid.cell():
                st.markdown("**UA while stage 1 trains** - unweighted average recall; dashed on training speakers.")
                option = curve_figures.recognition(runs, axis=look.axis, window=look.window)
                alt = "Unweighted average recall in percent on validation and training speakers"
                _draw(option, "mi_ua", look, alt)
    st.caption(
        "Line: what the critic that trains with the generator reaches (faint: raw, strong: smoothed). Squares: "
        "held-out value of a fresh critic that shares no weight with training, the last one with its 95 % bootstrap "
        "interval. Dotted: the most that the estimator could say. Red: the value was not a number there."
    )


def _draw(option: curve_figures.Option | None, name: str, look: Look, alt: str) -> None:
    if option is None:
        st.caption(
            "No value on this part of this axis: choose another axis, or show the whole of it."
            if look.window != curve_axes.WHOLE
            else "This axis is not measured in the stage of this curve: choose another one."
        )
        return
    # A new key for each part of the axis: what was marked in the figure before is gone with it.
    key = f"{name}_{look.axis}_{look.window.low}_{look.window.high}"
    theme.draw(
        {**option, **chart_style.zoom_by_drag()},
        key=key,
        height=HEIGHT,
        alt=f"{alt}, over {curve_axes.title(look.axis)}",
        on_select=lambda: information_controls.zoom_to(key),
    )


def _kind_words(item: curves.Quantity, runs: list[RunCurves]) -> str:
    """What the line and the squares are: bound from below, from above, or biased."""
    held = list(dict.fromkeys(words for one in runs for words in curves.kinds(item, one.estimates)))
    if not held and any(len(curves.series(one.events, item.stage, curves.HELD_OUT + item.name)) for one in runs):
        held = [item.bound]  # while a run trains its fresh critics are of the same kind
    return f"While training: {item.bound}. Held out: {theme.plain('; '.join(held)) or 'not measured'}."


def _say_diverged(runs: list[RunCurves]) -> None:
    for one in runs:
        names = curves.diverged(one.events)
        if names:
            with st.container(border=True):
                st.badge("Diverged", icon=":material/warning:", color="red")
                st.text(f"{one.run}: last measured as not a number: {', '.join(names)}. Lower the learning rates.")


def show_table(runs: list[RunCurves], baseline: str | None = None) -> None:
    """Held-out estimates of all runs: kind, interval, ceiling, gap, and how far from the baseline."""
    st.subheader("Held-out estimates", anchor=False)
    fixed = next((one.estimates for one in runs if one.run == baseline), ())
    tables = [curves.estimate_table(one.run, one.estimates, fixed) for one in runs]
    tables = [frame for frame in tables if len(frame)]
    if not tables:
        st.caption("They are measured when a run ends; until then the squares in the figures are what there is.")
        return
    nats = {
        name: st.column_config.NumberColumn(f"{name} (nats)", format="%.3f")
        for name in ("held-out", "low", "high", "ceiling", "training bound", "gap", "to baseline")
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
            "to baseline": st.column_config.NumberColumn(
                "to baseline (nats)", format="%+.3f", help="Held-out value - that of the pinned baseline."
            ),
            "of ceiling": st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0),
            "kind": st.column_config.TextColumn(
                help="A lower bound is at most the true value (up to noise), an upper bound at least."
            ),
        },
        alt="Held-out mutual information of the chosen runs, in nats",
    )
    st.caption("Low and high: 95 % bootstrap interval. UA and WA of a run are on the Overview, with classes and split.")


def show_diff(runs: list[RunCurves]) -> None:
    """The keys in which the configurations of the runs differ."""
    st.subheader("Configuration", anchor=False)
    configs: dict[str, Config] = {shown.run: shown.config for shown in runs if shown.config is not None}
    if len(configs) < 2:
        st.caption("Choose another run to compare with: the keys in which they differ are listed here.")
        for shown in runs:
            if shown.config is not None:
                _config_file(shown.run, shown.config)
        return
    differences = curves.config_diff(configs)
    if differences.empty:
        st.caption("The configurations are the same, key by key.")
        return
    st.dataframe(differences, hide_index=True, alt="Keys in which the configurations of the chosen runs differ")


def _config_file(run_id: str, config: Config) -> None:
    # Filled only when it is opened: what colours the file costs a browser as much as the rest of the page.
    opened = st.expander(
        f"config.yaml of {theme.plain(run_id)}",
        icon=":material/settings:",
        key=f"config_{run_id}",
        on_change="rerun",
    )
    if opened.open:
        opened.code(config.to_yaml(), language="yaml")


def show_download(runs: list[RunCurves]) -> None:
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


def _headline(runs: list[RunCurves]) -> None:
    """For each run: the share of H(c) that is reached, and its recognition beside the reference."""
    with st.grid(4, min_column_width=190):
        for shown in runs:
            _figures(shown, prefix=f"{shown.run}: " if len(runs) > 1 else "")


def _figures(shown: RunCurves, prefix: str) -> None:
    item = curves.QUANTITIES[0]
    final = run_curves.final_estimate(shown, item)
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
    if result is not None and result.labelled_alone is not None:
        st.metric(
            theme.plain(f"{prefix}UA, labelled alone"),
            f"{100 * result.labelled_alone:.1f} %",
            "before guesses",
            delta_color="off",
            delta_arrow="off",
            help="The same before utterances without an emotion, whose emotions are guessed, were learnt from.",
            border=True,
        )


def _is_active(run_id: str) -> bool:
    current = state.run_state(run_id)
    return current is not None and current.status in state.ACTIVE
