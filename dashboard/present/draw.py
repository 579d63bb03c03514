"""What stands under the message of each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import curve_figures, curves, palette, run_curves, theme
from dashboard.curve_axes import STEP
from dashboard.present import figures, live
from dashboard.present import steps as told
from dashboard.present.figures import for_the_room

if TYPE_CHECKING:
    from core import LoadedRun
    from core.story import Benchmark, Story

RATIO = (7, 4)
"""A figure, and the words beside it."""
RIVALS_MOST = 8
WITHHELD = "The run was published without the features of its utterances: this talk has no map and no lab."


def body(run: LoadedRun, story: Story, name: str, *, near: bool) -> None:
    """The step of that name; ``near``: its figure is drawn, not only its words."""
    _STEPS[name](run, story, near)


def _start(run: LoadedRun, story: Story, near: bool) -> None:
    both = "Speech and its words" if story.data.with_text else "Speech"
    codes = len(story.training.codes)
    _boxes(
        "start",
        [
            ("Align", [f"{both} meet in one space of {story.training.dim} dimensions."]),
            ("Generate", [f"New features for an emotion, with {codes} dial{'' if codes == 1 else 's'} to vary them."]),
            ("Measure", [told.measured(story)]),
        ],
    )
    _small("start", [story.headline])


def _data(run: LoadedRun, story: Story, near: bool) -> None:
    data = story.data
    if not data.utterances:
        _lines("data", [f"Emotions: {', '.join(data.emotions)}."])
        _small("data", [WITHHELD + _not_shown(story)])
        return
    left, right = st.columns(RATIO, gap="large", vertical_alignment="center")
    with left:
        _figure("data", near, lambda: figures.emotions(data.emotions), "Utterances by emotion")
    with right:
        parts = [("trained on", "train"), ("chosen on", "validation"), ("tested on", "test")]
        for label, part in parts:
            count = len(data.speakers.get(part, []))
            if part in data.parts:
                st.metric(
                    f"{told.voices(story).capitalize()} {label}",
                    count or "not named",
                    f"{data.parts[part]:,} utterances",
                    delta_color="off",
                    delta_arrow="off",
                )
    said = [f"{_held_out(story)}{_not_shown(story)}".strip(), WITHHELD if told.withheld(story) else ""]
    _small("data", [line for line in said if line])


def _held_out(story: Story) -> str:
    if story.data.held_out:
        return f"No {told.voices(story)[:-1]} is in two parts."
    return "" if "test" in story.data.parts else "Nothing was held out of this run."


def _not_shown(story: Story) -> str:
    hidden = [
        what
        for what, allowed in (("clips", story.data.audio_allowed), ("transcripts", story.data.transcripts_allowed))
        if not allowed
    ]
    return f" Its licence keeps {' and '.join(hidden)} from being shown." if hidden else ""


def _space(run: LoadedRun, story: Story, near: bool) -> None:
    with st.container(key="present_live_space"):
        if near:
            live.show_map(run)


def _lab(run: LoadedRun, story: Story, near: bool) -> None:
    with st.container(key="present_live_lab"):
        if near:
            live.show_lab(run)


def _training(run: LoadedRun, story: Story, near: bool) -> None:
    made = story.training
    encoders = [name.rpartition("/")[2] for name in made.encoders.values()]
    kind = {"text": "for given words", "paired": "as pairs of speech and text", "free": "of speech"}[made.mode]
    _boxes(
        "training",
        [
            ("Pre-trained", [*(encoders or ["an encoder of speech"]), "They stay as they are."]),
            ("Aligned space", [f"{made.dim} dimensions", f"{made.steps['alignment']:,} steps of training"]),
            (
                "Generator",
                [
                    f"{len(story.data.emotions)} emotions, {len(made.codes)} latent codes",
                    f"{made.steps['generation']:,} steps of training",
                ],
            ),
            ("New features", [f"{kind[:1].upper()}{kind[1:]},", "to train a recogniser with."]),
        ],
    )
    held = "Mutual information is part of the generator's loss: it holds it to what it was asked for."
    guessed = " It learnt from utterances without a label too, whose emotions it guessed." if made.unlabelled else ""
    _small("training", [held + guessed])


def _information(run: LoadedRun, story: Story, near: bool) -> None:
    left, right = st.columns(RATIO, gap="large", vertical_alignment="center")
    with left:
        _figure(
            "information", near, lambda: _curve(run), "I(c; ĥ) in nats over steps: while training, held out, ceiling"
        )
    with right:
        for one in story.information:
            if one.value is None:
                continue
            share = (
                f"{100 * min(1.0, one.value / one.ceiling):.0f} % of the most there could be" if one.ceiling else None
            )
            st.metric(
                theme.plain(one.meaning.rstrip(".")),
                f"{one.value:.2f} nats",
                share,
                delta_color="off",
                delta_arrow="off",
            )
    _small(
        "information",
        [
            "Measured on rows and by networks that training never used. The curve is that of the emotion; dotted, its "
            "ceiling."
        ],
    )


def _curve(run: LoadedRun) -> dict[str, Any] | None:
    item = curves.QUANTITIES[0]
    shown = run_curves.load(run.id, palette.ACCENT)
    return curve_figures.quantity([shown], item, weight=0.6, axis=STEP)


def _gain(run: LoadedRun, story: Story, near: bool) -> None:
    listed = told.conditions_of(story)
    best = story.best
    if best is None or not listed:
        _unmeasured(story)
        return
    rows = [(told.condition_words(one), one.gain) for one in listed if one.gain is not None]
    left, right = st.columns(RATIO, gap="large", vertical_alignment="center")
    with left:
        _figure(
            "gain",
            near,
            lambda: figures.gains(rows, ours=range(len(rows))),
            "Gain of MIRAGE over nothing added in points of UA with its 95 % interval, by what was trained on",
        )
    with right:
        for label, value in told.certainty(best):
            st.metric(label, value)
    credit = told.credit(listed)
    read = f"{_read_with(best, condition=False)} Gain over nothing added; filled: told apart from zero."
    _small("gain", [read, *([credit] if credit else [])])


def _rivals(run: LoadedRun, story: Story, near: bool) -> None:
    best = story.best
    methods = [] if best is None else [one for one in best.methods if one.gain is not None]
    if best is None or not methods:
        _unmeasured(story)
        return
    ranked = sorted(methods, key=lambda one: (one.name != "mirage", -one.ua))[:RIVALS_MOST]
    rows = [(one.title, one.gain) for one in ranked if one.gain is not None]
    _figure(
        "rivals",
        near,
        lambda: figures.gains(rows, ours=[0]),
        "Gain of each way of augmenting over nothing added in points of UA with its 95 % interval",
    )
    more = len(methods) - len(rows)
    _small(
        "rivals",
        [f"{_read_with(best)} Gain over nothing added." + (f" {more} more are on the page Benchmark." if more else "")],
    )


def _emotions(run: LoadedRun, story: Story, near: bool) -> None:
    best = story.best
    if best is None or all(one.change is None for one in best.effects):
        _unmeasured(story)
        return
    effects = best.effects
    _figure(
        "emotions",
        near,
        lambda: figures.recalls(effects),
        "Recall of each emotion in per cent, without and with MIRAGE",
    )
    _small(
        "emotions",
        [
            f"{_read_with(best)} Ring: nothing added; dot: with MIRAGE. Means without intervals: small differences "
            "mean nothing."
        ],
    )


def _limits(run: LoadedRun, story: Story, near: bool) -> None:
    shown = told.shown_limits(story)
    _lines("limits", shown)
    more = len(story.limits) - len(shown)
    licence = f"Corpus {story.data.corpus}, licence {story.data.licence or 'not known here'}."
    _small("limits", [licence + _not_shown(story) + (f" {more} more limits are in the notes." if more > 0 else "")])


def _again(run: LoadedRun, story: Story, near: bool) -> None:
    st.code("\n".join(story.commands), language="bash", wrap_lines=True)
    made = story.training
    parts = [f"Run {story.run}", f"seed {made.seed}"]
    parts += [f"MIRAGE {made.mirage}"] if made.mirage else []
    parts += [f"revision {made.git_revision[:12]}"] if made.git_revision else []
    _small("again", [f"{', '.join(parts)}. Configuration and figures are in the run's folder."])


def _unmeasured(story: Story) -> None:
    st.text(f"This workspace holds no finished benchmark of {story.data.corpus} with these emotions. Measure it:")
    st.code(f"mirage benchmark {story.data.corpus}", language="bash")


def _read_with(best: Benchmark, *, condition: bool = True) -> str:
    """What a figure must be read with; ``condition``: what was trained on too, where the figure does not say it."""
    trained = f", {best.condition}" if condition else ""
    return (
        f"UA from {best.features}{trained}; {best.utterances:,} utterances, {best.folds} folds by "
        f"{best.split}, {best.seeds} seed{'' if best.seeds == 1 else 's'}."
    )


def _figure(name: str, near: bool, make: Callable[[], dict[str, Any] | None], alt: str) -> None:
    with st.container(key=f"present_figure_{name}"):
        if not near:
            return
        option = make()
        if option is None:
            st.text("Nothing was measured that could be drawn.")
            return
        st.echarts_chart(for_the_room(option), key=f"present_chart_{name}", height="stretch", alt=alt)


def _boxes(step: str, boxes: Sequence[tuple[str, Sequence[str]]]) -> None:
    """What follows on one another, from left to right."""
    cells = st.columns(len(boxes), gap="medium")
    for place, (cell, (title, lines)) in enumerate(zip(cells, boxes, strict=True)):
        with cell, st.container(border=True, height="stretch", key=f"present_box_{step}_{place}", gap="small"):
            st.text(title)
            for line in lines:
                st.text(line)


def _lines(name: str, lines: Sequence[str]) -> None:
    """The few sentences of a step that has no figure."""
    with st.container(key=f"present_lines_{name}", gap="medium"):
        for line in lines:
            st.text(line)


def _small(name: str, lines: Sequence[str]) -> None:
    """What figures must be read with."""
    with st.container(key=f"present_small_{name}", gap=None):
        for line in lines:
            st.text(line)


_STEPS: dict[str, Callable[[Any, Any, bool], None]] = {
    "start": _start,
    "data": _data,
    "space": _space,
    "training": _training,
    "lab": _lab,
    "information": _information,
    "gain": _gain,
    "rivals": _rivals,
    "emotions": _emotions,
    "limits": _limits,
    "again": _again,
}
