"""From one real utterance to another: what the browser is told of both ends."""

from __future__ import annotations

import numpy as np
import pytest

from core import BadInputError, LoadedRun
from dashboard.lab import between
from dashboard.space.points import map_points


def test_ends_are_what_the_q_heads_read(text_run: LoadedRun) -> None:
    points = map_points(text_run)
    made = between.ends_of(text_run, points, (3, 40))
    assert made is not None
    emotion, codes = text_run.recovered(text_run.h[[3, 40]])
    for i, (end, row) in enumerate(zip(made, (3, 40), strict=True)):
        np.testing.assert_allclose(end["emotion"], emotion[i], atol=1e-4)
        np.testing.assert_allclose(end["codes"], np.clip(codes[i], -3, 3), atol=1e-3)
        assert (end["x"], end["y"]) == tuple(points.audio[row].tolist())
    assert [end["name"] for end in made] == ["A", "B"]


def test_one_end_alone_is_no_way(text_run: LoadedRun) -> None:
    points = map_points(text_run)
    assert between.ends_of(text_run, points, (None, 3)) is None
    assert between.ends_of(text_run, points, (3, None)) is None


def test_pairs_need_a_transcript(text_run: LoadedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    class Paired:
        mode = "paired"
        has_text = np.array([True, False])

    points = map_points(text_run)
    with pytest.raises(BadInputError, match="choose utterances with a transcript"):
        between.ends_of(Paired(), points, (0, 1))  # type: ignore[arg-type]
    # The page says so and goes on.
    monkeypatch.setattr(between, "chosen", lambda run: (0, 1))
    ends, fault = between.ends_or_fault(Paired(), points)  # type: ignore[arg-type]
    assert ends is None
    assert "choose utterances with a transcript" in fault
