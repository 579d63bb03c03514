"""The figures of the talk: their type grows with the room, and what is not told apart is hollow."""

from __future__ import annotations

import json

import pytest

from core.story import Effect, Gain
from dashboard import palette
from dashboard.present import figures


def test_one_size_of_type_for_every_width() -> None:
    option = figures.for_the_room(figures.emotions({"angry": 3, "sad": 5}))
    assert json.dumps(option)
    queries = [one["query"] for one in option["media"]]
    for width in range(0, 2000, 10):
        fitting = [one for one in queries if one["minWidth"] <= width <= one.get("maxWidth", 10_000)]
        assert len(fitting) == 1, width
    sizes = [one["option"]["xAxis"]["axisLabel"]["fontSize"] for one in option["media"]]
    assert sizes == sorted(sizes)
    assert sizes[0] >= 12
    assert sizes[-1] >= 28


def test_what_is_merged_keeps_what_it_is_merged_into() -> None:
    gain = Gain("nothing added", 1.0, 0.5, 1.5, 0.01, "better")
    option = figures.for_the_room(figures.gains([("MIRAGE", gain)], ours=[0]))
    for one in option["media"]:
        assert len(one["option"]["series"]) == len(option["baseOption"]["series"])
        assert one["option"]["series"][1]["markLine"]["data"] == [{"xAxis": 0}]


def test_gains_are_filled_only_where_they_are_told_apart() -> None:
    rows = [
        ("a <b>", Gain("nothing added", 2.0, 1.0, 3.0, 0.01, "better")),
        ("b", Gain("nothing added", 0.2, -1.0, 1.4, 0.6, "not told apart")),
        ("c", Gain("nothing added", -2.0, -3.0, -1.0, 0.01, "worse")),
    ]
    option = figures.gains(rows, ours=[0])
    points = option["series"][1]["data"]
    assert [point["itemStyle"]["color"] for point in points] == [palette.ACCENT, "rgba(0, 0, 0, 0)", palette.MUTED]
    assert option["yAxis"]["data"] == ["a <b>   +2.0", "b   +0.2", "c   -2.0"]
    assert "&lt;b&gt;" in points[0]["tooltip"]["formatter"]
    # As far on both sides, so that no gain looks larger than a loss.
    assert option["xAxis"]["min"] == -option["xAxis"]["max"] <= -3.0


@pytest.mark.parametrize("without", [3.0, 97.0])
def test_recalls_lie_on_the_axis(without: float) -> None:
    option = figures.recalls([Effect("sad", without, 98.0), Effect("fear", None, 3.0)])
    axis = option["xAxis"]
    assert axis["min"] <= min(without, 98.0)
    assert axis["max"] >= 98.0
    # An emotion that was not tested has no marks.
    assert len(option["yAxis"]["data"]) == 1
    before, after = (one["data"][0] for one in option["series"][1:])
    assert (before["value"], after["value"]) == ([without, 0], [98.0, 0])
    assert before["itemStyle"]["color"] == "rgba(0, 0, 0, 0)"
