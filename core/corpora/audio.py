"""Reads speech: any format libsndfile knows, and videos, as 16 kHz mono, with one clear line for each fault."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import soundfile
import soxr

from core.corpora.containers import truncation
from core.corpora.problems import printable
from core.errors import BadInputError

if TYPE_CHECKING:
    from core.corpora.video import SoundTrack

RATE = 16_000
"""The sample rate of everything ``read_audio`` gives, in Hz."""

MIN_SECONDS = 0.1
MAX_SECONDS = 600.0
RATES = (4_000, 768_000)
"""Sample rates that speech may have, in Hz."""
EXTENSIONS = frozenset({".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".au", ".caf", ".w64"})
"""What is taken for audio when a folder is searched; ``read_audio`` judges by content."""

VIDEO_EXTENSIONS = frozenset({".mp4", ".m4a", ".mov", ".mkv", ".webm", ".avi"})
"""What is decoded as the sound of a video, with PyAV where that is installed."""

# Annotated segments often end a little after the file does.
_TOLERANCE = 0.1
_BLOCK = 1 << 18
_UNKNOWN_FRAMES = 1 << 60
_File = TypeVar("_File", "soundfile.SoundFile", "SoundTrack")


class AudioInfo(NamedTuple):
    """What a file's header says: length in seconds, sample rate in Hz, number of channels."""

    seconds: float
    rate: int
    channels: int


def read_audio(path: str | Path, start: float | None = None, end: float | None = None, rate: int = RATE) -> np.ndarray:
    """Reads a clip, or the part of it from ``start`` to ``end`` (seconds), without reading the rest of the file.

    Channels are averaged, then resampled by soxr. What peaks above 1 is scaled down to 1.

    Returns:
        float32 of shape ``(samples,)`` at ``rate`` Hz, all finite, peak at most 1.

    Raises:
        BadInputError: the file is missing, empty, not audio or truncated; holds NaN or infinity; is shorter than
            0.1 s or longer than 10 min; or the segment lies outside it.
    """
    samples, own_rate = read_native(path, start, end)
    if own_rate != rate:
        samples = soxr.resample(samples, own_rate, rate, quality="HQ")
    peak = float(np.abs(samples).max(initial=0.0))
    if peak > 1.0:
        # The quotient can round to just above 1.
        samples = np.clip(samples / np.float32(peak), -1.0, 1.0)
    return np.ascontiguousarray(samples, dtype=np.float32)


def read_native(path: str | Path, start: float | None = None, end: float | None = None) -> tuple[np.ndarray, int]:
    """As ``read_audio``, at the file's own rate and level: ``(float32 (samples,), rate in Hz)``."""
    path = Path(path)
    with _open(path) as file:
        first, last = _frames(path, file, start, end)
        samples = _read(path, file, first, last, whole=end is None)
        own_rate = file.samplerate
    _check_samples(path, samples, len(samples) / own_rate)
    return samples, own_rate


def read_pieces(
    path: str | Path, start: float | None = None, end: float | None = None, *, pieces: int = 3, seconds: float = 0.1
) -> tuple[np.ndarray, float]:
    """Equally spaced pieces of a clip, its first and its last moment among them; all of it where it is short.

    Header and size are checked as in ``read_native``; how long this takes does not depend on how long the clip is.

    Returns:
        float32 (samples,) of all pieces one after another, and the length of the clip in seconds.

    Raises:
        BadInputError: as ``read_native``, as far as the pieces show it.
    """
    path = Path(path)
    with _open(path) as file:
        first, last = _frames(path, file, start, end)
        rate = file.samplerate
        each = round(seconds * rate)
        # The length of an MP3 is an estimate, only decoding finds its end; videos cannot be entered anywhere.
        if isinstance(file, soundfile.SoundFile) and file.format != "MP3" and last - first > pieces * each:
            begins = [first + round(k * (last - first - each) / (pieces - 1)) for k in range(pieces)]
            samples = np.concatenate([_decode(path, file, at, at + each, whole=False) for at in begins])
            length = (last - first) / rate
        else:
            samples = _read(path, file, first, last, whole=end is None)
            length = len(samples) / rate
    _check_samples(path, samples, length)
    return samples, length


def probe_audio(path: str | Path) -> AudioInfo:
    """What the header of ``path`` says; the samples are not decoded.

    Raises:
        BadInputError: the file is missing, empty, not audio, or visibly truncated.
    """
    with _open(Path(path)) as file:
        return AudioInfo(file.frames / file.samplerate, file.samplerate, file.channels)


def _open(path: Path) -> soundfile.SoundFile | SoundTrack:
    try:
        if not path.is_file():
            raise _fault(path, "is a folder" if path.is_dir() else "the audio file is missing")
        if path.stat().st_size == 0:
            raise _fault(path, "the file is empty (0 bytes); copy it again")
        if path.suffix.lower() in VIDEO_EXTENSIONS:
            return _open_video(path)
        reason = truncation(path)
        if reason is not None:
            raise _fault(path, f"{reason}: it is truncated; copy it again")
        file = soundfile.SoundFile(path)
    except OSError as error:
        raise _fault(path, f"cannot be read ({error.strerror or error})") from None
    except (RuntimeError, TypeError, ValueError):
        raise _fault(path, "is not audio that can be read; convert it to WAV or FLAC") from None
    if file.frames > _UNKNOWN_FRAMES:  # FLAC written to a pipe
        file.close()
        raise _fault(path, "its header does not say how long it is; convert it to a new WAV or FLAC file")
    return _checked_rate(path, file)


def _open_video(path: Path) -> SoundTrack:
    # Only here: PyAV is large and few corpora need it.
    from core.corpora.video import SoundTrack

    return _checked_rate(path, SoundTrack(path))


def _checked_rate(path: Path, file: _File) -> _File:
    if not RATES[0] <= file.samplerate <= RATES[1]:
        file.close()
        raise _fault(path, f"has a sample rate of {file.samplerate} Hz, which is not speech")
    return file


def _frames(
    path: Path, file: soundfile.SoundFile | SoundTrack, start: float | None, end: float | None
) -> tuple[int, int]:
    """The segment in frames, checked against the length of the file."""
    rate, total = file.samplerate, file.frames
    length = total / rate
    begin = 0.0 if start is None else float(start)
    stop = length if end is None else float(end)
    if not (np.isfinite(begin) and np.isfinite(stop) and begin >= 0.0):
        raise _fault(path, f"the segment from {begin} to {stop} s is not possible")
    if (begin and begin >= length) or stop > length + _TOLERANCE:
        raise _fault(path, f"the segment from {begin:.2f} to {stop:.2f} s lies outside the file of {length:.2f} s")
    if end is not None and stop <= begin:
        raise _fault(path, f"the segment from {begin:.2f} to {stop:.2f} s ends before it begins")
    if stop - begin > MAX_SECONDS:
        raise _fault(path, f"{stop - begin:.0f} s are too long for one utterance; give start and end of each utterance")
    return round(begin * rate), min(round(stop * rate), total)


def _read(path: Path, file: soundfile.SoundFile | SoundTrack, first: int, last: int, *, whole: bool) -> np.ndarray:
    if isinstance(file, soundfile.SoundFile):
        return _decode(path, file, first, last, whole=whole)
    return file.read(first, last)


def _decode(path: Path, file: soundfile.SoundFile, first: int, last: int, *, whole: bool) -> np.ndarray:
    # In blocks: what a damaged header promises is never allocated at once.
    wanted = last - first
    blocks: list[np.ndarray] = []
    got = 0
    # As many samples of all channels together: files may claim hundreds of channels.
    size = max(1, _BLOCK // file.channels)
    try:
        if first:
            file.seek(first)
        while got < wanted:
            block = file.read(min(size, wanted - got), dtype="float32", always_2d=True)
            if len(block) == 0:
                break
            blocks.append(block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float32))
            got += len(block)
    except RuntimeError:
        raise _fault(path, "cannot be decoded to its end: it is damaged or truncated; copy it again") from None
    if got < wanted and not (whole and file.format == "MP3" and got > 0.98 * wanted):  # MP3 headers estimate
        seconds = got / file.samplerate
        raise _fault(path, f"holds {seconds:.2f} s of the {wanted / file.samplerate:.2f} s it promises; copy it again")
    return np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.float32)


def _check_samples(path: Path, samples: np.ndarray, seconds: float) -> None:
    if seconds < MIN_SECONDS:
        raise _fault(path, f"only {seconds:.3f} s long, at least {MIN_SECONDS} s are needed; leave it out")
    if not np.isfinite(samples).all():
        raise _fault(path, "holds samples that are not numbers (NaN or infinity); write it anew from its source")


def _fault(path: Path, reason: str) -> AudioError:
    return AudioError(path, reason)


class AudioError(BadInputError):
    """A clip that cannot be used; ``reason`` is the message without the file's name."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{printable(str(path))}: {reason}")
