"""``mirage dashboard`` and ``mirage demo`` before the server takes over."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cli.dashboard import check_access, check_port
from core.errors import BadInputError


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_free_port_is_fine() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    check_port("127.0.0.1", port)


def test_port_in_use_is_named(taken: int) -> None:
    with pytest.raises(BadInputError, match=f"port {taken} is in use; say --port N"):
        check_port("127.0.0.1", taken)


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host"])
def test_foreign_address_is_named(host: str) -> None:
    with pytest.raises(BadInputError, match="is not an address of this machine"):
        check_port(host, 8501)


def test_wrong_limit_ends_with_2_and_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "core", "dashboard", "--port", "8599", "--no-browser"],
        env={"MIRAGE_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin", "MIRAGE_UPLOAD_MB": "much"},
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip() == "mirage: MIRAGE_UPLOAD_MB=much: a whole number from 1 to 2048 is needed"


@pytest.mark.parametrize("command", ["dashboard", "demo"])
def test_port_in_use_ends_with_2_and_one_line(command: str, taken: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "core", command, "--port", str(taken), "--no-browser"],
        env={"MIRAGE_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"},
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip() == f"mirage: port {taken} is in use; say --port N"
    assert done.stdout == ""
    assert not (tmp_path / "home").exists()


SETTINGS = """
[auth]
redirect_uri = "{uri}"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "mirage"
client_secret = "x"
server_metadata_url = "https://id.lab.org/.well-known/openid-configuration"
[mirage]
allow = ["@lab.org"]
"""


def settings(folder: Path, uri: str = "https://lab.org/mirage/oauth2callback") -> Path:
    file = folder / "auth.toml"
    file.write_text(SETTINGS.replace("{uri}", uri))
    file.chmod(0o600)
    return file


def test_own_machine_needs_no_warning() -> None:
    for host in ("127.0.0.1", "localhost", "::1"):
        assert check_access(host, 8501, None) == []


def test_open_to_others_without_sign_in_is_warned_of() -> None:
    (line,) = check_access("0.0.0.0", 8501, None)
    assert "nobody has to sign in" in line
    assert "start jobs" in line
    assert "docs/server.md" in line
    assert "\n" not in line


def test_sign_in_behind_a_proxy_needs_no_warning(tmp_path: Path) -> None:
    assert check_access("127.0.0.1", 8501, settings(tmp_path)) == []
    assert check_access("127.0.0.1", 8501, settings(tmp_path), "https://lab.org/mirage/") == []
    assert check_access("127.0.0.1", 8501, settings(tmp_path, "http://localhost:8501/oauth2callback")) == []


def test_what_does_not_fit_is_warned_of(tmp_path: Path) -> None:
    (line,) = check_access("127.0.0.1", 8501, settings(tmp_path, "http://localhost:8600/oauth2callback"))
    assert "leads back to port 8600 and the dashboard listens on 8501" in line
    (line,) = check_access("0.0.0.0", 8501, settings(tmp_path))
    assert "can be reached without the proxy" in line
    file = settings(tmp_path)
    file.chmod(0o644)
    (line,) = check_access("127.0.0.1", 8501, file)
    assert "every user of this machine can read" in line


def test_addresses_that_contradict_each_other(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="is not where redirect_uri"):
        check_access("127.0.0.1", 8501, settings(tmp_path), "https://other.org")
    with pytest.raises(BadInputError, match="is no address"):
        check_access("127.0.0.1", 8501, None, "lab.org")


def test_sign_in_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "authlib" else found(name))
    with pytest.raises(BadInputError, match=r"sign-in needs Authlib: pip install -c constraints.txt -e '.\[auth\]'"):
        check_access("127.0.0.1", 8501, settings(tmp_path))


@pytest.mark.parametrize("by", ["option", "variable"])
def test_bad_settings_end_before_the_server_starts(by: str, tmp_path: Path) -> None:
    file = settings(tmp_path)
    file.write_text(file.read_text().replace('["@lab.org"]', "[]"))
    command = [sys.executable, "-m", "core", "dashboard", "--no-browser"]
    done = subprocess.run(
        [*command, "--auth", str(file)] if by == "option" else command,
        env={"MIRAGE_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
        | ({"MIRAGE_AUTH": str(file)} if by == "variable" else {}),
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"mirage: {file}: [mirage] lacks allow, so nobody would be let in")
    assert done.stderr.count("\n") == 1
