"""``mirage doctor``: every line true, and what prevents use told by the exit code."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.demo import ASSETS
from core.doctor import Check, examine, report, usable
from core.doctor.contents import check_demo, check_disk, check_encoders, check_workspace
from core.doctor.hub import Hub, check_token
from core.doctor.machine import check_browser, check_device, check_packages, check_port, check_python
from core.files import write_json
from core.workspace import Workspace

NAMES = [
    "python",
    "packages",
    "device",
    "memory",
    "workspace",
    "disk",
    "demo",
    "encoders",
    "port",
    "access",
    "browser",
    "jobs",
    "queue",
    "checkpoints",
    "strangers",
    "clock",
    "upkeep",
    "hub token",
    "model hub",
]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """``mirage doctor`` in this process: exit code and what is printed."""
    from core.cli import main

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["mirage", "doctor", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0), capsys.readouterr().out


def test_json_and_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "space"
    monkeypatch.setenv("MIRAGE_HOME", str(home))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    code, printed = told(capsys, "--json")
    content = json.loads(printed)
    assert code == 0, printed
    assert content["usable"] is True
    assert [check["name"] for check in content["checks"]] == NAMES
    assert not home.exists()
    code, printed = told(capsys)
    lines = printed.splitlines()
    assert (code, lines[-1]) == (0, "MIRAGE can be used")
    assert all(any(line[9:].startswith(name) for line in lines) for name in NAMES)


def test_a_workspace_that_cannot_be_made_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = subprocess.run(
        [sys.executable, "-m", "core", "doctor"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "MIRAGE_HOME": str(tmp_path / "file" / "space")},
    )
    assert done.returncode == 1
    assert "is no folder" in done.stdout
    assert "-> set MIRAGE_HOME to a folder of your own" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("MIRAGE cannot be used")
    assert "Traceback" not in done.stderr


def test_a_folder_that_must_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("this user may write everywhere")
        assert check_workspace(Workspace(tmp_path)).status == "problem"
        assert check_workspace(Workspace(tmp_path / "new")).status == "problem"
    finally:
        tmp_path.chmod(0o700)


def test_the_workspace_is_counted_and_left_as_it_was(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "corpora").mkdir()
    (tmp_path / "corpora" / "a.parquet").touch()
    before = sorted(tmp_path.rglob("*"))
    found = check_workspace(workspace)
    assert (found.status, found.found) == ("ok", f"{tmp_path} (1 corpus, 0 runs)")
    assert check_disk(workspace).found.endswith("GB free")
    assert sorted(tmp_path.rglob("*")) == before


def test_python_packages_and_device() -> None:
    assert check_python().status == "ok"
    found = check_packages()
    assert found.status != "problem"
    assert "torch" in found.found
    assert "cpu" in check_device().found


def test_other_python_and_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.doctor import machine

    monkeypatch.setattr(machine, "PYTHONS", ((4, 0), (4, 1)))
    assert check_python().remedy == "use Python 4.0 to 4.1"
    monkeypatch.setattr(machine, "requires", lambda name: ["torch>=2.13", "no-such-package>=1", "numpy>=99"])
    assert check_packages().found == "missing: no-such-package"
    monkeypatch.setattr(machine, "requires", lambda name: ["numpy>=99"])
    found = check_packages()
    assert found.status == "problem"
    assert found.found.endswith("(needs >=99)")


def test_versions_other_than_tested(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from core.doctor import machine

    (tmp_path / "constraints.txt").write_text("# tested\nnumpy==0.1\n")
    monkeypatch.setattr(machine, "_CONSTRAINTS", tmp_path / "constraints.txt")
    found = check_packages()
    assert found.status == "warning"
    assert "(tested: 0.1)" in found.found


def test_port() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        taken = check_port(port)
        assert (taken.status, taken.found) == ("warning", f"{port} is in use")
    assert check_port(port).status == "ok"


def test_encoders_of_the_hubs_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    (tmp_path / "models--openai--whisper-tiny.en").mkdir()
    found = check_encoders()
    assert found.status == "ok"
    assert "openai/whisper-tiny.en" in found.found


def test_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRAGE_BROWSER", str(tmp_path / "none"))
    assert check_browser().status == "warning"
    monkeypatch.setenv("MIRAGE_BROWSER", sys.executable)
    assert check_browser() == Check("browser", "ok", sys.executable)


def test_demo_in_the_workspace(workspace: Workspace) -> None:
    if not (ASSETS / "workspace" / "runs" / "demo" / "state.json").is_file():
        pytest.skip("this checkout has no built demo")
    from core.demo import install_demo

    assert "`mirage demo` puts it" in check_demo(workspace).found
    install_demo(workspace)
    assert check_demo(workspace).status == "ok"
    shutil.rmtree(workspace.run_folder("demo") / "model" / "generator")
    found = check_demo(workspace)
    assert (found.status, found.found) == ("warning", "incomplete in the workspace: the networks of its run")


def test_who_is_let_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.doctor.access import check_access

    monkeypatch.delenv("MIRAGE_AUTH", raising=False)
    assert check_access().status == "ok"
    assert "no sign-in" in check_access().found
    file = tmp_path / "auth.toml"
    monkeypatch.setenv("MIRAGE_AUTH", str(file))
    assert (check_access().status, "no such file" in check_access().found) == ("problem", True)
    text = """
[auth]
redirect_uri = "https://lab.org/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "mirage"
client_secret = "x"
server_metadata_url = "https://id.lab.org/.well-known/openid-configuration"
[mirage]
"""
    file.write_text(text)
    file.chmod(0o600)
    found = check_access()
    assert (found.status, "nobody would be let in" in found.found) == ("problem", True)
    file.write_text(text + 'allow = ["ada@lab.org", "@uni.edu", "@uni.org"]')
    assert check_access() == Check(
        "access", "ok", f"sign-in over https://lab.org; let in: 1 address and 2 domains ({file})"
    )
    file.chmod(0o644)
    assert check_access().status == "warning"
    assert check_access().remedy == f"chmod o-rw {file}"


class Answer(http.server.BaseHTTPRequestHandler):
    """A hub that answers with the status its server was given."""

    def do_HEAD(self) -> None:
        time.sleep(self.server.pause)  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.status, server.pause = 200, 0.0  # type: ignore[attr-defined]
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(("status", "says"), [(200, "ok"), (405, "ok"), (403, "warning"), (503, "warning")])
def test_hub_that_answers(hub: Any, status: int, says: str) -> None:
    hub.status = status
    assert Hub(5.0).check().status == says


def test_hub_that_is_slow_gone_or_not_wanted(hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.pause = 1.0
    start = time.monotonic()
    found = Hub(0.2).check()
    assert (found.status, time.monotonic() - start < 0.9) == ("warning", True)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{unused.getsockname()[1]}")
        assert "not reachable" in Hub(2.0).check().found
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert Hub(2.0).check().status == "ok"


def test_a_check_that_breaks_does_not_take_the_others_along(workspace: Workspace, monkeypatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = workspace.embeddings_folder("demo", "x")
    folder.mkdir(parents=True)
    workspace.corpora.mkdir()
    workspace.corpus_file("demo").touch()
    write_json(folder / "meta.json", ["not a description"])
    checks = examine(workspace)
    assert [check.name for check in checks] == NAMES
    assert usable(checks)
    assert report(checks)["usable"] is True


def test_usable() -> None:
    assert usable([Check("a", "ok", ""), Check("b", "warning", "")])
    assert not usable([Check("a", "ok", ""), Check("b", "problem", "")])


def test_the_token_of_the_hub_is_told_of_and_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert check_token().found == "none: what is public can be fetched; to push, hf auth login"
    (tmp_path / "token").write_text("hf_stored")
    assert check_token().found == "there (hf auth login)"
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert (check_token().found, check_token().status) == ("there (HF_TOKEN)", "ok")
