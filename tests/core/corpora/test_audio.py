"""Reading clips: every usable form gives the same speech, every fault one clear line."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.corpora import probe_audio, read_audio
from core.errors import BadInputError

FORMS = [
    ("a.wav", {}),
    ("a.wav", {"subtype": "FLOAT"}),
    ("a.wav", {"subtype": "PCM_U8"}),
    ("a.wav", {"subtype": "PCM_24"}),
    ("a.wav", {"endian": "BIG"}),
    ("a.wav", {"format": "RF64"}),
    ("a.flac", {}),
    ("a.ogg", {}),
    ("a.opus", {"format": "OGG", "subtype": "OPUS"}),
    ("a.aiff", {}),
    ("a.au", {"format": "AU"}),
    ("a.caf", {"format": "CAF"}),
    ("a.w64", {"format": "W64"}),
]


@pytest.mark.parametrize(("name", "kind"), FORMS)
def test_every_form_is_read(tmp_path, clip, name, kind):
    path = clip(tmp_path / name, 0.5, **kind)
    samples = read_audio(path)
    assert samples.dtype == np.float32
    assert samples.shape == (8000,)
    assert np.abs(samples).max() <= 1.0
    assert probe_audio(path) == (0.5, 16_000, 1)


@pytest.mark.parametrize(("name", "kind"), FORMS)
@pytest.mark.parametrize("share", [0.999, 0.9, 0.5, 0.1])
def test_truncated_is_refused(tmp_path, clip, name, kind, share):
    whole = clip(tmp_path / name, 1.0, **kind).read_bytes()
    cut = tmp_path / f"cut-{name}"
    cut.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(BadInputError, match=r"cut-a\.\w+: .*(truncated|not audio that can be read)"):
        read_audio(cut)


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (8_000, 1), (48_000, 6), (16_000, 2), (22_050, 1)])
def test_rates_and_channels(tmp_path, clip, rate, channels):
    path = clip(tmp_path / "a.wav", 0.5, rate=rate, channels=channels)
    samples = read_audio(path)
    assert abs(len(samples) - 8000) <= 1
    spectrum = np.abs(np.fft.rfft(samples))
    assert abs(np.argmax(spectrum) * 16_000 / len(samples) - 220) < 3
    assert probe_audio(path).channels == channels


def test_channels_are_averaged(tmp_path):
    left = np.full(4000, 0.5, dtype=np.float32)
    soundfile.write(tmp_path / "a.wav", np.stack([left, -0.25 * left], axis=1), 16_000, subtype="FLOAT")
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav"), np.full(4000, 0.1875), atol=1e-6)


def test_loud_float_is_scaled_to_one(tmp_path):
    loud = 7 * np.sin(np.arange(8000) * 0.1)
    soundfile.write(tmp_path / "a.wav", loud, 16_000, subtype="FLOAT")
    samples = read_audio(tmp_path / "a.wav")
    assert np.abs(samples).max() == pytest.approx(1.0)
    np.testing.assert_allclose(samples, loud / np.abs(loud).max(), atol=1e-5)


@given(start=st.floats(0, 1.5), length=st.floats(0.1, 0.5))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_segment_is_the_same_part_of_the_whole(tmp_path, clip, start, length):
    path = tmp_path / "long.flac"
    if not path.exists():
        clip(path, 2.0)
    whole = read_audio(path)
    part = read_audio(path, start, start + length)
    first = round(start * 16_000)
    np.testing.assert_array_equal(part, whole[first : round((start + length) * 16_000)])


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        (-1.0, None, "not possible"),
        (float("nan"), 1.0, "not possible"),
        (0.0, float("inf"), "not possible"),
        (5.0, None, "outside the file of 1.00 s"),
        (0.0, 3.0, "outside the file of 1.00 s"),
        (0.6, 0.4, "ends before it begins"),
        (0.5, 0.55, "only 0.050 s long"),
    ],
)
def test_bad_segments(tmp_path, clip, start, end, says):
    path = clip(tmp_path / "a.wav", 1.0)
    with pytest.raises(BadInputError, match=says):
        read_audio(path, start, end)


def test_segment_may_end_a_little_late(tmp_path, clip):
    assert len(read_audio(clip(tmp_path / "a.wav", 1.0), 0.5, 1.05)) == 8000


def test_faults_are_one_clear_line(tmp_path, clip):
    (tmp_path / "text.wav").write_text("this is a text, not a sound\n" * 20)
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "folder.wav").mkdir()
    os.mkfifo(tmp_path / "pipe.wav")
    soundfile.write(tmp_path / "nan.wav", np.full(4000, np.nan), 16_000, subtype="FLOAT")
    soundfile.write(tmp_path / "inf.wav", np.r_[np.zeros(4000), np.inf], 16_000, subtype="FLOAT")
    clip(tmp_path / "short.wav", 0.05)
    clip(tmp_path / "slow.wav", 1.0, rate=100)
    (tmp_path / "headless.raw").write_bytes(bytes(range(256)) * 40)
    expected = {
        "missing.wav": "the audio file is missing",
        "text.wav": "is not audio that can be read",
        "empty.wav": "is empty (0 bytes)",
        "folder.wav": "is a folder",
        "pipe.wav": "the audio file is missing",
        "nan.wav": "NaN or infinity",
        "inf.wav": "NaN or infinity",
        "short.wav": "only 0.050 s long",
        "slow.wav": "sample rate of 100 Hz",
        "headless.raw": "is not audio that can be read",
    }
    for name, says in expected.items():
        with pytest.raises(BadInputError) as caught:
            read_audio(tmp_path / name)
        assert says in str(caught.value)
        assert str(tmp_path / name) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_too_long_for_an_utterance(tmp_path):
    soundfile.write(tmp_path / "talk.flac", np.zeros(4000 * 601), 4000)
    with pytest.raises(BadInputError, match="601 s are too long for one utterance; give start and end"):
        read_audio(tmp_path / "talk.flac")
    assert len(read_audio(tmp_path / "talk.flac", 300, 301)) == 16_000


def test_unknown_length_of_a_pipe_is_read(tmp_path, clip):
    raw = bytearray(clip(tmp_path / "a.wav", 0.5).read_bytes())
    at = raw.index(b"data") + 4
    raw[at : at + 4] = raw[4:8] = b"\xff\xff\xff\xff"
    (tmp_path / "piped.wav").write_bytes(raw)
    assert len(read_audio(tmp_path / "piped.wav")) == 8000


def test_a_flac_that_does_not_know_its_length(tmp_path, clip):
    raw = bytearray(clip(tmp_path / "a.flac", 0.5).read_bytes())
    raw[21] &= 0xF0  # STREAMINFO: the low 36 bits before the checksum count the samples
    raw[22:26] = bytes(4)
    (tmp_path / "piped.flac").write_bytes(raw)
    for read in (read_audio, probe_audio):
        with pytest.raises(BadInputError, match="does not say how long it is"):
            read(tmp_path / "piped.flac")


@given(content=st.binary(max_size=400))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_give_speech_or_a_clear_fault(tmp_path: Path, content):
    path = tmp_path / "any.wav"
    for head in (b"", b"RIFF\x24\x00\x00\x00WAVE", b"fLaC", b"OggS\x00\x02", b"caff\x00\x01\x00\x00", b".snd"):
        path.write_bytes(head + content)
        with pytest.raises(BadInputError):
            read_audio(path)


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 255)), max_size=8), st.sampled_from(FORMS[:8:2]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_headers(tmp_path, clip, changes, form):
    name, kind = form
    raw = bytearray(clip(tmp_path / name, 0.2, **kind).read_bytes())
    for at, value in changes:
        raw[at] = value
    (tmp_path / f"x-{name}").write_bytes(raw)
    try:
        samples = read_audio(tmp_path / f"x-{name}")
    except BadInputError:
        return
    assert samples.dtype == np.float32
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 1.0


@pytest.mark.speech
def test_real_speech(shared):
    path = shared / "data" / "emodb" / "wav" / "03a01Fa.flac"
    samples = read_audio(path)
    info = probe_audio(path)
    assert len(samples) == round(info.seconds * info.rate)
    assert 0.05 < np.abs(samples).max() <= 1.0
