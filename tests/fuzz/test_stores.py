"""Embedding stores, checkpoints and settings, spoilt: they open and answer, or one line says what is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.config import Config, load_config, resolve_config
from core.encoders import Embeddings
from core.encoders.writer import StoreWriter
from core.runs.checkpoint import _own_sha256, _sha256, last_checkpoint, restore_checkpoint, save_checkpoint
from core.runs.links import refuse_links_out
from tests.core.runs.test_checkpoint import make_state, step
from tests.fuzz.mutations import PLACES, STEPS, WEIRD, spoil, spoil_header, spoil_tree
from tests.fuzz.property import tries, works_or_says


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two shards."""
    folder = tmp_path_factory.mktemp("stores") / "whisper@3-mean"
    meta = {"modality": "audio", "encoder": "test/whisper", "dimension": 5, "dtype": "float32", "layer": 3}
    meta |= {"pooling": "mean", "revision": None, "weights_sha256": "0" * 64, "model_type": "whisper"}
    for turn in range(2):
        with StoreWriter(folder, meta | {"sampling_rate": 16_000}) as writer:
            for number in range(4):
                writer.append(f"u{turn}{number}", b"12345678", np.full(5, number, np.float32))
            writer.finish(complete=True, problems=[])
    return folder


def use_store(folder: Path, file: Path, content: bytes) -> None:
    kept = file.read_bytes()
    # Its pages may still be mapped: another file, not another content.
    file.unlink()
    file.write_bytes(content)

    def ask() -> None:
        found = Embeddings.open(folder)
        assert found.vectors.shape == (len(found), found.dim)
        found.for_ids(["u00", "gone"])
        repr(found), found.fingerprint(), found.sources(), found.problems, found.changes, found.complete, found.modality

    try:
        works_or_says(ask)
    finally:
        file.unlink()
        file.write_bytes(kept)


@tries(150)
@given(share=st.floats(0, 1, exclude_max=True), steps=STEPS)
def test_bytes_of_a_store(store: Path, share: float, steps: list[Any]) -> None:
    files = sorted(path for path in store.iterdir() if path.suffix in (".arrow", ".json"))
    file = files[int(share * len(files))]
    use_store(store, file, spoil(file.read_bytes(), steps))


@tries(60)
@given(places=PLACES)
def test_what_a_store_says_of_itself(store: Path, places: list[Any]) -> None:
    file = store / "meta.json"
    use_store(store, file, json.dumps(spoil_tree(json.loads(file.read_bytes()), places)).encode())


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, state = tmp_path_factory.mktemp("checkpoints"), make_state()
    for _ in range(3):
        step(state)
    save_checkpoint(folder, state, stage="alignment", step=3, keep=1)
    return folder / "checkpoints" / "step-000003"


@tries(60)
@given(part=st.sampled_from(["networks", "optimisers", "random"]), steps=STEPS, places=PLACES, structured=st.booleans())
def test_a_checkpoint_whose_sums_are_right(
    checkpoints: Path, tmp_path_factory: pytest.TempPathFactory, part: str, steps: Any, places: Any, structured: bool
) -> None:
    run = tmp_path_factory.mktemp("c")
    folder = run / "checkpoints" / checkpoints.name
    shutil.copytree(checkpoints, folder)
    file = folder / f"{part}.safetensors"
    content = file.read_bytes()
    file.write_bytes(spoil_header(content, places) if structured else spoil(content, steps))
    said = json.loads((folder / "checkpoint.json").read_bytes())
    said.pop("own_sha256")
    said["sha256"][file.name] = _sha256(file)
    (folder / "checkpoint.json").write_text(json.dumps({**said, "own_sha256": _own_sha256(said)}))

    def go_on() -> None:
        found, state = last_checkpoint(run), make_state()
        assert found is not None
        restore_checkpoint(found, state)
        step(state)

    works_or_says(go_on)
    shutil.rmtree(run)


@tries(80)
@given(places=PLACES, honest=st.booleans())
def test_what_a_checkpoint_says_of_itself(
    checkpoints: Path, tmp_path_factory: pytest.TempPathFactory, places: list[Any], honest: bool
) -> None:
    run = tmp_path_factory.mktemp("c")
    folder = run / "checkpoints" / checkpoints.name
    shutil.copytree(checkpoints, folder)
    said = spoil_tree(json.loads((folder / "checkpoint.json").read_bytes()), places)
    if honest and isinstance(said, dict):
        said.pop("own_sha256", None)
        said["own_sha256"] = _own_sha256(said)
    (folder / "checkpoint.json").write_text(json.dumps(said))

    def go_on() -> None:
        found = last_checkpoint(run)
        if found is not None:
            restore_checkpoint(found, make_state())

    works_or_says(go_on, lambda: refuse_links_out(run))
    shutil.rmtree(run)


@tries(150)
@given(steps=STEPS)
def test_bytes_of_a_configuration(tmp_path_factory: pytest.TempPathFactory, steps: list[Any]) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    file.write_bytes(spoil(Config().to_yaml().encode(), steps))
    works_or_says(lambda: load_config(file))


@tries(150)
@given(
    section=st.sampled_from(["data", "alignment", "training", "x", ""]),
    key=st.sampled_from(["corpus", "dim", "seed", "fold", "noise", "", "\x1b"]),
    value=st.one_of(
        st.text(max_size=12),
        WEIRD.map(str),
        st.sampled_from(
            ["!!python/name:os.system", "&a [*a]", "[" * 400, "2001-99-99", "!!int x", "0x", "1:99", ".nan"]
        )
        | st.sampled_from(
            ["!!float x", "0b", "{? [a] : b}", "9" * 5000, "<<: 1", "{<<: {a: 1}}", "!!binary x", "-.inf"]
        ),
    ),
)
@example(section="training", key="seed", value="2001-99-99")
def test_settings_of_a_person(section: str, key: str, value: str) -> None:
    works_or_says(lambda: resolve_config(settings=[f"{section}.{key}={value}"]))
