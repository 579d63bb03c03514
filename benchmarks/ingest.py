"""How long ``mirage ingest`` takes, and how much memory, for a corpus as large as MSP-Podcast 2.0.

``python -m benchmarks.ingest`` writes such a corpus (264,705 clips that are hard links to a few real ones, as many
transcripts, 5.5 votes for each), ingests it in a process of its own and says seconds, peak memory and whether the
limits hold. The clips stay in the page cache: a slow disk adds its own time for about three reads from each.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

UTTERANCES = 264_705
MOST_SECONDS = 60.0
MOST_GIB = 2.0

_HEADER = ("FileName", "EmoClass", "EmoAct", "EmoVal", "EmoDom", "SpkrID", "Gender", "Split_Set")
_WORDS = {"N": "Neutral", "H": "Happy", "A": "Angry", "S": "Sad", "U": "Surprise", "D": "Disgust", "X": "Other-vague"}
_SPLITS = ("Train", "Train", "Train", "Train", "Development", "Test1", "Test2")
# File systems allow about 65,000 links to one file.
_LINKS = 30_000


def write_corpus(root: Path, utterances: int, seconds: float, *, links: bool = True, spoken: bool = True) -> None:
    """Writes a corpus in the layout of release 2.0 with clips of so many seconds at 16 kHz; ``spoken``: transcripts."""
    random = np.random.default_rng(0)
    audio, texts, labels = root / "Audios", root / "Transcripts", root / "Labels"
    for folder in (audio, texts, labels):
        folder.mkdir(parents=True)
    names = [f"MSP-PODCAST_{number // 200:04d}_{number % 200:04d}" for number in range(utterances)]
    source = root / "none"
    for number, name in enumerate(names):
        if not links or number % _LINKS == 0:
            source = audio / f"{name}.wav"
            soundfile.write(source, 0.1 * random.standard_normal(round(seconds * 16_000)), 16_000)
        else:
            os.link(source, audio / f"{name}.wav")
        if spoken:
            (texts / f"{name}.txt").write_text(f"This is what was said in clip number {number}, more or less.\n")
    with (labels / "labels_consensus.csv").open("w", newline="") as file:
        csv.writer(file).writerows(_consensus(names, random))
    with (labels / "labels_detailed.csv").open("w", newline="") as file:
        csv.writer(file).writerows(_detailed(names, random))


def _consensus(names: list[str], random: np.random.Generator) -> Iterator[tuple[object, ...]]:
    yield _HEADER
    letters = random.choice(list(_WORDS), len(names))
    numbers = random.integers(10, 71, (len(names), 3)) / 10
    for number, (name, letter, values) in enumerate(zip(names, letters, numbers.tolist(), strict=True)):
        # 200 clips of one podcast, ten of one speaker; a podcast lies in one partition.
        speaker = "Unknown" if number % 5 == 4 else str(number // 10)
        split = _SPLITS[number // 200 % len(_SPLITS)]
        yield f"{name}.wav", letter, *values, speaker, ("Male", "Female")[number // 10 % 2], split


def _detailed(names: list[str], random: np.random.Generator) -> Iterator[tuple[object, ...]]:
    yield "FileName", "WorkerID", "EmoClass_Major", "EmoClass_Second", "EmoAct", "EmoVal", "EmoDom"
    words = list(_WORDS.values())
    for number, name in enumerate(names):
        for rater, word in enumerate(random.integers(0, len(words), 5 + number % 2).tolist()):
            yield f"{name}.wav", f"WORKER{rater:07d}", words[word], "Excited,Happy", 4, 5, 4


def write_table(root: Path) -> None:
    """The same corpus as a CSV for ``mirage ingest folder``: every clip as a segment of itself."""
    with (
        (root / "table.csv").open("w", newline="") as file,
        (root / "Labels" / "labels_consensus.csv").open() as labels,
    ):
        rows = csv.DictReader(labels)
        table = csv.writer(file)
        table.writerow(("audio", "start", "end", "text", "emotion", "speaker", "arousal"))
        for number, row in enumerate(rows):
            emotion = _WORDS[row["EmoClass"]].partition("-")[0].lower()
            text = f"This is what was said in clip number {number}."
            clip = f"Audios/{row['FileName']}"
            table.writerow((clip, 0, 0.2, text, emotion, row["SpkrID"], (float(row["EmoAct"]) - 1) / 6))


def measure(root: Path, home: Path, corpus: str, check: str) -> dict[str, Any]:
    """Runs ``mirage ingest`` on the corpus: seconds, peak memory in GiB, utterances stored."""
    import resource

    command = [sys.executable, "-m", "core", "ingest", corpus, str(root), "--check", check, "--json"]
    if corpus == "folder":
        command += ["--table", "table.csv"]
    environment = {**os.environ, "MIRAGE_HOME": str(home), "OMP_NUM_THREADS": "1"}
    begin = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    # Linux counts kibibytes, macOS bytes.
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    content = json.loads(done.stdout)
    return {
        "utterances": content["utterances"],
        "left_out": len(content["problems"]),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_gib": round(peak / 2**30, 3),
    }


def main() -> None:
    """Writes the corpus, measures, prints; exit code 1 where a limit is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__.partition("\n")[0])
    parser.add_argument("--corpus", choices=["msp-podcast", "folder"], default="msp-podcast")
    parser.add_argument("--utterances", type=int, default=UTTERANCES)
    parser.add_argument("--seconds", type=float, default=0.5, help="length of each clip")
    parser.add_argument("--check", choices=["auto", "whole", "pieces"], default="auto")
    parser.add_argument("--own-files", action="store_true", help="write every clip, instead of hard links")
    parser.add_argument("--folder", type=Path, help="where the corpus is written, on the disk in question")
    parser.add_argument("--json", action="store_true", help="print only JSON")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mirage-ingest-", dir=chosen.folder) as name:
        root = Path(name) / "corpus"
        write_corpus(
            root, chosen.utterances, chosen.seconds, links=not chosen.own_files, spoken=chosen.corpus != "folder"
        )
        if chosen.corpus == "folder":
            write_table(root)
        result = measure(root, Path(name) / "home", chosen.corpus, chosen.check)
    result["within"] = result["seconds"] <= MOST_SECONDS and result["peak_gib"] <= MOST_GIB
    if chosen.json:
        sys.stdout.write(json.dumps(result) + "\n")
    else:
        sys.stdout.write(
            "{utterances:,} utterances of {0:g} s ({left_out} left out): {seconds:.1f} s (at most {1:g}), "
            "{cpu_seconds:.1f} s of CPU, {peak_gib:.2f} GiB (at most {2:g})\n".format(
                chosen.seconds, MOST_SECONDS, MOST_GIB, **result
            )
        )
    sys.exit(0 if result["within"] else 1)


if __name__ == "__main__":
    main()
