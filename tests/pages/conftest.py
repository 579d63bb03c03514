"""Workspaces for the pages: an empty one, and one with a small corpus, its embeddings and a run really trained."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from core import Config, Workspace, train
from core.corpora import Corpus, ingest
from core.encoders.shards import SOURCE_BYTES
from core.encoders.writer import StoreWriter

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "dashboard" / "app.py"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
EMOTIONS = ("angry", "happy", "sad", "neutral")
SENTENCES = {
    "angry": "Give it *back*, <b>now</b>!",
    "happy": "We have won.",
    "sad": "It is over.",
    "neutral": "The bus comes at ten.",
}


def quick_config(corpus: str = "tones") -> Config:
    """A training of seconds."""
    return Config().changed(
        data={"corpus": corpus, "n_folds": 4, "validation": 0.3},
        alignment={"steps": 20, "hidden": 32, "dim": 8, "batch": 32},
        generation={"steps": 20, "hidden": 32, "batch": 32, "noise": 4, "codes": 2},
        information={"samples": 200, "steps": 10, "bootstrap": 50, "batch": 64},
        projection={"projector_steps": 10, "neighbours": 5},
        training={"log_every": 2, "checkpoint_every": 10, "threads": 1},
    )


def make_corpus(folder: Path, workspace: Workspace, name: str = "tones") -> Corpus:
    """Eight speakers, four emotions, two takes: 64 short tones whose pitch is the emotion's and the speaker's."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    time_axis = np.arange(int(0.4 * 16_000)) / 16_000
    lines = ["id,audio,emotion,speaker,text"]
    for speaker in range(8):
        for k, emotion in enumerate(EMOTIONS):
            for take in range(2):
                clip = f"s{speaker}-{emotion}-{take}.wav"
                tone = 0.3 * np.sin(2 * np.pi * (150 + 90 * k + 6 * speaker) * time_axis)
                soundfile.write(folder / clip, tone + 0.01 * rng.normal(size=tone.shape), 16_000)
                lines.append(f'{clip[:-4]},{clip},{emotion},s{speaker},"{SENTENCES[emotion]}"')
    (folder / "table.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return ingest("folder", folder, name=name, workspace=workspace, table=folder / "table.csv").corpus


def make_embeddings(corpus: Corpus, workspace: Workspace, encoder: str = "tones@mean", dimension: int = 16) -> None:
    """A store whose vectors lie near their emotion's centre."""
    rng = np.random.default_rng(1)
    centres = {name: rng.normal(size=dimension) for name in EMOTIONS}
    meta = {"modality": "audio", "encoder": "tones", "dimension": dimension, "dtype": "float32", "layer": 0}
    meta |= {"pooling": "mean", "corpus": corpus.name, "corpus_fingerprint": corpus.fingerprint()}
    with StoreWriter(workspace.embeddings_folder(corpus.name, encoder), meta) as store:
        for identity, emotion in zip(corpus.table["utterance_id"], corpus.table["emotion"], strict=True):
            vector = centres[emotion] + 0.8 * rng.normal(size=dimension)
            store.append(
                identity,
                hashlib.blake2b(identity.encode(), digest_size=SOURCE_BYTES).digest(),
                vector.astype(np.float32),
            )
        store.finish(complete=True, problems=[])


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with the corpus ``tones``, embeddings and the finished run ``tones-run``; not to be changed."""
    folder = tmp_path_factory.mktemp("trained")
    workspace = Workspace(folder / "workspace")
    make_embeddings(make_corpus(folder / "clips", workspace), workspace)
    train("tones", config=quick_config(), workspace=workspace, run_id="tones-run")
    return workspace


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Opens the application on a workspace, at a page."""

    def start(workspace: Workspace, page: str = "overview", **query: str) -> AppTest:
        monkeypatch.setenv("MIRAGE_HOME", str(workspace.root))
        app = AppTest.from_file(str(APP), default_timeout=60)
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        if page != "overview":
            app.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
        return app

    return start


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A dashboard that runs as ``mirage dashboard`` starts it."""

    def __init__(self, workspace: Workspace, log: Path, *options: str, port: int | None = None) -> None:
        self.workspace, self.log, self.options, self.port = workspace, log, options, port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        """Starts the process and waits until it answers."""
        # Whoever tests a page is a first visitor each time; tests of the tour switch it on.
        environment = {"MIRAGE_TOUR": "off", **os.environ, "MIRAGE_HOME": str(self.workspace.root)}
        command = [sys.executable, "-m", "core", "dashboard", "--no-browser", "--port", str(self.port)]
        command += self.options
        with self.log.open("ab") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        for _ in range(240):
            if process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=1):
                    return process
            except OSError:
                time.sleep(0.25)
        raise AssertionError(f"the dashboard did not start:\n{self.log.read_text()}")

    def stop(self) -> None:
        """Ends the server as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def restart(self) -> None:
        """Ends the server and starts another on the same workspace and port."""
        self.stop()
        self.process = self.start()


@pytest.fixture(scope="session")
def server(trained: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard on the trained workspace."""
    running = Server(trained, tmp_path_factory.mktemp("server") / "log.txt")
    yield running
    running.stop()


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[[Workspace], Server]]:
    """Starts dashboards that end with the test."""
    started: list[Server] = []

    def start(workspace: Workspace) -> Server:
        started.append(Server(workspace, tmp_path / f"server-{len(started)}.txt"))
        return started[-1]

    yield start
    for item in started:
        item.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's own chromium; without one, tests skip unless MIRAGE_REQUIRE_BROWSER=1."""
    program = os.environ.get("MIRAGE_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    required = os.environ.get("MIRAGE_REQUIRE_BROWSER") == "1"
    if program is None:
        assert not required, "MIRAGE_REQUIRE_BROWSER=1, but no chromium was found"
        pytest.skip("no chromium found (install chromium, or set MIRAGE_BROWSER to one)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page of a fresh visitor."""
    context = browser.new_context(viewport={"width": 1360, "height": 1000})
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()
