"""CREMA-D, TESS, ESD and SAVEE, on miniatures with the layouts and faults of the real ones."""

from __future__ import annotations

import shutil
import time

import pytest

from core.corpora import ingest, make_folds, transcript_groups
from core.corpora.loaders.esd import parse_transcripts
from core.corpora.loaders.textfile import decode
from core.errors import BadInputError

from .miniatures import crema_d, esd, savee, tess
from .miniatures.sound import write_clip


def rows_by_id(done):
    return done.corpus.table.set_index("utterance_id")


def test_crema_d(tmp_path, workspace):
    done = ingest("crema-d", crema_d.build(tmp_path / "c"), workspace=workspace)
    rows = rows_by_id(done)
    assert sorted(rows.index) == sorted(crema_d.CLIPS)
    assert set(rows["audio"].str.split("/").str[0]) == {"AudioWAV"}
    assert rows.loc["1001_DFA_ANG_XX", ["text", "emotion", "speaker", "gender", "language"]].tolist() == [
        "Don't forget a jacket.",
        "angry",
        "1001",
        "male",
        "en",
    ]
    assert rows.loc["1091_WSI_DIS_MD", ["emotion", "gender"]].tolist() == ["disgust", "female"]
    assert rows.loc["1040_ITH_SAD_X", "emotion"] == "sad"
    # The label is what was acted, the votes are what was heard.
    assert rows.loc["1001_IEO_HAP_LO", "emotion"] == "happy"
    assert rows.loc["1001_IEO_HAP_LO", "emotion_votes"] == {"neutral": 1.0}
    assert rows.loc["1002_IEO_SAD_HI", "emotion_votes"] == {"angry": 0.5, "fear": 0.5}
    assert rows.loc["1091_WSI_DIS_MD", "emotion_votes"] is None
    assert [str(problem) for problem in done.problems] == [
        "AudioWAV/1076_MTI_SAD_XX.wav: nothing can be heard in it (digital silence); "
        "repair or remove it, then ingest again",
        "summaryTable.csv, row 5: the vote 'Q' is not made of A D F H N S; the clip stays, without votes",
    ]
    assert "7 copies of clips were passed over" in done.remarks


def test_crema_d_says_a_sentence_in_every_emotion(tmp_path, workspace):
    done = ingest("crema-d", crema_d.build(tmp_path / "c"), workspace=workspace)
    rows = done.corpus.table.assign(group=transcript_groups(done.corpus.table)).set_index("utterance_id")
    assert rows.loc["1001_IEO_HAP_LO", "group"] == rows.loc["1002_IEO_SAD_HI", "group"]


def test_crema_d_in_parts(tmp_path, workspace):
    root = crema_d.build(tmp_path / "c", mp3=False)
    inner = ingest("crema-d", root / "AudioWAV", workspace=workspace)
    assert rows_by_id(inner).loc["1001_IEO_HAP_LO", "emotion_votes"] == {"neutral": 1.0}
    # Beside a folder of any other name lie the votes of who knows what.
    shutil.copytree(root / "AudioWAV", root / "clips")
    other = ingest("crema-d", root / "clips", name="other", workspace=workspace)
    assert other.corpus.table["emotion_votes"].isna().all()
    shutil.rmtree(root / "clips")
    shutil.rmtree(root / "processedResults")
    bare = ingest("crema-d", root, name="bare", workspace=workspace)
    assert bare.corpus.table["emotion_votes"].isna().all()
    assert "there is no processedResults/summaryTable.csv: the raters' votes are left out" in bare.remarks
    shutil.rmtree(root / "AudioWAV")
    for name in crema_d.CLIPS:
        write_clip(root / "AudioMP3" / f"{name}.mp3", 0.5, rate=44_100)
    lossy = ingest("crema-d", root, name="lossy", workspace=workspace)
    assert len(lossy.corpus) == len(crema_d.CLIPS)


def test_crema_d_as_git_leaves_it(tmp_path, workspace):
    (tmp_path / "c" / "AudioWAV").mkdir(parents=True)
    (tmp_path / "c" / "AudioWAV" / "1001_DFA_ANG_XX.wav").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 72718\n"
    )
    with pytest.raises(BadInputError, match="is what Git LFS leaves in a clip's place; run `git lfs pull` there"):
        ingest("crema-d", tmp_path / "c", workspace=workspace)


def test_tess(tmp_path, workspace):
    done = ingest("tess", tess.build(tmp_path / "t"), workspace=workspace)
    rows = rows_by_id(done)
    n = len(tess.FOLDERS) * len(tess.WORDS) + 1
    assert len(rows) == n
    assert done.problems == []
    assert done.remarks == [f"{n} copies of clips were passed over"]
    assert rows.loc["OAF_back_ps", ["emotion", "text", "speaker", "gender"]].tolist() == [
        "surprise",
        "Say the word back.",
        "OAF",
        "female",
    ]
    assert rows.loc["YAF_young_ps", "emotion"] == "surprise"
    # OA_bite_neutral is no third speaker.
    assert rows.loc["OAF_bite_neutral", ["speaker", "emotion"]].tolist() == ["OAF", "neutral"]
    assert done.corpus.speakers() == ["OAF", "YAF"]


def test_tess_copies_that_differ_are_named(tmp_path, workspace):
    root = tess.build(tmp_path / "t", nested=False)
    write_clip(root / "other" / "OAF_back_angry.wav", 0.7, rate=24_414)
    done = ingest("tess", root, workspace=workspace)
    assert len(done.corpus) == len(tess.FOLDERS) * len(tess.WORDS) + 1
    assert "the utterance id 'OAF_back_angry' is already taken by" in str(done.problems[0])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb2312"])
def test_texts_in_any_encoding(encoding):
    text = "0001_000001\t他对谁都那么友好。\t中立\r\n"
    assert decode(text.encode(encoding), "gb18030") == text


@pytest.mark.parametrize(("splits", "folders"), [(True, True), (False, True), (False, False)])
def test_esd(tmp_path, workspace, splits, folders):
    root = esd.build(tmp_path / "Emotional Speech Dataset" / "Emotion Speech Dataset", splits=splits, folders=folders)
    done = ingest("esd", root.parent, workspace=workspace)
    rows = rows_by_id(done)
    assert len(rows) == len(esd.ENCODINGS) * 15
    assert done.problems == []
    for speaker in esd.ENCODINGS:
        for block, emotion in enumerate(esd.EMOTIONS):
            for place, split in esd.PLACES.items():
                row = rows.loc[f"{speaker}_{350 * block + place:06d}"]
                assert row["emotion"] == emotion.lower()
                assert row["split"] == {"evaluation": "dev"}.get(split, split)
                assert row["speaker"] == speaker
                assert row["language"] == esd.language(speaker)
                missing = speaker == "0011" and (block, place) == (0, 51)
                assert row["text"] == (None if missing else esd.text_of(speaker, place)), speaker
    assert rows.groupby("speaker")["gender"].first().to_dict() == {
        "0001": "female",
        "0003": "female",
        "0011": "male",
        "0012": "male",
        "0016": "female",
    }
    assert "1 clips have no transcript" in done.remarks
    derived = "75 clips lie in no folder of a split: the official split is taken from their numbers"
    assert (derived in done.remarks) is not splits
    # The same sentence in every emotion: positives of one another.
    groups = dict(zip(rows.index, transcript_groups(done.corpus.table), strict=True))
    assert groups["0012_000001"] == groups["0016_001401"] != groups["0012_000021"]
    with pytest.raises(BadInputError, match="both in training and in test"):
        make_folds(done.corpus.table, by="split")
    assert len(make_folds(done.corpus.table, by="speaker")) == 5


def test_esd_lines_of_many_spaces_are_read_at_once():
    begin = time.perf_counter()
    lines = ["0011_000351 The nine" + " " * 50_000 + "eggs. Angry", "0001_000351 " + "他 " * 20_000 + "生气"]
    texts = parse_transcripts("\n".join(lines))
    assert texts["0011_000351"] == "The nine eggs."
    assert texts["0001_000351"] == " ".join("他" * 20_000)
    assert parse_transcripts("0011_000002 Angry\n0011_000003 So angry he was.") == {"0011_000003": "So angry he was."}
    assert time.perf_counter() - begin < 1


def test_esd_of_one_speaker_and_with_foreign_files(tmp_path, workspace):
    root = esd.build(tmp_path / "esd")
    write_clip(root / "0011" / "Angry" / "0011_001751.wav")
    write_clip(root / "0011" / "Angry" / "0021_000001.wav")
    done = ingest("esd", root / "0011", workspace=workspace)
    assert len(done.corpus) == 15
    assert done.corpus.table["text"].notna().sum() == 14
    assert [str(problem) for problem in done.problems] == [
        f"Angry/{name}.wav: is not named like a clip of ESD (for example 0011_000351)"
        for name in ("0011_001751", "0021_000001")
    ]


@pytest.mark.parametrize("flat", [False, True])
def test_savee(tmp_path, workspace, flat):
    done = ingest("savee", savee.build(tmp_path / "s", flat=flat), workspace=workspace)
    rows = rows_by_id(done)
    assert len(rows) == 28
    assert done.problems == []
    assert done.corpus.speakers() == list(savee.SPEAKERS)
    # sa and su are not a and s.
    assert rows.loc["KL_sa01", "emotion"] == "sad"
    assert rows.loc["KL_su01", "emotion"] == "surprise"
    assert rows.loc["DC_a01", ["emotion", "gender", "speaker"]].tolist() == ["angry", "male", "DC"]
    assert rows["text"].isna().all()
    assert (transcript_groups(done.corpus.table) == -1).all()


def test_savee_in_both_layouts_at_once_and_of_one_speaker(tmp_path, workspace):
    root = savee.build(savee.build(tmp_path / "s") / "ALL", flat=True).parent
    done = ingest("savee", root, workspace=workspace)
    assert len(done.corpus) == 28
    assert done.remarks == ["28 copies of clips were passed over"]
    one = ingest("savee", root / "AudioData" / "JK", name="one", workspace=workspace)
    assert one.corpus.speakers() == ["JK"]
    shutil.copytree(root / "AudioData" / "JK", tmp_path / "nobody")
    with pytest.raises(BadInputError, match=r"no usable utterance; first: a01.wav: is not named like a clip of SAVEE"):
        ingest("savee", tmp_path / "nobody", name="nobody", workspace=workspace)


OPEN = ("crema-d", "tess", "esd", "meld", "savee", "audformat")


@pytest.mark.parametrize("loader", OPEN)
def test_folders_that_cannot_be_read(tmp_path, workspace, loader):
    foreign = tmp_path / "foreign"
    write_clip(foreign / "wav" / "03a01Fa.wav")
    (tmp_path / "file.wav").write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "readme.txt").write_text("no clips here")
    for path, says in {
        None: "where is the corpus",
        "nowhere": "no such folder",
        "file.wav": "is not a folder",
        "empty": "there is no",
        "text": "there is no",
        "foreign": "no usable utterance; first: wav/03a01Fa.wav: is not named like|there is no",
    }.items():
        with pytest.raises(BadInputError, match=says) as caught:
            ingest(loader, path if path is None else tmp_path / path, workspace=workspace)
        assert "\n" not in str(caught.value)
    assert not workspace.corpora.exists()


def test_two_corpora_with_the_same_name(tmp_path, workspace):
    first = ingest("savee", savee.build(tmp_path / "a"), workspace=workspace)
    other = savee.build(tmp_path / "b", flat=True)
    with pytest.raises(
        BadInputError, match=r"the workspace has another corpus 'savee' \(from .*/a\); use --name or --re"
    ):
        ingest("savee", other, workspace=workspace)
    with pytest.raises(BadInputError, match="another corpus 'savee'"):
        ingest("tess", tess.build(tmp_path / "t"), name="savee", workspace=workspace)
    again = ingest("savee", tmp_path / "a", workspace=workspace)
    assert again.corpus.fingerprint() == first.corpus.fingerprint()
    ingest("savee", other, name="savee-flat", workspace=workspace)
    assert ingest("savee", other, replace=True, workspace=workspace).corpus.root == other
