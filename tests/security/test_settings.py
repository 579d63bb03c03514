"""JSON, YAML and lines of events that are deep, huge, doubled, of the wrong kind, or that ask for code."""

from __future__ import annotations

import json
import socket
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from core.config import Config, load_config, resolve_config
from core.files import read_json
from core.runs import load_run, read_events, read_state
from core.runs.events import MOST_BYTES, EventLog
from core.workspace import Workspace
from dashboard.overview_view import done_share, moment

from .conftest import Refused

JSON: dict[str, bytes] = {
    "deep": b"[" * 200_000,
    "deep and closed": b'{"a":' * 900 + b"1" + b"}" * 900,
    "just too deep": b"[" * 65 + b"]" * 65,
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "1e999": b'{"a": 1e999}',
    "10**400": b'{"a": 1' + b"0" * 400 + b"}",
    "10**5000": b'{"a": 1' + b"0" * 5000 + b"}",
    "a key twice": b'{"a": 1, "a": 2}',
    "half a surrogate": b'{"a": "\\ud800"}',
    "not UTF-8": b'{"a": "\xff"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "two values": b"{} {}",
    "a null byte": b'{"a": "\0"}',
}


@pytest.mark.parametrize("kind", JSON)
def test_json(tmp_path: Path, refused: Refused, kind: str) -> None:
    (tmp_path / "a.json").write_bytes(JSON[kind])
    refused(lambda: read_json(tmp_path / "a.json"), "a.json: not readable as JSON")


def test_json_of_gigabytes(tmp_path: Path, refused: Refused) -> None:
    with (tmp_path / "a.json").open("wb") as file:
        file.truncate(8_000_000_000)
    refused(lambda: read_json(tmp_path / "a.json"), "more than 67,108,864 bytes")


FIGURES: dict[str, tuple[str, Any, list[Any]]] = {
    "information.json": (
        "information",
        lambda content: content[0],
        [("value", "high"), ("low", None), ("samples", 1.5), ("ceiling", [1]), ("quantity", 3), ("saturated", "no")],
    ),
    "evaluation.json": (
        "evaluation",
        lambda content: content,
        [("classes", "angry"), ("n", {"test": "many"}), ("n", {}), ("audio", {"ua": "x"}), ("audio", 3), ("fold", [1])],
    ),
    "projection/quality.json": (
        "map_quality",
        lambda content: content,
        [("trustworthiness", "very"), ("projector_error", [1]), ("projector_error_share", {})],
    ),
    "quality.json": (
        "quality",
        lambda content: content,
        [("comparisons", {}), ("recognition", None), ("notes", "x"), ("classes", ["other"]), ("speakers", {})],
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_the_wrong_kind(place: Workspace, run: Path, refused: Refused, name: str) -> None:
    question, part, wrong = FIGURES[name]
    good = json.loads((run / name).read_text())
    for key, value in wrong:
        content = json.loads(json.dumps(good))
        part(content)[key] = value
        (run / name).write_text(json.dumps(content))
        refused(getattr(load_run(run, place), question), Path(name).name, "damaged")
    for content in ([], {}, 3, None, "text", [[]], [None]):
        if (name, content) in (("information.json", []), ("projection/quality.json", {}), ("quality.json", {})):
            continue
        (run / name).write_text(json.dumps(content))
        refused(getattr(load_run(run, place), question), Path(name).name)


WHOLE = Config().to_yaml()
YAML: dict[str, str] = {
    "laughs": "a: &a [x, x]\n" + "".join(f"{new}: &{new} [*{old}, *{old}]\n" for old, new in pairwise("abcdefgh")),
    "an alias of itself": "a: &a [*a]\n",
    "an anchor alone": WHOLE.replace("demo", "&a demo"),
    "python/object/apply": "data: !!python/object/apply:os.system ['touch canary']\n",
    "python/name": "data: !!python/name:os.system\n",
    "python/object/new": "data: !!python/object/new:type [a, [], {}]\n",
    "a tag of its own": "data: !mine {corpus: demo}\n",
    "a plain tag": "data: !!str demo\n",
    "deep": "data: " + "[" * 5000 + "]" * 5000 + "\n",
    "deep blocks": "\n".join(" " * depth + "a:" for depth in range(900)),
    "a key twice": WHOLE + "data: {corpus: other}\n",
    "two documents": WHOLE + "---\n" + WHOLE,
    "a date that is none": "data: 2001-99-99\n",
    "a list for a key": "? [a, b]\n: 1\n",
    "an infinite number": WHOLE.replace("dropout: 0.3", "dropout: .inf"),
    "no number": WHOLE.replace("dropout: 0.3", "dropout: .nan"),
    "10**5000": WHOLE.replace("dim: 64", "dim: 1" + "0" * 5000),
    "10**400": WHOLE.replace("dim: 64", "dim: 1" + "0" * 400),
    "a dimension of 10**12": WHOLE.replace("dim: 64", "dim: 1000000000000"),
    "a null byte": "data: \0\n",
    "a key that turns": 'data: {"\u202ecorpus": x}\n',
    "a value of many lines": 'training: {device: "a\\nb\\e[2J"}\n',
    "a section of its own": "x" * 60_000 + ": 1\n",
    "huge": "# " + "x" * 300_000,
    "no mapping": "[1, 2]",
}


@pytest.mark.parametrize("kind", YAML)
def test_yaml(place: Workspace, run: Path, refused: Refused, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run)
    (run / "config.yaml").write_text(YAML[kind])
    refused(lambda: load_config(run / "config.yaml"), "config.yaml")
    refused(lambda: load_run(run, place), "config.yaml")
    assert not (run / "canary").exists()


def test_settings_of_a_command(refused: Refused) -> None:
    for value in ("!!python/name:os.system", "&a [*a]", "[" * 3000, "2001-99-99", "9" * 5000):
        refused(lambda value=value: resolve_config(settings=[f"alignment.dim={value}"]), "alignment.dim")


def test_events_without_end(run: Path) -> None:
    (run / "events.jsonl").unlink()
    log = EventLog(run)
    log.write("alignment", 1, {"loss": 1.0})
    log.close()
    good = (run / "events.jsonl").read_bytes()
    line = b'{"time":0,"stage":"s","step":%d,"name":"n","value":0}\n'
    hostile = [
        line % 10**400,
        b'{"time":1%s,"stage":"s","step":1,"name":"n","value":1}\n' % (b"0" * 400),
        b'{"time":1,"stage":"s","step":1,"name":"n","value":1%s}\n' % (b"0" * 400),
        b'{"time":1,"stage":"\\ud800","step":1,"name":"n","value":1}\n',
        b"[" * 3000 + b"\n",
        b"x" * 3_000_000 + b"\n",
        b'{"time":1,"stage":"s","step":1,"name":"%s","value":1}\n' % (b"n" * 3000),
        b"\n" * 1000,
    ]
    (run / "events.jsonl").write_bytes(good + b"".join(hostile) + good.replace(b'"step": 1', b'"step": 2'))
    assert read_events(run)["step"].tolist() == [1, 2]
    # A line for each of very many names takes no more than it should, and neither does a file of gigabytes.
    names = b"".join(line.replace(b'"n"', b'"n%d"' % number) % number for number in range(30_000))
    (run / "events.jsonl").write_bytes(names)
    assert len(read_events(run)) < 30_000
    with (run / "events.jsonl").open("r+b") as file:
        file.seek(6_000_000_000)
        file.write(b"\n" + good)
    start = time.monotonic()
    assert read_events(run)["step"].tolist() == [1]
    assert time.monotonic() - start < 5


def test_as_many_events_as_are_read_at_all(run: Path) -> None:
    from .conftest import peak, set_back

    line = b'{"time":1795608712.9,"stage":"generation","step":%d,"name":"loss/critic","value":0.123456789}\n'
    size = len(line % 10**6)
    (run / "events.jsonl").write_bytes(b"".join(line % (10**6 + step) for step in range(MOST_BYTES // size + 1000)))
    set_back()
    before = peak()
    table = read_events(run)
    assert len(table) == pytest.approx(MOST_BYTES // size, abs=2)
    assert table["step"].iloc[-1] == 10**6 + MOST_BYTES // size + 999
    assert (peak() - before) // 1024 < 400


@pytest.mark.parametrize(
    "change",
    [{"pid": pid} for pid in (0, -1, 2**31, 2**63, 10**30)]
    + [{"host": host} for host in ("\x1b[2J", "x" * 5000, "../../x", "")]
    + [{"heartbeat": beat, "host": "elsewhere"} for beat in (1e18, 10**30, -1e300, 0)]
    + [{"process_started": start} for start in (-1e300, 10**30, 0)],
    ids=lambda change: str(change)[:30].encode("unicode_escape").decode(),
)
def test_a_state_that_was_made_up_is_not_alive(run: Path, change: dict[str, Any]) -> None:
    content = {"status": "running", "pid": 1, "host": socket.gethostname(), "heartbeat": 1.0, "process_started": 1.0}
    (run / "state.json").write_text(json.dumps({**content, **change}))
    assert read_state(run).status == "lost"


def test_states_of_the_wrong_kind(run: Path, refused: Refused) -> None:
    for change in ({"pid": True}, {"pid": "1"}, {"step": -1}, {"status": "root"}, {"message": ["x"]}, {"step": 1.5}):
        (run / "state.json").write_text(json.dumps({"status": "running", **change}))
        refused(lambda: read_state(run), "not the state of a run")
    (run / "state.json").write_text(json.dumps({"status": "stopped", "step": 10**30, "total": 1, "updated": 10**30}))
    state = read_state(run)
    assert done_share(state) == 1.0
    assert moment(state.updated) is None
