"""The server is started local, quiet and protected."""

from __future__ import annotations

import socket
import tomllib
from pathlib import Path

import pytest
from streamlit import config as streamlit_config

from dashboard import launch, theme


def chosen(**options: object) -> dict[str, str]:
    arguments = launch.options(**options)  # type: ignore[arg-type]
    assert Path(arguments[0]).name == ("guarded.py" if "auth" in options else "app.py")
    return dict(argument[2:].split("=", 1) for argument in arguments[1:])


def hosts(**options: object) -> set[str]:
    arguments = launch.options(**options)  # type: ignore[arg-type]
    return {line.partition("=")[2] for line in arguments if line.startswith("--server.allowedHosts=")}


def test_local_without_telemetry_and_protected() -> None:
    options = chosen(port=8501)
    assert options["server.address"] == "127.0.0.1"
    assert options["browser.gatherUsageStats"] == "false"
    assert options["server.fileWatcherType"] == "none"
    assert options["server.enableXsrfProtection"] == "true"
    assert options["client.disableDataExport"] == "true"
    assert "server.headless" not in options
    assert options["runner.postScriptGC"] == "false"
    assert chosen(port=1, browser=False)["server.headless"] == "true"


def test_streamlit_knows_every_option() -> None:
    for name in chosen(port=8501):
        assert name in streamlit_config._config_options_template, name


def test_doors_for_programs_stay_shut() -> None:
    options = chosen(port=8501)
    assert options["server.enableAgentApi"] == "false"
    assert options["server.trustedUserHeaders"] == "{}"
    assert options["server.enableStaticServing"] == "false"


def test_names_under_which_it_may_be_reached(tmp_path: Path) -> None:
    own = {"localhost", "127.0.0.1", "::1"}
    assert hosts(port=1) == own
    # Which names lead to an address of the network is not known; `--url` says it.
    assert hosts(port=1, host="0.0.0.0") == set()
    assert hosts(port=1, host="0.0.0.0", url="https://lab.org/mirage/") == own | {"lab.org"}
    assert chosen(port=1, url="https://lab.org/mirage/")["server.baseUrlPath"] == "mirage"
    file = tmp_path / "auth.toml"
    file.write_text(
        '[auth]\nredirect_uri = "https://lab.org/deep/mirage/oauth2callback"\nclient_id = "m"\nclient_secret = "x"\n'
        'cookie_secret = "0123456789abcdef0123456789abcdef"\nserver_metadata_url = "https://id.lab.org/x"\n'
        '[mirage]\nallow = ["@lab.org"]\n'
    )
    assert hosts(port=1, auth=str(file)) == own | {"lab.org"}
    options = chosen(port=1, auth=str(file))
    assert (options["server.baseUrlPath"], options["secrets.files"]) == ("deep/mirage", str(file))


def test_page_under_another_name_cannot_connect(tmp_path: Path) -> None:
    """Somebody's name that points to this machine: the browser sends it as Host, and the server refuses."""
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    from core import Workspace
    from tests.pages.conftest import Server

    server = Server(Workspace(tmp_path / "workspace"), tmp_path / "log.txt")
    try:
        own = [f"{host}:{server.port}" for host in ("localhost", "127.0.0.1", "[::1]")]
        for name in (*own, "evil.org", f"evil.org:{server.port}", "localhost.evil.org"):
            with socket.create_connection(("127.0.0.1", server.port)) as plug:
                try:
                    with connect(f"ws://{name}/_stcore/stream", sock=plug, origin=f"http://{name}"):  # type: ignore[arg-type]
                        status = 101
                except InvalidStatus as refused:
                    status = refused.response.status_code
            assert status == (101 if name in own else 403), name
    finally:
        server.stop()


def test_faults_show_their_traceback_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIRAGE_DEBUG", raising=False)
    assert chosen(port=1)["client.showErrorDetails"] == "type"
    monkeypatch.setenv("MIRAGE_DEBUG", "1")
    assert chosen(port=1)["client.showErrorDetails"] == "full"


def test_theme_needs_no_network_and_has_both_modes() -> None:
    text = theme.THEME_FILE.read_text(encoding="utf-8")
    assert "://" not in text
    sections = tomllib.loads(text)["theme"]
    assert {"light", "dark"} <= set(sections)
    assert {key for key in sections["light"] if key != "sidebar"} == {
        key for key in sections["dark"] if key != "sidebar"
    }


@pytest.mark.parametrize("image", [theme.LOGO, theme.ICON])
def test_logo_is_there_and_small(image: Path) -> None:
    assert image.read_text(encoding="utf-8").startswith("<svg")
    assert image.stat().st_size < 4_000
