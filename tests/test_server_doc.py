"""docs/server.md: its settings are ones that the dashboard takes, and what it says of options is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from core.access import read_access
from core.cli.dashboard import check_access
from dashboard import launch

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "server.md").read_text(encoding="utf-8")
SETTINGS, *PROVIDERS = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)


def test_settings_are_taken_without_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "auth.toml"
    file.write_text(SETTINGS)
    file.chmod(0o600)
    assert read_access(file).allow == {"ada@uni.edu", "@lab.org"}
    assert check_access("127.0.0.1", 8501, file) == []


@pytest.mark.parametrize("lines", PROVIDERS)
def test_each_provider_fits_into_them(lines: str, tmp_path: Path) -> None:
    own = [line for line in SETTINGS.splitlines() if not line.startswith("server_metadata_url")]
    own[own.index("[mirage]") : own.index("[mirage]")] = lines.splitlines()
    file = tmp_path / "auth.toml"
    file.write_text("\n".join(own))
    assert read_access(file).client_id == "mirage"
    assert len(PROVIDERS) == 3
    assert tomllib.loads(lines)["server_metadata_url"].startswith("https://")


def test_options_it_names_are_set() -> None:
    table = TEXT[TEXT.index("## What Streamlit is told") :]
    told = {line[2:].partition("=")[0] for line in launch.options(port=8501)[1:]}
    named = set(re.findall(r"`(server\.\w+)`", table))
    assert len(named) >= 8
    assert named <= told
