"""What is in the copy of a run that is pushed."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.demo import install_demo
from core.files import read_json, write_json
from core.hub import HubId, run_parcel
from core.runs import load_run
from core.workspace import Workspace

PLACE = HubId("owner/demo-run")


@pytest.fixture
def own(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "own")
    install_demo(workspace)
    return workspace


def test_a_run_that_does_not_say_who_spoke_in_which_part(own: Workspace) -> None:
    path = own.run_folder("demo") / "evaluation.json"
    said = read_json(path)
    del said["speakers"]
    write_json(path, said)
    with run_parcel(load_run("demo", own), PLACE) as parcel:
        sent = read_json(parcel.folder / "evaluation.json")
    assert ("speakers" in sent, sent["fold"]) == (False, "session-1")
