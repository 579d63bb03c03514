"""Every file of a finished run: missing, emptied, cut or replaced, it is named in one line; nothing is made up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInputError
from core.files import read_json, write_json
from core.networks import read_tensors, write_tensors
from core.runs import LoadedRun, load_run, read_events, read_state
from core.runs.checkpoint import last_checkpoint

OPENED = [
    "config.yaml",
    *(
        f"{network}/{file}"
        for network in ("model/aligner", "model/generator", "model/discriminator", "projection/projector")
        for file in ("config.json", "model.safetensors")
    ),
    "features/utterances.parquet",
    "features/aligned.safetensors",
]
"""Without these, a run cannot be opened."""

NEEDED: dict[str, Callable[[LoadedRun], Any]] = {
    "projection/coordinates.parquet": lambda run: run.map(),
    "projection/quality.json": lambda run: run.map_quality(),
    "information.json": lambda run: run.information(),
    "evaluation.json": lambda run: run.evaluation(),
    "environment.json": lambda run: run.encode_text(["words"]),
    "state.json": lambda run: read_state(run.path),
}
"""Without these, a run opens, and says what is wrong when it is asked for them."""

REST = ["events.jsonl"] + [
    f"checkpoints/step-{step:06d}/{name}"
    for step in (85, 100)
    for name in ("checkpoint.json", "networks.safetensors", "optimisers.safetensors", "random.safetensors")
]

DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {
    "missing": lambda content: None,
    "empty": lambda content: b"",
    "third": lambda content: content[: len(content) // 3],
    "last bytes": lambda content: content[:-2],
    "noise": lambda content: bytes(len(content)),
}


def spoil(file: Path, damage: str) -> None:
    content = DAMAGES[damage](file.read_bytes())
    file.unlink()
    if content is not None:
        file.write_bytes(content)


@pytest.fixture(scope="module")
def whole(finished: LoadedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("damage") / "small"
    shutil.copytree(finished.path, target)
    return target


@pytest.fixture
def spoilt(whole: Path) -> Any:
    """Spoils one file of a copy and mends it afterwards."""
    kept: list[tuple[Path, bytes]] = []

    def run(name: str, damage: str) -> Path:
        kept.append((whole / name, (whole / name).read_bytes()))
        spoil(whole / name, damage)
        return whole

    yield run
    for file, content in kept:
        file.write_bytes(content)


def fault(action: Callable[[], Any], name: str) -> str:
    with pytest.raises(BadInputError) as caught:
        action()
    message = str(caught.value)
    assert "\n" not in message
    assert Path(name).name in message, message
    return message


def test_every_file_is_covered(whole: Path) -> None:
    # The locks and the log of a job belong to the process, not to the run.
    found = {str(path.relative_to(whole)) for path in whole.rglob("*") if path.is_file()} - {".lock", ".job", "job.log"}
    assert found == {*OPENED, *NEEDED, *REST}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", OPENED)
def test_a_run_that_cannot_be_opened(spoilt: Any, name: str, damage: str) -> None:
    folder = spoilt(name, damage)
    fault(lambda: load_run(folder), name)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", NEEDED)
def test_a_run_that_lacks_one_answer(spoilt: Any, name: str, damage: str) -> None:
    folder = spoilt(name, damage)
    if name == "projection/coordinates.parquet" and damage == "missing":
        assert "the file is missing" in fault(lambda: load_run(folder), name)
        return
    run = load_run(folder)
    assert len(run.generate("sad", 3)) == 3
    fault(lambda: NEEDED[name](run), name)


@pytest.mark.parametrize("damage", ["missing", "empty", "third", "noise"])
@pytest.mark.parametrize("name", REST)
def test_a_finished_run_needs_no_checkpoint_and_no_events(spoilt: Any, name: str, damage: str) -> None:
    folder = spoilt(name, damage)
    assert len(load_run(folder).generate("sad", 3)) == 3
    if name == "events.jsonl":
        assert list(read_events(folder).columns) == ["time", "stage", "step", "name", "value"]
    else:
        found = last_checkpoint(folder)
        assert found is not None
        assert found.step == (85 if "000100" in name else 100)


def test_an_unfinished_run_is_called_so(run_copy: Path) -> None:
    (run_copy / "projection" / "coordinates.parquet").unlink()
    state = read_json(run_copy / "state.json")
    write_json(run_copy / "state.json", {**state, "status": "stopped"})
    with pytest.raises(BadInputError, match="run 'small' is not finished; go on with `mirage resume small`"):
        load_run(run_copy)
    (run_copy / "state.json").unlink()
    with pytest.raises(BadInputError, match="not finished"):
        load_run(run_copy)


def test_parts_of_two_runs(run_copy: Path) -> None:
    file = run_copy / "features" / "aligned.safetensors"
    tensors = read_tensors(file)
    for changed, words in (
        ({name: tensor[:-1] for name, tensor in tensors.items()}, "has shape (95, 12)"),
        ({name: tensor[:, :-1] for name, tensor in tensors.items()}, "has shape (96, 11)"),
        ({name: tensor.double() for name, tensor in tensors.items()}, "torch.float64"),
        ({"t": tensors["t"]}, "h is missing"),
        ({"h": tensors["h"]}, "t is missing"),
        ({**tensors, "h": tensors["h"] * float("nan")}, "h holds NaN"),
    ):
        write_tensors(file, changed)
        assert words in fault(lambda: load_run(run_copy), "aligned.safetensors")


@pytest.mark.parametrize("key", ["codes", "classes", "dim"])
def test_networks_of_two_runs(run_copy: Path, key: str) -> None:
    from core.generation import Generator

    config = read_json(run_copy / "model" / "generator" / "config.json")
    config.pop("model_type")
    Generator(**{**config, key: config[key] + 1}).save_pretrained(run_copy / "model" / "generator")
    assert "do not belong together" in fault(lambda: load_run(run_copy), "model")


def test_a_configuration_whose_end_is_gone(run_copy: Path) -> None:
    # It would be read as one with defaults in place of what is gone.
    text = (run_copy / "config.yaml").read_text()
    for cut in range(0, text.index("training:"), 7):
        (run_copy / "config.yaml").write_text(text[:cut])
        fault(lambda: load_run(run_copy), "config.yaml")


@pytest.mark.parametrize("content", [{}, [], {"embeddings": [{}]}, {"embeddings": [{}, {}]}, {"embeddings": 3}])
def test_an_environment_that_names_no_encoder(run_copy: Path, content: Any) -> None:
    (run_copy / "environment.json").write_text(json.dumps(content))
    run = load_run(run_copy)
    assert "the text encoder is not named" in fault(lambda: run.generate("sad", text="words"), "environment.json")
