"""Published counts: whole copies match, others are told what differs."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import pytest

from core.corpora import LOADERS, build_table, compare
from core.corpora.published import EDITIONS, Edition


def copy_of(edition: Edition) -> pd.DataFrame:
    """A table with exactly the published counts: the finest ones are filled first, the rest without emotion."""
    rows: list[dict[str, object]] = []

    def number_of(where: Iterable[tuple[str, tuple[str, ...]]]) -> int:
        return sum(all(row.get(column) in values for column, values in where) for row in rows)

    for count in sorted(edition.counts, key=lambda count: (-len(count.where), count.number)):
        if any(len(values) > 1 for _, values in count.where):
            continue
        values = {column: options[0] for column, options in count.where}
        for _ in range(count.number - number_of(count.where)):
            part = values.get("part", "T")
            name = f"MSP-IMPROV-S01A-F01-{part}-{len(rows)}" if edition.loader == "msp-improv" else f"u{len(rows)}"
            rows.append({"utterance_id": name, **values, "part": part})
    return build_table(rows)


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: f"{edition.loader} {edition.release}".strip())
def test_a_copy_with_these_counts_matches_and_five_less_differ(edition):
    table = copy_of(edition)
    same = compare(edition.loader, table, labelled=edition.labelled)
    assert same is not None
    assert same.lines()[0].startswith("matches the published counts"), same.lines()
    assert same.release == edition.release
    less = compare(edition.loader, table.iloc[5:].reset_index(drop=True), labelled=edition.labelled)
    assert not less.matches
    assert less.to_dict()["differences"][0]["found"] == less.differences[0].published - 5


def test_numbers_of_the_paper_add_up():
    improv = next(edition for edition in EDITIONS if edition.loader == "msp-improv")
    numbers = {count.what: count.number for count in improv.counts}
    assert sum(numbers[name] for name in ("neutral", "happy", "sad", "angry")) == numbers["four classes"] == 7798
    parts = ["T (target, improvised)", "R (target, read)", "S (other improvised)", "P (natural interaction)"]
    assert sum(numbers[name] for name in parts) == numbers["turns"] == 8438
    for emotion in ("neutral", "happy", "sad", "angry"):
        assert sum(numbers[f"{letter}, {emotion}"] for letter in "TRSP") == numbers[emotion]
    iemocap = {count.what: count.number for count in EDITIONS[0].counts}
    assert sum(iemocap[f"session {number}"] for number in range(1, 6)) == iemocap["utterances"]
    assert sum(iemocap[f"session {number}, four classes"] for number in range(1, 6)) == 5531


def test_the_release_is_told_by_its_labels():
    table = build_table({"utterance_id": f"u{number}", "split": "train"} for number in range(10))
    assert compare("msp-podcast", table, labelled=73_042).release == "1.8"
    assert compare("msp-podcast", table, labelled=149_307).release == "1.11"
    assert compare("msp-podcast", table, labelled=203_936).release == "1.12"
    assert compare("msp-podcast", table, labelled=264_705).release == "2.0"
    # Releases without published counts are not held against their neighbours.
    assert compare("msp-podcast", table, labelled=104_267) is None
    assert compare("msp-podcast", table) is None
    assert compare("folder", table) is None


def test_clips_that_are_faulty_in_the_release_itself_are_no_difference():
    table = build_table({"utterance_id": f"u{number}"} for number in range(7_441))
    silent = {"utterance_id": "1076_MTI_SAD_XX", "emotion": "sad"}
    assert compare("crema-d", table, [silent]).matches
    assert compare("cremad", table, [{"utterance_id": "1001_DFA_ANG_XX"}]).lines() == [
        "differs from the published counts: utterances: 7,441 found, 7,442 published"
    ]


def test_every_edition_has_a_loader_of_that_name():
    assert {edition.loader for edition in EDITIONS} <= set(LOADERS)
