"""What the map shows: points, colours, selection, search, tables. No Streamlit, no browser."""

from __future__ import annotations

import dataclasses
import io
import json
import shutil
import zipfile
from pathlib import Path

import audformat
import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as some

from core import LoadedRun, Workspace, load_run
from core.corpora import Permissions
from core.export import features_bytes
from dashboard.space import colouring, component, detail, search, selection, tables
from dashboard.space.clip import clip_of, wav_bytes
from dashboard.space.points import GeneratedPoints, MapPoints, generated_points, map_points
from dashboard.space.quality import quality_line
from dashboard.space.selection import Selection


@pytest.fixture(scope="module")
def points(text_run: LoadedRun) -> MapPoints:
    return map_points(text_run)


def many_speakers(count: int) -> MapPoints:
    """Points of ``count`` speakers, the first speaking most."""
    speakers = [f"s{k:02d}" for k in range(count) for _ in range(count - k)]
    n = len(speakers)
    table = pd.DataFrame(
        {
            "utterance_id": [str(i) for i in range(n)],
            "emotion": ["sad"] * (n - 1) + [None],
            "label": ["sad"] * (n - 1) + [None],
            "predicted": ["sad"] * n,
            "p_true": 0.5,
            "text": None,
            "speaker": speakers,
            "session": None,
            "gender": None,
            "part": "test",
        }
    )
    places = np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32)
    return MapPoints(table, places, np.full((n, 2), np.nan, np.float32), np.linspace(-1, 2, n), ("sad", "happy"))


# --- points ------------------------------------------------------------------------------------------------------


def test_every_utterance_has_its_places(points: MapPoints, text_run: LoadedRun) -> None:
    table = text_run.map()
    for row in (0, 17, 53):
        for name, places in (("audio", points.audio), ("text", points.text)):
            own = table[(table["row"] == row) & (table["modality"] == name)][["x", "y"]].to_numpy()
            np.testing.assert_allclose(places[row], own[0], rtol=1e-6)
    assert points.has_text
    left, right, low, high = points.bounds
    assert left < points.audio[:, 0].min()
    assert right > points.text[:, 0].max()
    assert low < high


def test_own_information_is_that_of_the_run(points: MapPoints, text_run: LoadedRun) -> None:
    own = text_run.pointwise_mi(text_run.h, text_run.utterances["label"].to_numpy())
    np.testing.assert_allclose(points.mi, own, atol=1e-5)


# --- colours -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["emotion", "predicted", "error", "mi", "speaker", "part"])
def test_each_colouring_covers_real_and_generated(by: str, points: MapPoints, text_run: LoadedRun) -> None:
    generated = generated_points(text_run, 3, seed=1)
    colours = colouring.colouring(points, by, generated)
    assert colours.code.shape == (54,)
    assert colours.generated.shape == (9,)
    assert max(colours.code.max(), colours.generated.max()) < len(colours.colours)
    if colours.names:
        assert sum(colours.counts(np.arange(54))) == 54
        assert len(colours.names) == len(colours.colours)


def test_many_speakers_share_one_grey_that_says_how_many() -> None:
    points = many_speakers(30)
    colours = colouring.colouring(points, "speaker")
    assert colours.names[:2] == ("s00", "s01")
    assert colours.names[-1] == "7 others"
    assert len(colours.names) == colouring.MOST
    assert colours.counts(np.arange(len(points)))[-1] == sum(range(1, 8))


def test_as_many_categories_as_colours_have_one_each() -> None:
    colours = colouring.colouring(many_speakers(colouring.MOST), "speaker")
    assert len(set(colours.colours)) == len(colours.names) == colouring.MOST


def test_numeric_columns_have_a_scale_and_grey_where_there_is_no_value() -> None:
    points = many_speakers(4)
    table = points.table.assign(arousal=np.linspace(1, 5, len(points)), valence=np.nan)
    table.loc[0, "arousal"] = np.nan
    marked = dataclasses.replace(points, table=table)
    assert "arousal" in colouring.choices(marked)
    assert "valence" not in colouring.choices(marked)
    colours = colouring.colouring(marked, "arousal")
    assert colours.scale is not None
    assert colours.title == "Arousal (as annotated)"
    assert colours.code[0] == colouring.STEPS


def test_no_label_is_neither_right_nor_wrong() -> None:
    points = many_speakers(4)
    colours = colouring.colouring(points, "error")
    assert colours.names == ("right", "none")
    assert colours.counts(np.arange(len(points))) == [9, 1]


def test_magnitude_orders_its_colours() -> None:
    points = many_speakers(4)
    points.mi[3] = np.nan
    colours = colouring.colouring(points, "mi")
    assert colours.code[3] == colouring.STEPS
    known = np.delete(colours.code, 3)
    assert (np.diff(known) >= 0).all()
    assert colours.scale is not None
    assert colours.names == ()


def test_columns_without_a_value_cannot_be_chosen() -> None:
    assert "session" not in colouring.choices(many_speakers(3))
    assert "speaker" in colouring.choices(many_speakers(3))


# --- selection ---------------------------------------------------------------------------------------------------


visible_rows = np.array([True, True, False, True])


def said(*rows: int, **more: object) -> dict[str, object]:
    """What the browser sends of a selection among four utterances."""
    return {"selected": component.packed(rows, 4), "picked": None, **more}


def test_selection_of_the_browser_is_taken_as_far_as_filters_let_it() -> None:
    assert component.chosen(said(0, 2, 3, picked=1), visible_rows) == Selection((0, 3), 1)
    assert component.chosen(said(), visible_rows) == Selection((), None)


@given(some.sets(some.integers(0, 40)))
def test_rows_survive_the_way_as_bits(rows: set[int]) -> None:
    assert component.unpacked(component.packed(sorted(rows), 41), 41) == tuple(sorted(rows))


@pytest.mark.parametrize(
    "odd", [{}, {"selected": 7}, {"selected": "%"}, {"selected": "////////"}, {"picked": "x"}, {"picked": True}]
)
def test_odd_events_do_no_harm(odd: dict[str, object]) -> None:
    made = component.chosen(odd, visible_rows)
    assert set(made.rows) <= {0, 1, 3}
    assert made.picked is None


def test_selection_takes_visible_points_only() -> None:
    visible = np.array([True, False, True])
    assert Selection((0, 1, 2, 7), 1).within(visible) == Selection((0, 2), 1)


def test_unknown_id_of_an_address_is_no_row(points: MapPoints) -> None:
    assert (
        selection.row_of_id(points, "s0-angry-0") == points.table.index[points.table["utterance_id"] == "s0-angry-0"][0]
    )
    assert selection.row_of_id(points, "gone") is None
    assert selection.row_of_id(points, None) is None


# --- search and filters ------------------------------------------------------------------------------------------


def test_search_is_plain_and_ignores_case(points: MapPoints) -> None:
    assert len(search.matches(points, "  bus ")) == 18
    assert len(search.matches(points, "*BACK*, <b>")) == 18
    assert search.matches(points, ".*") == ()
    assert search.matches(points, " ") == ()
    assert search.matches(many_speakers(3), "bus") == ()


def test_filters_meet(points: MapPoints) -> None:
    assert search.visible(points, {}).all()
    mask = search.visible(points, {"emotion": ["sad"], "speaker": ["s1", "s2"], "part": []})
    assert mask.sum() == 6
    assert search.values_of(points, "emotion") == list(points.classes)
    assert set(search.values_of(points, "part")) <= {"train", "validation", "test", "unused"}


def test_a_guess_is_never_shown_as_an_emotion(points: MapPoints) -> None:
    """Rows that were learnt from without a label: a part of their own, no emotion in colours, tooltips and tables."""
    rows = (points.table["part"] == "train").to_numpy()
    table = points.table.assign(
        part=points.table["part"].mask(rows, "unlabelled"),
        emotion=points.table["emotion"].mask(rows, None),
        label=points.table["label"].mask(rows, None),
    )
    silent = dataclasses.replace(points, table=table, mi=np.where(rows, np.nan, points.mi))
    assert "unlabelled" in search.values_of(silent, "part")
    by_part = colouring.colouring(silent, "part")
    assert by_part.names.index("unlabelled") in set(by_part.code[rows])
    by_emotion = colouring.colouring(silent, "emotion")
    assert {by_emotion.names[code] for code in by_emotion.code[rows]} == {"none"}
    row = int(np.flatnonzero(rows)[0])
    assert "trained on with a guess" in detail.verdict(table.iloc[row], silent)
    assert tables.shown_table(silent, [row])["emotion"].isna().all()
    assert tables.exported_table(silent, [row])[["emotion", "label"]].isna().all(axis=None)


# --- tables ------------------------------------------------------------------------------------------------------


def test_export_is_safe_in_a_spreadsheet_and_whole(points: MapPoints) -> None:
    table = tables.exported_table(points, [0, 1, 2])
    read = pd.read_csv(io.BytesIO(tables.csv_bytes(table)), encoding="utf-8-sig")
    assert "'=1+1 is two" in set(read["text"])
    np.testing.assert_allclose(read["map_text_x"], points.text[:3, 0], rtol=1e-4)
    back = pd.read_parquet(io.BytesIO(tables.parquet_bytes(table)))
    assert "=1+1 is two" in set(back["text"])
    assert back["row"].tolist() == [0, 1, 2]


def test_selection_for_other_programs(points: MapPoints, text_run: LoadedRun, tmp_path: Path) -> None:
    chosen = [5, 0, 2]
    rows = tables.exported_features(text_run, points, chosen)
    with np.load(io.BytesIO(features_bytes(rows, "npz")), allow_pickle=False) as found:
        np.testing.assert_array_equal(found["audio"], text_run.h[chosen])
        assert text_run.t is not None
        np.testing.assert_array_equal(found["text_feature"], text_run.t[chosen])
        assert found["row_of_run"].tolist() == chosen
        assert found["utterance_id"].tolist() == points.table["utterance_id"].iloc[chosen].tolist()
        assert found["file"].tolist() == points.table["audio"].iloc[chosen].tolist()
    with zipfile.ZipFile(io.BytesIO(features_bytes(rows, "audformat"))) as archive:
        archive.extractall(tmp_path)
    database = audformat.Database.load(str(tmp_path / "utterances"))
    assert database.schemes["label"].labels == text_run.classes
    assert database["utterances"].get()["label"].tolist() == points.table["label"].iloc[chosen].tolist()
    np.testing.assert_array_equal(database["audio"].get().to_numpy(), text_run.h[chosen])
    assert "real utterances" in database.description


@pytest.mark.parametrize(("audio", "transcripts"), [(True, False), (False, True), (False, False)])
def test_what_a_licence_keeps_is_in_no_export(
    text_run: LoadedRun, monkeypatch: pytest.MonkeyPatch, audio: bool, transcripts: bool
) -> None:
    allowed = Permissions(audio=audio, transcripts=transcripts)
    monkeypatch.setattr(LoadedRun, "permissions", property(lambda run: allowed))
    points = map_points(text_run)
    rows = tables.exported_features(text_run, points, [5, 0, 2])
    with np.load(io.BytesIO(features_bytes(rows, "npz")), allow_pickle=False) as found:
        assert ("file" in found) == audio
        assert ("text_feature" in found) == ("text" in found) == transcripts
        assert found["audio"].shape == (3, text_run.dim)
    assert "audio" not in tables.exported_table(points, [5, 0, 2])
    assert tables.exported_table(points, [5], paths=True)["audio"].notna().all()


def test_neighbours_leave_out_the_utterance_itself(points: MapPoints, text_run: LoadedRun) -> None:
    near = tables.neighbour_table(text_run, points, 7, k=5)
    assert len(near) == 5
    assert 7 not in near["row"].tolist()
    true = np.linalg.norm(text_run.h - text_run.h[7], axis=1)
    assert near["row"].tolist() == np.argsort(true)[1:6].tolist()
    np.testing.assert_allclose(near["distance"], np.sort(true)[1:6], rtol=1e-3)


def test_agreement_counts_what_the_map_keeps(points: MapPoints) -> None:
    distance = np.linalg.norm(points.audio - points.audio[4], axis=1)
    nearest = np.argsort(distance)[1:6]
    assert tables.agreement(points, 4, nearest.tolist(), 5) == 5
    assert tables.agreement(points, 4, np.argsort(distance)[-3:].tolist(), 5) == 0


# --- what the browser gets ---------------------------------------------------------------------------------------


def sent(points: MapPoints, by: str = "emotion", chosen: Selection = Selection(), **look: object) -> dict:  # noqa: B008
    return component.component_data(
        "run",
        points,
        colouring.colouring(points, by),
        packs={"places": "p", "paint": "q", "words": None},
        selection=chosen,
        look=component.MapLook(**look),  # type: ignore[arg-type]
        near=(5, 6),
        seen=3,
        token="t",
        generated=None,
    )


def test_places_take_four_bytes_each_and_lead_back(points: MapPoints) -> None:
    _, content = component.places_pack(points)
    tensors = safetensors.numpy.load(content)
    low_x, high_x, low_y, high_y = points.bounds
    for name, places in (("audio", points.audio), ("text", points.text)):
        assert tensors[name].nbytes == 4 * len(points)
        known = np.isfinite(places[:, 0])
        assert (tensors[name][~known] == 65535).all()
        back = tensors[name][known] / 65534 * [high_x - low_x, high_y - low_y] + [low_x, low_y]
        np.testing.assert_allclose(back, places[known], atol=2e-5 * (high_x - low_x + high_y - low_y))


def test_colours_take_one_byte_and_filters_one_bit(points: MapPoints) -> None:
    colours = colouring.colouring(points, "emotion")
    visible = np.zeros(len(points), dtype=bool)
    visible[[0, 9]] = True
    tensors = safetensors.numpy.load(component.paint_pack(colours, visible)[1])
    np.testing.assert_array_equal(tensors["paint"], colours.code)
    assert np.flatnonzero(np.unpackbits(tensors["shown"])[: len(points)]).tolist() == [0, 9]


def test_what_is_sent_is_json_and_small(points: MapPoints) -> None:
    for by in ("emotion", "mi", "speaker"):
        made = sent(points, by, Selection((3, 4), 3), view=(0.0, 1.0, 2.0))
        assert len(json.dumps(made, allow_nan=False)) < 5000
        assert component.unpacked(made["selected"], len(points)) == (3, 4)


def test_words_of_very_many_utterances_stay_at_home(points: MapPoints, monkeypatch: pytest.MonkeyPatch) -> None:
    found = component.words_pack(points)
    assert found is not None
    assert b"=1+1 is two" in found[1]
    monkeypatch.setattr(component, "WORDS_MOST", len(points) - 1)
    assert component.words_pack(points) is None


def test_generated_points_beside_the_real_ones_are_on_the_whole_map(points: MapPoints) -> None:
    far = GeneratedPoints(("sad",), np.array([[1e3, 0.0]], dtype=np.float32), ("sad",), np.zeros(1, dtype=np.float32))
    made = component.component_data(
        "run",
        points,
        colouring.colouring(points, "emotion", far),
        packs={"places": "p", "paint": "q", "words": None},
        selection=Selection(),
        look=component.MapLook(),
        near=(),
        seen=0,
        token="t",
        generated=far,
    )
    assert made["whole"][1] >= 1e3
    assert made["frame"] == list(points.bounds)
    assert made["generated"][0]["asked"] == "sad"


# --- beside the map ----------------------------------------------------------------------------------------------


def test_quality_is_said_in_words(text_run: LoadedRun) -> None:
    line = quality_line(text_run)
    assert "Trustworthiness" in line
    assert "8 dimensions" in line
    assert "map units" in line


def test_clip_is_heard_or_its_absence_said(text_run: LoadedRun) -> None:
    clip = clip_of(text_run, 0)
    assert clip.samples is not None
    assert clip.samples.shape == (4800,)
    assert wav_bytes(clip.samples)[:4] == b"RIFF"


def test_absent_clip_is_said_in_one_line(text_run: LoadedRun, tmp_path: Path) -> None:
    elsewhere = tmp_path / "copied"
    shutil.copytree(text_run.path, elsewhere)
    clip = clip_of(load_run(elsewhere, Workspace(tmp_path / "empty")), 0)
    assert clip.samples is None
    assert "not" in clip.reason
    assert "\n" not in clip.reason
