"""What is read of ``evaluation.json``."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard import recognition

CONTENT: dict[str, Any] = {
    "classes": ["angry", "sad"],
    "fold": "s1",
    "folds": "auto",
    "n": {"train": 20, "test": 10, "unlabelled": 40},
    "audio": {"ua": 0.61, "wa": 0.6},
    "reference": {"ua": 0.55},
    "labelled_alone": {"audio": {"ua": 0.5}},
}


def test_what_unlabelled_utterances_brought_stands_beside_the_figure() -> None:
    found = recognition.read(CONTENT)
    assert found is not None
    assert (found.ua, found.labelled_alone, found.reference) == (0.61, 0.5, 0.55)


@pytest.mark.parametrize("damaged", [3, None, {"audio": None}, {}])
def test_runs_without_them_say_nothing_of_it(damaged: Any) -> None:
    found = recognition.read({**CONTENT, "labelled_alone": damaged})
    assert found is not None
    assert found.labelled_alone is None
