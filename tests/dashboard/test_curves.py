from __future__ import annotations

import io
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import Config
from dashboard import curves


def events(*rows: tuple[float, str, int, str, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["time", "stage", "step", "name", "value"])


C = curves.QUANTITIES[0]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0.0, 0.98))
def test_smoothing_stays_within_the_values(values: list[float], weight: float) -> None:
    smoothed = curves.smooth(np.array(values), weight)
    assert len(smoothed) == len(values)
    assert smoothed[0] == pytest.approx(values[0])
    assert smoothed.min() >= min(values) - 1e-6 * (1 + abs(min(values)))
    assert smoothed.max() <= max(values) + 1e-6 * (1 + abs(max(values)))


def test_thinning_keeps_the_ends() -> None:
    x = np.arange(10_000)
    (kept,) = curves.thin(x, most=100)
    assert len(kept) == 100
    assert (kept[0], kept[-1]) == (0, 9_999)


def test_a_series_is_sorted_and_without_gaps_of_nan() -> None:
    frame = events(
        (2.0, "generation", 20, "g_loss", 0.5),
        (1.0, "generation", 10, "g_loss", 0.7),
        (3.0, "generation", 30, "g_loss", float("nan")),
        (1.0, "alignment", 10, "g_loss", 9.0),
    )
    assert curves.series(frame, "generation", "g_loss")["value"].tolist() == [0.7, 0.5]


def test_divergence_is_seen_only_while_it_lasts() -> None:
    nan = float("nan")
    frame = events((1.0, "generation", 1, "g_loss", nan), (1.0, "generation", 1, "d_loss", nan))
    assert curves.diverged(frame) == ["d_loss", "g_loss"]
    again = pd.concat([frame, events((2.0, "generation", 2, "g_loss", 1.0))])
    assert curves.diverged(again) == ["d_loss"]


def test_pauses_are_left_out_of_the_working_time() -> None:
    frame = events(
        (0.0, "generation", 0, "a", 1.0), (30.0, "generation", 1, "a", 1.0), (5000.0, "generation", 2, "a", 1.0)
    )
    rows = curves.series(frame, "generation", "a")
    assert curves.position(rows, "working time", curves.Clock(frame)).tolist() == [0.0, 0.5, 0.5]
    assert curves.position(rows, "step", curves.Clock(frame)).tolist() == [0, 1, 2]


def test_stages_in_the_order_in_which_they_run() -> None:
    frame = events((0.0, "generation", 0, "a", 1.0), (0.0, "zeta", 0, "a", 1.0), (0.0, "alignment", 0, "a", 1.0))
    assert curves.stages(frame) == ["alignment", "generation", "zeta"]


def test_ceilings() -> None:
    config = Config()
    assert curves.ceiling(C, [], config, 4).value == pytest.approx(math.log(4))
    text = next(item for item in curves.QUANTITIES if item.name == "I(t;h_hat)")
    assert curves.ceiling(text, [], config, 4).value == pytest.approx(math.log(config.generation.batch))
    codes = next(item for item in curves.QUANTITIES if item.name == "I(u;h_hat)")
    assert curves.ceiling(codes, [], config, 4).value is None
    # The run's own figure knows the emotions' true shares.
    own = [{"quantity": "I(c; h_hat)", "ceiling": 1.2}]
    assert curves.ceiling(C, own, config, 4) == curves.Ceiling(1.2, "H(c)")


def test_table_of_estimates_shows_the_gap() -> None:
    figure = {
        "quantity": "I(c;h_hat)",
        "value": 1.0,
        "low": 0.9,
        "high": 1.1,
        "kind": "lower bound",
        "ceiling": 2.0,
        "estimator": "variational",
        "samples": 100,
        "training_bound": 1.3,
    }
    row = curves.estimate_table("r", [figure, {**figure, "ceiling": None, "training_bound": None}]).iloc[0]
    assert row["quantity"] == "I(c; ĥ)"
    assert row["gap"] == pytest.approx(0.3)
    assert row["of ceiling"] == pytest.approx(0.5)


def test_configuration_diff_lists_only_what_differs() -> None:
    other = Config().changed(training={"seed": 3}, data={"fold": None})
    diff = curves.config_diff({"a": Config(), "b": other})
    assert diff.set_index("key").loc["training.seed"].tolist() == ["0", "3"]
    assert diff.set_index("key").loc["data.fold", "b"] == "(empty)"
    assert len(diff) == 2
    assert curves.config_diff({"a": Config(), "b": Config()}).empty


def test_csv_holds_every_value() -> None:
    frame = events((0.0, "alignment", 0, "loss", 1.5))
    back = pd.read_csv(io.BytesIO(curves.as_csv({"a": frame, "b": frame})))
    assert back["run"].tolist() == ["a", "b"]
    assert back["value"].tolist() == [1.5, 1.5]
    assert curves.as_csv({}).decode().strip() == "run,time,stage,step,name,value"
