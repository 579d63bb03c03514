"""Safetensors files: the header is checked against the file and against what is wanted before a value is read."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from core.errors import BadInputError
from core.reading import open_plain, parse_json

# A corrupt or hostile file must not make us allocate without bound.
_MOST_BYTES = 4_000_000_000
_MOST_HEADER = 1 << 20
_SIZES = {
    "F64": ("float64", 8),
    "F32": ("float32", 4),
    "F16": ("float16", 2),
    "BF16": ("bfloat16", 2),
    "I64": ("int64", 8),
    "I32": ("int32", 4),
    "I16": ("int16", 2),
    "I8": ("int8", 1),
    "U8": ("uint8", 1),
    "BOOL": ("bool", 1),
}
"""The dtypes that MIRAGE writes: PyTorch's name and bytes of a value."""


@dataclass(frozen=True)
class Form:
    """What a header says of one tensor: PyTorch's name of its dtype, and its shape."""

    dtype: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.dtype} {self.shape}"


class TensorFile:
    """A safetensors file whose header has been read and checked, its values not yet.

    Attributes:
        path: the file.
        forms: of the tensors, by name.
    """

    def __init__(self, path: Path) -> None:
        """Reads the header.

        Raises:
            BadInputError: the file is missing, truncated, too large or no safetensors file (a pickle, for example).
        """
        self.path = path
        with open_plain(path) as file:
            size = self._size = os.fstat(file.fileno()).st_size
            if size > _MOST_BYTES:
                raise BadInputError(
                    f"{path}: more than {_MOST_BYTES:,} bytes, which no network of MIRAGE has; copy it again"
                )
            try:
                self.forms = _forms(file, size)
            except (ValueError, OSError) as error:
                raise _unreadable(path, error) from None

    def read(self) -> dict[str, Tensor]:
        """The values.

        Raises:
            BadInputError: the file changed meanwhile.
        """
        try:
            # Into memory: what is mapped kills the process when somebody writes over the file, and networks are small.
            with open_plain(self.path) as file:
                return load(file.read(self._size))
        except (SafetensorError, ValueError, OSError) as error:
            raise _unreadable(self.path, error) from None


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Reads a safetensors file.

    Raises:
        BadInputError: the file is missing, truncated, or no safetensors file (a pickle, for example).
    """
    return TensorFile(path).read()


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Writes a safetensors file.

    It is made in memory: safetensors' own writer reports a full disk as an error of another kind.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    # A clone of its own for each: safetensors refuses tensors that share memory.
    content = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    path.write_bytes(save(content, metadata={"format": "pt"}))


def forms_of(tensors: Mapping[str, Tensor]) -> dict[str, Form]:
    """The forms of tensors that are there."""
    return {
        name: Form(str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)) for name, tensor in tensors.items()
    }


def _forms(file: IO[bytes], size: int) -> dict[str, Form]:
    """Raises ValueError where the header is damaged or does not describe the rest of the file to the last byte."""
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > min(_MOST_HEADER, size - 8):
        raise ValueError("its header is longer than it can be")
    header = parse_json(file.read(length))
    if not isinstance(header, dict):
        raise ValueError("its header is no table of tensors")
    header.pop("__metadata__", None)
    forms: dict[str, Form] = {}
    places: list[tuple[int, int]] = []
    for name, entry in header.items():
        form, begin, end = _entry(name, entry)
        forms[name] = form
        places.append((begin, end))
    at = 0
    for begin, end in sorted(places):
        if begin != at:
            raise ValueError("its tensors overlap or leave gaps")
        at = end
    if at != size - 8 - length:
        raise ValueError(f"its tensors take {at:,} bytes, there are {size - 8 - length:,}")
    return forms


def _entry(name: str, entry: Any) -> tuple[Form, int, int]:
    shown = repr(name[:60])
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"its header does not say what {shown} is")
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not isinstance(entry["dtype"], str) or entry["dtype"] not in _SIZES:
        raise ValueError(f"{shown} has a dtype that MIRAGE does not write")
    if not _naturals(shape) or len(shape) > 8 or not _naturals(offsets) or len(offsets) != 2:
        raise ValueError(f"{shown} has an impossible shape or place")
    dtype, each = _SIZES[entry["dtype"]]
    if offsets[1] - offsets[0] != each * math.prod(shape):
        raise ValueError(f"the shape of {shown} does not fit its place")
    return Form(dtype, tuple(shape)), offsets[0], offsets[1]


def _naturals(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)


def _unreadable(path: Path, error: Exception) -> BadInputError:
    return BadInputError(
        f"{path}: not a readable safetensors file ({error}); it is truncated, or another format such as pickle, "
        "which MIRAGE never loads"
    )
