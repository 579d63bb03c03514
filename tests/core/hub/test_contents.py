"""What is in the copy of a run that is pushed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.demo import install_demo
from core.files import read_json, write_json
from core.hub import HubId, dataset_parcel, run_parcel
from core.hub.contents import environment
from core.runs import LoadedRun, load_run
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


def test_what_a_run_was_made_with_goes_without_paths(own: Workspace) -> None:
    folder = own.run_folder("demo")
    made = read_json(folder / "environment.json")
    secret = "/home/sekrit"
    spoilt = {
        **made,
        "packages": {
            **made["packages"],
            "mine": f"file://{secret}",
            "wheel": f"1.0 @ file://{secret}",
            secret: "1.0",
            "deep": {"path": secret},
            "none": None,
        },
        "corpus": {**made["corpus"], "folder": secret, "files": [secret]},
        "device": {"name": secret},
    }
    write_json(folder / "environment.json", spoilt)
    kept = environment(folder)
    assert "sekrit" not in str(kept)
    assert (kept["packages"], kept["corpus"]) == (made["packages"], made["corpus"])
    assert (kept["seed"], kept["mirage"]) == (made["seed"], made["mirage"])
    write_json(folder / "environment.json", {**made, "packages": [secret], "corpus": secret})
    assert not {"packages", "corpus"} & set(environment(folder))


def test_emotions_whose_names_differ_by_a_mark_have_files_of_their_own(own: Workspace, mirage: Any) -> None:
    folder = own.run_folder("demo")
    names = dict(zip(load_run("demo", own).classes, ["very_sad", "very-sad", "very-sad-2", "悲"], strict=True))
    config = read_json(folder / "model" / "aligner" / "config.json")
    write_json(folder / "model" / "aligner" / "config.json", {**config, "classes": list(names.values())})
    path = folder / "features" / "utterances.parquet"
    table = pq.read_table(path)
    for column in ("label", "predicted"):
        changed = pa.array([names.get(name) for name in table[column].to_pylist()], pa.string())
        table = table.set_column(table.schema.get_field_index(column), column, changed)
    pq.write_table(table, path)
    run = load_run("demo", own)
    with dataset_parcel(run, PLACE, n=3) as parcel:
        files = [name for name in parcel.files if name != "README.md"]
        assert files == [f"data/{name}.parquet" for name in ("very-sad", "very-sad-2", "very-sad-2-2", "emotion-4")]
        held = [pq.read_table(parcel.folder / name, columns=["emotion"])["emotion"].to_pylist() for name in files]
        assert held == [[name] * 3 for name in run.classes]
        assert all(parcel.owns(name) for name in files)
    # The card that is printed names the same files.
    printed = mirage("card", "demo", "--kind", "dataset", home=own.root)
    assert printed.code == 0, printed.err
    assert all(f"| {name} |" in printed.out for name in files)


def test_the_card_of_a_dataset_of_a_paired_run(others: dict[str, LoadedRun], mirage: Any) -> None:
    """A push sends text features where they are asked for, and this card is of a push that does not."""
    run = others["paired"]
    printed = mirage("card", run.id, "--kind", "dataset", home=run.workspace.root)
    assert printed.code == 0, printed.err
    assert "| audio |" in printed.out
    assert "text\\_feature" not in printed.out
