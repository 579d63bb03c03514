from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core import Config
from dashboard import curve_axes, curve_figures, curve_series, curves
from dashboard.curve_axes import Ruler, Window
from dashboard.run_curves import RunCurves

C = curves.QUANTITIES[0]
HELD = curves.HELD_OUT + C.name
NAN = float("nan")
FINAL = {"quantity": C.name, "value": 1.0, "low": 0.9, "high": 1.1, "ceiling": 1.386, "estimator": "variational"}


def events(*rows: tuple[float, str, int, str, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["time", "stage", "step", "name", "value"])


def measured(values: list[float], **others: list[float]) -> pd.DataFrame:
    """One value each ten steps and ten seconds, of I(c; h_hat) and of others by name."""
    rows = []
    for name, numbers in {C.name: values, **others}.items():
        rows += [(10.0 * i, "generation", 10 * i, name, value) for i, value in enumerate(numbers)]
    return events(*rows)


def drawn(option: dict[str, Any] | None, name: str) -> list[list[float]]:
    """The points of the last series of that name."""
    assert option is not None
    json.dumps(option, allow_nan=False)
    points: list[list[float]] = [one for one in option["series"] if one.get("name") == name][-1]["data"]
    return points


def test_pauses_are_left_out_of_the_working_time() -> None:
    frame = events(
        (0.0, "generation", 0, "a", 1.0), (30.0, "generation", 1, "a", 1.0), (5000.0, "generation", 2, "a", 1.0)
    )
    rows = curves.series(frame, "generation", "a")
    assert Ruler(frame, curve_axes.WORK).places(rows, "generation").tolist() == [0.0, 0.5, 0.5]
    assert Ruler(frame, curve_axes.STEP).places(rows, "generation").tolist() == [0, 1, 2]


def test_another_metric_as_axis_is_its_last_value_up_to_the_step() -> None:
    frame = pd.concat([measured([0.1, 0.2, 0.3]), events((5.0, "generation", 15, "d_loss", 7.0))])
    rows = curves.series(frame, "generation", C.name)
    places = Ruler(frame, "d_loss").places(rows, "generation")
    assert np.isnan(places[:2]).all()
    assert places[2] == 7.0
    # Smoothed as the curves are: after 1.0 and 3.0 with weight 0.5 comes 7 / 3.
    smoothed = Ruler(measured([0.1, 0.2], d_loss=[1.0, 3.0]), "d_loss", 0.5)
    assert smoothed.places(rows[:2], "generation").tolist() == pytest.approx([1.0, 7 / 3])
    # Of another stage nothing is taken.
    assert np.isnan(Ruler(frame, "loss").places(rows, "generation")).all()
    assert curve_axes.choices([frame]) == ["step", "working time", "d_loss", C.name]


def test_raw_line_stays_behind_the_smoothed_one() -> None:
    option = curve_figures.quantity([RunCurves("r", "#000000", measured([0.0, 1.0]))], C, weight=0.5, axis="step")
    assert option is not None
    raw, calm = option["series"]
    assert raw["data"] == [[0, 0], [10, 1]]
    assert calm["data"][1][1] == pytest.approx(2 / 3, abs=1e-4)
    assert raw["lineStyle"]["opacity"] < calm["lineStyle"]["opacity"]


def test_what_is_not_a_number_breaks_the_line_and_is_marked() -> None:
    shown = RunCurves("r", "#000000", measured([0.5, NAN, NAN, 0.5]))
    option = curve_figures.quantity([shown], C, weight=0.6, axis="step")
    assert [point[1] for point in drawn(option, "while training")] == [0.5, None, None, 0.5]
    assert option is not None
    (band,) = option["series"][-1]["markArea"]["data"]
    assert (band[0]["xAxis"], band[1]["xAxis"]) == (10.0, 20.0)
    # Even where nothing else was measured.
    only = curve_figures.quantity([RunCurves("r", "#000000", measured([NAN, NAN]))], C, weight=0.6, axis="step")
    assert only is not None
    assert only["series"][-1]["markArea"]["data"]


def test_final_estimate_stands_at_the_end_with_its_interval_under_its_ceiling() -> None:
    frame = pd.concat(
        [
            measured([0.1, 0.5, 0.9]),
            events((9.0, "generation", 10, HELD, 0.4), (20.0, "generation", 20, HELD, 0.8)),
        ]
    )
    option = curve_figures.quantity(
        [RunCurves("r", "#000000", frame, Config(), [FINAL], 4)], C, weight=0.0, axis="step"
    )
    assert option is not None
    squares, bar = [one for one in option["series"] if one.get("name") == "held out"]
    assert squares["data"] == [[10, 0.4], [20, 1.0]]
    assert bar["data"] == [[20, 0.9], [20, 1.1]]
    (mark,) = option["series"][-1]["markLine"]["data"]
    assert mark["yAxis"] == pytest.approx(1.386)
    assert option["yAxis"]["max"] > 1.386


def test_part_of_the_axis_holds_for_all_runs_and_smoothing_is_done_before() -> None:
    runs = [
        RunCurves("a", "#000000", measured([0.0, 0.2, 0.4, 0.6])),
        RunCurves("b", "#111111", measured([1.0, 1.0]), pinned=True),
    ]
    option = curve_figures.quantity(runs, C, weight=0.5, axis="step", window=Window(10, 25))
    assert option is not None
    assert (option["xAxis"]["min"], option["xAxis"]["max"]) == (10, 25)
    assert [point[0] for point in drawn(option, "a")] == [10, 20]
    assert drawn(option, "a")[0][1] == pytest.approx(0.2 * 2 / 3, abs=1e-4)
    assert [point[0] for point in drawn(option, "b (baseline)")] == [10]
    assert curve_figures.quantity(runs, C, weight=0.5, axis="step", window=Window(500, None)) is None


def test_long_curves_keep_their_spike_and_stay_small() -> None:
    values = np.full(50_000, 0.3)
    values[31_415] = 9.0
    frame = pd.DataFrame({"time": 0.0, "stage": "generation", "step": range(50_000), "name": C.name, "value": values})
    option = curve_figures.quantity([RunCurves("r", "#000000", frame)], C, weight=0.9, axis="step")
    assert option is not None
    assert len(json.dumps(option)) < 100_000
    assert max(point[1] for point in option["series"][0]["data"]) == 9.0


@pytest.mark.parametrize("numbers", [[0.0, 1.386], [-0.2, 0.9], [5.0], [0.0], [1e-6, 3e-6], [-1e9, 1e9]])
def test_axis_ends_are_round_and_hold_every_value(numbers: list[float]) -> None:
    ends = curve_series.reach([{"data": [[0, number] for number in numbers]}], zero=True)
    assert ends["min"] <= min(0.0, *numbers)
    assert ends["max"] >= max(numbers)
    steps = (ends["max"] - ends["min"]) / ends["interval"]
    assert steps == pytest.approx(round(steps), abs=1e-3)
    assert 1 <= round(steps) <= 12


def test_losses_and_recognition_are_drawn_and_nothing_where_there_is_nothing() -> None:
    frame = pd.concat([measured([0.1], d_loss=[2.0, 1.0]), events((1.0, "alignment", 5, "ua_validation", 0.5))])
    shown = RunCurves("r", "#000000", frame)
    assert drawn(curve_figures.losses(shown, "generation"), "discriminator")[0] == [0, 2.0]
    assert drawn(curve_figures.recognition([shown]), "validation speakers") == [[5, 50.0]]
    assert curve_figures.losses(shown, "alignment") is None
    assert math.isclose(drawn(curve_figures.information(shown, [C]), C.shown)[0][1], 0.1)


def test_of_two_alignments_each_is_drawn_live_and_the_kept_one_compared() -> None:
    rows = [
        (float(step), stage, step, name, value)
        for stage, value in (("alignment", 0.2), ("realignment", 0.7))
        for step in (5, 10)
        for name in ("ua_validation", "mi", "loss")
    ]
    run = RunCurves("r", "#000000", events(*rows))
    for stage, wanted in (("alignment", 20.0), ("realignment", 70.0), (None, 70.0)):
        option = curve_figures.recognition([run], stage=stage)
        assert option is not None
        assert {value for line in option["series"] for _, value in line["data"]} == {wanted}
    mi = next(item for item in curves.QUANTITIES if item.name == "mi")
    option = curve_figures.quantity([run], mi, weight=0.0, axis="step")
    assert option is not None
    assert [point[1] for point in option["series"][0]["data"]] == [0.7, 0.7]
    for stage, wanted in (("alignment", 0.2), ("realignment", 0.7)):
        option = curve_figures.losses(run, stage, weight=0.0)
        assert option is not None
        assert [point[1] for point in option["series"][0]["data"]] == [wanted, wanted]
