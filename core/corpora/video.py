"""The sound of video clips (MP4, MKV, WebM ...), decoded by PyAV, which is optional and imported only here."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from core.corpora.audio import AudioError

REMEDY = "install PyAV (pip install av), or extract the sound to a WAV of the same name beside the clip"

# The form is told by the name and not guessed: among what FFmpeg guesses are playlists, which lead to other files.
_FORMS = {".mp4": "mp4", ".m4a": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm", ".avi": "avi"}

# AAC frames depend on the one before: what is decoded right after a jump is not yet right.
_RUN_UP = 0.25
# The length in the header and the frames differ by up to a few frames of 1,024 samples.
_SLACK = 0.1
_FRONT = frozenset({"FL", "FR", "FC"})


def available() -> bool:
    """Whether PyAV is installed."""
    return find_spec("av") is not None


class SoundTrack:
    """The first sound track of a video file, with the names of ``soundfile.SoundFile`` for what both have.

    Attributes:
        samplerate: in Hz.
        frames: samples per channel, as the header says.
        channels: how many.

    Raises:
        AudioError: PyAV is not installed, or the file is damaged, no video, or without sound.
    """

    def __init__(self, path: Path) -> None:
        try:
            import av
        except ImportError:
            raise AudioError(path, f"is a video, and PyAV is not installed; {REMEDY}") from None
        self._path = path
        self._av = av
        try:
            self._file = av.open(str(path.absolute()), mode="r", format=_FORMS[path.suffix.lower()])
        except (av.error.FFmpegError, ValueError) as error:
            raise AudioError(path, f"is not video that can be read ({_reason(error)}); copy it again") from None
        tracks = self._file.streams.audio
        if not tracks:
            self._file.close()
            raise AudioError(path, "the video has no sound; leave it out")
        self._track: Any = tracks[0]
        self.samplerate = int(self._track.rate or 0)
        seconds = self._seconds()
        if not self.samplerate or not seconds or seconds <= 0:
            self._file.close()
            raise AudioError(path, "the video does not say how long its sound is; convert it to WAV")
        self.frames = round(seconds * self.samplerate)
        self.channels = int(self._track.channels)

    def __enter__(self) -> SoundTrack:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def read(self, first: int, last: int) -> np.ndarray:
        """Samples ``first`` to ``last``: float32 (last - first,), at most a tenth of a second fewer.

        Stereo is averaged; of surround sound the mean of the front channels is taken, where speech is.

        Raises:
            AudioError: the sound cannot be decoded, or ends before ``last``.
        """
        blocks: list[np.ndarray] = []
        got = 0
        try:
            for position, block in self._blocks(first):
                block = block[max(0, first - position) :][: last - first - got]
                blocks.append(block)
                got += len(block)
                if got >= last - first:
                    break
        except (self._av.error.FFmpegError, ValueError):
            raise AudioError(
                self._path, "cannot be decoded to its end: it is damaged or truncated; copy it again"
            ) from None
        if last - first - got > _SLACK * self.samplerate:
            seconds, promised = got / self.samplerate, (last - first) / self.samplerate
            raise AudioError(self._path, f"holds {seconds:.2f} s of the {promised:.2f} s it promises; copy it again")
        return np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.float32)

    def _blocks(self, first: int) -> Iterator[tuple[int, np.ndarray]]:
        """Decoded mono blocks and the sample each begins at, from at or before ``first``."""
        base: Fraction = self._track.time_base
        begin = (self._track.start_time or 0) * base
        if first > _RUN_UP * self.samplerate:
            seconds = Fraction(first, self.samplerate) - Fraction(_RUN_UP)
            self._file.seek(int((begin + seconds) / base), stream=self._track)
        planar = self._av.AudioResampler(format="fltp")
        position: int | None = None
        for frame in self._file.decode(self._track):
            if position is None:
                position = 0 if frame.pts is None else round((frame.pts * base - begin) * self.samplerate)
            for part in planar.resample(frame):
                block = _mono(part.to_ndarray(), [channel.name for channel in part.layout.channels])
                yield position, block
                position += len(block)

    def _seconds(self) -> float | None:
        if self._track.duration is not None:
            return float(self._track.duration * self._track.time_base)
        if self._file.duration is not None:
            return self._file.duration / self._av.time_base
        return None


def _mono(samples: np.ndarray, channels: list[str]) -> np.ndarray:
    """float32 (channels, n) -> (n,)."""
    if len(samples) > 2:
        front = [row for row, name in enumerate(channels) if name in _FRONT]
        samples = samples[front] if front else samples
    return samples.mean(axis=0, dtype=np.float32) if len(samples) > 1 else samples[0]


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).splitlines()[0]
