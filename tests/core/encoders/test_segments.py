"""Segments are read where they are, to the sample, and the rest of the file is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from core.corpora import read_audio
from core.encoders.items import Clip, Item
from tests.core.encoders.conftest import RATE, speech

_FORMATS = {
    "wav": {},
    "flac": {},
    "ogg": {"format": "OGG", "subtype": "VORBIS"},
    "opus": {"format": "OGG", "subtype": "OPUS"},
    "mp3": {},
}


@pytest.fixture(scope="module", params=sorted(_FORMATS))
def recording(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of speech in one file."""
    path = tmp_path_factory.mktemp("audio") / f"session.{request.param}"
    soundfile.write(path, speech(60.0, 3), RATE, **_FORMATS[request.param])
    return path


@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (1.2345, 2.5), (31.1, 33.0), (58.9, 59.9)])
def test_segment_is_that_part_of_the_file(recording: Path, start: float, end: float) -> None:
    item = Item(("u",), Clip(recording.parent, recording.name, start, end, RATE))
    expected = read_audio(recording)[round(start * RATE) : round(end * RATE)]
    got = item.load()
    assert len(got) == len(expected) == round(end * RATE) - round(start * RATE)
    # A codec that looks back starts afresh after a seek; one sample off would be far outside this.
    np.testing.assert_allclose(got, expected, atol=2e-3)
    assert abs(expected).max() > 0.1


def test_rest_of_the_file_is_not_decoded(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []
    read = soundfile.SoundFile.read

    def counting(self: Any, *args: Any, **options: Any) -> np.ndarray:
        block = read(self, *args, **options)
        decoded.append(len(block))
        return block

    monkeypatch.setattr(soundfile.SoundFile, "read", counting)
    item = Item(("u",), Clip(recording.parent, recording.name, 40.0, 41.5, RATE))
    item.load()
    rate = soundfile.info(recording).samplerate
    assert sum(decoded) <= 1.5 * rate + 1
    decoded.clear()
    assert item.examined().length == pytest.approx(1.5)
    assert not decoded
