from __future__ import annotations

import io
import math

import pandas as pd
import pytest

from core import Config
from dashboard import curves


def events(*rows: tuple[float, str, int, str, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["time", "stage", "step", "name", "value"])


C = curves.QUANTITIES[0]


def test_a_series_is_sorted_and_keeps_what_was_not_a_number() -> None:
    frame = events(
        (2.0, "generation", 20, "g_loss", 0.5),
        (1.0, "generation", 10, "g_loss", 0.7),
        (3.0, "generation", 30, "g_loss", float("nan")),
        (1.0, "alignment", 10, "g_loss", 9.0),
    )
    values = curves.series(frame, "generation", "g_loss")["value"]
    assert values[:2].tolist() == [0.7, 0.5]
    assert math.isnan(values[2])


def test_a_series_is_of_its_own_table() -> None:
    before = len(curves._PLACES)
    for value in range(20):  # a table that is gone may leave its place in memory to the next one
        table = events(*((1.0, "generation", step, "loss", value) for step in range(1 + value % 3)))
        for _ in range(2):
            assert curves.series(table, "generation", "loss")["value"].tolist() == [value] * (1 + value % 3)
        assert curves.series(table, "generation", "none").empty
        del table
        assert len(curves._PLACES) == before


def test_divergence_is_seen_only_while_it_lasts() -> None:
    nan = float("nan")
    frame = events((1.0, "generation", 1, "g_loss", nan), (1.0, "generation", 1, "d_loss", nan))
    assert curves.diverged(frame) == ["d_loss", "g_loss"]
    again = pd.concat([frame, events((2.0, "generation", 2, "g_loss", 1.0))])
    assert curves.diverged(again) == ["d_loss"]


def test_stages_in_the_order_in_which_they_run() -> None:
    frame = events((0.0, "generation", 0, "a", 1.0), (0.0, "zeta", 0, "a", 1.0), (0.0, "alignment", 0, "a", 1.0))
    assert curves.stages(frame) == ["alignment", "generation", "zeta"]
    # A run that aligned anew keeps the second alignment.
    assert curves.kept(frame, "alignment") == "alignment"
    anew = pd.concat([frame, events((0.0, "realignment", 0, "a", 1.0))])
    assert curves.stages(anew) == ["alignment", "realignment", "generation", "zeta"]
    assert curves.kept(anew, "alignment") == "realignment"
    assert curves.kept(anew, "generation") == "generation"


def test_ceilings() -> None:
    config = Config()
    assert curves.ceiling(C, [], config, 4).value == pytest.approx(math.log(4))
    text = next(item for item in curves.QUANTITIES if item.name == "I(t;h_hat)")
    assert curves.ceiling(text, [], config, 4).value == pytest.approx(math.log(config.generation.batch))
    # SMILE, which reads I(h; t), is biased and has none.
    assert curves.ceiling(next(item for item in curves.QUANTITIES if item.name == "mi"), [], config, 4).value is None
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


def test_table_of_estimates_says_how_far_from_the_baseline() -> None:
    own = {"quantity": "I(c;h_hat)", "value": 1.0, "estimator": "variational", "status": "measured"}
    other = {**own, "estimator": "MINE", "value": None, "status": "diverged"}
    table = curves.estimate_table("r", [own, other], [{**own, "value": 0.8}, {**own, "estimator": "MINE"}])
    assert table["to baseline"][0] == pytest.approx(0.2)
    assert math.isnan(table["to baseline"][1])
    assert table["status"].tolist() == ["measured", "diverged"]
    assert "to baseline" not in curves.estimate_table("r", [own])


def test_kind_of_an_estimate_is_said_once() -> None:
    one = {"quantity": "I(c; h_hat)", "kind": "upper bound", "estimator": "CLUB"}
    assert curves.kinds(C, [one, one, {**one, "quantity": "I(u;h_hat)"}]) == ["upper bound, CLUB"]


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
