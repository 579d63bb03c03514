"""What every network of a run shares: building blocks and the ``config.json`` + ``model.safetensors`` form.

Only safetensors and JSON are read: a model file from anyone runs no code.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from core.errors import BadInputError
from core.files import atomic_directory, read_json, write_json
from core.tensors import TensorFile, forms_of, read_tensors, write_tensors

__all__ = ["Network", "Sphere", "WeightAverage", "parameter_count", "read_tensors", "write_tensors"]

_MOST_CONFIG = 1 << 20
_LARGEST = 65_536
_MOST_NAMES = 1000
_NAME = re.compile(r"[^\W_][\w .+'-]{0,63}")


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
        file = folder / "config.json"
        config = read_json(file, _MOST_CONFIG)
        if not isinstance(config, dict) or config.pop("model_type", None) != cls.kind:
            raise BadInputError(f"{file}: not the configuration of a {cls.kind}; copy the run's folder again")
        # Before any module is made: what a hostile configuration asks for takes no memory and no time.
        _refuse_absurd(config, cls.__init__.__annotations__, file)
        try:
            with torch.device("meta"):
                network = cls(**config)
        except (TypeError, ValueError, RuntimeError, ArithmeticError) as error:
            line = str(error).partition("\n")[0]
            raise BadInputError(f"{file}: not usable ({line}); copy the run's folder again") from None
        if any(0 in tensor.shape for tensor in network.state_dict().values()):
            raise BadInputError(f"{file}: not usable (a network without any width); copy the run's folder again")
        # And before a value is read: the header alone says whether the weights are those of this network.
        weights = TensorFile(folder / "model.safetensors")
        expected, found = forms_of(network.state_dict()), weights.forms
        if expected != found:
            wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
            raise BadInputError(
                f"{weights.path}: does not fit config.json (first difference: {wrong[0]}, "
                f"{found.get(wrong[0], 'missing')} instead of {expected.get(wrong[0], 'nothing')}); "
                "copy the run's folder again"
            )
        tensors = weights.read()
        for name, tensor in tensors.items():
            if not bool(torch.isfinite(tensor).all()):
                raise BadInputError(f"{weights.path}: {name} holds NaN or infinity; copy the run's folder again")
        network.load_state_dict(tensors, assign=True)
        return network.eval()


def _refuse_absurd(config: dict[str, Any], wanted: dict[str, str], file: Path) -> None:
    """Raises BadInputError where a value is of another kind than the constructor's, or larger than any network's.

    Args:
        wanted: the constructor's annotations, as they are written there.
    """
    for key, value in config.items():
        kind = wanted.get(key)
        if kind == "int":
            good = type(value) is int and 0 <= value <= _LARGEST
        elif kind == "float":
            good = type(value) in (int, float) and math.isfinite(value) and abs(value) <= _LARGEST
        elif kind == "bool":
            good = type(value) is bool
        elif kind == "list[str]":
            good = _are_names(value)
        else:
            good = False
        if not good:
            raise BadInputError(
                f"{file}: {key[:60]!r} is not what a network of MIRAGE can have ({str(value)[:60]!r}); "
                "copy the run's folder again"
            )


def _are_names(value: Any) -> bool:
    """Whether it is a list of different class names: words, without markup and marks that turn the writing."""
    return (
        isinstance(value, list)
        and 0 < len(value) <= _MOST_NAMES
        and all(isinstance(name, str) and _NAME.fullmatch(name) for name in value)
        and len(set(value)) == len(value)
    )


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
