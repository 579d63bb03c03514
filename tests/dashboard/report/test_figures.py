"""Axes, gains and curves of a report as numbers."""

from __future__ import annotations

import numpy as np
import pytest

from core import Workspace, load_run
from core.runs import read_events
from core.story import Gain, tell
from dashboard.report.charts import Axis, axis, path, signed, steps_axis
from dashboard.report.figures import effects_figure, gain_figure, gains_figure, information_charts


@pytest.mark.parametrize(
    ("values", "options", "low", "high"),
    [
        ([0.2, 1.37], {"zero": True}, 0.0, 1.4),
        ([-3.0, 1.0], {"signed": True}, -4.0, 4.0),
        ([5.0, 5.0], {}, 4.0, 6.0),
        ([], {}, 0.0, 1.0),
        ([0.0, 0.0], {"signed": True}, -0.2, 0.2),
    ],
)
def test_axis_is_round_and_holds_everything(values: list[float], options: dict, low: float, high: float) -> None:
    made = axis(values, "nats", **options)
    assert made.low <= min(values, default=0.0)
    assert made.high >= max(values, default=1.0)
    assert (made.low, made.high) == pytest.approx((low, high), abs=1.01)
    assert made.ticks[0][0] == 0
    assert made.ticks[-1][0] == 100
    shown = [float(text.replace("−", "-").replace("+", "")) for _, text in made.ticks]
    assert np.allclose(np.diff(shown), np.diff(shown)[0])
    if options.get("signed"):
        assert made.low == -made.high


def test_last_step_is_written_and_stands_free() -> None:
    made = steps_axis(1_600.0, "step")
    assert made.ticks[-1] == (100.0, "1,600")
    assert all(at <= 88 for at, _ in made.ticks[:-1])


def test_path_breaks_where_there_is_no_number() -> None:
    across = Axis(0.0, 4.0, "", [])
    drawn = path(np.arange(5.0), np.array([0.0, 1.0, np.nan, 2.0, 4.0]), across, across)
    assert drawn == "M0.0 1000.0L250.0 750.0M750.0 500.0L1000.0 0.0"


def test_a_gain_lies_where_it_was_measured() -> None:
    gain = Gain("nothing added", 1.5, -0.5, 3.4, 0.2, "not told apart")
    figure = gain_figure(gain)
    dot = figure.rows[0].dots[0]
    assert figure.zero == 50.0
    assert dot.kind == "hollow"
    for place, value in ((dot.at, 1.5), (dot.low, -0.5), (dot.high, 3.4)):
        assert place is not None
        assert figure.axis.low + place / 100 * (figure.axis.high - figure.axis.low) == pytest.approx(value, abs=0.01)


def test_figures_of_the_demo(told: Workspace) -> None:
    run = load_run("demo", told)
    story = tell(run, told)
    few = next(one for one in story.benchmarks if one.unlabelled)
    gains = gains_figure(few)
    assert gains is not None
    kinds = {row.name: row.dots[0].kind for row in gains.rows}
    assert kinds["MIRAGE"] == "filled"
    assert kinds["SMOTE"] == "hollow"
    assert len(gains.table) == len(few.methods) + 1
    effects = effects_figure(few, "")
    assert effects is not None
    assert [row.name for row in effects.rows] == few.classes
    curves = information_charts(run, read_events(run.path), story.information)
    emotion = next(one for one in curves if "I(c; ĥ)" in one.title)
    held = next(one for one in story.information if one.shown == "I(c; ĥ)")
    assert held.value is not None
    assert emotion.marks[-1].y == pytest.approx(emotion.y.at(held.value), abs=0.01)
    assert emotion.marks[-1].low == pytest.approx(emotion.y.at(held.low), abs=0.01)
    assert emotion.ceiling is not None
    assert signed(held.value, 2)[1:] in emotion.says
