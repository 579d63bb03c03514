"""Corpora of other people's packages: found where they are installed, harmless where they are broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.corpora import Draft, Problem, Row
from core.corpora.contract import draft_fault

ROOT = Path(__file__).resolve().parents[3]
_CODE = """
from pathlib import Path

Path(__file__).with_name("imported").touch()

from core.corpora import Draft, Loader, Row, audio_files


def read(root):
    if (root / "explode").exists():
        raise KeyError("explode")
    if (root / "nameless").exists():
        return Draft(root, [Row({"audio": "a.wav"}, "a.wav")])
    if (root / "other").exists():
        return []
    if (root / "leaves").exists():
        raise SystemExit(0)
    emotions = ("angry", "sad")
    names = list(audio_files(root))
    rows = [
        Row({"utterance_id": name, "audio": name, "emotion": emotions[at % 2], "speaker": str(at)}, name)
        for at, name in enumerate(names)
    ]
    return Draft(root, rows)


LOADER = Loader("harbour", "Harbour voices", "Two people.", "CC0", "*.wav", read)
TAKEN = Loader("emodb", "Not EmoDB", "x", "x", "x", read)
UGLY = Loader("ugly", "two\\nlines", "x", "x", "x", read)
HOMELESS = Loader("homeless", "x", "x", "x", "x", read, home="here")
OPTIONS = Loader("options", "x", "x", "x", "x", read, options="table")
THING = 42
"""
_POINTS = """[mirage.corpora]
harbour = harbour_voices:LOADER
taken = harbour_voices:TAKEN
homeless = harbour_voices:HOMELESS
options = harbour_voices:OPTIONS
asks = harbour_asks:LOADER
thing = harbour_voices:THING
ugly = harbour_voices:UGLY
gone = harbour_voices_gone:LOADER
exits = harbour_exits:LOADER
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of installed packages: one distribution with its metadata, as pip leaves it."""
    site = tmp_path / "site"
    info = site / "harbour_voices-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "harbour_voices.py").write_text(_CODE)
    (site / "harbour_asks.py").write_text("from core.corpora import LOADERS\nlist(LOADERS)\nLOADER = 7\n")
    (site / "harbour_exits.py").write_text("raise SystemExit(3)\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: harbour-voices\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(_POINTS)
    return site


@pytest.fixture
def corpus(tmp_path: Path, clip) -> Path:
    for number in range(4):
        clip(tmp_path / "voices" / f"{number}.wav", seed=number)
    return tmp_path / "voices"


def mirage(site: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site), "MIRAGE_HOME": str(site.parent / "home")}
    command = [sys.executable, "-m", "core", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=120, check=False)


def test_help_and_built_in_corpora_import_nothing_of_others(site):
    assert mirage(site, "--help").returncode == 0
    assert mirage(site, "ingest", "--help").returncode == 0
    assert mirage(site, "ingest", "emodb", "nowhere").returncode == 2
    assert not (site / "imported").exists()


def test_a_package_adds_a_corpus(site, corpus):
    done = mirage(site, "ingest", "harbour", corpus, "--json")
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    assert (content["name"], content["loader"], content["utterances"], content["speakers"]) == (
        "harbour",
        "harbour",
        4,
        4,
    )
    assert content["published"] is None


def test_broken_ones_get_a_line_each_and_break_nothing(site):
    done = mirage(site, "ingest", "--list", "--json")
    assert done.returncode == 0
    names = [row["name"] for row in json.loads(done.stdout)]
    assert names[-1] == "harbour"
    assert names.count("emodb") == 1
    lines = done.stderr.splitlines()
    assert len(lines) == 8
    for line, point, reason in zip(
        lines,
        ("asks", "exits", "gone", "homeless", "options", "taken", "thing", "ugly"),
        (
            "is a int, not a core.corpora.Loader",
            "cannot be imported (SystemExit: 3)",
            "cannot be imported (ModuleNotFoundError: No module named 'harbour_voices_gone')",
            "has a home that is no function",
            "has options that are no tuple of names",
            "calls itself 'emodb', a name that is already taken",
            "is a int, not a core.corpora.Loader",
            "lacks a name, title, description, licence or layout of one printable line",
        ),
        strict=True,
    ):
        assert line.startswith(f"mirage: note: the corpus loader {point} (")
        assert "of the package harbour-voices" in line
        assert reason in line
        assert line.endswith("repair or uninstall that package")


def test_asking_for_a_broken_one_says_why(site, tmp_path):
    done = mirage(site, "ingest", "gone", tmp_path)
    assert done.returncode == 2
    assert "the corpus loader gone (harbour_voices_gone:LOADER) of the package harbour-voices cannot" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("flag", "says"),
    [
        ("explode", "the corpus loader harbour of another package failed (KeyError: 'explode'); tell its author"),
        ("other", "the corpus loader harbour gave a list, not a Draft; tell its author"),
        ("leaves", "failed (SystemExit: 0)"),
        ("nameless", "gave a row of a.wav without an utterance_id"),
    ],
)
def test_a_loader_that_fails_is_one_line(site, corpus, flag, says):
    (corpus / flag).touch()
    done = mirage(site, "ingest", "harbour", corpus)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert says in done.stderr


GOOD = {"utterance_id": "a", "audio": "a.wav", "emotion": "sad", "speaker": "1", "arousal": 0.5}


def draft(values: object = None, **parts: object) -> Draft:
    row = Row({**GOOD, **values} if isinstance(values, dict) else GOOD if values is None else values, "a.wav")
    return replace(Draft(Path("x"), [row]), **parts)


def test_what_a_loader_may_give():
    numbers = {"start": np.float32(0.5), "end": 2, "valence": float("nan"), "emotion_votes": {"sad": np.int64(2)}}
    scales = {"arousal": [1, 7]}
    assert draft_fault(draft({**numbers, "text": None}, problems=[Problem("f", 3, "r")], scales=scales)) is None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (draft({"utterance_id": 3}), "gave a row of a.wav whose utterance_id is a int, not a text"),
        (draft({"utterance_id": ""}), "gave a row of a.wav without an utterance_id"),
        (draft({"utterance_id": []}), "gave a row of a.wav whose utterance_id is a list, not a text"),
        (draft({"speaker": 7}), "gave a row of a.wav whose speaker is a int, not a text"),
        (draft({"audio": Path("a.wav")}), "whose audio is a PosixPath, not a text"),
        (draft({"emotion": "Sadness"}), "whose emotion is 'Sadness', not one of angry"),
        (draft({"arousal": "0.5"}), "whose arousal is a str, not a number"),
        (draft({"start": True}), "whose start is a bool, not a number"),
        (draft({"arousal": 3}), "whose arousal is 3, not from 0 to 1"),
        (draft({"emotion_votes": ["sad"]}), "whose emotion_votes are ['sad'], not a dict"),
        (draft({"emotion_votes": {"sad": "2"}}), "whose emotion_votes are {'sad': '2'}, not a dict"),
        (draft([]), "gave a row of a.wav whose values are a list, not a dict"),
        (draft(rows=()), "gave rows as a tuple, not a list"),
        (draft(rows=[{}]), "gave rows that hold a dict, not a Row"),
        (draft(rows=[None]), "gave rows that hold nothing, not a Row"),
        (draft(rows=[Row(GOOD, Path("a.wav"))]), "gave a row whose file is a PosixPath, not a text"),
        (draft(rows=[Row(GOOD, "a.wav", "3")]), "gave a row of a.wav whose number is a str"),
        (draft(problems=["bad"]), "gave problems that hold a str, not a Problem"),
        (draft(problems=[Problem(Path("a"), None, "r")]), "gave a problem whose file is a PosixPath, not a text"),
        (draft(problems=[Problem("a", "3", "r")]), "gave a problem whose row is a str, not a number"),
        (draft(remarks="fine"), "gave remarks as a str, not a list"),
        (draft(scales={"arousal": {1, 7}}), "gave scales that JSON cannot hold"),
        (draft(scales=[1, 7]), "gave scales as a list, not a dict by name"),
        (draft(root="x"), "gave a draft whose root is a str, not a Path"),
    ],
)
def test_what_it_may_not(given, says):
    assert says in (draft_fault(given) or "")
