"""Names that become numbers on the way to the hub, and the counts that a run without utterances keeps."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from core.hub.people import Numbers
from core.runs.withheld import training_counts

TABLE = pd.DataFrame(
    {
        "utterance_id": ["/home/ada/10a.wav", "b", "c", "d"],
        "speaker": ["10", "2", None, "Ada"],
        "session": ["Ses02", "Ses01", None, "Ses02"],
    }
)


def test_names_are_numbers_wherever_they_occur() -> None:
    numbers = Numbers(TABLE, ["Grace"])
    assert numbers.speakers == {"Ada": "speaker-1", "Grace": "speaker-2", "2": "speaker-3", "10": "speaker-4"}
    sent = numbers.table(TABLE)
    assert sent["utterance_id"].tolist() == [f"utterance-{number}" for number in range(1, 5)]
    assert sent["speaker"].tolist()[:2] == ["speaker-4", "speaker-3"]
    assert pd.isna(sent["speaker"].iat[2])
    assert sent["session"].dropna().tolist() == ["session-2", "session-1", "session-2"]


@pytest.mark.parametrize(
    ("fold", "wanted"),
    [
        ("Ses02", "session-2"),
        ("Ada", "speaker-1"),
        ("2+10", "fold 3"),
        ("Ada-Grace (9 speakers)", "fold 3"),
        ("test1", "test1"),
        ("", ""),
        (None, None),
    ],
)
def test_the_name_of_a_fold_is_none_of_a_person(fold: str | None, wanted: str | None) -> None:
    content: dict[str, Any] = {"fold": fold, "speakers": {"train": ["Ada", "Grace"], "test": ["2", "unknown"]}}
    sent = Numbers(TABLE, ["Grace"]).figures(content, 3)
    assert sent["fold"] == wanted
    assert sent["speakers"] == {"train": ["speaker-1", "speaker-2"], "test": ["speaker", "speaker-3"]}


def test_many_speakers_sort_as_they_count() -> None:
    table = TABLE.iloc[:0].astype(object)
    numbers = Numbers(table, [str(number) for number in range(1, 121)])
    assert list(numbers.speakers.values())[:2] == ["speaker-001", "speaker-002"]
    assert numbers.speakers["120"] == "speaker-120"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[1, 2]",
        "[1, -2, 3]",
        "[1, true, 3]",
        "[1.5, 2, 3]",
        "[0, 0, 0]",
        "{}",
        "[" * 5000,
        "9" * 5000,
        "[1, 2, 1e999]",
        "[1, 2, NaN]",
        "[1, 2, 99999999999999999]",
    ],
)
def test_counts_that_are_none(text: str) -> None:
    assert training_counts({"training_counts": text}, 3) is None


def test_counts() -> None:
    assert training_counts({}, 3) is None
    found = training_counts({"training_counts": "[3, 0, 1]"}, 3)
    assert found is not None
    assert found.tolist() == [3, 0, 1]
