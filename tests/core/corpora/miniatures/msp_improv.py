"""MSP-IMPROV in small: folders, names and lines as in the release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from .links import Clips

_WORDS = {"A": "Angry", "H": "Happy", "S": "Sad", "N": "Neutral", "O": "Other", "X": "Other"}
_DIRECTIONS = ("FM", "MF", "FF", "MM")
SMALL = {"T": dict.fromkeys("AHSNOX", 6), "S": dict.fromkeys("HN", 6), "R": {"S": 6}, "P": {"N": 6}}


def write(
    root: Path,
    parts: Mapping[str, Mapping[str, int]] | None = None,
    *,
    labels: str = "Evalution.txt",
    audio: str = "Audio",
    transcripts: str = "Human_transcriptions/All_human_transcriptions",
) -> Path:
    """Writes the corpus: for each part (T, R, S, P) so many turns of each perceived emotion. Gives ``root``.

    The letter in the name, the emotion that the scene aimed at, is never the perceived one. Every second turn has a
    transcript. The first rater rated each turn twice.
    """
    # The documented rate of the release, to be resampled.
    clips = Clips(root, rate=48_000)
    lines: list[str] = []
    names = {part: _names(part) for part in "TRSP"}
    number = 0
    for part, numbers in (parts or SMALL).items():
        for label, times in numbers.items():
            for _ in range(times):
                scenario, rest, session = next(names[part])
                scene = f"S{scenario:02d}{'S' if label == 'A' else 'A'}"
                name = f"{scene}-{rest}"
                clips.put(root / audio / f"session{session}" / scene / part / f"MSP-IMPROV-{name}.wav")
                dominance = "NaN" if number % 7 == 0 else "3.000000"
                word = _WORDS[label]
                lines += [
                    f"UTD-IMPROV-{name}.avi; {label}; A:2.000000; V:3.500000; D:{dominance} ; N:4.000000;",
                    f"WORKER01; {word}; {word},Excited; A:2.000000; V:4.000000; D:3.000000; N:4.000000;",
                    f"WORKER01; {word}; ; A:2.000000; V:4.000000; D:3.000000; N:4.000000;",
                    "ID-2_a; Neutral; Neutral,Concerned (a bit); A:2.000000; V:3.000000; D:NaN; N:NaN;",
                    "",
                ]
                if number % 2 == 0:
                    text = root / transcripts / f"MSP-IMPROV-{name}.txt"
                    text.parent.mkdir(parents=True, exist_ok=True)
                    text.write_text(f"Turn {number},\n is it?", encoding="utf-8")
                number += 1
    (root / labels).write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    return root


def _names(part: str) -> Iterator[tuple[int, str, int]]:
    """Scenario, the rest of the name, session: all speakers in turn, then the next scenario."""
    for turn in range(1, 100):
        for direction in _DIRECTIONS:
            for scenario in range(1, 21):
                for session in range(1, 7):
                    for gender in "FM":
                        yield scenario, f"{gender}{session:02d}-{part}-{direction}{turn:02d}", session
