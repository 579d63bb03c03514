"""Class views, folds and transcript groups, and what must hold of all of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.corpora import EMOTIONS, build_table, class_view, make_folds, transcript_groups
from core.errors import BadInputError


def test_class_view_merges_and_orders():
    emotions = pd.Series(["excited", "happy", None, "calm", "angry"], index=[4, 5, 6, 7, 8])
    labels, names = class_view(emotions, " happy , Anger, excited > joy")
    assert names == ["happy", "angry"]
    assert list(labels) == ["happy", "happy", None, None, "angry"]
    assert list(labels.index) == [4, 5, 6, 7, 8]
    assert class_view(emotions)[1] == ["angry", "happy", "calm", "excited"]


def test_named_sets():
    emotions = pd.Series(EMOTIONS)
    for name, number in [("four", 4), ("five", 5), ("six", 6), ("seven", 7), ("eight", 8), ("nine", 9)]:
        labels, names = class_view(emotions, f"{name}-class")
        assert len(names) == number
        for other in (f"{number}-class", f" {name.title()} class", f"{number}_CLASS"):
            assert class_view(emotions, other)[1] == names
    labels, _ = class_view(emotions, "four-class")
    assert labels[EMOTIONS.index("excited")] == "happy"
    assert labels[EMOTIONS.index("frustrated")] is None
    with pytest.raises(BadInputError, match="nor one of the sets four-class, five-class"):
        class_view(emotions, "ten-class")


@pytest.mark.parametrize(
    ("classes", "says"),
    [
        ("angry,furious", "'furious' is not one of angry, happy"),
        ("angry,sad,angry", "angry is listed twice"),
        ("angry,sad,boredom", "the corpus has no boredom; its emotions: angry, happy, sad"),
        ("angry", "at least two emotions, there is angry"),
        ("angry,sad,excited>happy", "excited>happy needs happy in the list as well"),
        ("angry,sad,sad>angry", "sad is used twice"),
        ("angry,,sad", "'' is not one of"),
        ("", "'' is not one of"),
        ("angry,sad>", "'' is not one of"),
    ],
)
def test_class_view_faults(classes, says):
    with pytest.raises(BadInputError) as caught:
        class_view(pd.Series(["angry", "sad", "happy"]), classes)
    assert says in str(caught.value)


def test_one_emotion_is_too_few():
    with pytest.raises(BadInputError, match="at least two emotions, there is sad"):
        class_view(pd.Series(["sad", "sad", None]))
    with pytest.raises(BadInputError, match="there is none"):
        class_view(pd.Series([None, None], dtype=object))


@given(
    st.lists(st.none() | st.sampled_from(EMOTIONS), min_size=1, max_size=40),
    st.lists(st.sampled_from(EMOTIONS), min_size=2, max_size=6, unique=True),
    st.integers(0, 3),
)
@settings(max_examples=80, deadline=None)
def test_class_view_invariants(values, names, merged):
    merged = min(merged, len(names) - 2)
    kept, sources = names[merged:], names[:merged]
    emotions = pd.Series(values, dtype=object)
    spec = ",".join([*kept, *[f"{source}>{kept[0]}" for source in sources]])
    try:
        labels, found = class_view(emotions, spec)
    except BadInputError:
        assert any(name not in {kept[0] if v in sources else v for v in values} for name in kept)
        return
    assert found == kept
    for value, label in zip(emotions, labels, strict=True):
        assert label == (kept[0] if value in sources else value if value in kept else None)


def table(speakers, sessions=None, genders=None, splits=None) -> pd.DataFrame:
    n = len(speakers)
    columns = {"speaker": speakers, "session": sessions, "gender": genders, "split": splits}
    return build_table(
        {"utterance_id": str(row), **{name: values[row] for name, values in columns.items() if values is not None}}
        for row in range(n)
    )


def test_sessions_with_their_own_speakers_are_folds():
    folds = make_folds(table(["a", "b", "c", "d", None], ["1", "1", "2", "10", "2"]))
    assert [fold.name for fold in folds] == ["1", "2", "10"]
    assert [fold.test_speakers for fold in folds] == [("a", "b"), ("c",), ("d",)]
    assert folds[0].test.tolist() == [True, True, False, False, False]
    # A row whose speaker is unknown could be anybody: it is in no part.
    assert folds[0].train.tolist() == [False, False, True, True, False]


def test_a_speaker_in_two_sessions():
    both = table(["a", "b", "a"], ["1", "1", "2"])
    assert [fold.name for fold in make_folds(both)] == ["a", "b"]
    with pytest.raises(BadInputError, match=r"both in training and in test \(a\); choose folds by speaker"):
        make_folds(both, by="session")


@pytest.mark.parametrize(("without", "names"), [(2, ["1", "2"]), (3, ["a", "b", "c"])])
def test_sessions_that_few_rows_lack(without, names):
    # Of 40 or 41 rows with a speaker, 38 have a session: 95 % are enough, the rest would be lost in silence.
    speakers = ["a"] * 20 + ["b"] * 18 + ["c"] * without + [None] * 30
    rows = table(speakers, ["1"] * 20 + ["2"] * 18 + [None] * (without + 30))
    folds = make_folds(rows)
    assert [fold.name for fold in folds] == names
    assert len(make_folds(rows, by="session")) == 2


def test_speaker_folds_balance_gender_and_size():
    speakers = [f"{kind}{number}" for number in range(5) for kind in "fm" for _ in range(3 + number)]
    folds = make_folds(table(speakers, genders=[name[0] for name in speakers]), n_folds=5)
    assert len(folds) == 5
    for fold in folds:
        assert sorted(name[0] for name in fold.test_speakers) == ["f", "m"]
    sizes = [int(fold.test.sum()) for fold in folds]
    assert max(sizes) - min(sizes) <= 4


def test_more_folds_than_speakers():
    folds = make_folds(table(["a", "b", "b", "c"]), n_folds=50)
    assert sorted(fold.test_speakers for fold in folds) == [("a",), ("b",), ("c",)]


def test_official_split():
    rows = table(["a", "b", "c", "d", None], splits=["train", "dev", "test1", "test2", "test1"])
    first, second = make_folds(rows, by="split")
    assert (first.name, second.name) == ("test1", "test2")
    assert first.train.tolist() == [True, False, False, False, False]
    assert first.validation.tolist() == [False, True, False, False, False]
    assert first.test.tolist() == [False, False, True, False, True]
    with pytest.raises(BadInputError, match="1 speakers are both"):
        make_folds(table(["a", "a"], splits=["train", "test"]), by="split")
    with pytest.raises(BadInputError, match="no official train and test split"):
        make_folds(table(["a", "b"]), by="split")


@pytest.mark.parametrize("by", ["auto", "session", "speaker"])
@pytest.mark.parametrize(("speakers", "have"), [(["a", "a", None], r"one speaker \(a\)"), ([None, None], "no speaker")])
def test_one_speaker_is_too_few(by, speakers, have):
    with pytest.raises(BadInputError, match=f"at least two, the corpus has {have}") as caught:
        make_folds(table(speakers), by=by)
    assert "\n" not in str(caught.value)


def test_other_fold_faults():
    with pytest.raises(BadInputError, match="fewer than two sessions"):
        make_folds(table(["a", "b"]), by="session")
    with pytest.raises(BadInputError, match="choose auto, session, speaker or split"):
        make_folds(table(["a", "b"]), by="chance")


_NAMES = st.none() | st.sampled_from(["1", "2", "3", "10", "x", "y", "z"])


@given(
    st.lists(st.tuples(_NAMES, _NAMES, st.sampled_from([None, "f", "m"])), min_size=1, max_size=40),
    st.sampled_from(["auto", "session", "speaker"]),
    st.integers(2, 8),
)
@settings(max_examples=150, deadline=None)
def test_nobody_is_on_both_sides(rows, by, n_folds):
    data = table(*([row[at] for row in rows] for at in range(3)))
    try:
        folds = make_folds(data, by=by, n_folds=n_folds)
    except BadInputError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    again = make_folds(data.copy(), by=by, n_folds=n_folds)
    speakers = data["speaker"].to_numpy()
    tested = np.zeros(len(data), dtype=int)
    for fold, same in zip(folds, again, strict=True):
        assert fold.name == same.name
        np.testing.assert_array_equal(fold.test, same.test)
        assert fold.test.dtype == fold.train.dtype == bool
        assert fold.test.any()
        assert fold.train.any()
        assert not (fold.test & fold.train).any()
        assert set(speakers[fold.test]) == set(fold.test_speakers)
        assert not set(speakers[fold.test]) & set(speakers[fold.train])
        assert None not in set(speakers[fold.test | fold.train])
        tested += fold.test
    assert len({fold.name for fold in folds}) == len(folds)
    assert tested.max() == 1
    if by == "speaker":
        assert len(folds) == min(n_folds, data["speaker"].nunique())
        np.testing.assert_array_equal(tested == 1, data["speaker"].notna())
        sizes = [len(fold.test_speakers) for fold in folds]
        assert max(sizes) - min(sizes) <= 3


def test_transcript_groups():
    rows = build_table(
        {"utterance_id": str(n), "text": text}
        for n, text in enumerate(["Kids are here.", None, "dogs", "kids  are HERE", " ... ", "Dogs!", "Straße"])
    )
    assert transcript_groups(rows).tolist() == [0, -1, 1, 0, -1, 1, 2]
    assert transcript_groups(rows).dtype == np.int64


@given(st.lists(st.none() | st.text("aB .!ß", max_size=4), max_size=20))
@settings(max_examples=50, deadline=None)
def test_transcript_groups_number_from_zero(texts):
    groups = transcript_groups(build_table({"utterance_id": str(n), "text": t} for n, t in enumerate(texts)))
    assert set(groups[groups >= 0]) == set(range(groups.max(initial=-1) + 1))
    for text, group in zip(texts, groups, strict=True):
        assert (group == -1) == (not (text or "").strip(" .!"))
