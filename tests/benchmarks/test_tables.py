"""docs/results.md says what the shipped results say."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.tables import page
from core.benchmarks import command_of
from core.config import resolve_config
from core.files import read_json
from core.shipped import ASSETS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "results.md"


def test_the_document_is_that_of_the_shipped_results() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == page(), "python -m benchmarks.tables > docs/results.md"


@pytest.mark.parametrize("folder", sorted(path.parent for path in ASSETS.glob("*/results.json")), ids=lambda p: p.name)
def test_commands_lead_to_the_same_configuration(folder: Path) -> None:
    results = read_json(folder / "results.json")
    words = command_of(results).split()
    settings = [words[place + 1] for place, word in enumerate(words) if word == "--set"]
    folds = [words[place + 1] for place, word in enumerate(words) if word == "--fold-by"]
    config = resolve_config(None, [*settings, *(f"data.folds={name}" for name in folds)])
    assert (
        config.changed(data={"corpus": results["config"]["data"]["corpus"]}).model_dump()
        == resolve_config(folder / "config.yaml", []).model_dump()
    )
