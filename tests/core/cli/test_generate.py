"""``mirage generate`` and ``mirage mi``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.errors import BadInputError
from core.runs import LoadedRun, load_run


def features(table: Any, column: str = "audio") -> np.ndarray:
    return np.stack(table[column].to_numpy())


def test_generate_writes_what_the_run_gives(mirage, toy, finished: LoadedRun, tmp_path: Path) -> None:
    target = tmp_path / "out" / "angry.parquet"
    arguments = ["--emotion", "angry", "-n", 25, "--code", "u1=1.5", "--code", " u2 = -0.5", "--seed", 7]
    done = mirage("generate", "small", *arguments, "--truncation", 0.5, "-o", target, home=toy.workspace.root)
    assert done.code == 0, done.err
    assert done.out == f"{target}: 25 features of 12 dimensions, angry, run small, seed 7\n"
    arrow = pq.read_table(target)
    wanted = finished.generate("angry", 25, codes={"u1": 1.5, "u2": -0.5}, seed=7, truncation=0.5)
    table = arrow.to_pandas()
    np.testing.assert_array_equal(features(table), wanted.audio)
    assert set(table["emotion"]) == {"angry"}
    for name in wanted.codes.columns:
        assert table[name].tolist() == wanted.codes[name].tolist(), name
    assert (table["u1"] == 1.5).all()
    assert arrow.schema.field("audio").type.list_size == 12
    metadata = {key.decode(): value.decode() for key, value in arrow.schema.metadata.items()}
    assert metadata["run"] == "small"
    assert (metadata["seed"], metadata["mode"], metadata["classes"]) == ("7", "text", "angry,happy,sad")
    # The features can be made again from the file alone.
    columns = [[f"z{index + 1}" for index in range(6)], [f"c_{name}" for name in finished.classes], ["u1", "u2"]]
    z, c, u = (table[names].to_numpy() for names in columns)
    rows = finished.utterances.reset_index().set_index("utterance_id").loc[table["text"], "index"]
    assert finished.t is not None
    np.testing.assert_array_equal(finished.decode(z, c, u, finished.t[rows])[0], features(table))


def test_generate_from_a_folder_with_json(mirage, run_copy: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.parquet"
    done = mirage("generate", run_copy, "--emotion", "sad", "-o", target, "--json", home=tmp_path / "nothing")
    assert done.code == 0, done.err
    assert done.err == ""
    assert json.loads(done.out) == {"file": str(target), "rows": 100, "dimension": 12, "run": "small"}
    before = target.read_bytes()
    mirage("generate", run_copy, "--emotion", "sad", "-o", target, home=tmp_path / "nothing")
    np.testing.assert_array_equal(features(pq.read_table(target).to_pandas())[:, 0].shape, (100,))
    assert target.read_bytes() == before


BAD: list[tuple[list[Any], str]] = [
    (["--emotion", "bored"], "the run does not know bored; its emotions: angry, happy, sad"),
    (["--emotion", "sad", "--code", "u9=1"], "there is no code 'u9'"),
    (["--emotion", "sad", "--code", "u1"], "expected NAME=NUMBER"),
    (["--emotion", "sad", "--code", "u1=big"], "expected NAME=NUMBER"),
    (["--emotion", "sad", "--code", "u1=nan"], "expected NAME=NUMBER"),
    (["--emotion", "sad", "--text", "  "], "the text is empty"),
    (["--emotion", "sad", "--paired"], "train with generation.mode=paired"),
    (["--emotion", "sad", "--seed", -5], "seed -5: from 0"),
    (["--emotion", "sad", "--seed", 10**30], "from 0 to"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[" ".join(map(str, entry)) for entry, _ in BAD])
def test_bad_input_is_one_line_and_writes_nothing(
    mirage, toy, finished: LoadedRun, tmp_path: Path, arguments: list[Any], message: str
) -> None:
    done = mirage("generate", "small", *arguments, "-o", tmp_path / "a.parquet", home=toy.workspace.root)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert message in done.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("a.csv", "give a name that ends in .parquet, .npz or .audformat"),
        ("folder.parquet", "cannot be written: a folder is there"),
        ("file/a.parquet", "cannot be written: a file is where its folder should be"),
    ],
)
def test_a_place_that_cannot_be_written(
    mirage, toy, finished: LoadedRun, tmp_path: Path, target: str, message: str
) -> None:
    (tmp_path / "folder.parquet").mkdir()
    (tmp_path / "file").touch()
    done = mirage("generate", "small", "--emotion", "sad", "-o", tmp_path / target, home=toy.workspace.root)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.parquet"]


def test_the_ending_or_the_option_says_the_form(mirage, toy, finished: LoadedRun, tmp_path: Path) -> None:
    arguments = ["--emotion", "sad", "-n", 3]
    for name, more in (("a.npz", []), ("a.audformat", []), ("plain", ["--format", "npz"])):
        done = mirage("generate", "small", *arguments, *more, "-o", tmp_path / name, home=toy.workspace.root)
        assert done.code == 0, done.err
        assert done.out.startswith(f"{tmp_path / name}: 3 features")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "plain").read_bytes()
    assert (tmp_path / "a.audformat" / "db.yaml").is_file()


@pytest.mark.parametrize("command", [["generate", "--emotion", "sad", "-o", "x.parquet"], ["mi"]])
def test_a_run_that_is_none(mirage, run_copy: Path, tmp_path: Path, command: list[str]) -> None:
    (run_copy / "model" / "generator" / "model.safetensors").write_bytes(b"\x80\x04N.")
    for run, message in ((run_copy, "pickle, which MIRAGE never loads"), ("nothing", "there is no run 'nothing'")):
        done = mirage(command[0], run, *command[1:], home=tmp_path)
        assert (done.code, done.out) == (2, "")
        assert done.err.count("\n") == 1
        assert message in done.err


def test_mi(mirage, toy, finished: LoadedRun) -> None:
    done = mirage("mi", "small", "--json", home=toy.workspace.root)
    assert done.code == 0, done.err
    figures = json.loads(done.out)
    assert [figure["quantity"] for figure in figures] == ["I(c;h_hat)", "I(u;h_hat)", "I(t;h_hat)"]
    for figure in figures:
        assert figure["low"] <= figure["value"] <= figure["high"]
        assert {"kind", "ceiling", "estimator", "samples", "training_bound", "saturated"} <= set(figure)
    printed = mirage("mi", "small", home=toy.workspace.root).out
    for word in ("95 % interval", "ceiling", "lower bound", f"{figures[0]['value']:.3f}", "InfoNCE"):
        assert word in printed
    other = mirage("mi", "small", "--seed", 1, "--estimator", "infonce", "--json", home=toy.workspace.root)
    assert json.loads(other.out) != figures
    every = mirage("mi", "small", "--estimator", "all", home=toy.workspace.root)
    assert every.code == 0, every.err
    for word in ("NWJ", "MINE", "SMILE", "CLUB", "upper bound", "biased", "unsuited", "KSG is for low dimension"):
        assert word in every.out
    for wrong in (["--estimator", "guess"], ["--seed", -1]):
        done = mirage("mi", "small", *wrong, home=toy.workspace.root)
        assert (done.code, done.out) == (2, "")
        assert done.err.count("\n") == 1


def test_a_pipe_that_is_closed_is_no_fault(toy, finished: LoadedRun) -> None:
    done = subprocess.run(
        f"{sys.executable} -m core runs --json | head -c 1",
        shell=True,
        capture_output=True,
        text=True,
        env={"MIRAGE_HOME": str(toy.workspace.root), "PATH": "/usr/bin:/bin"},
        timeout=60,
    )
    assert done.stdout == "["
    assert done.stderr == ""


def test_an_unfinished_run(mirage, run_copy: Path, tmp_path: Path) -> None:
    shutil.rmtree(run_copy / "projection")
    (run_copy / "state.json").unlink()
    done = mirage("mi", run_copy, home=tmp_path)
    assert done.code == 2
    assert "is not finished; go on with `mirage resume small`" in done.err
    with pytest.raises(BadInputError):
        load_run(run_copy)
