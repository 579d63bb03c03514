"""``load_run`` with a hub id: the real client with its real cache, and a stand-in of the hub over HTTP."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.demo import ASSETS
from core.errors import BadInputError, FailureError
from core.runs import load_run
from core.story import tell
from core.workspace import Workspace
from tests.hub.fixtures import point_at
from tests.hub.stand_in import Fault, StandIn

DEMO = ASSETS / "workspace" / "runs" / "demo"
NAME = "owner/demo-run"


def run_files(folder: Path = DEMO) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def there(hub: StandIn) -> StandIn:
    hub.store.put(NAME, {**run_files(), "README.md": b"# A run\n", "extra/run.sh": b"rm -rf /"})
    return hub


def test_a_run_of_the_hub_is_the_same_run(there: StandIn, workspace: Workspace) -> None:
    seen: list[tuple[int, int]] = []
    run = load_run(NAME, workspace, progress=lambda done, total, message="": seen.append((done, total)))
    own = load_run(DEMO, workspace)
    wanted, found = (one.generate("angry", 40, codes={"u1": 1.5}, seed=7) for one in (own, run))
    np.testing.assert_array_equal(found.audio, wanted.audio)
    assert found.codes.equals(wanted.codes)
    np.testing.assert_array_equal(run.project(found.audio), own.project(wanted.audio))
    assert run.quality() == own.quality()
    assert run.map().equals(own.map())
    commit = there.repository(NAME).branches["main"]
    assert run.id == f"{NAME}@{commit[:7]}"
    # What is no part of a run is not fetched, and the host of large files is not given the token.
    assert not any("run.sh" in path or "events" in path for _, path in there.asked)
    assert there.count("GET", "^/get/") == 7
    assert there.given_away == []
    assert seen[-1][0] == seen[-1][1] == sum(len(raw) for name, raw in run_files().items() if "events" not in name)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    # What is told of it names commands that can be typed.
    assert "mirage train demo --run-id demo-run" in tell(run).commands
    # Again: nothing is fetched twice.
    there.asked.clear()
    assert load_run(NAME, workspace).id == run.id
    assert there.count("GET", "resolve|^/get/") == 0


def test_a_listing_of_several_pages(there: StandIn, workspace: Workspace) -> None:
    there.page = 4
    load_run(NAME, workspace)
    assert there.count("GET", "/tree/") > 3


def test_revisions(there: StandIn, workspace: Workspace) -> None:
    repository = there.repository(NAME)
    first = repository.branches["main"]
    repository.tags["v1.0"] = first
    files = dict(repository.commits[first].files)
    changed = json.loads(files["quality.json"].content)
    files["quality.json"] = type(files["quality.json"])(json.dumps(changed | {"seed": 99}).encode(), large=False)
    second = repository.commit("feature/x", "other", files).oid
    for revision, commit, seed in (
        ("v1.0", first, 0),
        (first, first, 0),
        ("feature/x", second, 99),
        (second, second, 99),
    ):
        run = load_run(f"{NAME}@{revision}", workspace)
        assert run.id == f"{NAME}@{commit[:7]}"
        card = run.quality()
        assert card is not None
        assert card["seed"] == seed
    with pytest.raises(BadInputError, match="the hub has no revision 'v9' of it"):
        load_run(f"{NAME}@v9", workspace)
    # What has moved on is fetched anew, what is pinned stays.
    repository.branches["main"] = second
    assert load_run(NAME, workspace).id.endswith(second[:7])
    assert load_run(f"{NAME}@{first}", workspace).id.endswith(first[:7])


def test_a_branch_that_moves_on_meanwhile(
    there: StandIn, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is fetched is the commit whose sizes were looked at, and offline the branch is that one."""
    repository = there.repository(NAME)
    first = repository.branches["main"]
    files = dict(repository.commits[first].files)
    other = json.dumps(json.loads(files["quality.json"].content) | {"seed": 99}).encode()

    def meanwhile(method: str, path: str) -> None:
        # The sizes have been answered when the next thing is asked.
        if len(there.asked) > 1:
            there.before = lambda method, path: None
            repository.commit(
                "main", "other", files | {"quality.json": type(files["quality.json"])(other, large=False)}
            )

    there.before = meanwhile
    run = load_run(f"{NAME}@main", workspace)
    assert repository.branches["main"] != first
    assert run.id == f"{NAME}@{first[:7]}"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert load_run(NAME, workspace).id == run.id
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    back = load_run(NAME, workspace).quality()
    assert back is not None
    assert back["seed"] == 99


def test_offline_from_the_cache(there: StandIn, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = there.repository(NAME).branches["main"]
    online = load_run(NAME, workspace)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for name in (NAME, f"{NAME}@{commit}"):
        np.testing.assert_array_equal(load_run(name, workspace).h, online.h)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    there.faults = [Fault("GET", "/api/", 503)]
    np.testing.assert_array_equal(load_run(NAME, workspace).h, online.h)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:1")
    np.testing.assert_array_equal(load_run(NAME, workspace).h, online.h)
    with pytest.raises(BadInputError, match="owner/other: no such folder, and it cannot be fetched"):
        load_run("owner/other", workspace)
    # A revision that was never fetched is not silently another one.
    with pytest.raises(BadInputError, match="cannot be fetched"):
        load_run(f"{NAME}@v1.0", workspace)


def test_a_download_that_breaks_off_goes_on(
    there: StandIn, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 2)
    large = there.repository(NAME).at("main").files["projection/projector/model.safetensors"].sha256  # type: ignore[union-attr]
    there.faults = [Fault("GET", f"/get/{large}", 404)]
    with pytest.raises(
        FailureError, match=r"owner/demo-run: the download broke off \(.*\); run the same command again"
    ):
        load_run(NAME, workspace)
    # Half of a run is never taken for one, offline neither.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(BadInputError, match="cannot be fetched"):
        load_run(NAME, workspace)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    there.faults.clear()
    there.asked.clear()
    load_run(NAME, workspace)
    assert there.count("GET", "^/get/") <= 4


@pytest.mark.parametrize("token", [None, "hf_reader"])
def test_a_private_run(
    there: StandIn, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    there.repository(NAME).private = True
    assert load_run(NAME, workspace).id.startswith(NAME)
    point_at(there, tmp_path / "hf", monkeypatch, token)
    with pytest.raises(BadInputError) as caught:
        load_run(NAME, workspace)
    assert str(caught.value) == (
        f"{NAME}: no such folder, and no such run on the hub, or a private one that this account may not read "
        "(hf auth login)"
    )
    with pytest.raises(BadInputError, match="no such run on the hub"):
        load_run("owner/nothing", workspace)


def test_a_gated_run_and_a_wrong_token(
    there: StandIn, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.repository(NAME).gated = True
    for token in (None, "hf_reader"):
        point_at(there, tmp_path / str(token), monkeypatch, token)
        with pytest.raises(BadInputError, match="access must be asked for on its page of the hub"):
            load_run(NAME, workspace)
    point_at(there, tmp_path / "wrong", monkeypatch, "hf_wrong")
    with pytest.raises(BadInputError, match="the hub does not know the token that it was sent"):
        load_run(NAME, workspace)


def test_a_repository_that_is_no_run(hub: StandIn, workspace: Workspace) -> None:
    hub.store.put("owner/bert", {"config.json": b"{}", "model.safetensors": b"x" * 100})
    with pytest.raises(
        BadInputError, match=r"owner/bert: is on the hub, but no run of MIRAGE \(config.yaml is missing"
    ):
        load_run("owner/bert", workspace)
    assert hub.count("GET", "resolve") == 0


def test_the_client_s_store_of_files_that_several_repositories_share(there: StandIn, workspace: Workspace) -> None:
    """Where Xet is spoken, the blobs of a repository are links into the blobs of the whole cache."""
    from huggingface_hub import constants
    from huggingface_hub.utils._shared_blobs import publish_blob_to_shared_store

    folder = load_run(NAME, workspace).path
    cache, moved = Path(constants.HF_HUB_CACHE), 0
    for blob in (folder.parent.parent / "blobs").iterdir():
        if len(blob.name) == 64:
            size = blob.stat().st_size
            moved += publish_blob_to_shared_store(
                blob_path=str(blob), xet_hash=blob.name, cache_dir=cache, expected_size=size
            )
    assert moved == 7
    np.testing.assert_array_equal(load_run(NAME, workspace).h, load_run(DEMO, workspace).h)
    # A link that goes there by itself is still one out of the run, and so is one to what the client does not keep.
    shared = next(path for path in (cache / "blobs").rglob("*") if len(path.name) == 64)
    (folder / "more.json").symlink_to(shared)
    with pytest.raises(BadInputError, match=r"more\.json: is a link out of the run"):
        load_run(NAME, workspace)
    (folder / "more.json").unlink()
    (cache / "blobs" / ".huggingface-shared-blobs").unlink()
    with pytest.raises(BadInputError, match="is a link out of the run"):
        load_run(NAME, workspace)


@pytest.mark.parametrize(
    "name", ["owner/..", "../x", "owner/a@../x", "owner/a@", "owner/a@b//c", "a--b/c", "owner/a\n", "a/b/c"]
)
def test_names_that_are_none(hub: StandIn, workspace: Workspace, name: str) -> None:
    with pytest.raises(BadInputError):
        load_run(name, workspace)
    assert hub.asked == []


def test_a_folder_here_comes_first(
    there: StandIn, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(DEMO, tmp_path / "owner" / "demo-run")
    monkeypatch.chdir(tmp_path)
    assert load_run(NAME, workspace).path == tmp_path / "owner" / "demo-run"
    assert there.asked == []
