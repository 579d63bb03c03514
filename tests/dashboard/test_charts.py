from __future__ import annotations

import json

import numpy as np
import pandas as pd

from dashboard import charts, palette


def test_bars_are_the_counts_in_the_colours_of_the_emotions() -> None:
    counts = pd.Series({"angry": 3, "no such": 1})
    option = charts.count_bars(counts, palette.colour_map(["angry"], emotions=True))
    bars = option["series"][0]["data"]
    assert [bar["value"] for bar in bars] == [3, 1]
    assert [bar["itemStyle"]["color"] for bar in bars] == [palette.EMOTION_COLOURS["angry"], palette.UNKNOWN]
    assert option["yAxis"]["data"] == ["angry", "no such"]
    assert json.loads(json.dumps(option)) == option
    assert charts.count_bars_height(counts) == 120


def test_stacked_bars_have_one_series_for_each_emotion() -> None:
    counts = pd.DataFrame({"sad": [1, 2], "(none)": [0, 5]}, index=["ann", "bob"])
    option = charts.stacked_bars(counts, {}, x="speaker")
    assert option["xAxis"]["data"] == ["ann", "bob"]
    assert {series["name"]: series["data"] for series in option["series"]} == {"sad": [1, 2], "(none)": [0, 5]}
    assert len({series["stack"] for series in option["series"]}) == 1
    json.dumps(option)


def test_histogram_holds_every_value_once() -> None:
    lengths = np.random.default_rng(0).gamma(3.0, size=500)
    option = charts.histogram(lengths, x="duration (s)", bins=20)
    heights = option["series"][0]["data"]
    assert len(heights) == 20
    assert sum(heights) == 500
    assert (option["xAxis"][1]["min"], option["xAxis"][1]["max"]) == (lengths.min(), lengths.max())
    json.dumps(option)
