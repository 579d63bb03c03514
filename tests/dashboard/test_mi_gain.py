from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core import BadInputError
from dashboard import mi_gain, mi_gain_panel


def content(count: int = 6, **changed: Any) -> dict[str, Any]:
    rows = [
        {
            "name": f"w_c={i}",
            "setting": {"generation.w_c": i},
            "mi": 0.1 * i,
            "mi_low": 0.1 * i - 0.02,
            "mi_high": 0.1 * i + 0.02,
            "ceiling": 1.386,
            "gain": 0.004 * i,
            "gain_low": None,
            "gain_high": None,
            "mi_u": 3.0,
        }
        for i in range(count)
    ]
    head = {"corpus": "c", "features": "audio", "over": "none", "quantity": "I(c;h_hat)", "rows": rows}
    return {**head, "spearman": 0.9, "spearman_low": 0.4, "spearman_high": 1.0, **changed}


def over_folds(low: float, high: float) -> dict[str, Any]:
    one = {"mi": "mi", "gain": "gain", "spearman": 0.9, "low_over_folds": low, "high_over_folds": high}
    return {"associations": [one]}


def write(folder: Path, value: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / mi_gain.FILE).write_text(json.dumps(value), encoding="utf-8")
    return folder


def test_what_is_written_is_read(tmp_path: Path) -> None:
    study = mi_gain.read(write(tmp_path / "s", content()))
    assert (study.name, study.corpus, len(study.rows), study.spearman) == ("s", "c", 6, 0.9)
    assert study.rows[2].gain == pytest.approx(0.008)
    table = mi_gain.table(study)
    assert table["gain"].tolist() == pytest.approx([0.0, 0.4, 0.8, 1.2, 1.6, 2.0])
    assert table["generation.w_c"].tolist() == ["0", "1", "2", "3", "4", "5"]
    assert mi_gain.folders(tmp_path) == [tmp_path / "s"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, "+0.90, 95 % interval +0.40 to +1.00 over 6 configurations: more information goes with more gain."),
        ({"spearman_low": -0.2}, "not clear, the interval over configurations holds zero."),
        ({"spearman": -0.9, "spearman_low": -1.0, "spearman_high": -0.5}, "less gain"),
        ({"spearman": None}, "never changes"),
        ({"spearman_low": None}, "without an interval"),
        # Configurations are picked by hand: the interval over folds must agree.
        (over_folds(0.2, 0.95), "over 6 configurations and +0.20 to +0.95 over folds: more information goes with more"),
        (over_folds(-0.1, 0.95), "-0.10 to +0.95 over folds: not clear, the interval over folds holds zero."),
        (over_folds(-0.9, -0.1), "not clear, the two intervals contradict each other."),
        (
            {**over_folds(-0.9, 0.1), "spearman": -0.5, "spearman_low": -0.8, "spearman_high": -0.1},
            "not clear, the interval over folds holds zero.",
        ),
        (
            {**over_folds(-0.9, -0.2), "spearman": -0.5, "spearman_low": -0.8, "spearman_high": -0.1},
            "-0.90 to -0.20 over folds: more information goes with less gain.",
        ),
        (
            {**over_folds(-0.1, 0.9), "spearman_low": -0.2},
            "not clear, the interval over configurations and folds holds zero.",
        ),
    ],
)
def test_verdict_says_what_the_interval_lets_it(changed: dict[str, Any], says: str, tmp_path: Path) -> None:
    assert says in mi_gain.verdict(mi_gain.read(write(tmp_path, content(**changed))))


def test_gains_and_losses_need_interval_and_test(tmp_path: Path) -> None:
    wanted = content(6)
    assert mi_gain.gains(mi_gain.read(write(tmp_path, wanted))) == ""
    intervals = [(0.01, 0.02), (-0.01, 0.02), (-0.2, -0.1), (-0.2, -0.1), (-0.2, -0.1)]
    for row, (low, high) in zip(wanted["rows"], intervals, strict=False):
        row |= {"gain": (low + high) / 2, "gain_low": low, "gain_high": high}
    # A file that kept no test is read, and nothing is counted by intervals alone.
    older = mi_gain.read(write(tmp_path, wanted))
    assert "not counted" in mi_gain.gains(older)
    assert "p" not in mi_gain.table(older)
    for row, p_value in zip(wanted["rows"], (0.01, 0.01, 0.04, 0.2, 0.001), strict=False):
        row["gain_p_value"] = p_value
    study = mi_gain.read(write(tmp_path, wanted))
    assert "1 of 5 configurations gains and 2 lose;" in mi_gain.gains(study)
    assert mi_gain.table(study)["p"].tolist()[:5] == [0.01, 0.01, 0.04, 0.2, 0.001]


def test_fewer_than_five_configurations_say_nothing(tmp_path: Path) -> None:
    wanted = content(6)
    wanted["rows"][0]["mi"] = wanted["rows"][1]["mi"] = None
    words = mi_gain.verdict(mi_gain.read(write(tmp_path, wanted)))
    assert words.startswith("4 configurations so far")
    assert "2 more" in words
    assert "0.9" not in words


def test_figure_has_a_point_for_each_measured_configuration(tmp_path: Path) -> None:
    wanted = content(6)
    wanted["rows"][0]["mi"] = None
    option = mi_gain_panel.scatter(mi_gain.read(write(tmp_path, wanted)))
    json.dumps(option, allow_nan=False)
    points = option["series"][-1]
    assert [point["value"] for point in points["data"]][1] == pytest.approx([0.2, 0.8])
    assert len(points["data"]) == 5
    assert len(option["series"]) == 6  # an interval of the information each; none of the gain
    assert points["markLine"]["data"][0]["xAxis"] == pytest.approx(1.386)
    assert option["xAxis"]["max"] > 1.386
    assert points["markLine"]["precision"] >= 4  # ECharts rounds where a line stands, too


def test_the_other_information_and_gain_are_read_by_their_keys(tmp_path: Path) -> None:
    wanted = content(
        6,
        measures={"mi": {"mi": "transferred", "mi_u": "own"}, "gain": {"gain": "added", "gain_alone": "alone"}},
        told={"mi_u": "read from generated rows"},
        associations=[
            {"mi": "mi", "gain": "gain", "spearman": 0.1, "low_over_folds": 0.2, "high_over_folds": 0.95},
            {"mi": "mi_u", "gain": "gain_alone", "spearman": -0.5, "low": -0.8, "high": -0.1},
        ],
        failed=[{"name": "fast", "setting": {}, "reason": "diverged"}],
    )
    for i, row in enumerate(wanted["rows"]):
        row |= {"gain_alone": -0.01 * i, "gain_alone_low": -0.1, "gain_alone_high": 0.1, "ceiling_u": 5.0}
    folder = write(tmp_path, wanted)
    main = mi_gain.read(folder)
    assert (main.quantity, main.spearman, main.fold_low, main.failed) == ("transferred", 0.9, 0.2, ("fast: diverged",))
    assert mi_gain.role(main) == "The main association, chosen beforehand."
    other = mi_gain.read(folder, "mi_u", "gain_alone")
    assert (other.quantity, other.told, other.spearman, other.high) == ("own", "read from generated rows", -0.5, -0.1)
    assert (other.rows[3].mi, other.rows[3].ceiling) == (3.0, 5.0)
    assert (other.rows[3].gain, other.rows[3].gain_low) == (pytest.approx(-0.03), -0.1)
    assert mi_gain.role(other) == (
        "A further association: the main one, chosen beforehand, is transferred against generated rows added."
    )
    assert mi_gain.role(mi_gain.read(write(tmp_path / "single", content()))) == ""
    # What was not measured against one another has no correlation; what there is not gives the main one.
    assert mi_gain.read(folder, "mi_u", "gain").spearman is None
    assert mi_gain.read(folder, "mi_x", "") == main


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ({"rows": "none"}, "'rows'"),
        ({"corpus": 3}, "corpus is missing"),
        ({"rows": [{"name": "a", "mi": 1.0}]}, "row 1: no gain"),
        ({"rows": [{"name": "a", "gain": "much"}]}, "row 1: gain: 'much' is not a number"),
        ({"rows": [{"gain": 0.1}]}, "row 1: name is missing"),
        ({"rows": [{"name": "a", "gain": 0.1, "gain_p_value": 2}]}, "row 1: gain_p_value = 2 is no probability"),
        ({"spearman": 3.0}, "from -1 to 1"),
        ({"measures": ["mi"]}, "measures is not an object"),
        ({"measures": {"mi": {"mi": 3}}}, "measures.mi: mi is missing"),
        ({"failed": [3]}, "failed is not an object"),
    ],
)
def test_a_damaged_study_is_one_clear_line(damage: dict[str, Any], says: str, tmp_path: Path) -> None:
    folder = write(tmp_path, content(**damage))
    with pytest.raises(BadInputError, match=says) as caught:
        mi_gain.read(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)
