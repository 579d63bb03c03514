"""``mirage ingest`` as it is called."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile


def mirage(*arguments: object, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MIRAGE_HOME": str(home), "OMP_NUM_THREADS": "1"}
    environment.pop("MIRAGE_DEBUG", None)
    command = [sys.executable, "-m", "core", "ingest", *map(str, arguments)]
    root = Path(__file__).resolve().parents[3]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", env=environment, timeout=120, check=False, cwd=root
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "speech"
    root.mkdir()
    rows = [("file", "feeling", "who", "day")]
    for number in range(4):
        soundfile.write(root / f"{number}.wav", np.random.default_rng(number).normal(0, 0.1, 4000), 16_000)
        rows.append((f"{number}.wav", ("wut", "joy")[number % 2], f"s{number // 2}", f"d{number // 2}"))
    rows += [(f"gone{number}.wav", "joy", "s1", "d1") for number in range(12)]
    with (root / "t.csv").open("w", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    return root


OPTIONS = ("--map", "emotion=feeling,speaker=who", "--map", "session=day", "--labels", "wut=angry")


def test_table_and_problems(folder, tmp_path):
    done = mirage("folder", folder, "--table", "t.csv", *OPTIONS, "--problems", tmp_path / "p.csv", home=tmp_path)
    assert done.returncode == 0, done.stderr
    words = [line.split() for line in done.stdout.splitlines() if line.strip()]
    assert words[0] == ["emotion", "d0", "d1", "all"]
    assert ["angry", "1", "1", "2"] in words
    assert ["happy", "1", "1", "2"] in words
    assert ["all", "2", "2", "4"] in words
    assert "speech: 4 utterances, 2 speakers" in done.stdout
    assert "12 left out:" in done.stderr
    assert done.stderr.count("the audio file is missing") == 10
    with (tmp_path / "p.csv").open(newline="") as file:
        assert len(list(csv.reader(file))) == 13


def test_problems_are_written_when_nothing_can_be_used(folder, tmp_path):
    for path in folder.glob("*.wav"):
        path.unlink()
    done = mirage("folder", folder, "--table", "t.csv", *OPTIONS, "--problems", tmp_path / "p.csv", home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    line = done.stderr.splitlines()[-1]
    assert "no usable utterance; first: t.csv, row 2: 0.wav: the audio file is missing" in line
    assert line.endswith(f"all 16 of them: {tmp_path / 'p.csv'}")
    with (tmp_path / "p.csv").open(newline="") as file:
        assert len(list(csv.reader(file))) == 17


def test_json_only_on_stdout(folder, tmp_path):
    done = mirage("folder", folder, "--table", "t.csv", *OPTIONS, "--name", "mine", "--json", home=tmp_path)
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    assert content["name"] == "mine"
    assert content["counts"] == {"angry": {"d0": 1, "d1": 1, "all": 2}, "happy": {"d0": 1, "d1": 1, "all": 2}}
    assert (content["utterances"], content["speakers"], len(content["problems"])) == (4, 2, 12)
    assert Path(content["file"]) == tmp_path / "corpora" / "mine.parquet"
    assert content["problems"][0]["row"] == 6


def test_list(tmp_path):
    shown = mirage("--list", home=tmp_path)
    assert shown.returncode == 0
    listed = json.loads(mirage("--list", "--json", home=tmp_path).stdout)
    names = [row["name"] for row in listed]
    assert {"demo", "emodb", "iemocap", "msp-improv", "msp-podcast", "ravdess", "folder"} <= set(names)
    assert (names[0], names[-1]) == ("demo", "folder")
    for row in listed:
        assert row["name"] in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "which corpus?"),
        (("emodb",), "where is the corpus?"),
        (("nope", "."), "there is no corpus loader 'nope'"),
        (("ravdess", "nowhere"), "no such folder"),
        (("folder", "core", "--table", "nowhere.csv"), "no such table"),
        (("folder", "core", "--table", "x" * 5_000), "no such table"),
        (("folder", "core", "--table", "~nosuchuser/x.csv"), "there is no home folder of this user"),
        (("emodb", "x" * 5_000), "cannot be opened (File name too long)"),
        (("emodb", "~nosuchuser/x"), "~nosuchuser/x: there is no home folder of this user"),
        (("folder", "core", "--map", "emotion"), "expected NAME=VALUE"),
        (("folder", "core", "--scale", "arousal=1"), "expected LOWEST:HIGHEST"),
        (("emodb", "core", "--labels", "a=sad"), "emodb takes no labels"),
        (("emodb", "core", "--check", "some"), "--check some: choose auto, whole, pieces"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path, arguments, says):
    done = mirage(*arguments, home=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("mirage: ")
    assert says in lines[0]


@pytest.mark.speech
def test_real_corpus(shared, tmp_path):
    done = mirage("emodb", shared / "data" / "emodb", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert ["angry", "127"] in [line.split() for line in done.stdout.splitlines()]
    assert "535/535" in done.stderr
    assert "emodb: matches the published counts (8 compared)" in done.stdout.splitlines()


def test_published_counts_that_differ(tmp_path):
    root = tmp_path / "savee-like"
    root.mkdir()
    for name in ("03a01Fa", "08a01Wa"):
        soundfile.write(root / f"{name}.wav", np.random.default_rng(0).normal(0, 0.1, 4000), 16_000)
    done = mirage("emodb", root, home=tmp_path)
    lines = [line for line in done.stdout.splitlines() if "published counts" in line]
    assert lines[0] == "emodb: differs from the published counts: utterances: 2 found, 535 published"
    assert len(lines) == 8
    content = json.loads(mirage("emodb", root, "--json", home=tmp_path).stdout)
    assert content["published"]["matches"] is False
    assert content["published"]["differences"][0] == {"what": "utterances", "published": 535, "found": 2}
