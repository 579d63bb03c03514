"""Texts from data are text, in the page and in what its script reads."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core import Workspace
from core.demo import install_demo
from core.files import read_json, write_json
from core.shipped import ASSETS
from tests.dashboard.report.conftest import Read, read_report

MARK = "</script><img src=x onerror=pwned()><b>pwn</b>\u2028\u202e{{ 7*7 }}<!--<script>&amp;"
ALL = "demo-4e77e8790a4c"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """The demo with such texts for ids, transcripts, speakers, titles, and the corpus's licence."""
    workspace = Workspace(tmp_path_factory.mktemp("hostile"))
    install_demo(workspace)
    shutil.copytree(ASSETS / ALL, workspace.benchmarks / ALL)
    renamed = (workspace.corpus_file("demo"), workspace.run_folder("demo") / "features" / "utterances.parquet")
    for file in renamed:
        change(file)
    file = workspace.benchmarks / ALL / "results.json"
    content = read_json(file)
    for method in content["methods"].values():
        method["title"] += MARK
    content["condition_title"] = MARK
    write_json(file, content)
    environment = workspace.run_folder("demo") / "environment.json"
    write_json(environment, {**read_json(environment), "device": MARK, "mirage": MARK})
    return read_report(workspace)


def change(file: Path) -> None:
    with pq.ParquetFile(file) as opened:
        table = opened.read()
    for name in ("utterance_id", "text", "speaker"):
        values = pa.array([f"{value}{MARK}" for value in table[name].to_pylist()], pa.string())
        table = table.set_column(table.column_names.index(name), name, values)
    kept = dict(table.schema.metadata)
    if b"mirage" in kept:
        kept[b"mirage"] = json.dumps({**json.loads(kept[b"mirage"]), "title": MARK, "licence": MARK}).encode()
    pq.write_table(table.replace_schema_metadata(kept), file)


def test_no_text_becomes_an_element(hostile: Read, page: Read) -> None:
    assert hostile.all("img") == []
    assert hostile.all("b") == []
    assert len(hostile.all("script")) == len(page.all("script"))
    assert {one.tag for one in hostile.elements} <= {one.tag for one in page.elements}


def test_texts_are_there_as_they_are(hostile: Read) -> None:
    shown = MARK.replace("\u2028", "\\u2028").replace("\u202e", "\\u202e")
    for key in ("data", "limits", "benchmark", "repeat"):
        assert shown in hostile.text(key), key
    assert "49" not in hostile.text("repeat")


def test_what_the_script_reads_is_whole(hostile: Read) -> None:
    first = hostile.data()["map"]["clips"][0]
    assert first["name"].startswith("v1_angry_001</script><img")
    words = json.loads(hostile.pack("map-pack")[1]["words"])
    assert len(words) == 576
    assert words[0][3].endswith("…")
    for block in ("report-data", "clip-pack"):
        assert "<" not in hostile.blocks[block]
        assert "\u2028" not in hostile.blocks[block]
