"""MSP-Podcast: the releases' differences and every trap, on miniatures of them."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.corpora import class_view, ingest, make_folds
from core.errors import BadInputError

from .miniatures import msp_podcast

HEADER = ",".join(msp_podcast.HEADER)


def read(root, workspace, **options):
    return ingest("msp-podcast", root, workspace=workspace, **options)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return msp_podcast.write(tmp_path_factory.mktemp("podcast") / "MSP-PODCAST-Publish-1.12")


@pytest.mark.parametrize("release", list(msp_podcast.RELEASES))
def test_every_release_is_read_alike(tmp_path, workspace, release):
    done = read(msp_podcast.write(tmp_path / release, release), workspace)
    assert done.problems == []
    form = msp_podcast.RELEASES[release]
    table = done.corpus.table
    tests = [f"test{number}" for number in range(1, len(form.tests) + 1)]
    assert table["split"].value_counts().to_dict() == dict.fromkeys(["train", "dev", *tests], 10)
    first = table.iloc[0]
    assert (first["utterance_id"], first["audio"]) == ("MSP-PODCAST_0000_0000", "Audios/MSP-PODCAST_0000_0000.wav")
    assert first["arousal"] == pytest.approx(0.2)
    assert (first["valence"], first["dominance"]) == (0.5, 1.0)
    # The rater who rated twice counts once; free words are `other`.
    assert first["emotion_votes"] == {"angry": 2.0, "neutral": 1.0}
    assert table["emotion_votes"].iloc[9] == {"other": 2.0, "neutral": 1.0}
    assert table["emotion_votes"].iloc[7] == {"neutral": 3.0}


def test_letters(root, workspace):
    table = read(root, workspace).corpus.table
    assert table["emotion"].head(10).tolist() == [
        "angry",
        "sad",
        "happy",
        "surprise",
        "fear",
        "disgust",
        "contempt",
        "neutral",
        "other",
        None,
    ]


def test_labels_as_json_and_as_text(root, tmp_path, workspace):
    csv = read(root, workspace).corpus.table
    as_json = read(msp_podcast.write(tmp_path / "json", kind="json"), workspace, name="json").corpus.table
    assert as_json.equals(csv)
    as_text = read(msp_podcast.write(tmp_path / "txt", kind="txt"), workspace, name="txt")
    unknown = ["speaker", "gender"]
    assert as_text.corpus.table.drop(columns=unknown).equals(csv.drop(columns=unknown))
    assert as_text.remarks == ["no utterance names its speaker: testing on other speakers needs at least two"]


def test_unknown_is_no_speaker(root, workspace):
    done = read(root, workspace)
    table = done.corpus.table
    assert "Unknown" not in set(table["speaker"]) | set(table["gender"])
    assert table["speaker"].isna().sum() == 18
    assert table["gender"].isna().sum() == 18
    assert "18 utterances name no speaker: they are not used in folds" in done.remarks
    folds = make_folds(table, by="speaker")
    assert not any(fold.test[table["speaker"].isna()].any() for fold in folds)


def test_transcripts_in_two_encodings_some_missing(root, workspace):
    table = read(root, workspace).corpus.table
    assert table["text"].iloc[0] is None
    assert table["text"].iloc[1] == "Café 1, you know?"
    assert table["text"].iloc[4] == "Café 4, you know?"
    assert table["text"].isna().sum() == 17


def test_earlier_releases_inside_are_not_read(root, workspace):
    done = read(root, workspace)
    assert done.problems == []
    assert not done.corpus.table["utterance_id"].str.contains("9999").any()
    assert done.corpus.classes()[0] == "angry"


def test_a_clip_in_stereo_at_another_rate_is_read(root, workspace):
    corpus = read(root, workspace).corpus
    assert corpus.waveform(1).shape == (1600,)


def test_official_split_with_several_test_sets(root, workspace):
    table = read(root, workspace).corpus.table
    folds = make_folds(table, by="split")
    assert [fold.name for fold in folds] == ["test1", "test2", "test3"]
    assert [int(fold.test.sum()) for fold in folds] == [10, 10, 10]
    assert all(fold.train.sum() == 10 and fold.validation.sum() == 10 for fold in folds)
    assert folds[1].test_speakers == ()


def test_a_speaker_in_training_and_in_test_is_an_error(tmp_path, workspace):
    rows = msp_podcast.rows(msp_podcast.RELEASES["1.12"])
    rows[20] = (*rows[20][:5], "0", "Male", "Test1")
    table = read(msp_podcast.write(tmp_path / "both", table=rows), workspace).corpus.table
    with pytest.raises(BadInputError, match=r"fold 'test1': 1 speakers are both in training and in test \(0\)"):
        make_folds(table, by="split")


def test_hidden_labels_keep_their_row(tmp_path, workspace):
    rows = msp_podcast.rows(msp_podcast.RELEASES["1.12"])
    rows[-1] = (rows[-1][0], "", "", "NaN", "", "Unknown", "Unknown", "Test3")
    done = read(msp_podcast.write(tmp_path / "hidden", table=rows), workspace)
    last = done.corpus.table.iloc[-1]
    assert done.problems == []
    assert last["emotion"] is None
    assert last[["arousal", "valence", "dominance"]].isna().all()
    assert last["split"] == "test3"


def test_what_cannot_be_used_is_named_and_the_rest_goes_on(tmp_path, workspace):
    rows = msp_podcast.rows(msp_podcast.RELEASES["2.0"])
    rows[0] = (rows[0][0], "Q", *rows[0][2:])
    rows[2] = (*rows[2][:2], "9.5", *rows[2][3:])
    rows[3] = (*rows[3][:-1], "None")
    rows.append(rows[4])
    root = msp_podcast.write(tmp_path / "bad", "2.0", rows[:-1])
    labels = root / "Labels" / "labels_consensus.csv"
    labels.write_text(
        labels.read_text() + ",".join(rows[-1]) + "\n" + "MSP-PODCAST_1909_1017.wav,N,4,4,4,1,Male,Train\n"
    )
    os.link(root / "Audios" / rows[5][0], root / "Audios" / "MSP-PODCAST_7777_0001.wav")
    done = read(root, workspace)
    assert len(done.corpus) == len(rows) - 2
    file = "Labels/labels_consensus.csv"
    assert [str(problem) for problem in done.problems] == [
        "Audios/MSP-PODCAST_0000_0000.wav: has no label in Labels/labels_consensus.csv; leave it, or add its label",
        "Audios/MSP-PODCAST_7777_0001.wav: has no label in Labels/labels_consensus.csv; leave it, or add its label",
        "Labels/labels_consensus.csv, row 2: MSP-PODCAST_0000_0000.wav: the label 'Q' is not one of "
        "A, S, H, U, F, D, C, N, O, X; compare it with the release",
        f"{file}, row {len(rows) + 1}: the utterance id 'MSP-PODCAST_0000_0004' is already taken "
        "by row 6; give it its own",
        f"{file}, row {len(rows) + 2}: Audios/MSP-PODCAST_1909_1017.wav: the audio file is missing",
    ]
    assert done.remarks[:2] == [
        "1 values lie outside their scale and were left empty",
        "1 utterances are in no partition of Labels/labels_consensus.csv",
    ]


def test_votes_that_cannot_be_read_do_not_stop_it(tmp_path, workspace):
    root = msp_podcast.write(tmp_path / "votes")
    detailed = root / "Labels" / "labels_detailed.csv"
    first = "MSP-PODCAST_0000_0000.wav,WORKER1; Sad; Sad,Bored, tired; A:1; V:2; D:3;\n"
    detailed.write_bytes(b"FileName,EmoDetail\n" + first.encode() + b"x\nMSP-PODCAST_0000_0001.wav,W2; Other-\xe9; ;\n")
    table = read(root, workspace).corpus.table
    assert table["emotion_votes"].head(3).tolist() == [{"sad": 1.0}, {"other": 1.0}, None]
    detailed.write_text("a,b\n1,2\n")
    done = read(root, workspace)
    assert done.corpus.table["emotion_votes"].isna().all()
    assert "labels_detailed.csv: the votes cannot be read to their end" in done.remarks[0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("FileName,Split_Set\na.wav,Train\n", "has no column emoclass"),
        (HEADER + "\n", "the table has a header and no rows"),
        ("", "the table is empty"),
    ],
)
def test_broken_label_files(tmp_path, workspace, content, says):
    root = msp_podcast.write(tmp_path / "broken")
    (root / "Labels" / "labels_consensus.csv").write_text(content)
    with pytest.raises(BadInputError, match=says):
        read(root, workspace)


def test_broken_json_and_folders(tmp_path, workspace):
    root = msp_podcast.write(tmp_path / "json", kind="json")
    labels = root / "Labels" / "labels_consensus.json"
    labels.write_text(json.dumps({"MSP-PODCAST_0000_0000.wav": "N"}))
    with pytest.raises(
        BadInputError, match=r"no usable utterance; first: Labels/labels_consensus\.json: MSP-PODCAST_0000"
    ):
        read(root, workspace)
    labels.write_text("[1]")
    with pytest.raises(BadInputError, match="does not map file names to labels"):
        read(root, workspace)
    labels.write_text("{")
    with pytest.raises(BadInputError, match="is not JSON"):
        read(root, workspace)
    labels.unlink()
    (root / "Labels" / "labels.txt").unlink()
    with pytest.raises(BadInputError, match=r"there is no labels_consensus\.csv"):
        read(root, workspace)
    (root / "Labels").rmdir()
    with pytest.raises(BadInputError, match="there is no folder Labels"):
        read(root, workspace)


def test_eight_classes(root, workspace):
    table = read(root, workspace).corpus.table
    assert len(class_view(table["emotion"], "eight-class")[1]) == 8
    assert class_view(table["emotion"], "7-class")[0].notna().sum() == 35


_NUMBERS = st.none() | st.integers()
_NESTED = st.lists(_NUMBERS, max_size=2) | st.dictionaries(st.text(max_size=2), _NUMBERS, max_size=2)
_JSON = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.sampled_from(["A", "N", "Unknown", "Test2", "4", "\ud800", ""])
    | st.text(st.characters(), max_size=4)
    | _NESTED
)
_RECORD = st.dictionaries(st.sampled_from(msp_podcast.HEADER[1:]) | st.text(max_size=3), _JSON, max_size=8)


@pytest.fixture(scope="module")
def one_clip(tmp_path_factory):
    release = msp_podcast.RELEASES["1.12"]
    return msp_podcast.write(tmp_path_factory.mktemp("any"), table=msp_podcast.rows(release)[:2], kind="json")


@given(st.dictionaries(st.just("MSP-PODCAST_0000_0000.wav") | st.text(max_size=4), _RECORD | _JSON, max_size=3))
@example({"MSP-PODCAST_0000_0000.wav": {"EmoClass": "N", "EmoAct": [1], "EmoVal": 10**400, "EmoDom": True}})
@example({"MSP-PODCAST_0000_0000.wav": {"EmoClass": "N", "SpkrID": "\ud800"}})
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_is_a_corpus_or_one_clear_line(one_clip, workspace, content):
    labels = one_clip / "Labels" / "labels_consensus.json"
    labels.write_text(json.dumps(content))
    try:
        done = ingest("msp-podcast", one_clip, workspace=workspace, replace=True)
    except BadInputError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    for name in ("arousal", "valence", "dominance"):
        assert done.corpus.table[name].dropna().between(0, 1).all()
    assert len(done.corpus) + sum(problem.file.startswith("Labels") for problem in done.problems) == len(content)
