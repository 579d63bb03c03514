"""The lab's logic: controls, address, what a run makes of them, tray and export - on a really trained run."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import audformat
import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as some

from core import LoadedRun, Workspace, load_run
from core.export import features_bytes
from dashboard.lab import component, export, tray
from dashboard.lab import controls as logic
from dashboard.lab.controls import Controls
from dashboard.lab.readout import read
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
    after = logic.changed(before, codes=(2.0, 0.0, 0.0))
    names = [f"z{i + 1}" for i in range(text_run.noise_size)] + ["text"]
    pd.testing.assert_frame_equal(read(text_run, before).codes[names], read(text_run, after).codes[names])
    assert not np.allclose(read(text_run, before).h, read(text_run, after).h)


def test_chosen_text_conditions_all_samples(text_run: LoadedRun) -> None:
    controls = replace(logic.initial(text_run.classes, 3), count=3, text=4)
    assert read(text_run, controls).codes["text"].tolist() == [text_run.utterances["utterance_id"][4]] * 3


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


def test_tray_for_other_programs(kept: tuple[tray.Kept, ...], text_run: LoadedRun, tmp_path: Path) -> None:
    rows = tray.kept_features(kept)
    with np.load(io.BytesIO(features_bytes(rows, "npz")), allow_pickle=False) as found:
        np.testing.assert_array_equal(found["audio"], np.stack([one.h for one in kept]))
        assert found["name"].tolist() == ["=mine", "=mine (2)"]
        assert found["code_names"].tolist() == text_run.code_names
        assert found["codes"][1].tolist() == [0.0, 2.0, 0.0]
        assert found["noise"].shape == (2, text_run.noise_size)
        assert found["mixture"].tolist() == [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]
        assert json.loads(str(found["metadata"]))["runs"] == [text_run.id]
    with zipfile.ZipFile(io.BytesIO(features_bytes(rows, "audformat"))) as archive:
        archive.extractall(tmp_path)
    database = audformat.Database.load(str(tmp_path / "samples"))
    assert "nobody said them" in database.description
    joined = audformat.utils.concat([database["samples"].get(), database["audio"].get()])
    np.testing.assert_array_equal(joined.filter(regex=r"^audio\d+$").to_numpy(), np.stack([one.h for one in kept]))
    other = replace(kept[1], h=np.zeros(3, dtype=np.float32))
    assert tray.of_one_size(kept)
    assert not tray.of_one_size((kept[0], other))


def test_tray_script_makes_every_sample_again(
    kept: tuple[tray.Kept, ...], text_run: LoadedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRAGE_HOME", str(text_run.path.parent.parent))
    names: dict = {}
    exec(export.tray_snippet(kept, text_run.code_names), names)
    assert set(names["samples"]) == {"=mine", "=mine (2)"}
    for one in kept:
        np.testing.assert_array_equal(names["samples"][one.name], one.h)


# --- the browser's part ------------------------------------------------------------------------------------------


def event(controls: Controls) -> dict:
    """What the browser sends when a control is let go that shows ``controls``."""
    return {
        "emotion": CLASSES.index(controls.emotion),
        "mixture": None if controls.mixture is None else list(controls.mixture),
        "codes": list(controls.codes),
        "truncation": controls.truncation,
        "sample": controls.sample,
        "strip": controls.strip,
    }


@given(some_controls)
def test_what_the_browser_says_becomes_the_controls(controls: Controls) -> None:
    before = replace(START, count=20, seed=controls.seed, text=controls.text)
    assert component.asked(before, event(controls), CLASSES) == replace(controls, locked=True)


json_values = some.recursive(
    some.none() | some.booleans() | some.floats() | some.integers() | some.text(max_size=5),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(some.fixed_dictionaries({}, optional=dict.fromkeys(event(START), json_values)))
def test_anything_from_a_browser_gives_usable_controls(said: dict) -> None:
    made = component.asked(START, said, CLASSES)
    assert logic.from_address(logic.to_address(made), START, CLASSES, TEXTS) is not None
    assert made.emotion in CLASSES
    assert all(-3 <= code <= 3 for code in made.codes)
    assert made.mixture is None or (len(made.mixture) == 3 and sum(made.mixture) > 0)
    assert 0 <= made.sample < made.count


def test_mixture_of_nothing_is_refused() -> None:
    mixed = replace(START, mixture=(0.0, 0.5, 0.0))
    assert component.asked(mixed, {"mixture": [0, 0, 0]}, CLASSES) == mixed


def test_unlocked_noise_is_drawn_anew_by_what_is_generated_alone() -> None:
    free = replace(START, locked=False, seed=4)
    assert component.asked(free, {"codes": [1, 0, 0]}, CLASSES).seed == 5
    assert component.asked(free, {"strip": 2, "sample": 3}, CLASSES).seed == 4


def test_pack_holds_networks_points_and_reference(text_run: LoadedRun) -> None:
    points = map_points(text_run)
    pack = component.lab_pack(text_run, points)
    tensors = safetensors.numpy.load(pack.content)
    assert tensors["places"].shape == (len(points), 2)
    assert tensors["paint"].tolist() == [text_run.classes.index(label) for label in text_run.utterances["label"]]
    np.testing.assert_array_equal(tensors["reference"], text_run.h)
    assert component.lab_pack(text_run, points).key == pack.key


def test_more_real_features_than_the_browser_takes_are_thinned(
    text_run: LoadedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(component, "REFERENCE_MOST", 20)
    pack = component.lab_pack(text_run, map_points(text_run))
    assert safetensors.numpy.load(pack.content)["reference"].shape == (20, text_run.dim)
    assert pack.typical > 0


def test_what_is_sent_is_json_and_small(text_run: LoadedRun, kept: tuple[tray.Kept, ...]) -> None:
    points = map_points(text_run)
    controls = replace(logic.initial(text_run.classes, 3), count=6)
    pack = component.lab_pack(text_run, points)
    inputs, content = component.inputs_pack(text_run, controls, read(text_run, controls))
    data = component.component_data(
        text_run, points, pack, inputs, controls, seen=0, token="t", can_undo=False, tray=kept
    )
    assert len(json.dumps(data, allow_nan=False)) < 8000
    assert safetensors.numpy.load(content)["z"].shape == (6, text_run.noise_size)
    assert safetensors.numpy.load(content)["t"].shape == (6, text_run.dim)
