"""The server is started local, quiet and protected."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from streamlit import config as streamlit_config

from dashboard import launch, theme


def chosen(**options: object) -> dict[str, str]:
    arguments = launch.options(**options)  # type: ignore[arg-type]
    assert Path(arguments[0]).name == "app.py"
    return dict(argument[2:].split("=", 1) for argument in arguments[1:])


def test_local_without_telemetry_and_protected() -> None:
    options = chosen(port=8501)
    assert options["server.address"] == "127.0.0.1"
    assert options["browser.gatherUsageStats"] == "false"
    assert options["server.fileWatcherType"] == "none"
    assert options["server.enableXsrfProtection"] == "true"
    assert "server.headless" not in options
    assert options["runner.postScriptGC"] == "false"
    assert chosen(port=1, browser=False)["server.headless"] == "true"


def test_streamlit_knows_every_option() -> None:
    for name in chosen(port=8501):
        assert name in streamlit_config._config_options_template, name


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
