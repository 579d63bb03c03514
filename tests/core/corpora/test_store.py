"""The utterance table on disk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.corpora import EMOTIONS, SCHEMA, Corpus, build_table, load_corpus, save_corpus
from core.errors import BadInputError


def make(root: Path, rows, name: str = "tiny") -> Corpus:
    return Corpus(name=name, root=root, table=build_table(rows), metadata={"loader": "folder"})


ROWS = [
    {"utterance_id": "a", "audio": "x/a.wav", "emotion": "angry", "speaker": "1", "session": "s1", "arousal": 0.25},
    {"utterance_id": "b", "text": "Grüß dich", "emotion": "sad", "session": "s2", "emotion_votes": {"sad": 2.0}},
    {"utterance_id": "c", "start": 1.0, "end": 2.5},
]


def test_round_trip(tmp_path, workspace):
    corpus = make(tmp_path, ROWS)
    file = save_corpus(corpus, workspace)
    assert pq.read_schema(file).equals(SCHEMA)
    again = load_corpus("tiny")
    pd.testing.assert_frame_equal(again.table, corpus.table)
    assert again.fingerprint() == corpus.fingerprint()
    assert again.root == tmp_path
    assert again.metadata["loader"] == "folder"
    assert again.table["text"].iat[0] is None
    assert np.isnan(again.table["valence"].iat[0])
    assert again.table["emotion_votes"].iat[1] == {"sad": 2.0}
    assert load_corpus(file).name == "tiny"
    assert load_corpus(str(file)).name == "tiny"


def test_counts_classes_speakers(tmp_path):
    corpus = make(tmp_path, ROWS)
    counts = corpus.counts()
    assert list(counts.index) == ["angry", "sad", "(none)"]
    assert list(counts.columns) == ["(none)", "s1", "s2", "all"]
    assert counts.loc["angry", "s1"] == 1
    assert counts["all"].sum() == 3
    assert corpus.classes() == ["angry", "sad"]
    assert corpus.speakers() == ["1"]


def test_fingerprint_is_of_the_content(tmp_path):
    first = make(tmp_path, ROWS)
    moved = make(tmp_path / "elsewhere", ROWS, name="other")
    changed = make(tmp_path, [{**ROWS[0], "emotion": "fear"}, *ROWS[1:]])
    assert first.fingerprint() == moved.fingerprint() != changed.fingerprint()


def test_portable_root_moves_along(tmp_path):
    (tmp_path / "here" / "speech").mkdir(parents=True)
    save_corpus(make(tmp_path / "here" / "speech", ROWS), tmp_path / "here" / "t.parquet", portable=True)
    (tmp_path / "here").rename(tmp_path / "there")
    assert load_corpus(tmp_path / "there" / "t.parquet").root == tmp_path / "there" / "speech"


def test_audio_path(tmp_path, clip):
    clip(tmp_path / "x" / "a.wav")
    corpus = make(tmp_path, ROWS)
    row = corpus.table.iloc[0]
    expected = tmp_path / "x" / "a.wav"
    assert corpus.audio_path(0) == corpus.audio_path(row) == corpus.audio_path(row.to_dict()) == expected
    assert corpus.audio_path(next(corpus.table.itertuples())) == expected
    assert corpus.waveform(0).shape == (4800,)
    with pytest.raises(BadInputError, match="'b' has no audio"):
        corpus.audio_path(1)
    with pytest.raises(BadInputError, match="no row 3"):
        corpus.audio_path(3)
    with pytest.raises(BadInputError, match="is not there; ingest it again"):
        make(tmp_path / "gone", ROWS).audio_path(0)


def test_links_do_not_lead_out(tmp_path, clip):
    clip(tmp_path / "secret" / "a.wav")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "x").symlink_to(tmp_path / "secret")
    with pytest.raises(BadInputError, match="a link leads out of the folder"):
        make(tmp_path / "root", ROWS).audio_path(0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"utterance_id": "b"}, "'b' occurs more than once"),
        ({"utterance_id": None}, "row 1: the utterance has no id"),
        ({"emotion": "furious"}, "'furious' is not one of the emotions angry, happy"),
        ({"arousal": 1.5}, "arousal is 1.5, not from 0 to 1"),
        ({"valence": -0.1}, "valence is -0.1"),
        ({"start": -1.0}, "segment from -1.0"),
        ({"start": 2.0, "end": 1.0}, "segment from 2.0 to 1.0"),
        ({"end": float("inf")}, "to inf s"),
        ({"audio": "../../etc/passwd"}, "leaves the folder"),
        ({"audio": "/etc/passwd"}, "is absolute"),
        ({"audio": "C:\\x.wav"}, "is absolute"),
        ({"audio": "a\\..\\..\\x.wav"}, "leaves the folder"),
    ],
)
def test_invalid_tables_are_neither_written_nor_read(tmp_path, workspace, change, says):
    corpus = make(tmp_path, [{**ROWS[0], **change}, *ROWS[1:]])
    with pytest.raises(BadInputError, match="corpus tiny") as caught:
        save_corpus(corpus, workspace)
    assert says in str(caught.value)
    assert not workspace.corpora.exists()


def _store(path: Path, table: pa.Table, metadata=None) -> Path:
    metadata = {"root": "/nowhere", "version": 1} if metadata is None else metadata
    pq.write_table(table.replace_schema_metadata({b"mirage": json.dumps(metadata).encode()}), path)
    return path


def test_damaged_files(tmp_path, workspace):
    good = save_corpus(make(tmp_path, ROWS), workspace)
    raw = good.read_bytes()
    arrow = pq.read_table(good)
    bad = tmp_path / "bad.parquet"

    def refused(says: str) -> None:
        with pytest.raises(BadInputError, match=says) as caught:
            load_corpus(bad)
        assert "bad.parquet" in str(caught.value)
        assert "\n" not in str(caught.value)

    for content in (b"", raw[: len(raw) // 2], raw[:-1], b"PAR1" + b"\0" * 50, b"no parquet at all"):
        bad.write_bytes(content)
        refused("damaged")
    _store(bad, arrow.drop_columns(["speaker", "text"]))
    refused("no column text, speaker")
    _store(bad, arrow.set_column(2, "start", pa.array(["one", "two", "three"])))
    refused("wrong type")
    _store(bad, arrow.set_column(0, "utterance_id", pa.array(["a", None, "c"])))
    refused("wrong type|no id")
    _store(bad, arrow.set_column(0, "utterance_id", pa.array(["a", "a", "c"])))
    refused("more than once")
    _store(bad, arrow.set_column(1, "audio", pa.array(["../a", None, None])))
    refused("leaves the folder")
    _store(bad, arrow, {"no": "root"})
    refused("metadata is missing")
    _store(bad, arrow, {"root": "/x", "version": 99})
    refused("newer MIRAGE")
    pq.write_table(arrow.replace_schema_metadata(None), bad)
    refused("metadata is missing")
    bad.unlink()
    refused("no such utterance table")
    bad.mkdir()
    refused("no such utterance table")


def test_paths_that_cannot_be_there(workspace):
    with pytest.raises(BadInputError, match="there is no home folder of this user"):
        load_corpus("~nosuchuser/x.parquet", workspace)
    with pytest.raises(BadInputError, match="there is no such utterance table"):
        load_corpus("x" * 5_000 + ".parquet", workspace)


def test_half_surrogates_are_written_out(tmp_path, workspace):
    row = {"utterance_id": "a\ud800b", "text": "\ud83d é 😀", "speaker": "\udcff", "emotion_votes": {"\ud800": 1.0}}
    save_corpus(Corpus("c", tmp_path, build_table([row]), {}), workspace)
    got = load_corpus("c", workspace).table.iloc[0]
    assert got[["utterance_id", "text", "speaker"]].tolist() == ["a\\ud800b", "\\ud83d é 😀", "\\udcff"]
    assert got["emotion_votes"] == {"\\ud800": 1.0}


def test_unknown_corpus_names_the_known_ones(tmp_path, workspace):
    with pytest.raises(BadInputError, match="ingested: none yet"):
        load_corpus("tiny")
    save_corpus(make(tmp_path, ROWS), workspace)
    with pytest.raises(BadInputError, match=r"no corpus 'tinny' .*ingested: tiny"):
        load_corpus("tinny", workspace)


_TEXT = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
_UNIT = st.none() | st.floats(0, 1)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "emotion": st.none() | st.sampled_from(EMOTIONS),
                "text": _TEXT,
                "speaker": _TEXT,
                "session": _TEXT,
                "arousal": _UNIT,
                "emotion_votes": st.none() | st.dictionaries(st.sampled_from(EMOTIONS), st.floats(0, 9)),
            }
        ),
        max_size=6,
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_valid_table_comes_back(tmp_path, rows):
    corpus = make(tmp_path, [{**row, "utterance_id": f"u{number}"} for number, row in enumerate(rows)])
    again = load_corpus(save_corpus(corpus, tmp_path / "any.parquet"))
    pd.testing.assert_frame_equal(again.table, corpus.table)
    assert again.fingerprint() == corpus.fingerprint()
    assert corpus.counts()["all"].sum() == len(rows)
