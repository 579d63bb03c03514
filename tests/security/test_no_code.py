"""Nothing that is loaded runs code, and nothing outside a run is read while it is opened."""

from __future__ import annotations

import ast
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch

from core.errors import MirageError
from core.runs import load_run, read_events, read_state
from core.runs.checkpoint import last_checkpoint
from core.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path for name in ("core", "dashboard", "pages", "assets", "benchmarks") for path in (ROOT / name).rglob("*.py")
)
UNSAFE = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle"}
CALLS = {"eval", "exec", "torch.load", "pd.read_pickle", "pandas.read_pickle", "yaml.unsafe_load", "yaml.full_load"}


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def given(call: ast.Call) -> dict[str | None, Any]:
    return {word.arg: getattr(word.value, "value", None) for word in call.keywords}


def test_nothing_in_the_sources_loads_code() -> None:
    assert len(SOURCES) > 250
    seen = set()
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
                assert not UNSAFE & {name.split(".")[0] for name in names}, path
        for name, call in calls(tree):
            said = given(call)
            assert name not in CALLS, (path, name)
            assert said.get("trust_remote_code") is not True, path
            assert said.get("allow_pickle") is not True, path
            if name == "yaml.load":
                assert path.name == "settings_file.py", path
            first, _, method = name.rpartition(".")
            if method == "from_pretrained" and first.startswith("Auto"):
                seen.add(first)
                assert said.get("trust_remote_code") is False, (path, name)
                assert said.get("local_files_only") is True, (path, name)
                if first == "AutoModel":
                    assert said.get("use_safetensors") is True, path
    assert {"AutoConfig", "AutoFeatureExtractor", "AutoModel", "AutoTokenizer"} <= seen


class Bomb:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("kind", ["pickle", "torch"])
def test_every_file_of_a_run_replaced_by_a_pickle(place: Workspace, run: Path, tmp_path: Path, kind: str) -> None:
    trace = tmp_path / "trace"
    for file in [path for path in run.rglob("*") if path.is_file()]:
        kept = file.read_bytes()
        with file.open("wb") as stream:
            (pickle.dump if kind == "pickle" else torch.save)({"h": Bomb(trace)}, stream)
        for question in (
            lambda: load_run(run, place).map(),
            lambda: load_run(run, place).quality(),
            lambda: load_run(run, place).encode_text(["x"]),
            lambda: read_state(run),
            lambda: read_events(run),
            lambda: last_checkpoint(run),
        ):
            with suppress(MirageError):
                question()
        file.write_bytes(kept)
    assert not trace.exists()


SCRIPT = """
import json, sys
from pathlib import Path
from core.runs import load_run, measure_quality, read_events, read_state
from core.runs.checkpoint import last_checkpoint
from core.workspace import Workspace

def use(folder, workspace):
    run = load_run(folder, workspace)
    run.generate(run.classes[0], 5), run.map(), run.map_quality(), run.information(), run.evaluation(), run.quality()
    run.neighbours(run.h[:3]), run.project(run.h), run.pointwise_mi(run.h, run.classes[0]), run.novelty(run.h[:3])
    read_events(folder), read_state(folder), last_checkpoint(folder), repr(run)

good, folder, workspace = map(Path, sys.argv[1:])
use(good, Workspace(good.parents[1]))  # what is imported late is imported now
opened = []
def hook(event, args):
    if event in ("open", "os.listdir", "os.scandir", "subprocess.Popen", "socket.connect", "os.system", "exec"):
        # A number is a file that is open already.
        opened.extend(f"{event} {name}" for name in args[:1] if not isinstance(name, int))
sys.addaudithook(hook)
use(folder, Workspace(workspace))
print(json.dumps(opened))
"""


def test_nothing_outside_a_run_is_read(place: Workspace, run: Path, tmp_path: Path) -> None:
    good = tmp_path / "good" / "runs" / "demo"
    shutil.copytree(run, good)
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    # Everything in the run that could name a file names one outside it.
    table = pq.read_table(run / "features" / "utterances.parquet")
    place_of = table.schema.names.index("audio")
    table = table.set_column(place_of, "audio", [[str(secret)] * len(table)])
    pq.write_table(
        table.replace_schema_metadata({"corpus": "demo", "root": "/"}), run / "features" / "utterances.parquet"
    )
    environment = json.loads((run / "environment.json").read_text())
    environment["corpus"] = {"name": "../../../secret.json", "sha256": "0"}
    environment["embeddings"] = [{"name": str(secret), "encoder": str(secret), "sha256": "0"}] * 2
    (run / "environment.json").write_text(json.dumps(environment))
    folder = run / "checkpoints" / "step-000001"
    folder.mkdir(parents=True)
    (folder / "checkpoint.json").write_text(json.dumps({"sha256": {str(secret): "0"}, "own_sha256": "0"}))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, good, run, tmp_path / "nothing"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MIRAGE_HOME": str(tmp_path / "nothing")},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    opened = json.loads(done.stdout.splitlines()[-1])
    inside = (str(run), str(run.resolve()))
    allowed = tuple(str(Path(path).resolve()) for path in (sys.prefix, sys.base_prefix, ROOT / "core")) + (
        "/proc",
        "/sys",
    )
    strange = [
        line
        for line in opened
        if not line.partition(" ")[2].startswith((*inside, *allowed, sys.prefix))
        and line.partition(" ")[2] != "/dev/null"
    ]
    assert any(line.endswith("aligned.safetensors") for line in opened)
    assert not strange
