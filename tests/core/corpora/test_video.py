"""Sound of videos: the same samples whole, in segments and in time; faults in one line."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from core.corpora.audio import AudioError, probe_audio, read_audio, read_native
from core.corpora.video import SoundTrack

from .miniatures.sound import write_clip, write_video

av = pytest.importorskip("av")


@pytest.fixture
def sweep() -> np.ndarray:
    """Two seconds in which every moment has its own pitch: a shift in time shows."""
    time = np.arange(2 * 48_000) / 48_000
    return (0.4 * np.sin(2 * np.pi * (200 * time + 300 * time**2))).astype(np.float32)


def test_the_whole_clip_in_time_with_its_source(tmp_path, sweep):
    path = write_video(tmp_path / "a.mp4", samples=np.stack([sweep, sweep], axis=1))
    info = probe_audio(path)
    assert (info.rate, info.channels) == (48_000, 2)
    assert info.seconds == pytest.approx(2.0, abs=0.05)
    samples, rate = read_native(path)
    assert rate == 48_000
    assert samples.dtype == np.float32
    assert len(samples) == pytest.approx(96_000, abs=2_048)
    assert np.corrcoef(samples[4_000:90_000], sweep[4_000:90_000])[0, 1] > 0.99
    assert len(read_audio(path)) == pytest.approx(32_000, abs=700)


def test_a_segment_is_the_part_of_the_whole(tmp_path, sweep):
    path = write_video(tmp_path / "a.mp4", layout="mono", samples=sweep[:, None])
    whole, _ = read_native(path)
    for start, end in ((0.0, 0.5), (0.1, 0.3), (0.7, 1.3), (1.5, None)):
        part, _ = read_native(path, start, end)
        first = round(start * 48_000)
        assert len(part) == pytest.approx(((end or 2.0) - start) * 48_000, abs=2_048 if end is None else 0.5)
        # AAC fills noisy bands with a decoder's own random numbers, which depend on where it began.
        np.testing.assert_allclose(part, whole[first : first + len(part)], atol=0.02)
    with pytest.raises(AudioError, match="lies outside the file"):
        read_native(path, 1.0, 3.0)


def test_speech_of_surround_sound_is_in_front(tmp_path, sweep):
    loud = np.zeros((len(sweep), 6), dtype=np.float32)
    loud[:, 2] = sweep  # FL FR FC LFE BL BR
    loud[:, 4:] = 0.4 * np.random.default_rng(0).standard_normal((len(sweep), 2)).astype(np.float32)
    samples, _ = read_native(write_video(tmp_path / "a.mp4", layout="5.1", samples=loud))
    assert np.corrcoef(samples[4_000:90_000], sweep[4_000:90_000])[0, 1] > 0.98


def test_faults_of_videos(tmp_path):
    good = write_video(tmp_path / "good.mp4", 2.0)
    (tmp_path / "text.mp4").write_text("no film")
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "cut.mp4").write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    raw = bytearray(good.read_bytes())
    at = raw.index(b"mdat") + 4
    raw[at : at + 12_000] = b"\xff" * 12_000
    (tmp_path / "damaged.mp4").write_bytes(raw)
    write_video(tmp_path / "mute.mp4", sound=False)
    for name, says in {
        "gone.mp4": "the audio file is missing",
        "text.mp4": "is not video that can be read",
        "empty.mp4": "the file is empty",
        "cut.mp4": "is not video that can be read",
        "mute.mp4": "the video has no sound",
    }.items():
        with pytest.raises(AudioError, match=says) as caught:
            read_native(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(AudioError):
        read_native(tmp_path / "damaged.mp4")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nother.wav\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile other.wav\nduration 0.3\n",
    ],
)
def test_a_playlist_that_passes_for_a_film_leads_nowhere(tmp_path, suffix, text):
    write_clip(tmp_path / "other.wav")
    path = tmp_path / f"list{suffix}"
    path.write_text(text)
    with pytest.raises(AudioError, match="is not video that can be read"):
        read_native(path)


@pytest.mark.parametrize("suffix", [".m4a", ".mov", ".mkv"])
def test_other_forms_of_film(tmp_path, suffix):
    path = write_video(tmp_path / f"a{suffix}" if suffix != ".m4a" else tmp_path / "a.mp4", 0.5)
    if suffix == ".m4a":
        path = path.rename(tmp_path / "a.m4a")
    assert len(read_audio(path)) == pytest.approx(8_000, abs=800)


def test_what_is_missing_at_the_end_is_said(tmp_path):
    # The index comes first, as in films for the net; the frames it promises are not all there.
    source = write_video(tmp_path / "a.mp4", 3.0)
    fast = tmp_path / "fast.mp4"
    with av.open(str(source)) as file, av.open(str(fast), "w", options={"movflags": "faststart"}) as out:
        track = out.add_stream_from_template(file.streams.audio[0])
        for packet in file.demux(file.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = track
                out.mux(packet)
    raw = fast.read_bytes()
    fast.write_bytes(raw[: len(raw) * 2 // 3])
    with pytest.raises(AudioError, match=r"holds .* s of the 3.* s it promises|damaged or truncated"):
        read_native(fast)
    # Matroska breaks off between two packets without a fault.
    film = write_video(tmp_path / "a.mkv", 3.0)
    film.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    with pytest.raises(AudioError, match=r"holds 1\.\d\d s of the (?:2.9|3.0)\d s it promises; copy it again"):
        read_native(film)


def test_without_pyav_the_remedy_is_said(tmp_path, monkeypatch):
    path = write_video(tmp_path / "a.mp4")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(
        AudioError, match=r"PyAV is not installed; install PyAV \(pip install av\), or extract"
    ) as caught:
        SoundTrack(path)
    assert "\n" not in str(caught.value)


def test_nothing_is_printed_and_nothing_optional_is_imported_at_start(tmp_path):
    (tmp_path / "text.mp4").write_text("no film")
    code = (
        "import sys, core.corpora as c\n"
        "assert not {'av', 'audformat'} & set(sys.modules), 'imported at start'\n"
        f"try: c.read_audio({str(tmp_path / 'text.mp4')!r})\n"
        "except c.drafts.BadInputError: pass\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""
