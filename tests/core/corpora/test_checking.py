"""Looking at clips in bounded time: what is found by pieces, what by all of it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.corpora.audio import read_native, read_pieces
from core.corpora.checking import check_clips
from core.corpora.drafts import Row
from core.corpora.paths import Folder
from core.corpora.pcm import glance
from core.corpora.problems import Problem
from core.errors import BadInputError

FORMS = [
    ("a.wav", {}),
    ("a.wav", {"subtype": "FLOAT"}),
    ("a.wav", {"subtype": "PCM_24"}),
    ("a.wav", {"format": "WAVEX"}),
    ("a.wav", {"format": "RF64"}),
    ("a.flac", {}),
    ("a.ogg", {}),
    ("a.mp3", {}),
]


def look(path: Path, depth, **segment) -> float | Problem:
    return next(iter(check_clips(path.parent, [Row({"audio": path.name, **segment}, path.name)], depth)))


@pytest.mark.parametrize(("name", "kind"), FORMS)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("seconds", [0.1, 0.25, 2.0])
def test_both_depths_agree_on_good_clips(tmp_path, clip, name, kind, channels, seconds):
    path = clip(tmp_path / name, seconds, channels=channels, **kind)
    assert look(path, "pieces") == pytest.approx(look(path, "whole"), abs=1e-9)


@pytest.mark.parametrize(("name", "kind"), FORMS)
@pytest.mark.parametrize("share", [0.97, 0.5, 0.1])
def test_both_depths_agree_on_clips_cut_short(tmp_path, clip, name, kind, share):
    whole = clip(tmp_path / name, 2.0, **kind).read_bytes()
    cut = tmp_path / f"cut-{name}"
    cut.write_bytes(whole[: int(len(whole) * share)])
    assert look(cut, "pieces") == look(cut, "whole")


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_silence_in_the_pieces_is_not_yet_silence(tmp_path, subtype):
    samples = np.zeros(32_000)
    soundfile.write(tmp_path / "silent.wav", samples, 16_000, subtype=subtype)
    assert "nothing can be heard" in look(tmp_path / "silent.wav", "pieces").reason
    samples[8_000:8_400] = 0.5
    soundfile.write(tmp_path / "click.wav", samples, 16_000, subtype=subtype)
    assert look(tmp_path / "click.wav", "pieces") == 2.0


def test_numbers_that_are_none_are_found_where_they_are_looked_for(tmp_path):
    samples = np.random.default_rng(0).normal(0, 0.1, 32_000)
    for place, found in ((0, True), (16_000, True), (31_999, True), (8_000, False)):
        bad = samples.copy()
        bad[place] = np.nan
        soundfile.write(tmp_path / "nan.wav", bad, 16_000, subtype="FLOAT")
        assert isinstance(look(tmp_path / "nan.wav", "pieces"), Problem) is found
        assert isinstance(look(tmp_path / "nan.wav", "whole"), Problem)


def test_pieces_do_not_read_the_rest(tmp_path, clip):
    path = clip(tmp_path / "long.wav", 60.0)
    samples, seconds = read_pieces(path)
    assert (len(samples), seconds) == (4_800, 60.0)
    whole, _ = read_native(path)
    for place, begin in enumerate((0, (960_000 - 1_600) // 2, 960_000 - 1_600)):
        np.testing.assert_array_equal(samples[1_600 * place :][:1_600], whole[begin : begin + 1_600])


def test_pieces_of_a_segment(tmp_path, clip):
    path = clip(tmp_path / "talk.flac", 10.0)
    samples, seconds = read_pieces(path, 2.0, 5.0)
    assert seconds == 3.0
    whole, _ = read_native(path, 2.0, 5.0)
    np.testing.assert_array_equal(samples[:1_600], whole[:1_600])
    np.testing.assert_array_equal(samples[-1_600:], whole[-1_600:])
    assert look(path, "pieces", start=2.0, end=5.0) == 3.0
    assert "lies outside the file" in look(path, "pieces", start=2.0, end=50.0).reason


@pytest.mark.parametrize(
    ("start", "end"),
    [(0.0, 0.5), (0.3, None), (None, 1.0), (1.25, 2.0), (1.5, 2.05), (1.0, 2.5), (0.5, 0.4), (0.5, 0.55), (-1.0, 1.0)],
)
def test_both_depths_agree_on_segments(tmp_path, clip, start, end):
    path = clip(tmp_path / "talk.wav", 2.0, channels=2)
    assert look(path, "pieces", start=start, end=end) == look(path, "whole", start=start, end=end)


def test_silence_of_a_segment_only(tmp_path):
    samples = np.r_[np.zeros(16_000), np.random.default_rng(0).normal(0, 0.1, 16_000)]
    soundfile.write(tmp_path / "half.wav", samples, 16_000)
    assert look(tmp_path / "half.wav", "pieces", start=1.0, end=2.0) == 1.0
    assert "nothing can be heard" in look(tmp_path / "half.wav", "pieces", start=0.0, end=0.9).reason


def test_a_glance_judges_only_plain_wav(tmp_path, clip):
    assert glance(clip(tmp_path / "a.wav", 0.5)).seconds == 0.5
    assert glance(clip(tmp_path / "stereo.wav", 0.5, channels=2, rate=44_100)).seconds == 0.5
    for number, (name, kind) in enumerate(
        (("b.flac", {}), ("c.wav", {"subtype": "FLOAT"}), ("d.wav", {"endian": "BIG"}))
    ):
        assert glance(clip(tmp_path / f"{number}{name}", 0.5, **kind)) is None
    assert glance(clip(tmp_path / "short.wav", 0.05)) is None
    assert glance(clip(tmp_path / "slow.wav", 0.5, rate=1_000)) is None
    assert glance(tmp_path / "gone.wav") is None
    raw = bytearray((tmp_path / "a.wav").read_bytes())
    (tmp_path / "cut.wav").write_bytes(raw[:-2])
    assert glance(tmp_path / "cut.wav") is None
    for at in range(44):
        changed = raw.copy()
        changed[at] ^= 0xFF
        (tmp_path / "x.wav").write_bytes(changed)
        seen = glance(tmp_path / "x.wav")
        if seen is not None:
            assert 0.1 <= seen.seconds <= 600
            assert 0 <= seen.peak <= 1


def test_links_lead_no_further_than_the_folder(tmp_path, clip):
    clip(tmp_path / "outside" / "a.wav")
    root = tmp_path / "root"
    clip(root / "in" / "a.wav")
    (root / "file.wav").symlink_to(tmp_path / "outside" / "a.wav")
    (root / "there").symlink_to(tmp_path / "outside")
    (root / "here").symlink_to(root / "in")
    (root / "inner.wav").symlink_to(root / "in" / "a.wav")
    (root / "loop").symlink_to(root / "loop")
    folder = Folder(root)
    for good in ("in/a.wav", "here/a.wav", "inner.wav", "in/gone.wav", "gone/gone.wav"):
        assert folder.inside(good) == root / good
    for bad in ("file.wav", "there/a.wav", "../outside/a.wav", "in/../../outside/a.wav", "/etc/passwd", "a\\..\\b"):
        with pytest.raises(BadInputError):
            folder.inside(bad)
    with pytest.raises(BadInputError):
        folder.inside("loop/a.wav")


def test_a_root_that_is_itself_a_link(tmp_path, clip):
    clip(tmp_path / "real" / "a.wav")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert Folder(tmp_path / "link").inside("a.wav") == tmp_path / "link" / "a.wav"


def test_results_come_in_order(tmp_path, clip):
    clip(tmp_path / "good.wav", 0.3)
    rows = [Row({"audio": "good.wav" if number % 7 else f"gone{number}.wav"}, "t") for number in range(1_000)]
    for number, result in enumerate(check_clips(tmp_path, rows, "pieces")):
        assert isinstance(result, Problem) is (number % 7 == 0)
        if isinstance(result, Problem):
            assert "the audio file is missing" in result.reason
