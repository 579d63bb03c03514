"""Every command of the README is run here, as it stands there but for the paths of the reader's own files."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = [block.strip().splitlines() for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)]
COMMANDS = [line for block in BLOCKS for line in block]


def test_all_commands_are_covered() -> None:
    """A new command in the README needs a line in one of the tests below."""
    assert [line for line in COMMANDS if not line.startswith("mirage ")] == ["make demo", "make test"]
    verbs = [shlex.split(line)[1] for line in COMMANDS if line.startswith("mirage ")]
    assert verbs == ["ingest", "embed", "train", "generate", "mi", "dashboard", "ingest"]


def test_make_test_is_what_runs_these_tests() -> None:
    planned = subprocess.run(["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "python -m pytest" in planned
    assert "ruff check" in planned
    assert "mypy" in planned


def test_make_demo_opens_the_dashboard(tmp_path: Path) -> None:
    if not (ROOT / ".venv" / ".installed").is_file():
        pytest.skip("no .venv made by make in this checkout; `make test` makes it")
    port = _free_port()
    command = ["make", "demo", f"PORT={port}", "DEMO_FLAGS=--no-browser"]
    environment = {**os.environ, "MIRAGE_HOME": str(tmp_path)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True) as process:
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health", seconds=60)
        finally:
            os.killpg(process.pid, 15)
    assert (tmp_path / "runs" / "demo" / "model" / "generator" / "model.safetensors").is_file()


@pytest.mark.speech
def test_six_commands(shared: Path, tmp_path: Path) -> None:
    """On four speakers of EmoDB; the encoders are read from where the tests have them."""
    clips = tmp_path / "emodb"
    clips.mkdir()
    for clip in (shared / "data" / "emodb").rglob("*.flac"):
        if clip.name[:2] in ("03", "08", "09", "10"):
            shutil.copy(clip, clips)
    block = next(block for block in BLOCKS if block[0].startswith("mirage ingest emodb"))
    replaced = {
        "path/to/emodb": str(clips),
        "openai/whisper-tiny.en": str(shared / "models" / "whisper-tiny-encoder"),
        "sentence-transformers/all-MiniLM-L6-v2": "minilm",
    }
    for line in block:
        arguments = [replaced.get(word, word) for word in shlex.split(line)]
        if arguments[:2] == ["mirage", "dashboard"]:
            _open_dashboard(tmp_path)
        else:
            _run(arguments, tmp_path)
    assert (tmp_path / "angry.parquet").is_file()
    _python_example(tmp_path)


def test_folder_with_a_table(tmp_path: Path) -> None:
    import numpy as np
    import soundfile

    clips = tmp_path / "clips"
    clips.mkdir()
    rows = ["file,label,voice"]
    for index in range(4):
        tone = 0.1 * np.sin(np.arange(8000) * (0.1 + 0.01 * index))
        soundfile.write(clips / f"{index}.wav", tone, 16000)
        rows.append(f"{index}.wav,{('happy', 'sad')[index % 2]},voice{index // 2}")
    clips.with_suffix(".csv").write_text("\n".join(rows) + "\n")
    line = next(line for line in COMMANDS if line.startswith("mirage ingest folder"))
    arguments = [word.replace("path/to/clips", str(clips)) for word in shlex.split(line)]
    assert "happy" in _run(arguments, tmp_path)


def _run(arguments: list[str], folder: Path) -> str:
    program = str(Path(sys.executable).with_name(arguments[0]))
    result = subprocess.run(
        [program, *arguments[1:]],
        cwd=folder,
        env={**os.environ, "MIRAGE_HOME": str(folder / "workspace")},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert result.returncode == 0, f"{shlex.join(arguments)}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def _open_dashboard(folder: Path) -> None:
    program = str(Path(sys.executable).with_name("mirage"))
    port = _free_port()
    environment = {**os.environ, "MIRAGE_HOME": str(folder / "workspace")}
    command = [program, "dashboard", "--port", str(port), "--no-browser"]
    with subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True) as process:
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health", seconds=60)
        finally:
            os.killpg(process.pid, 15)


def _python_example(folder: Path) -> None:
    code = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0]
    code += "\nassert batch.audio.shape == (500, 64)\nassert 'u1' in batch.codes.columns\n"
    environment = {**os.environ, "MIRAGE_HOME": str(folder / "workspace")}
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, check=True, timeout=120)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(address: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                assert answer.status == 200
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
