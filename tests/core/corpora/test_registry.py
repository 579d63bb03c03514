"""Corpora of other people's packages: found where they are installed, harmless where they are broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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
THING = 42
"""
_POINTS = """[mirage.corpora]
harbour = harbour_voices:LOADER
taken = harbour_voices:TAKEN
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
    assert len(lines) == 5
    for line, point, reason in zip(
        lines,
        ("exits", "gone", "taken", "thing", "ugly"),
        (
            "cannot be imported (SystemExit: 3)",
            "cannot be imported (ModuleNotFoundError: No module named 'harbour_voices_gone')",
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
        ("other", "failed (TypeError: read gave list, not a Draft)"),
        ("nameless", "gave a row of a.wav without an utterance_id"),
    ],
)
def test_a_loader_that_fails_is_one_line(site, corpus, flag, says):
    (corpus / flag).touch()
    done = mirage(site, "ingest", "harbour", corpus)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert says in done.stderr
