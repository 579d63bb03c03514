"""What every network of a run shares: building blocks and the ``config.json`` + ``model.safetensors`` form.

Only safetensors and JSON are read: a model file from anyone runs no code.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from core.errors import BadInputError
from core.files import atomic_directory, read_json, write_json

# A corrupt or hostile file must not make us allocate without bound.
_MOST_BYTES = 4_000_000_000


class Network(nn.Module):
    """A module which is written to and read from a folder.

    A subclass keeps its constructor's keyword arguments in ``self.config``: JSON values only.
    """

    kind: ClassVar[str]
    config: dict[str, Any]

    def save_pretrained(self, folder: str | Path) -> None:
        """Writes ``config.json`` and ``model.safetensors``; the folder is replaced as a whole."""
        with atomic_directory(Path(folder)) as temporary:
            write_json(temporary / "config.json", {"model_type": self.kind, **self.config})
            write_tensors(temporary / "model.safetensors", self.state_dict())

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> Self:
        """Reads what :meth:`save_pretrained` wrote, for the CPU and in evaluation mode.

        Raises:
            BadInputError: a file is missing, damaged, or does not fit the configuration.
        """
        folder = Path(folder)
        config = read_json(folder / "config.json")
        if not isinstance(config, dict) or config.pop("model_type", None) != cls.kind:
            raise BadInputError(
                f"{folder / 'config.json'}: not the configuration of a {cls.kind}; copy the run's folder again"
            )
        tensors = read_tensors(folder / "model.safetensors")
        try:
            with torch.device("meta"):
                network = cls(**config)
        except (TypeError, ValueError, RuntimeError, ArithmeticError) as error:
            line = str(error).partition("\n")[0]
            raise BadInputError(f"{folder / 'config.json'}: not usable ({line})") from None
        expected, found = _forms(network.state_dict()), _forms(tensors)
        if expected != found:
            wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
            raise BadInputError(
                f"{folder / 'model.safetensors'}: does not fit config.json (first difference: {wrong[0]}, "
                f"{found.get(wrong[0], 'missing')} instead of {expected.get(wrong[0], 'nothing')})"
            )
        for name, tensor in tensors.items():
            if not bool(torch.isfinite(tensor).all()):
                raise BadInputError(
                    f"{folder / 'model.safetensors'}: {name} holds NaN or infinity; the file is damaged"
                )
        network.load_state_dict(tensors, assign=True)
        return network.eval()


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Reads a safetensors file.

    Raises:
        BadInputError: the file is missing, truncated, or no safetensors file (a pickle, for example).
    """
    if not path.is_file():
        raise BadInputError(f"{path}: the file is missing")
    if path.stat().st_size > _MOST_BYTES:
        raise BadInputError(f"{path}: more than {_MOST_BYTES:,} bytes; not a network of MIRAGE")
    try:
        # Into memory: what is mapped kills the process when somebody writes over the file, and networks are small.
        tensors = load(path.read_bytes())
    except (SafetensorError, ValueError, OSError) as error:
        raise BadInputError(
            f"{path}: not a readable safetensors file ({error}); it is truncated, or another format such as pickle, "
            "which MIRAGE never loads"
        ) from None
    return tensors


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Writes a safetensors file.

    It is made in memory: safetensors' own writer reports a full disk as an error of another kind.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    # A clone of its own for each: safetensors refuses tensors that share memory.
    content = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    path.write_bytes(save(content, metadata={"format": "pt"}))


def _forms(tensors: Mapping[str, Tensor]) -> dict[str, str]:
    return {
        name: f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}" for name, tensor in tensors.items()
    }


class Sphere(nn.Module):
    """Layer normalisation without parameters: zero mean and unit variance over the last axis, (..., d) to (..., d).

    Aligned and generated features alike end in it, so both lie on one sphere of radius sqrt(d).
    """

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.layer_norm(x, x.shape[-1:])


def parameter_count(network: nn.Module) -> int:
    """The number of learnt values."""
    return sum(parameter.numel() for parameter in network.parameters())


class WeightAverage:
    """Exponential moving average of a network's parameters (Polyak averaging): steadier than the last step.

    The effective decay grows from 0 as (1 + n) / (10 + n), so that the start is forgotten.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.count = 0
        self.values = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Moves the average towards the network's present values."""
        self.count += 1
        decay = min(self.decay, (1 + self.count) / (10 + self.count))
        present = network.state_dict()
        floating = [name for name, tensor in self.values.items() if tensor.is_floating_point()]
        torch._foreach_lerp_([self.values[n] for n in floating], [present[n] for n in floating], 1.0 - decay)

    def copy_to(self, network: nn.Module) -> None:
        """Gives the average to ``network``."""
        network.load_state_dict(self.values)
