"""Small clips and tables."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

Clip = Callable[..., Path]


@pytest.fixture
def clip() -> Clip:
    """Writes a clip: a tone in noise, so that it is neither silent nor trivially compressible."""

    def write(
        path: Path, seconds: float = 0.3, *, rate: int = 16_000, channels: int = 1, seed: int = 0, **kind: str
    ) -> Path:
        n = round(seconds * rate)
        noise = 0.05 * np.random.default_rng(seed).standard_normal((n, channels))
        tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(n) / rate)[:, None]
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, (tone + noise).astype(np.float32), rate, **kind)
        return path

    return write


@pytest.fixture
def sheet() -> Callable[..., Path]:
    """Writes a CSV."""

    def write(path: Path, rows: Sequence[Sequence[object]], *, delimiter: str = ",") -> Path:
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=delimiter).writerows(rows)
        return path

    return write


@pytest.fixture
def small(tmp_path: Path, clip: Clip, sheet: Callable[..., Path]) -> tuple[Path, Path]:
    """A folder with eight good clips of two speakers and two emotions, and its table."""
    root = tmp_path / "small"
    rows: list[Sequence[object]] = [("audio", "emotion", "speaker", "text")]
    for number in range(8):
        name = f"clips/{number}.wav"
        clip(root / name, seed=number)
        rows.append((name, ("angry", "sad")[number % 2], f"s{number // 4}", f"sentence {number % 4}"))
    return root, sheet(root / "table.csv", rows)
