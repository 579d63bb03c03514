"""Clips for miniature corpora."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile


def tone(seconds: float = 0.3, *, rate: int = 16_000, channels: int = 1, seed: int = 0) -> np.ndarray:
    """A tone in noise, float32 (n, channels): neither silent nor trivially compressible."""
    n = round(seconds * rate)
    noise = 0.05 * np.random.default_rng(seed).standard_normal((n, channels))
    return (0.3 * np.sin(2 * np.pi * 220 * np.arange(n) / rate)[:, None] + noise).astype(np.float32)


def write_clip(path: Path, seconds: float = 0.3, *, rate: int = 16_000, channels: int = 1, seed: int = 0) -> Path:
    """Writes a clip, by its extension."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(seconds, rate=rate, channels=channels, seed=seed), rate)
    return path


def write_silence(path: Path, seconds: float = 0.3) -> Path:
    """Writes a clip in which there is nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(round(seconds * 16_000), dtype=np.float32), 16_000)
    return path


def write_video(
    path: Path, seconds: float = 0.5, *, layout: str = "stereo", samples: np.ndarray | None = None, sound: bool = True
) -> Path:
    """Writes an MP4 with a picture of 16 x 16 and AAC at 48 kHz; ``samples`` float32 (n, channels)."""
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    channels = {"mono": 1, "stereo": 2, "5.1": 6}[layout]
    if samples is None:
        samples = tone(seconds, rate=48_000, channels=channels)
    with av.open(str(path), "w") as file:
        picture = file.add_stream("mpeg4", rate=25)
        picture.width = picture.height = 16
        picture.pix_fmt = "yuv420p"
        track = file.add_stream("aac", rate=48_000, layout=layout) if sound else None
        for _ in range(round(len(samples) / 48_000 * 25)):
            file.mux(picture.encode(av.VideoFrame(16, 16, "yuv420p")))
        if track is not None:
            for at in range(0, len(samples), 1024):
                planes = np.ascontiguousarray(samples[at : at + 1024].T)
                frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=layout)
                frame.rate, frame.pts = 48_000, at
                file.mux(track.encode(frame))
            file.mux(track.encode(None))
        file.mux(picture.encode(None))
    return path
