"""A checkpoint gives back the very state, or is known to be damaged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from core.errors import BadInputError
from core.networks import WeightAverage
from core.runs.checkpoint import Checkpoint, last_checkpoint, restore_checkpoint, save_checkpoint
from core.stages import StageState
from core.tensors import read_tensors, write_tensors

FILES = ("checkpoint.json", "networks.safetensors", "optimisers.safetensors", "random.safetensors")


def make_state(width: int = 4, seed: int = 0) -> StageState:
    torch.manual_seed(seed)
    a, b = nn.Sequential(nn.Linear(3, width), nn.Dropout(0.5), nn.Linear(width, 1)), nn.Linear(3, 1)
    return StageState(
        modules={"a": a, "b": b},
        optimisers={"a": torch.optim.AdamW(a.parameters(), lr=0.1), "b": torch.optim.Adam(b.parameters(), lr=0.1)},
        averages={"a": WeightAverage(a, 0.9)},
        generator=torch.Generator().manual_seed(seed),
    )


def step(state: StageState) -> None:
    """Draws from both sources of randomness: the stage's own, and the global one by dropout."""
    x = torch.randn((8, 3), generator=state.generator)
    loss = (state.modules["a"](x) + state.modules["b"](x)).square().mean()
    loss.backward()
    for optimiser in state.optimisers.values():
        optimiser.step()
        optimiser.zero_grad()
    state.averages["a"].update(state.modules["a"])
    state.done += 1


def content(state: StageState) -> dict[str, torch.Tensor]:
    found = {f"{name}/{k}": v.clone() for name, m in state.modules.items() for k, v in m.state_dict().items()}
    return found | {f"average/{k}": v.clone() for k, v in state.averages["a"].values.items()}


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, StageState]:
    """A folder with the checkpoints of steps 3 and 6."""
    state = make_state()
    for _ in range(6):
        step(state)
        if state.done % 3 == 0:
            save_checkpoint(tmp_path, state, stage="alignment", step=state.done, keep=2)
    return tmp_path, state


def test_restored_goes_on_bit_by_bit(two: tuple[Path, StageState]) -> None:
    folder, state = two
    for _ in range(4):
        step(state)
    wanted, drawn, left = content(state), torch.rand(3), state.averages["a"].count
    again = make_state(seed=77)
    checkpoint = last_checkpoint(folder)
    assert checkpoint == Checkpoint(folder / "checkpoints" / "step-000006", "alignment", 6, 6)
    restore_checkpoint(checkpoint, again)
    assert again.done == 6
    for _ in range(4):
        step(again)
    found = content(again)
    assert all(torch.equal(found[name], value) for name, value in wanted.items())
    assert torch.equal(torch.rand(3), drawn)
    assert again.averages["a"].count == left


def test_only_the_last_are_kept(tmp_path: Path) -> None:
    state = make_state()
    for number in (1, 20, 300, 999_999, 1_000_000):
        state.done = number
        save_checkpoint(tmp_path, state, stage="alignment", step=number, keep=2)
    assert {path.name for path in (tmp_path / "checkpoints").iterdir()} == {"step-999999", "step-1000000"}
    found = last_checkpoint(tmp_path)
    assert found is not None
    assert found.step == 1_000_000


def test_none_yet(tmp_path: Path) -> None:
    assert last_checkpoint(tmp_path) is None
    # What a killed process left half-written, and what is no checkpoint, does not count.
    for name in (".step-000009.x.tmp", "step-abc", "step-1"):
        (tmp_path / "checkpoints" / name).mkdir(parents=True)
    (tmp_path / "checkpoints" / "step-000010").touch()
    (tmp_path / "checkpoints" / "step-000011").mkdir()
    assert last_checkpoint(tmp_path) is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(FILES), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_found(two: tuple[Path, StageState], name: str, place: float, bit: int) -> None:
    folder, _ = two
    file = folder / "checkpoints" / "step-000006" / name
    whole = file.read_bytes()
    damaged = bytearray(whole)
    damaged[int(place * len(damaged))] ^= 1 << bit
    file.write_bytes(damaged)
    try:
        found = last_checkpoint(folder)
        assert found is not None
        if name.endswith(".json") and found.step == 6:
            # Only white space can change without changing what is said.
            assert json.loads(damaged) == json.loads(whole)
        else:
            assert found.step == 3
    finally:
        file.write_bytes(whole)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["missing", "empty", "half"])
def test_the_one_before_is_used(two: tuple[Path, StageState], name: str, damage: str) -> None:
    folder, _ = two
    file = folder / "checkpoints" / "step-000006" / name
    whole = file.read_bytes()
    file.unlink()
    if damage != "missing":
        file.write_bytes(whole[: len(whole) // 2] if damage == "half" else b"")
    found = last_checkpoint(folder)
    assert found is not None
    assert found.step == 3
    (folder / "checkpoints" / "step-000003" / name).unlink()
    assert last_checkpoint(folder) is None


@pytest.mark.parametrize("text", ["[]", "null", '{"sha256": {}}', '{"sha256": [], "stage": 3}', '"text"'])
def test_json_that_is_no_checkpoint(two: tuple[Path, StageState], text: str) -> None:
    folder, _ = two
    (folder / "checkpoints" / "step-000006" / "checkpoint.json").write_text(text)
    found = last_checkpoint(folder)
    assert found is not None
    assert found.step == 3


def test_another_configuration_is_told(two: tuple[Path, StageState]) -> None:
    folder, _ = two
    checkpoint = last_checkpoint(folder)
    assert checkpoint is not None
    with pytest.raises(BadInputError, match="does not fit the configuration of this run") as caught:
        restore_checkpoint(checkpoint, make_state(width=5))
    assert "\n" not in str(caught.value)


def test_written_again_after_a_resume(two: tuple[Path, StageState]) -> None:
    folder, state = two
    shutil.rmtree(folder / "checkpoints" / "step-000003")
    save_checkpoint(folder, state, stage="alignment", step=6, keep=1)
    assert [path.name for path in (folder / "checkpoints").iterdir()] == ["step-000006"]
    assert last_checkpoint(folder) is not None


@pytest.mark.parametrize("change", ["renamed", "shape", "words", "more", "-1", "-1e30", "nan", "inf"])
def test_an_optimiser_of_other_parameters_is_refused(two: tuple[Path, StageState], change: str) -> None:
    """Its checksums hold; a step with it would fail far from here."""
    folder, _ = two
    found = last_checkpoint(folder)
    assert found is not None
    file = found.folder / "optimisers.safetensors"
    tensors = read_tensors(file)
    value = tensors.pop("a/0/exp_avg")
    if change[0] in "-ni":
        tensors |= {"a/0/exp_avg": value, "a/0/step": torch.tensor(float(change))}
    elif change == "shape":
        tensors["a/0/exp_avg"] = value[:1]
    elif change == "words":
        tensors["a/0/exp_avg"] = value.long()
    else:
        tensors["a/0/exp" if change == "renamed" else "a/99/exp_avg"] = value
    write_tensors(file, tensors)
    with pytest.raises(BadInputError, match="does not fit the configuration of this run"):
        restore_checkpoint(found, make_state())
