"""A repository of the hub that a stranger made to do harm: refused as a folder would be, and little of it fetched."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path

import pytest

from core.demo import ASSETS
from core.errors import BadInputError, FailureError
from core.runs import load_run, read_state
from core.workspace import Workspace
from dashboard.overview_view import bring_in
from tests.hub.stand_in import StandIn
from tests.hub.store import File, Repository

from .conftest import Refused

DEMO = ASSETS / "workspace" / "runs" / "demo"
NAME = "stranger/run"
GENERATOR = "model/generator/model.safetensors"


@pytest.fixture
def repository(hub: StandIn) -> Repository:
    files = {str(path.relative_to(DEMO)): path.read_bytes() for path in DEMO.rglob("*") if path.is_file()}
    return hub.store.put(NAME, files)


def change(
    repository: Repository, name: str, content: bytes, *, large: bool = True, served: bytes | None = None
) -> None:
    files = repository.commits[repository.branches["main"]].files
    repository.commit("main", "worse", {**files, name: File(content, large, served)})


def everything(*places: Path) -> set[Path]:
    return {path for place in places for path in place.rglob("*")}


@pytest.mark.parametrize(
    "name",
    [
        "../../../../evil.json",
        "model/../../../../evil.json",
        "/etc/evil.json",
        "model/generator/../../config.yaml",
        "a\\..\\evil.yaml",
        ".git/config.json",
        "model/generator/config.json/evil.json",
    ],
)
def test_names_that_lead_elsewhere(hub: StandIn, repository: Repository, tmp_path: Path, name: str) -> None:
    from huggingface_hub import constants

    cache = Path(constants.HF_HUB_CACHE)
    change(repository, name, b"{}", large=False)
    run = load_run(NAME, Workspace(tmp_path / "w"))
    assert run.classes
    assert not [path for path in everything(tmp_path, cache.parent) if "evil" in path.name]
    assert not any("evil" in path for _, path in hub.asked)


def test_what_lies_beside_a_run_is_not_fetched(hub: StandIn, repository: Repository, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self):  # type: ignore[no-untyped-def]
            return (Path.touch, (tmp_path / "run",))

    raw = pickle.dumps(Evil())
    for name in ("model/generator/pytorch_model.bin", "model.pkl", "modeling.py", "features/more.parquet", "more.json"):
        change(repository, name, raw)
    load_run(NAME, Workspace(tmp_path / "w"))
    assert not (tmp_path / "run").exists()
    assert not any(name in path for _, path in hub.asked for name in ("more", ".bin", ".pkl", ".py"))


def test_a_pickle_in_place_of_weights(repository: Repository, tmp_path: Path, refused: Refused) -> None:
    change(repository, GENERATOR, pickle.dumps({"a": 1}))
    refused(lambda: load_run(NAME, Workspace(tmp_path)), "pickle, which MIRAGE never loads")


def test_a_header_of_a_tera_of_bytes(repository: Repository, tmp_path: Path, refused: Refused) -> None:
    change(repository, GENERATOR, struct.pack("<Q", 10**12) + bytes(100))
    refused(lambda: load_run(NAME, Workspace(tmp_path)), "model.safetensors")
    assert not Workspace(tmp_path).runs.exists()


def test_a_file_of_another_size_than_was_said(repository: Repository, tmp_path: Path, refused: Refused) -> None:
    content = (DEMO / GENERATOR).read_bytes()
    for served in (content[:-10], content + b"more"):
        change(repository, GENERATOR, content, served=served)
        refused(lambda: load_run(NAME, Workspace(tmp_path)), "the download broke off", error=FailureError)
    change(repository, GENERATOR, content)
    # As large as was said, and of another content: told by its reader.
    settings = (DEMO / "config.yaml").read_bytes() + b"# other\n"
    change(repository, "config.yaml", settings, large=False, served=settings[:200])
    refused(lambda: load_run(NAME, Workspace(tmp_path)), "config.yaml")


def test_a_file_that_says_it_is_larger_than_any(
    hub: StandIn, repository: Repository, tmp_path: Path, refused: Refused
) -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return 5_000_000_000

    change(repository, "features/aligned.safetensors", Huge(b"x"))
    refused(lambda: load_run(NAME, Workspace(tmp_path)), "has more than 4,000,000,000 bytes", "it is not fetched")
    assert hub.count("GET", "resolve|^/get/") == 0


def test_what_a_disk_cannot_hold(
    repository: Repository, tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.hub.fetching._ROOM", 10**18)
    refused(lambda: load_run(NAME, Workspace(tmp_path)), "which the disk does not have; free some", error=FailureError)


@pytest.mark.parametrize(
    "name", ["config.yaml", "evaluation.json", "features/utterances.parquet", "projection/quality.json"]
)
def test_nonsense_in_place_of_a_file(repository: Repository, tmp_path: Path, refused: Refused, name: str) -> None:
    change(repository, name, b"\x00\xff<b>nonsense", large=name.endswith("parquet"))

    def look() -> None:
        run = load_run(NAME, Workspace(tmp_path))
        run.evaluation(), run.map_quality()

    refused(look, Path(name).name)


def test_a_corpus_named_by_a_way_out(repository: Repository, tmp_path: Path, refused: Refused) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(DEMO / "features" / "utterances.parquet")
    pq.write_table(table.replace_schema_metadata({"corpus": "../../x"}), tmp_path / "t.parquet")
    change(repository, "features/utterances.parquet", (tmp_path / "t.parquet").read_bytes())
    refused(lambda: load_run(NAME, Workspace(tmp_path)), "cannot name a corpus")


def test_bringing_in_a_run_of_the_hub(hub: StandIn, repository: Repository, tmp_path: Path) -> None:
    mine = Workspace(tmp_path / "mine")
    change(repository, "run.sh", b"echo", large=False)
    files = repository.commits[repository.branches["main"]].files
    repository.commit("main", "no state", {name: file for name, file in files.items() if name != "state.json"})
    assert bring_in(f"{NAME}@main", mine) == "run"
    assert mine.run_ids() == ["run"]
    assert not any(path.is_symlink() for path in mine.runs.rglob("*"))
    assert {path.suffix for path in mine.runs.rglob("*") if path.is_file()} == {
        ".json",
        ".yaml",
        ".parquet",
        ".safetensors",
    }
    state = read_state(mine.run_folder("run"))
    assert (state.status, state.updated is not None) == ("finished", True)
    hub.asked.clear()
    with pytest.raises(BadInputError, match="the workspace already has a run 'run'"):
        bring_in(NAME, mine)
    assert hub.asked == []
    change(repository, GENERATOR, b"")
    with pytest.raises(BadInputError):
        bring_in(NAME, Workspace(tmp_path / "other"))
    assert not list((tmp_path / "other").rglob("*.json"))
