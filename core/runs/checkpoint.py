"""Checkpoints: the whole state of a stage as safetensors and JSON, complete or not there."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.errors import BadInputError
from core.files import atomic_directory, read_json, write_json
from core.reading import open_plain
from core.runs.state import refuse_gone
from core.stages import StageState
from core.tensors import read_tensors, write_tensors

_PARTS = ("networks", "optimisers", "random")
_NAME = re.compile(r"step-(\d{6,})")


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint on disk: the stage, its own step, and the step over all stages."""

    folder: Path
    stage: str
    stage_step: int
    step: int


def save_checkpoint(folder: Path, state: StageState, *, stage: str, step: int, keep: int) -> Checkpoint:
    """Writes ``checkpoints/step-NNNNNN`` and removes all but the last ``keep``.

    Args:
        folder: of the run. step: over all stages.

    Raises:
        FailureError: the folder is gone or cannot be written; the checkpoints before it are as they were.
    """
    refuse_gone(folder)
    target = folder / "checkpoints" / f"step-{step:06d}"
    networks: dict[str, Tensor] = {}
    for name, module in state.modules.items():
        networks |= {f"{name}/{key}": value for key, value in module.state_dict().items()}
    for name, average in state.averages.items():
        networks |= {f"{name}.average/{key}": value for key, value in average.values.items()}
    optimisers = {
        f"{name}/{index}/{key}": value
        for name, optimiser in state.optimisers.items()
        for index, slots in optimiser.state_dict()["state"].items()
        for key, value in slots.items()
    }
    random = {"stage": state.generator.get_state(), "torch": torch.get_rng_state()}
    if torch.cuda.is_available():
        random |= {f"cuda/{index}": value for index, value in enumerate(torch.cuda.get_rng_state_all())}
    with atomic_directory(target) as temporary:
        sums = {}
        for part, tensors in zip(_PARTS, (networks, optimisers, random), strict=True):
            path = temporary / f"{part}.safetensors"
            write_tensors(path, tensors)
            sums[path.name] = _sha256(path)
        content = {
            "stage": stage,
            "stage_step": state.done,
            "step": step,
            "averages": {name: average.count for name, average in state.averages.items()},
            "sha256": sums,
        }
        write_json(temporary / "checkpoint.json", {**content, "own_sha256": _own_sha256(content)})
    for old in _folders(folder)[:-keep]:
        shutil.rmtree(old, ignore_errors=True)
    return Checkpoint(target, stage, state.done, step)


def last_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest checkpoint whose checksums hold; a damaged one is passed over for the one before it."""
    return next((found for path in reversed(_folders(folder)) if (found := _whole(path))), None)


def damaged_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints whose checksums do not hold, the oldest first."""
    return [path for path in _folders(folder) if _whole(path) is None]


def _whole(path: Path) -> Checkpoint | None:
    try:
        content = read_json(path / "checkpoint.json")
        whole = content.pop("own_sha256") == _own_sha256(content)
        sums = content["sha256"]
        # Only these files: names from a file would lead anywhere.
        if whole and sums == {f"{part}.safetensors": _sha256(path / f"{part}.safetensors") for part in _PARTS}:
            return Checkpoint(path, str(content["stage"]), int(content["stage_step"]), int(content["step"]))
    except (BadInputError, OSError, KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None
    return None


def restore_checkpoint(checkpoint: Checkpoint, state: StageState) -> None:
    """Puts a checkpoint back into ``state`` and into PyTorch's global random state.

    Raises:
        BadInputError: the checkpoint is damaged or was made with another configuration.
    """
    content = read_json(checkpoint.folder / "checkpoint.json")
    networks, optimisers, random = (read_tensors(checkpoint.folder / f"{part}.safetensors") for part in _PARTS)
    try:
        for name, module in state.modules.items():
            module.load_state_dict(_under(networks, f"{name}/"))
        for name, average in state.averages.items():
            stored = _under(networks, f"{name}.average/")
            for key, value in average.values.items():
                value.copy_(stored[key])
            average.count = int(content["averages"][name])
        for name, optimiser in state.optimisers.items():
            slots: dict[int, dict[str, Tensor]] = {}
            for key, value in _under(optimisers, f"{name}/").items():
                index, _, slot = key.partition("/")
                slots.setdefault(int(index), {})[slot] = value
            _refuse_other_slots(optimiser, slots)
            optimiser.load_state_dict({"state": slots, "param_groups": optimiser.state_dict()["param_groups"]})
        state.generator.set_state(random["stage"])
        torch.set_rng_state(random["torch"])
        cuda = _under(random, "cuda/")
        if cuda and torch.cuda.is_available() and len(cuda) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all([cuda[str(index)] for index in range(len(cuda))])
    except (KeyError, RuntimeError, ValueError, TypeError, AttributeError) as error:
        line = " ".join(str(error).split())[:200]
        raise BadInputError(
            f"{checkpoint.folder}: does not fit the configuration of this run ({line}); train anew"
        ) from None
    state.done = checkpoint.stage_step


def _refuse_other_slots(optimiser: torch.optim.Optimizer, slots: dict[int, dict[str, Tensor]]) -> None:
    """Raises ValueError where what the optimiser keeps of a parameter is not of its shape: a step would fail on it."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    for index, kept in slots.items():
        if not 0 <= index < len(parameters) or set(kept) != {"step", "exp_avg", "exp_avg_sq"}:
            raise ValueError(f"the optimiser's values {index} are not known")
        for name, value in kept.items():
            shape = torch.Size() if name == "step" else parameters[index].shape
            if value.shape != shape or not value.is_floating_point():
                raise ValueError(f"the optimiser's {name} {index} has the shape {tuple(value.shape)}")
        # Adam divides by 1 - beta ** step.
        if not 1.0 <= float(kept["step"]) < 2**53:
            raise ValueError(f"the optimiser's step {index} is {float(kept['step']):g}")


def _folders(folder: Path) -> list[Path]:
    found = [(int(match[1]), path) for path in (folder / "checkpoints").glob("step-*") if (match := _match(path))]
    return [path for _, path in sorted(found)]


def _match(path: Path) -> re.Match[str] | None:
    return _NAME.fullmatch(path.name)


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def _own_sha256(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with open_plain(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
