"""The lab's logic: controls, address, what a run makes of them, tray and export - on a really trained run."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from core import LoadedRun, Workspace, load_run
from dashboard.lab import controls as logic
from dashboard.lab import export, figures, map_figure, tray
from dashboard.lab.controls import Controls
from dashboard.lab.readout import novelty_words, read, traverse
from dashboard.space.points import map_points
from dashboard.space.tables import csv_bytes, parquet_bytes

CLASSES = ["angry", "happy", "sad"]
START = logic.initial(CLASSES, 3)
TEXTS = [True] * 10

some_controls = some.builds(
    Controls,
    emotion=some.sampled_from(CLASSES),
    codes=some.tuples(*[some.integers(-300, 300).map(lambda v: v / 100)] * 3),
    mixture=some.none() | some.tuples(*[some.integers(0, 20).map(lambda v: v / 20)] * 3).filter(any),
    truncation=some.integers(0, 40).map(lambda v: v / 20),
    seed=some.integers(0, 999_999),
    locked=some.booleans(),
    count=some.just(20),
    text=some.none() | some.integers(0, 9),
    sample=some.integers(0, 19),
    strip=some.integers(0, 2),
)


# --- controls ----------------------------------------------------------------------------------------------------


@given(some_controls)
def test_address_restores_every_control(controls: Controls) -> None:
    assert logic.from_address(logic.to_address(controls), START, CLASSES, TEXTS) == controls


@given(some.text(max_size=60))
def test_any_address_gives_usable_controls(value: str) -> None:
    made = logic.from_address(value, START, CLASSES, TEXTS)
    assert made.emotion in CLASSES
    assert 0 <= made.sample < made.count <= logic.COUNT_LIMIT


@pytest.mark.parametrize(
    ("value", "name", "kept"),
    [
        ("e=joy", "emotion", "angry"),
        ("u=1,2", "codes", (0.0, 0.0, 0.0)),
        ("u=9,-9,nan", "codes", (3.0, -3.0, 0.0)),
        ("m=0,0,0", "mixture", None),
        ("n=9999", "count", 64),
        ("s=-4", "seed", 0),
        ("t=77", "text", 9),
        ("t=x", "text", None),
        ("r=inf", "truncation", 2.0),
    ],
)
def test_wrong_parts_of_an_address_do_no_harm(value: str, name: str, kept: object) -> None:
    assert getattr(logic.from_address(value, START, CLASSES, TEXTS), name) == kept


def test_fewer_points_move_the_sample_looked_at() -> None:
    assert logic.changed(replace(START, sample=15), count=4).sample == 3


def test_codes_stay_inside_their_limits() -> None:
    assert logic.with_code(START, 1, 7.0).codes == (0.0, 3.0, 0.0)


def test_mixture_of_nothing_is_refused() -> None:
    mixed = replace(START, mixture=(0.0, 0.5, 0.0))
    assert logic.with_weight(mixed, 1, 0.0) == mixed
    assert logic.with_weight(mixed, 2, 0.5).weights(CLASSES) == {"angry": 0.0, "happy": 0.5, "sad": 0.5}


# --- what a run makes of it --------------------------------------------------------------------------------------


def test_readout_is_what_generate_gives(text_run: LoadedRun) -> None:
    controls = replace(logic.initial(text_run.classes, 3), codes=(1.0, 0.0, -2.0), count=5, seed=3)
    made = read(text_run, controls)
    batch = text_run.generate(text_run.classes[0], 5, codes={"u1": 1.0, "u2": 0.0, "u3": -2.0}, seed=3)
    np.testing.assert_array_equal(made.h, batch.audio)
    assert made.places.shape == (5, 2)
    assert made.posterior.shape == (5, 3)
    assert made.recovered_codes.shape == (5, 3)
    assert made.novelty.shape == made.mi.shape == (5,)


def test_locked_noise_leaves_the_difference_to_the_code(text_run: LoadedRun) -> None:
    before = replace(logic.initial(text_run.classes, 3), count=4)
    after = logic.with_code(before, 0, 2.0)
    names = [f"z{i + 1}" for i in range(text_run.noise_size)] + ["text"]
    pd.testing.assert_frame_equal(read(text_run, before).codes[names], read(text_run, after).codes[names])
    assert not np.allclose(read(text_run, before).h, read(text_run, after).h)


def test_strip_goes_through_the_sample_itself(text_run: LoadedRun) -> None:
    controls = replace(logic.initial(text_run.classes, 3), codes=(0.5, 3.0, 0.0), count=4, sample=2, strip=1)
    made = read(text_run, controls)
    strip = traverse(text_run, controls, made)
    assert strip.at[0] == -3
    assert strip.at[-1] == 3
    np.testing.assert_allclose(strip.posterior[-1], made.posterior[2], atol=1e-5)
    np.testing.assert_allclose(strip.places[-1], made.places[2], atol=1e-4)
    assert np.abs(strip.posterior[0] - strip.posterior[-1]).max() > 0


def test_chosen_text_conditions_all_samples(text_run: LoadedRun) -> None:
    controls = replace(logic.initial(text_run.classes, 3), count=3, text=4)
    assert read(text_run, controls).codes["text"].tolist() == [text_run.utterances["utterance_id"][4]] * 3


def test_novelty_has_words_for_every_value() -> None:
    assert len({novelty_words(value) for value in (0.3, 1.0, 2.0, 9.0)}) == 4


# --- export ------------------------------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None)
@given(some_controls)
def test_python_makes_exactly_what_the_lab_shows(text_run: LoadedRun, controls: Controls) -> None:
    script = export.python_snippet(text_run.id, controls, text_run.classes, text_run.code_names)
    here = script.replace("run = load_run(", "run = (lambda _: RUN)(").replace("from core import load_run", "")
    names: dict = {"RUN": text_run}
    exec(here, names)
    np.testing.assert_array_equal(names["h"], read(text_run, controls).h[controls.sample])


def test_python_runs_as_it_stands(text_run: LoadedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRAGE_HOME", str(text_run.path.parent.parent))
    controls = replace(logic.initial(text_run.classes, 3), codes=(1.5, 0.0, 0.0), count=2, sample=1)
    names: dict = {}
    exec(export.python_snippet(text_run.id, controls, text_run.classes, text_run.code_names), names)
    np.testing.assert_array_equal(names["h"], read(text_run, controls).h[1])


def test_json_holds_the_same_arguments(text_run: LoadedRun) -> None:
    controls = replace(logic.initial(text_run.classes, 3), mixture=(0.5, 0.0, 0.5), count=3)
    content = json.loads(export.as_json(text_run.id, controls, text_run.classes, text_run.code_names))
    batch = load_run(content["run"], Workspace(text_run.path.parent.parent)).generate(**content["generate"])
    np.testing.assert_array_equal(batch.audio, read(text_run, controls).h)


def test_link_opens_the_same_state() -> None:
    controls = replace(START, mixture=(0.25, 0.75, 0.0), seed=9)
    parts = parse_qs(urlsplit(export.link("http://h:1/latent_lab?old=1", "my run", controls)).query)
    assert parts["run"] == ["my run"]
    assert logic.from_address(parts["lab"][0], START, CLASSES, TEXTS) == controls


# --- tray --------------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(text_run: LoadedRun) -> tuple[tray.Kept, ...]:
    first = replace(logic.initial(text_run.classes, 3), count=3, sample=1)
    second = replace(first, mixture=(0.5, 0.5, 0.0), codes=(0.0, 2.0, 0.0), sample=2)
    one, _ = tray.keep(text_run, first, read(text_run, first), "=mine", ())
    two, name = tray.keep(text_run, second, read(text_run, second), "=mine", one)
    assert name == "=mine (2)"
    return two


def test_tray_compares_and_renames(kept: tuple[tray.Kept, ...]) -> None:
    table = tray.compared(kept)
    assert table["asked"].tolist() == ["angry", "angry 50%, happy 50%"]
    assert table["u2"].tolist() == [0.0, 2.0]
    assert [one.name for one in tray.renamed(kept, 0, " other ")] == ["other", "=mine (2)"]
    assert tray.renamed(kept, 0, "=mine (2)") == kept
    assert tray.renamed(kept, 0, "  ") == kept


def test_tray_export_has_the_full_codes(kept: tuple[tray.Kept, ...], text_run: LoadedRun) -> None:
    back = pd.read_parquet(io.BytesIO(parquet_bytes(tray.exported(kept, features=True))))
    for index, one in enumerate(kept):
        z = back.loc[index, [f"z{i + 1}" for i in range(text_run.noise_size)]].to_numpy(dtype=np.float32)
        c = back.loc[index, [f"c_{name}" for name in text_run.classes]].to_numpy(dtype=np.float32)
        u = back.loc[index, text_run.code_names].to_numpy(dtype=np.float32)
        row = int(np.flatnonzero(text_run.utterances["utterance_id"] == back["text"][index])[0])
        assert text_run.t is not None
        h, _ = text_run.decode(z[None], c[None], u[None], text_run.t[row : row + 1])
        np.testing.assert_allclose(h[0], one.h, atol=1e-5)
        np.testing.assert_allclose(back["h"][index], one.h)
    assert csv_bytes(tray.exported(kept, features=False)).decode("utf-8-sig").splitlines()[1].startswith("'=mine,")


def test_tray_script_makes_every_sample_again(
    kept: tuple[tray.Kept, ...], text_run: LoadedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRAGE_HOME", str(text_run.path.parent.parent))
    names: dict = {}
    exec(export.tray_snippet(kept, text_run.code_names), names)
    assert set(names["samples"]) == {"=mine", "=mine (2)"}
    for one in kept:
        np.testing.assert_array_equal(names["samples"][one.name], one.h)


# --- charts ------------------------------------------------------------------------------------------------------


def test_charts_are_json_and_show_every_sample(text_run: LoadedRun, kept: tuple[tray.Kept, ...]) -> None:
    controls = replace(logic.initial(text_run.classes, 3), count=6)
    made = read(text_run, controls)
    strip = traverse(text_run, controls, made)
    points = map_points(text_run)
    base = map_figure.base_frame(points)
    assert len(base) == 54
    option = map_figure.map_option(
        base, points.bounds, text_run.classes, made, controls, strip=strip, before=made.places + 1.0, tray=kept
    )
    option.pop("dataset")
    series = {one["id"]: one for one in option["series"]}
    assert len(series[map_figure.STARS]["data"]) == 6
    assert len(series["trail"]["data"]) == 6
    assert len(series["kept"]["data"]) == 2
    codes = figures.codes_option(text_run.code_names, made, controls)
    strips = figures.strip_option("u1", text_run.classes, strip, 0.5)
    json.dumps([option, codes, strips], allow_nan=False)


def test_close_up_holds_everything_and_stands_still() -> None:
    frame = (0.0, 40.0, 0.0, 40.0)
    near = np.array([[10.2, 10.2], [11.3, 11.5]])
    made = map_figure.close_up(frame, near)
    assert made == map_figure.close_up(frame, near + 0.1)
    assert made[0] < 10.2
    assert made[3] > 11.5
    far = map_figure.close_up(frame, np.array([[-30.0, 0.0], [90.0, 0.0]]))
    assert far[0] < -30
    assert far[1] > 90


def test_large_maps_are_thinned_always_alike(text_run: LoadedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    points = map_points(text_run)
    monkeypatch.setattr(map_figure, "BASE_MOST", 20)
    rows = map_figure.base_rows(points)
    assert len(rows) == 20
    np.testing.assert_array_equal(rows, map_figure.base_rows(points))
