"""Ids and names that a stranger chose: none leads out of the workspace, none reaches the terminal unescaped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import BadInputError
from core.runs import find_run, load_run
from core.workspace import Workspace
from dashboard.overview_view import bring_in

from .conftest import Refused

NAMES = ["../demo", "a/b", "..", "a\0b", "a\x1b[2J", "a\nb", "\u202ea", "<b>a</b>", "x" * 300, "", ".hidden", "a.tmp"]
UTTERANCES = "features/utterances.parquet"


@pytest.mark.parametrize("name", NAMES)
def test_the_corpus_that_a_run_names(place: Workspace, run: Path, refused: Refused, name: str) -> None:
    table = pq.read_table(run / UTTERANCES)
    pq.write_table(table.replace_schema_metadata({"corpus": name}), run / UTTERANCES)
    refused(lambda: load_run(run, place), "cannot name a corpus")


@pytest.mark.parametrize("name", NAMES)
def test_the_run_that_a_person_is_told_to_open(place: Workspace, name: str) -> None:
    for ask in (find_run, load_run):
        with pytest.raises(BadInputError) as caught:
            ask(name, place)
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", ["a\x1b[2J", "a\nb", "\u202ea", "<b>a", "a b", ".hidden", "x" * 200])
def test_a_folder_whose_name_cannot_be_a_run_is_not_brought_in(place: Workspace, run: Path, name: str) -> None:
    target = run.parent.parent / "elsewhere" / name
    shutil.copytree(run, target)
    with pytest.raises(BadInputError) as caught:
        bring_in(str(target), place)
    assert str(caught.value).isprintable()
    assert [path.name for path in place.runs.iterdir()] == ["demo"]


def test_ids_of_utterances(place: Workspace, run: Path, refused: Refused) -> None:
    table = pq.read_table(run / UTTERANCES)
    ids = ["../../../etc/passwd", "a\x1b[2J\0\u202e", "<script>"] + [str(number) for number in range(573)]
    table = table.set_column(0, "utterance_id", pa.array(ids))
    pq.write_table(table, run / UTTERANCES)
    loaded = load_run(run, place)
    for row in range(3):
        # A clip is found by its id in the workspace's own corpus, and by nothing that the run says.
        refused(lambda row=row: loaded.waveform(row), "corpus demo has no utterance")


def test_a_clip_is_the_corpus_s_own_whatever_the_run_says(place: Workspace, run: Path) -> None:
    before = load_run(run, place).waveform(0)
    table = pq.read_table(run / UTTERANCES)
    place_of = table.schema.names.index("audio")
    table = table.set_column(place_of, "audio", pa.array(["/etc/passwd"] * len(table)))
    pq.write_table(table, run / UTTERANCES)
    assert (load_run(run, place).waveform(0) == before).all()


def test_a_message_is_one_line_whatever_it_quotes() -> None:
    message = str(BadInputError("a\r\n\x1b]0;title\x07\u2028\u202eb" + "x" * 10_000 + "the end"))
    assert message.isprintable()
    assert message.startswith("a\\r\\n\\x1b]0;title\\x07\\u2028\\u202eb")
    assert message.endswith("the end")
    assert len(message) < 2100
    assert str(BadInputError(message)) == message
