"""The names that users write, and what it costs to write them."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HEAVY = ("torch", "transformers", "pandas", "numpy", "sklearn", "scipy", "pyarrow", "umap", "streamlit", "plotly")


def loaded_by(*statements: str) -> list[str]:
    script = "; ".join(
        [*statements, "import sys, json", f"print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"]
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_example_of_the_contract(toy, finished, monkeypatch: pytest.MonkeyPatch) -> None:
    from core import Embeddings, load_corpus, load_run, train

    monkeypatch.setenv("MIRAGE_HOME", str(toy.workspace.root))
    run = load_run("small")
    batch = run.generate("angry", n=500, codes={"u1": 1.5}, seed=7)
    assert batch.audio.shape == (500, run.dim)
    assert batch.text is None
    assert (batch.codes["u1"] == 1.5).all()
    assert len(batch.codes) == 500
    corpus = load_corpus("toy")
    assert np.isfinite(Embeddings.find(corpus, "auto", modality="audio").vectors).all()
    assert callable(train)


def test_every_public_name_is_there() -> None:
    import core
    import core.runs

    for module in (core, core.runs):
        for name in module.__all__:
            assert getattr(module, name) is not None
        with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
            module.nothing  # noqa: B018
    assert core.__version__.count(".") == 2


@pytest.mark.parametrize(
    "statement",
    [
        "import core",
        "import core.cli.app",
        "import core.cli.commands",
        "from core.runs import read_state, request_stop",
    ],
)
def test_importing_loads_nothing_heavy(statement: str) -> None:
    assert loaded_by(statement) == []


def test_help_answers_at_once() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-m", "core", "--help"], capture_output=True, text=True, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    for command in ("train", "resume", "stop", "runs", "generate", "mi", "ingest", "embed", "dashboard"):
        assert f"  {command} " in done.stdout
    # Time on the processor: what it takes on a machine that does nothing else.
    assert (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime) < 1.0


def test_installed_command() -> None:
    command = Path(sys.executable).parent / "mirage"
    if not command.exists():
        pytest.skip("the package is not installed with its scripts")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("mirage 0.")
