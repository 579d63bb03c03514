"""Databases in the audformat form, written by the package itself."""

from __future__ import annotations

import pickle
from pathlib import Path

import pandas as pd

from .sound import write_clip

LABELS = ("anger", "happiness", "neutral")
TEXTS = {"a01": "Der Lappen liegt auf dem Eisschrank.", "a02": "Das will sie am Mittwoch abgeben."}
SPEAKERS = {3: {"gender": "male", "age": 31}, 8: {"gender": "female", "age": 34}}


def build(root: Path, *, form: str = "csv") -> Path:
    """One file an utterance, as the published EmoDB: a table of emotions, one of files, two of a split."""
    import audformat

    db = audformat.Database("mini", source="tests", usage="research", languages=["de"])
    db.schemes["emotion"] = audformat.Scheme(labels=list(LABELS))
    db.schemes["confidence"] = audformat.Scheme("float", minimum=0, maximum=1)
    db.schemes["speaker"] = audformat.Scheme("int", labels=SPEAKERS)
    db.schemes["transcription"] = audformat.Scheme(labels=TEXTS)
    db.schemes["arousal"] = audformat.Scheme("float", minimum=1, maximum=7)
    db.schemes["valence"] = audformat.Scheme("float")
    files = [f"wav/{number}.wav" for number in range(8)]
    for seed, file in enumerate(files):
        write_clip(root / file, seed=seed)
    db.splits["train"] = audformat.Split("train")
    db.splits["test"] = audformat.Split("test")
    _add(db, "emotion", audformat.filewise_index(files))
    db["emotion"]["emotion"] = audformat.Column(scheme_id="emotion")
    db["emotion"]["emotion"].set([LABELS[k % 3] for k in range(7)] + [None])
    db["emotion"]["emotion.confidence"] = audformat.Column(scheme_id="confidence")
    db["emotion"]["emotion.confidence"].set([0.5] * 8)
    for split, part in (("train", files[:4]), ("test", files[4:])):
        name = f"emotion.{split}.gold"
        db[name] = audformat.Table(audformat.filewise_index(part), split_id=split)
        db[name]["emotion"] = audformat.Column(scheme_id="emotion")
        db[name]["emotion"].set("neutral")  # told apart from the full table
    _add(db, "files", audformat.filewise_index(files))
    for column, values in {
        "speaker": [3] * 4 + [8] * 4,
        "transcription": ["a01", "a02"] * 4,
        "arousal": [1.0, 7.0, 4.0, 1.0, 1.0, 1.0, 1.0, None],
        "valence": [0.5] * 8,
    }.items():
        db["files"][column] = audformat.Column(scheme_id=column)
        db["files"][column].set(values)
    db.save(str(root), storage_format=form)
    return root


def build_segmented(root: Path, *, form: str = "parquet") -> Path:
    """Parts of long files; speakers by file, what is known of them in a table of labels."""
    import audformat

    db = audformat.Database("talks", source="tests", usage="research", languages=["en", "cmn"])
    speakers = pd.Index(["ann", "bob"], dtype="string", name="speaker")
    db["speakers"] = audformat.MiscTable(speakers)
    db["speakers"]["gender"] = audformat.Column()
    db["speakers"]["gender"].set(["female", "male"])
    db["speakers"]["age"] = audformat.Column()
    db["speakers"]["age"].set([40, 50])
    db["speakers"]["language"] = audformat.Column()
    db["speakers"]["language"].set(["eng", "cmn"])
    db.schemes["emotion"] = audformat.Scheme(labels={"A": "anger", "N": "neutral", "Z": "zeal"})
    db.schemes["speaker"] = audformat.Scheme("str", labels="speakers")
    write_clip(root / "a.wav", 4.0)
    write_clip(root / "b.wav", 4.0, seed=1)
    _add(db, "files", audformat.filewise_index(["a.wav", "b.wav"]))
    db["files"]["speaker"] = audformat.Column(scheme_id="speaker")
    db["files"]["speaker"].set(["ann", "bob"])
    index = audformat.segmented_index(
        ["a.wav", "a.wav", "b.wav", "b.wav", "gone.wav"],
        ["0s", "1.5s", "0s", "0.5s", "0s"],
        ["1.5s", "3.25s", pd.NaT, "1s", "1s"],
    )
    _add(db, "turns", index)
    db["turns"]["felt"] = audformat.Column(scheme_id="emotion")
    db["turns"]["felt"].set(["A", "N", "A", "Z", "N"])
    db.save(str(root), storage_format=form)
    return root


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple:
        return Path.touch, (self.mark,)


def set_traps(root: Path, mark: Path) -> None:
    """Puts a pickle beside each table, newer than it, as audformat's own cache would be."""
    for table in root.glob("db.*.csv"):
        table.with_suffix(".pkl").write_bytes(pickle.dumps(Trap(mark)))


def _add(db, name: str, index: pd.Index) -> None:
    import audformat

    db[name] = audformat.Table(index)
