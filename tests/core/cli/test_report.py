"""``mirage report`` writes one file, and says in one line what it cannot do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from core.demo import install_demo
from core.runs import load_run
from core.runs.withheld import withhold
from core.workspace import Workspace


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("home")
    install_demo(Workspace(made))
    return made


def test_report_of_the_demo(mirage, home: Path, tmp_path: Path) -> None:
    target = tmp_path / "demo.html"
    done = mirage("report", "demo", "-o", target, "--json", home=home)
    assert done.code == 0, done.err
    assert done.err == ""
    assert json.loads(done.out) == {
        "path": str(target),
        "size": target.stat().st_size,
        "points": 576,
        "utterances": 576,
        "clips": 50,
        "lab": True,
        "benchmarks": 0,
    }
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_without_audio_in_words(mirage, home: Path, tmp_path: Path) -> None:
    done = mirage("report", "demo", "-o", tmp_path / "quiet.html", "--no-audio", home=home)
    assert done.code == 0, done.err
    assert done.out.startswith(f"{tmp_path / 'quiet.html'}: ")
    assert "576 of 576 utterances on the map, 0 clips, a lab that generates, 0 comparisons" in done.out


def test_a_run_that_was_published_without_its_utterances(mirage, home: Path, tmp_path: Path) -> None:
    place = Workspace(home)
    folder = tmp_path / "withheld"
    shutil.copytree(place.run_folder("demo"), folder)
    withhold(folder, load_run("demo", place))
    done = mirage("report", folder, "-o", tmp_path / "withheld.html", home=home)
    assert done.code == 0, done.err
    assert "no map, clips or lab (the run was published without its utterances), 0 comparisons" in done.out
    assert (tmp_path / "withheld.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nothing"], 2, "there is no run 'nothing'"),
        (["--", "-dash"], 2, "'-dash' cannot name a run"),
    ],
)
def test_what_cannot_be_told_of(
    mirage, home: Path, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    target = tmp_path / "none.html"
    done = mirage("report", "-o", target, *arguments, home=home)
    assert done.code == code
    assert words in done.err.splitlines()[-1]
    assert "Traceback" not in done.err
    assert not target.exists()


def test_output_that_is_a_folder(mirage, home: Path, tmp_path: Path) -> None:
    done = mirage("report", "demo", "-o", tmp_path, home=home)
    assert done.code == 2
    assert f"{tmp_path} is a folder; say -o {tmp_path / 'report.html'}" in done.err


def test_damaged_run_is_named(mirage, home: Path, tmp_path: Path) -> None:
    own = Workspace(tmp_path / "own")
    install_demo(own)
    (own.run_folder("demo") / "information.json").write_text("{")
    done = mirage("report", "demo", "-o", tmp_path / "x.html", home=own.root)
    assert done.code == 2
    assert "information.json" in done.err.splitlines()[-1]
    assert not (tmp_path / "x.html").exists()
