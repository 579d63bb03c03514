"""The stand-in as a fixture: this process's own client, and commands in processes of their own, speak to it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .stand_in import StandIn

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def hub(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """An empty hub; the client of this process speaks to it, with a cache of its own and the token of ``owner``.

    The client reads HF_ENDPOINT and HF_HOME when it is imported: where that has happened, what it read is set here.
    """
    server = StandIn()
    point_at(server, tmp_path_factory.mktemp("hf"), monkeypatch)
    yield server
    server.close()


def point_at(server: StandIn, home: Path, monkeypatch: pytest.MonkeyPatch, token: str | None = "hf_owner") -> None:
    """Sets what the client knows of the outside: the hub, its cache, the token."""
    for name, value in {
        "ENDPOINT": server.url,
        "HF_URL_HOSTS": frozenset({"127.0.0.1"}),
        "HUGGINGFACE_CO_URL_TEMPLATE": server.url + "/{repo_id}/resolve/{revision}/{filename}",
        "HF_HOME": str(home),
        "HF_HUB_CACHE": str(home / "hub"),
        "HF_TOKEN_PATH": str(home / "token"),
        "HF_STORED_TOKENS_PATH": str(home / "stored_tokens"),
        "HF_HUB_DISABLE_XET": True,
        "HF_HUB_OFFLINE": False,
    }.items():
        monkeypatch.setattr(f"huggingface_hub.constants.{name}", value)
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    if token is not None:
        monkeypatch.setenv("HF_TOKEN", token)


def command(
    server: StandIn, home: Path, workspace: Path, *arguments: Any, **more: str
) -> subprocess.CompletedProcess[str]:
    """``mirage`` in a process of its own, as a person with HF_ENDPOINT and HF_HOME set would call it."""
    with started(server, home, workspace, *arguments, **more) as process:
        out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def started(server: StandIn, home: Path, workspace: Path, *arguments: Any, **more: str) -> subprocess.Popen[str]:
    """The same, not waited for."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))},
        "HF_ENDPOINT": server.url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "MIRAGE_HOME": str(workspace),
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        **more,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "core", *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
