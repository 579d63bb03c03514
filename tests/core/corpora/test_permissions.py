"""The switches of licensed data: set when a corpus is read, changed by whoever keeps it, never lost on the way."""

from __future__ import annotations

import json
import shutil

import pytest

from core.corpora import (
    Permissions,
    change_permissions,
    for_people,
    ingest,
    load_corpus,
    require_audio,
)
from core.corpora.permissions import NOTHING, read_permissions, refuse_restricted
from core.errors import BadInputError


def read(small, workspace, **more):
    root, table = small
    return ingest("folder", root, workspace=workspace, table=table, **more)


def test_both_are_on_where_nobody_says_otherwise(small, workspace):
    corpus = read(small, workspace).corpus
    assert Permissions.of(corpus.metadata) == Permissions()
    assert for_people(corpus) is corpus
    require_audio(corpus)


def test_switched_off_words_are_not_shown_but_are_still_there_to_learn_from(small, workspace):
    done = read(small, workspace, audio=False, transcripts=False)
    assert any("clips are not played and transcripts are not shown" in line for line in done.remarks)
    corpus = load_corpus("small", workspace)
    assert corpus.table["text"].notna().all()
    assert len(corpus.waveform(0)) > 0
    shown = for_people(corpus)
    assert shown.table["text"].isna().all()
    assert "sentence" not in shown.table.to_json()
    with pytest.raises(BadInputError, match="must not be played"):
        require_audio(corpus)


def test_a_change_keeps_everything_else(small, workspace):
    before = read(small, workspace).corpus
    assert change_permissions("small", workspace, audio=False) == Permissions(audio=False)
    after = load_corpus("small", workspace)
    assert after.fingerprint() == before.fingerprint()
    assert {**after.metadata, "audio_allowed": True} == before.metadata
    assert change_permissions("small", workspace, transcripts=False) == NOTHING
    assert change_permissions("small", workspace, audio=True) == Permissions(transcripts=False)
    assert read_permissions(workspace.corpus_file("small")) == Permissions(transcripts=False)


@pytest.mark.parametrize("replace", [False, True])
def test_reading_the_corpus_again_does_not_switch_on(replace, small, workspace):
    read(small, workspace, transcripts=False)
    assert Permissions.of(read(small, workspace, replace=replace).corpus.metadata) == Permissions(transcripts=False)


def test_reading_it_under_another_name_or_from_a_folder_around_or_inside_does_not_switch_on(small, workspace, sheet):
    root, table = small
    read(small, workspace, audio=False)
    done = read(small, workspace, name="copy")
    assert Permissions.of(done.corpus.metadata) == Permissions(audio=False)
    assert any("as of small" in line for line in done.remarks)
    rows = [("audio", "emotion", "speaker"), ("0.wav", "sad", "a"), ("1.wav", "happy", "b")]
    inside = ingest("folder", root / "clips", name="in", workspace=workspace, table=sheet(root.parent / "t.csv", rows))
    assert not Permissions.of(inside.corpus.metadata).audio
    rows = [("audio", "emotion", "speaker"), ("small/clips/0.wav", "sad", "a")]
    around = ingest("folder", root.parent, name="out", workspace=workspace, table=sheet(root.parent / "u.csv", rows))
    assert not Permissions.of(around.corpus.metadata).audio
    link = root.parent / "link"
    link.symlink_to(root)
    linked = ingest("folder", link, name="linked", workspace=workspace, table=table)
    assert not Permissions.of(linked.corpus.metadata).audio


def test_another_folder_is_not_touched_by_it(small, workspace, sheet):
    root, table = small
    read(small, workspace, audio=False)
    shutil.copytree(root / "clips", root.parent / "small2" / "clips")
    shutil.copy(table, root.parent / "small2" / "table.csv")
    other = root.parent / "small2"
    done = ingest("folder", other, workspace=workspace, table=other / "table.csv")
    assert Permissions.of(done.corpus.metadata) == Permissions()


def test_pages_cannot_read_a_licensed_corpus_anew(small, workspace):
    root, table = small
    refuse_restricted("x", [root, table], workspace)
    read(small, workspace, transcripts=False)
    for place in (root, root / "clips", root.parent, table, root / "clips" / ".." / "table.csv"):
        with pytest.raises(BadInputError, match="belongs to small"):
            refuse_restricted("x", [place], workspace)
    with pytest.raises(BadInputError, match="belongs to small"):
        refuse_restricted("small", [root.parent / "elsewhere"], workspace)
    refuse_restricted("x", [root.parent / "elsewhere"], workspace)
    for more in ({}, {"name": "other"}, {"name": "other", "mapping": {"speaker": "text"}}):
        with pytest.raises(BadInputError, match="belongs to small"):
            read(small, workspace, refuse_licensed=True, **more)


def test_what_is_damaged_allows_nothing(small, workspace):
    read(small, workspace)
    file = workspace.corpus_file("small")
    file.write_bytes(file.read_bytes()[:-20])
    assert read_permissions(file) == NOTHING
    assert Permissions.of({"audio_allowed": 1.5, "transcript_allowed": None}) == NOTHING


def test_command_says_and_changes(small, workspace, mirage):
    root, table = small
    done = mirage("ingest", "folder", root, "--table", table, "--no-transcript", "--json", home=workspace.root)
    assert json.loads(done.out)["transcript_allowed"] is False
    home = workspace.root
    assert mirage("corpus", "small", home=home).out == "small: audio on, transcripts off\n"
    done = mirage("corpus", "small", "--audio", "off", "--transcripts", "on", "--json", home=home)
    assert json.loads(done.out) == {"name": "small", "audio_allowed": False, "transcript_allowed": True}
    done = mirage("corpus", "gone", "--audio", "off", home=home)
    assert (done.code, "there is no corpus 'gone'" in done.err) == (2, True)
    assert mirage("corpus", "small", "--audio", "maybe", home=home).code == 2
