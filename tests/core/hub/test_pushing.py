"""``mirage push`` and ``core.hub.push_run`` against the stand-in of the hub."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.cards import model_card
from core.corpora import change_permissions
from core.demo import install_demo
from core.errors import BadInputError, FailureError, MirageError
from core.files import read_json, write_json
from core.hub import HubId, push_features, push_run
from core.hub.contents import run_parcel
from core.runs import LoadedRun, load_run, measure_effects, measure_quality
from core.runs.withheld import withhold
from core.story import tell
from core.workspace import Workspace
from tests.hub.fixtures import ROOT, command, point_at, started
from tests.hub.stand_in import Fault, StandIn
from tests.hub.store import User

NAME = "owner/demo-run"


@pytest.fixture
def own(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "own")
    install_demo(workspace)
    return workspace


def test_a_run_that_is_pushed_comes_back(hub: StandIn, own: Workspace, tmp_path: Path) -> None:
    run = load_run("demo", own)
    seen: list[tuple[int, int, str]] = []
    pushed = push_run(run, NAME, progress=lambda done, total, message="": seen.append((done, total, message)))
    assert pushed.changed
    assert pushed.private
    assert hub.repository(NAME).private
    assert pushed.address == f"{hub.url}/{NAME}/commit/{hub.repository(NAME).branches['main']}"
    assert hub.count("POST", "/commit/main") == 1
    assert seen[-1][:2] == (sum(pushed.files.values()),) * 2
    assert set(hub.files(NAME)) == set(pushed.files)
    back = load_run(NAME, Workspace(tmp_path / "other"))
    assert back.id == f"{NAME}@{pushed.commit[:7]}"
    for emotion in run.classes:
        ours, theirs = (one.generate(emotion, 50, codes={"u2": -1.0}, seed=3) for one in (run, back))
        np.testing.assert_array_equal(ours.audio, theirs.audio)
    # Map and lab, report card and figures.
    assert back.map().equals(run.map())
    np.testing.assert_array_equal(back.project(theirs.audio), run.project(ours.audio))
    np.testing.assert_array_equal(back.posterior(back.h), run.posterior(run.h))
    np.testing.assert_array_equal(back.prior, run.prior)
    assert back.information() == run.information()
    card, own_card = back.quality(), run.quality()
    assert card is not None
    assert own_card is not None
    assert card["comparisons"] == own_card["comparisons"]
    assert back.config == run.config
    assert back.about == {**run.about}


def test_what_never_leaves(hub: StandIn, own: Workspace) -> None:
    folder = own.run_folder("demo")
    secret = "sekrit"
    table = pq.read_table(folder / "features" / "utterances.parquet").to_pandas()
    for name in (
        ".lock",
        "job.log",
        "stop",
        "notes.txt",
        "quality/log.txt",
        "checkpoints/step-000001/networks.safetensors",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(secret)
    state = read_json(folder / "state.json")
    write_json(folder / "state.json", {**state, "host": f"{secret}-host", "pid": 1234, "message": secret})
    made_with = read_json(folder / "environment.json")
    made_with["embeddings"][0]["encoder"] = f"/home/{secret}/models/whisper"
    write_json(folder / "environment.json", {**made_with, "hostname": secret, "machine": {"node": secret}})
    push_run("demo", NAME, workspace=own)
    files = hub.files(NAME)
    whole = b"".join(files.values()) + b"".join(name.encode() for name in files)
    assert secret.encode() not in whole
    assert not [name for name in files if re.search(r"checkpoint|\.log|lock|stop|notes|events|guesses", name)]
    assert json.loads(files["environment.json"])["embeddings"][0]["encoder"] == "folder:whisper"
    # Neither words nor ids nor speakers: Parquet may compress them, so they are read.
    sent = pq.read_table(write(files, "features/utterances.parquet", own)).to_pandas()
    assert sent["text"].isna().all()
    assert sent["audio"].isna().all()
    assert not set(sent["utterance_id"]) & set(table["utterance_id"])
    assert set(sent["speaker"]) == {f"speaker-{number}" for number in range(1, 9)}
    assert [sent[column].tolist() for column in ("label", "part", "predicted")] == [
        table[column].tolist() for column in ("label", "part", "predicted")
    ]
    said = json.loads(files["evaluation.json"])
    assert said["speakers"]["test"] == ["speaker-1", "speaker-2"]
    assert said["fold"] == "session-1"
    for name in ("evaluation.json", "quality.json", "README.md"):
        # Not the name of an encoder, all-MiniLM-L6-v2.
        assert not re.search(rb"(?<!-)\bv[1-8]\b|\bs[1-4]\b", files[name]), name


def write(files: dict[str, bytes], name: str, place: Workspace) -> Path:
    target = place.root / Path(name).name
    target.write_bytes(files[name])
    return target


def test_transcripts_and_names_where_they_are_asked_for(hub: StandIn, own: Workspace, tmp_path: Path) -> None:
    run = load_run("demo", own)
    push_run(run, NAME, transcripts=True, names=True)
    back = load_run(NAME, Workspace(tmp_path / "other"))
    for column in ("utterance_id", "text", "speaker", "session"):
        assert back.utterances[column].tolist() == run.utterances[column].tolist()
    assert back.utterances["audio"].isna().all()
    # Where the corpus is, its clips can be heard.
    assert len(load_run(NAME, own).waveform(0)) == len(run.waveform(0))
    # Without words a page has nothing to search.
    push_run(run, NAME)
    back = load_run(NAME, Workspace(tmp_path / "other"))
    assert not back.permissions.transcripts
    assert back.utterances["text"].isna().all()
    assert back.has_text.all()


def test_transcripts_that_must_not_be_shown(hub: StandIn, own: Workspace, tmp_path: Path) -> None:
    change_permissions("demo", own, audio=False, transcripts=False)
    run = load_run("demo", own)
    with pytest.raises(BadInputError, match="the transcripts of corpus demo must not be shown, so they are not pushed"):
        push_run(run, NAME, transcripts=True)
    assert hub.asked == []
    push_run(run, NAME, names=True)
    # Wherever the copy is opened, beside the very corpus too, it keeps to them.
    change_permissions("demo", own, audio=True, transcripts=True)
    for place in (Workspace(tmp_path / "other"), own):
        back = load_run(NAME, place)
        assert (back.permissions.audio, back.permissions.transcripts) == (False, False)
        assert back.utterances["text"].isna().all()
        with pytest.raises(BadInputError, match="must not be played"):
            back.waveform(0)


def test_without_the_features_of_the_utterances(hub: StandIn, own: Workspace, tmp_path: Path) -> None:
    run = load_run("demo", own)
    push_run(run, NAME, features=False)
    back = load_run(NAME, Workspace(tmp_path / "other"))
    assert (len(back.utterances), back.h.shape, len(back.map())) == (0, (0, run.dim), 0)
    # It still generates, for given words or a given text feature, and judges what it made.
    assert run.t is not None
    ours, theirs = (one.generate("sad", 5, text=run.t[0], seed=1) for one in (run, back))
    np.testing.assert_array_equal(ours.audio, theirs.audio)
    np.testing.assert_array_equal(run.pointwise_mi(ours.audio, "sad"), back.pointwise_mi(theirs.audio, "sad"))
    np.testing.assert_array_equal(run.project(ours.audio), back.project(theirs.audio))
    assert back.information() == run.information()
    assert back.quality()["comparisons"] == run.quality()["comparisons"]  # type: ignore[index]
    assert "576 utterances" in hub.files(NAME)["README.md"].decode()
    with pytest.raises(BadInputError, match="was published without its utterances: say for which words, with --text"):
        back.generate("sad", 5)
    for ask in (lambda: back.neighbours(theirs.audio), lambda: measure_quality(back), lambda: measure_effects(back)):
        with pytest.raises(BadInputError, match="was published without the features of its utterances"):
            ask()
    with pytest.raises(BadInputError, match="they do not go with --no-features"):
        push_run(run, NAME, features=False, names=True)
    # A run that merely lost its rows is a damaged one.
    table = pq.read_table(back.path / "features" / "utterances.parquet")
    folder = tmp_path / "lost"
    shutil.copytree(back.path, folder)
    pq.write_table(table.replace_schema_metadata({"corpus": "demo"}), folder / "features" / "utterances.parquet")
    with pytest.raises(BadInputError, match="copy the run's folder again"):
        load_run(folder, own)


@pytest.mark.parametrize("features", [True, False])
def test_a_run_without_utterances_is_passed_on(hub: StandIn, own: Workspace, tmp_path: Path, features: bool) -> None:
    run = load_run("demo", own)
    folder = own.run_folder("withheld")
    shutil.copytree(run.path, folder)
    withhold(folder, run)
    with run_parcel(load_run("withheld", own), HubId(NAME), features=features) as parcel:
        assert [note[:25] for note in parcel.notes] == ["no feature, label or word"]
    push_run("withheld", NAME, workspace=own, features=features)
    back = load_run(NAME, Workspace(tmp_path / "other"))
    assert (len(back.utterances), back.h.shape) == (0, (0, run.dim))
    np.testing.assert_array_equal(back.prior, run.prior)
    assert run.t is not None
    ours, theirs = (one.generate("sad", 5, text=run.t[0], seed=1) for one in (run, back))
    np.testing.assert_array_equal(ours.audio, theirs.audio)
    np.testing.assert_array_equal(run.pointwise_mi(ours.audio, "sad"), back.pointwise_mi(theirs.audio, "sad"))


def test_the_card_of_a_run_without_its_utterances(
    hub: StandIn, own: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = own.run_folder("demo") / "environment.json"
    content = read_json(environment)
    # An encoder that is on this machine.
    content["embeddings"][1]["encoder"] = "minilm"
    write_json(environment, content)
    push_run("demo", NAME, workspace=own)
    assert "not published" not in hub.files(NAME)["README.md"].decode()
    push_run("demo", NAME, workspace=own, features=False)
    card = hub.files(NAME)["README.md"].decode()
    assert "words of these utterances are **not published** with the run" in card
    # How to load it is tried as it stands there.
    monkeypatch.setenv("MIRAGE_HOME", str(tmp_path / "other"))
    snippet = card.partition("```python\n")[2].partition("```")[0].replace("n=500", "n=5")
    found: dict[str, Any] = {}
    exec(compile(snippet, "README.md", "exec"), found)
    assert found["batch"].audio.shape == (5, found["run"].dim)
    assert found["batch"].codes["text"].iat[0].endswith("see you here.")
    # What is told of it where it was fetched counts what is still said there.
    fetched = model_card(tell(found["run"]))
    assert "| emotion | utterances in training |" in fetched
    assert "576 utterances, learnt from with transcripts. No speaker of the test part is in" in fetched


def test_again_is_not_sent_twice(hub: StandIn, own: Workspace) -> None:
    first = push_run("demo", NAME, workspace=own)
    sent = hub.count("PUT", "/put/")
    assert sent == 7
    folder = own.run_folder("demo")
    (folder / "quality.json").unlink()
    second = push_run("demo", NAME, workspace=own, message="Without its card")
    assert hub.count("PUT", "/put/") == sent
    # What is gone here is gone there, in the same commit.
    assert "quality.json" not in hub.files(NAME)
    assert "quality.json" in hub.files(NAME, first.commit)
    made = hub.repository(NAME).commits[second.commit]
    assert (made.message, made.parent) == ("Without its card", first.commit)


def test_what_others_put_there_stays(hub: StandIn, own: Workspace) -> None:
    push_run("demo", NAME, workspace=own)
    repository = hub.repository(NAME)
    files = repository.commits[repository.branches["main"]].files
    mine = type(files["README.md"])(b"# Mine\n", large=False)
    repository.commit("main", "by hand", {**files, "README.md": mine, "LICENSE": mine, "images/map.png": mine})
    push_run("demo", NAME, workspace=own, card=False)
    there = hub.files(NAME)
    assert there["README.md"] == there["LICENSE"] == there["images/map.png"] == b"# Mine\n"


def test_an_upload_that_breaks_off(hub: StandIn, own: Workspace) -> None:
    hub.faults = [Fault("POST", "/commit/", 400, message="too bad")]
    with pytest.raises(FailureError, match="the hub does not take this"):
        push_run("demo", NAME, workspace=own)
    # Nobody can fetch half of it, and what has arrived is not sent again.
    assert set(hub.files(NAME)) == set()
    hub.faults.clear()
    sent = hub.count("PUT", "/put/")
    push_run("demo", NAME, workspace=own)
    assert hub.count("PUT", "/put/") == sent == 7
    assert load_run(NAME, own).classes


def test_ctrl_c(hub: StandIn, own: Workspace, tmp_path: Path) -> None:
    """The process gets the signal in the middle of sending a large file."""
    asked, go_on = threading.Event(), threading.Event()

    def hold(method: str, path: str) -> None:
        if path.startswith("/put/") and hub.count("PUT", "/put/") == 3:
            asked.set()
            go_on.wait(60)

    hub.before = hold
    with started(hub, tmp_path / "hf", own.root, "push", "demo", NAME, HF_TOKEN="hf_owner") as process:
        assert asked.wait(100)
        process.send_signal(signal.SIGINT)
        go_on.set()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines()[-1] == (
        f"mirage: {NAME}: stopped; nothing of it can be seen on the hub, and the same command goes on"
    )
    assert "Traceback" not in err
    assert hub.files(NAME) == {}
    hub.before = lambda method, path: None
    sent = len(hub.store.large)
    assert sent >= 2
    hub.asked.clear()
    push_run("demo", NAME, workspace=own)
    assert hub.count("PUT", "/put/") == 7 - sent


def test_a_large_file_in_parts(hub: StandIn, own: Workspace) -> None:
    hub.part = 200_000
    push_run("demo", NAME, workspace=own)
    assert hub.count("POST", "/complete/") == 4
    np.testing.assert_array_equal(load_run(NAME, own).h, load_run("demo", own).h)


def test_a_branch(hub: StandIn, own: Workspace) -> None:
    push_run("demo", NAME, workspace=own)
    main = hub.repository(NAME).branches["main"]
    pushed = push_run("demo", f"{NAME}@try-2", workspace=own, transcripts=True)
    assert hub.repository(NAME).branches == {"main": main, "try-2": pushed.commit}
    assert load_run(f"{NAME}@try-2", own).utterances["text"].notna().all()
    assert load_run(NAME, own).utterances["text"].isna().all()


def faults() -> list[tuple[str, list[Fault], type[MirageError], str]]:
    return [
        (
            "no room",
            [Fault("POST", "/preupload/", 403, message="Private repository storage limit reached")],
            FailureError,
            "the hub has no room for it (Private repository storage limit reached)",
        ),
        (
            "too large",
            [Fault("POST", "/preupload/", 413, message="Too large")],
            FailureError,
            "the hub has no room for it (Too large)",
        ),
        (
            "unpaid",
            [Fault("POST", "/repos/create", 402, message="Payment required")],
            FailureError,
            "the hub has no room for it",
        ),
        (
            "forbidden",
            [Fault("POST", "/preupload/", 403, message="Not yours")],
            BadInputError,
            "this account may not write there (Not yours)",
        ),
        (
            "changed",
            [Fault("POST", "/commit/", 412, message="A commit has happened since")],
            FailureError,
            "somebody else changed it meanwhile",
        ),
        (
            "broken",
            [Fault("POST", "/repos/create", 500, message="Internal Error")],
            FailureError,
            "the hub answered 500 (Internal Error); nothing was changed; run the same command again",
        ),
        ("card", [Fault("POST", "/validate-yaml", 400, message="bad card")], FailureError, "push with --no-card"),
        ("put", [Fault("PUT", "/put/", 403, message="Expired")], BadInputError, "may not write there"),
        ("who", [Fault("GET", "/whoami", 401, message="Invalid")], BadInputError, "the hub does not know the token"),
    ]


@pytest.mark.parametrize(
    ("faults", "kind", "message"), [case[1:] for case in faults()], ids=[case[0] for case in faults()]
)
def test_what_the_hub_refuses(
    hub: StandIn, own: Workspace, faults: list[Fault], kind: type[MirageError], message: str
) -> None:
    hub.faults = faults
    with pytest.raises(MirageError) as caught:
        push_run("demo", NAME, workspace=own)
    assert type(caught.value) is kind, caught.value
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{NAME}: ")
    assert "http://localhost" not in str(caught.value)
    assert str(caught.value).isprintable()
    if ("model", NAME) in hub.store.repositories:
        assert hub.files(NAME) == {}


def test_tokens(hub: StandIn, own: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for token, message in (
        (None, "the hub takes nothing without a token that may write; hf auth login"),
        ("hf_wrong", "the hub does not know the token that it was sent"),
        ("hf_reader", "the token of reader may only read; make one that may write"),
    ):
        point_at(hub, tmp_path / str(token), monkeypatch, token)
        with pytest.raises(BadInputError, match=message):
            push_run("demo", NAME, workspace=own)
    # A stored token, as `hf auth login` leaves it.
    point_at(hub, tmp_path / "stored", monkeypatch, None)
    (tmp_path / "stored").mkdir(exist_ok=True)
    (tmp_path / "stored" / "token").write_text("hf_owner")
    assert push_run("demo", NAME, workspace=own).changed
    # Somebody else's place.
    hub.store.users["hf_other"] = User("other")
    point_at(hub, tmp_path / "other", monkeypatch, "hf_other")
    with pytest.raises(BadInputError, match=r'may not write there .*under the namespace "owner"'):
        push_run("demo", "owner/new", workspace=own)
    hub.repository(NAME).private = False
    with pytest.raises(BadInputError, match="this account may not write there"):
        push_run("demo", NAME, workspace=own, private=False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(FailureError, match=r"the hub at http://127\.0\.0\.1:1 cannot be reached"):
        push_run("demo", NAME, workspace=own)


def test_places_that_are_taken(hub: StandIn, own: Workspace) -> None:
    hub.store.put("owner/bert", {"config.json": b"{}", "pytorch_model.bin": b"x"}, private=True)
    with pytest.raises(BadInputError, match=r"holds something else than a run of MIRAGE \(config.json\); take another"):
        push_run("demo", "owner/bert", workspace=own)
    hub.store.put("owner/words", {"data.csv": b"a"}, kind="dataset", private=True)
    with pytest.raises(BadInputError, match="holds something else than a set of generated features of MIRAGE"):
        push_features("demo", "owner/words", workspace=own, n=2)
    push_run("demo", NAME, workspace=own)
    hub.repository(NAME).private = False
    with pytest.raises(BadInputError, match="is there already and everybody can see it; say --public"):
        push_run("demo", NAME, workspace=own)
    assert not push_run("demo", NAME, workspace=own, private=False).private
    for name in ("demo", "owner/a b", "owner/../x", "owner/x@", "owner/<b>"):
        with pytest.raises(BadInputError, match="cannot name a place on the hub: write OWNER/NAME"):
            push_run("demo", name, workspace=own)


def test_somebody_else_pushes_meanwhile(hub: StandIn, own: Workspace) -> None:
    push_run("demo", NAME, workspace=own)
    repository = hub.repository(NAME)

    def meanwhile(method: str, path: str) -> None:
        if "/preupload/" in path:
            hub.before = lambda method, path: None
            repository.commit("main", "by somebody else", dict(repository.commits[repository.branches["main"]].files))

    hub.before = meanwhile
    with pytest.raises(FailureError, match="somebody else changed it meanwhile, so nothing was changed"):
        push_run("demo", NAME, workspace=own, transcripts=True)
    assert repository.commits[repository.branches["main"]].message == "by somebody else"


def test_links_and_pipes_are_not_followed(hub: StandIn, own: Workspace, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    (own.run_folder("demo") / "quality.json").unlink()
    (own.run_folder("demo") / "quality.json").symlink_to(tmp_path / "secret.json")
    with pytest.raises(BadInputError, match="is a link out of the run"):
        push_run("demo", NAME, workspace=own)
    assert hub.asked == []


def test_generated_features_as_a_dataset(hub: StandIn, own: Workspace, tmp_path: Path) -> None:
    run = load_run("demo", own)
    pushed = push_features(run, "owner/features", n=30, seed=5)
    assert (pushed.kind, pushed.private) == ("dataset", True)
    files = hub.files("owner/features", kind="dataset")
    assert set(files) == {"README.md", *(f"data/{name}.parquet" for name in run.classes)}
    for number, name in enumerate(run.classes):
        table = pq.read_table(write(files, f"data/{name}.parquet", own)).to_pandas()
        wanted = run.generate(name, 30, seed=5 + number)
        np.testing.assert_array_equal(np.stack(table["audio"].to_numpy()), wanted.audio)
        assert "text" not in table.columns
        assert (table["emotion"] == name).all()
    ids = run.utterances["utterance_id"].tolist()
    assert not any(str(one).encode() in b"".join(files.values()) for one in ids)
    push_features(run, "owner/features", n=30, seed=5, emotions=["angry"])
    assert set(hub.files("owner/features", kind="dataset")) == {"README.md", "data/angry.parquet"}
    with pytest.raises(BadInputError, match="the run does not know bored"):
        push_features(run, "owner/features", emotions=["bored"])
    with pytest.raises(BadInputError, match="--emotion angry: given twice"):
        push_features(run, "owner/features", emotions=["angry", "angry"])


def test_commands_in_processes_of_their_own(hub: StandIn, own: Workspace, tmp_path: Path) -> None:
    """With HF_ENDPOINT and HF_HOME set as a person would."""
    home, token = tmp_path / "hf", {"HF_TOKEN": "hf_owner"}
    done = command(hub, home, own.root, "push", "demo", NAME, **token)
    assert done.returncode == 0, done.stderr
    assert f"{NAME} (private): {hub.url}/{NAME}/commit/" in done.stdout
    assert "Warning" not in done.stderr
    assert "making the commit" in done.stderr
    target = tmp_path / "angry.parquet"
    asked = ["generate", NAME, "--emotion", "angry", "-n", 20, "--seed", 7, "-o", target]
    made = command(hub, home, tmp_path / "other", *asked, **token)
    assert made.returncode == 0, made.stderr
    table = pq.read_table(target)
    wanted = load_run("demo", own).generate("angry", 20, seed=7).audio
    np.testing.assert_array_equal(np.stack(table["audio"].to_pylist()).astype(np.float32), wanted)
    commit = hub.repository(NAME).branches["main"]
    assert table.schema.metadata[b"run"] == f"{NAME}@{commit[:7]}".encode()
    assert hub.given_away == []


def test_commands(hub: StandIn, own: Workspace, tmp_path: Path, mirage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dry = mirage("push", "demo", NAME, "--dry-run", home=own.root)
    assert dry.code == 0, dry.err
    assert "features/aligned.safetensors" in dry.out
    assert "(model, private)" in dry.out
    assert dry.out.endswith("nothing was sent (--dry-run)\n")
    assert hub.asked == []
    public = mirage("push", "demo", NAME, "--public", "--dry-run", "--dataset", "-n", 5, home=own.root)
    assert "(dataset, PUBLIC: everybody can see it)" in public.out
    done = mirage("push", "demo", NAME, "--revision", "try", "--json", home=own.root)
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    assert (told["place"], told["private"], told["changed"]) == (f"{NAME}@try", True, True)
    assert set(hub.files(NAME)) == set()
    other = tmp_path / "other"
    quality = mirage("quality", f"{NAME}@try", "--samples", 200, home=other)
    assert quality.code == 0, quality.err
    assert f"not kept: {NAME}@{told['commit'][:7]} is a copy of what the hub has" in quality.out
    assert load_run(f"{NAME}@try", own).quality()["samples"] == 2000  # type: ignore[index]
    again = mirage("push", "demo", f"{NAME}@try", home=own.root)
    assert f"{NAME}@try (private): all of it was there already" in again.out
    for wrong, message in (
        (["--seed", 3], "say --dataset, too"),
        (["--dataset", "--names"], "generated features hold none of it"),
        (["--dataset", "--emotion", "x"], "the run does not know x"),
    ):
        refused = mirage("push", "demo", NAME, *wrong, home=own.root)
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert message in refused.err
    point_at(hub, tmp_path / "nobody", monkeypatch, None)
    alone = mirage("push", "demo", NAME, home=own.root)
    told = f"mirage: {NAME}: the hub takes nothing without a token that may write; hf auth login, or set HF_TOKEN"
    assert (alone.code, alone.err.splitlines()[-1]) == (2, told)


def test_a_hub_without_xet(hub: StandIn, own: Workspace, tmp_path: Path) -> None:
    """The client sends large files by Xet where that is installed; a hub of one's own may not speak it."""
    pytest.importorskip("hf_xet")
    done = command(hub, tmp_path / "hf", own.root, "push", "demo", NAME, HF_TOKEN="hf_owner", HF_HUB_DISABLE_XET="0")
    assert done.returncode == 1
    assert f"{NAME}: the hub at {hub.url} does not speak Xet; set HF_HUB_DISABLE_XET=1 and push again" in done.stderr


def test_mi_and_codes_of_a_hub_run(hub: StandIn, toy: Any, finished: LoadedRun, mirage: Any, tmp_path: Path) -> None:
    push_run(finished, "owner/small")
    for ask in (["mi", "--json"], ["codes", "--samples", 60, "--json"]):
        here, there = (
            json.loads(mirage(ask[0], name, *ask[1:], home=home).out)
            for name, home in (("small", toy.workspace.root), ("owner/small", tmp_path))
        )
        if isinstance(here, dict):
            assert here.pop("run") == "small"
            assert there.pop("run").startswith("owner/small@")
        assert here == there


def test_a_disk_without_room_for_the_copy(own: Workspace, tmp_path: Path, on_small_disk: Any) -> None:
    arguments = [sys.executable, "-m", "core", "push", "demo", NAME, "--dry-run"]
    place = {"TMPDIR": str(tmp_path / "small"), "MIRAGE_HOME": str(own.root), "PYTHONPATH": str(ROOT)}
    (tmp_path / "small").mkdir()
    done = on_small_disk(tmp_path / "small", 900, arguments, env={**os.environ, **place})
    assert done.returncode == 1, done.stderr
    assert "the disk is full; free some space and run the command again" in done.stderr
    assert done.stderr.count("\n") == 1
